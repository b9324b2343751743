"""What makes any picture one that browsers play: upright, 8 bit, 4:2:0, even sides, SDR."""

from __future__ import annotations

from reelwright.edits.plan import upright_size
from reelwright.edits.source import VideoStream
from reelwright.errors import JobFailed
from reelwright.media.graph import Filter, filter_


def conform(picture: VideoStream, *, tone_mapping: bool, size: tuple[int, int] | None = None) -> list[Filter]:
    """Scaled to `size`, by default to its own size made even. ffmpeg has turned it already."""
    width, height = size or upright_size(picture)
    upright = (picture.height, picture.width) if picture.rotation in (90, 270) else (picture.width, picture.height)
    filters: list[Filter] = []
    if (width, height) != upright:
        filters.append(filter_("scale", w=width, h=height, flags="bicubic"))
    return [*filters, *to_sdr(picture, tone_mapping=tone_mapping), filter_("format", pix_fmts="yuv420p")]


def to_sdr(picture: VideoStream, *, tone_mapping: bool) -> list[Filter]:
    """HDR as BT.709; nothing for what is SDR. Raises JobFailed `unsupported_here` where ffmpeg cannot."""
    if not picture.is_hdr:
        return []
    if not tone_mapping:
        raise JobFailed(
            "the video is HDR and this machine's ffmpeg cannot tone-map it (it lacks zscale)", code="unsupported_here"
        )
    return [
        filter_("zscale", transfer="linear", npl=100),
        filter_("format", pix_fmts="gbrpf32le"),
        filter_("zscale", primaries="bt709"),
        filter_("tonemap", tonemap="hable", desat=0),
        filter_("zscale", transfer="bt709", matrix="bt709", range="tv"),
    ]
