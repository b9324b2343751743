"""Tone mapping: HDR and wide colours as BT.709, as usual screens show them."""

from __future__ import annotations

from reelwright.edits.media_info import VideoStream
from reelwright.errors import JobFailed
from reelwright.media.ffmpeg.filtergraph import Filter, Value, filter_


def to_sdr(picture: VideoStream, *, tone_mapping: bool) -> list[Filter]:
    """HDR and wide colours as BT.709; nothing for what is that already. Raises JobFailed `unsupported_here` where
    ffmpeg cannot."""
    wide = picture.color_primaries == "bt2020"
    if not picture.is_hdr and not wide:
        return []
    if not tone_mapping:
        raise JobFailed(
            "the video is HDR and this machine's ffmpeg cannot tone-map it (it lacks zscale)", code="unsupported_here"
        )
    if not picture.is_hdr:
        return [*_told(picture), filter_("zscale", primaries="bt709", transfer="bt709", matrix="bt709", range="tv")]
    return [
        *_told(picture),
        filter_("zscale", transfer="linear", npl=100),  # cd/m2 of 1.0: what SDR's white is made for
        filter_("format", pix_fmts="gbrpf32le"),  # tonemap takes linear RGB alone; HDR's light goes beyond 1.0
        filter_("zscale", primaries="bt709"),
        filter_("tonemap", tonemap="hable", desat=0),  # a curve that keeps shadows; bright colours stay colours
        filter_("zscale", transfer="bt709", matrix="bt709", range="tv"),
    ]


def _told(picture: VideoStream) -> list[Filter]:
    """What zscale has to know and the file does not say: of HDR, BT.2020 is the one there is."""
    missing: dict[str, Value] = {}
    if picture.color_primaries is None:
        missing["color_primaries"] = "bt2020"
    if picture.color_space is None:
        missing["colorspace"] = "bt2020nc"
    if picture.color_transfer is None:
        missing["color_trc"] = "bt709"
    return [filter_("setparams", **missing)] if missing else []
