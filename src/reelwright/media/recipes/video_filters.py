"""What makes any picture one that players take: upright, progressive, of even sides, in the levels of video."""

from __future__ import annotations

from reelwright.edits.geometry import Size, even
from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.plan import ExpectedOutput
from reelwright.media.encoders.kept_hdr_and_fields import keeps_fields, pixel_format
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.filtergraph import Filter, Value, filter_
from reelwright.media.recipes.color_names import conformed_colors, named_colors, stated_colors
from reelwright.media.recipes.tone_mapping import to_sdr

LIMITED_BY_DEFAULT = frozenset({"h264", "hevc", "vvc", "av1", "vp9"})
"""Codecs whose pictures are of limited range where nothing is said. Others without chroma are of full range then."""


def steady(picture: VideoStream) -> list[Filter]:
    """What comes first: pictures of one size and format, whatever changes in the middle of the stream; nothing is done
    to those that are so already."""
    width, height = picture.upright_size
    return [filter_("scale", w=width, h=height, flags="bicubic")]


def upright_for(
    media: MediaInfo, expected: ExpectedOutput, capabilities: Capabilities, size: Size, *, hdr: bool
) -> list[Filter]:
    """The source's video as an output has it, at a size."""
    return conform(
        media.main_video,
        tone_mapping=capabilities.tone_mapping,
        size=size,
        pixel_format=pixel_format(media, expected.output.pictures.codec),
        hdr=hdr,
        fields=keeps_fields(media, expected.output, height=expected.height),
    )


def conform(
    picture: VideoStream,
    *,
    tone_mapping: bool,
    size: Size | None = None,
    pixel_format: str = "yuv420p",
    hdr: bool = False,
    fields: bool = True,
) -> list[Filter]:
    """Scaled to `size`, by default to its own size made even; as SDR unless it stays `hdr`, as whole pictures unless it
    keeps its `fields`. ffmpeg has turned it already."""
    return [
        *levelled(picture),
        *([] if fields else progressive(picture)),
        *_scaled(picture, size or even(picture.upright_size)),
        *([] if hdr else to_sdr(picture, tone_mapping=tone_mapping)),
        filter_("format", pix_fmts=pixel_format),
        *conformed_colors(picture),
    ]


def conform_layer(picture: VideoStream, size: Size, *, tone_mapping: bool) -> list[Filter]:
    """A video that is laid over another: its opacity stays, its colours are converted to those below."""
    return [
        *levelled(picture),
        filter_("scale", w=size[0], h=size[1], flags="bicubic"),
        filter_("setsar", sar=1),  # the scaler keeps the picture's shape by the shape of its pixels
        *to_sdr(picture, tone_mapping=tone_mapping),
        *named_colors(picture),
    ]


def levelled(picture: VideoStream) -> list[Filter]:
    """Luma without chroma in limited range as a usual picture, with its levels; nothing for others. ffmpeg's scaler
    takes all gray for full range, whatever it is told: so it is told that all is."""
    gray = (picture.pixel_format or "").startswith("gray")
    limited = picture.color_range == "tv" or (picture.color_range is None and picture.codec in LIMITED_BY_DEFAULT)
    if not gray or not limited:
        return []
    deep = (picture.bit_depth or 8) > 8
    return [
        filter_("setparams", range="pc"),
        filter_("scale", in_range="pc", out_range="pc"),
        filter_("format", pix_fmts="yuv420p10le" if deep else "yuv420p"),
        filter_("setparams", range="tv"),
        *(stated_colors(picture) if picture.color_space is not None else []),
    ]


def turned_back(picture: VideoStream) -> list[Filter]:
    """An upright picture as it is coded, where players turn it."""
    back = {90: [filter_("transpose", dir="cclock")], 270: [filter_("transpose", dir="clock")]}
    back[180] = [filter_("hflip"), filter_("vflip")]
    return back.get(picture.rotation, [])


def progressive(picture: VideoStream) -> list[Filter]:
    """Interlaced frames as whole pictures, as many as there were; nothing for others."""
    if not picture.is_interlaced:
        return []
    # one picture a frame (the usual is one a field); by the probe's parity, for frames may be marked otherwise
    return [filter_("bwdif", mode="send_frame", parity="tff" if picture.field_order[0] == "t" else "bff")]


def rendition(picture: VideoStream, size: Size, pixel_format: str) -> list[Filter]:
    """The upright picture at a size in square pixels."""
    return [
        *_scaled(picture, size),
        filter_("setsar", sar=1),
        filter_("format", pix_fmts=pixel_format),
        *conformed_colors(picture),
    ]


def _scaled(picture: VideoStream, size: Size) -> list[Filter]:
    rgb = picture.color_space == "gbr"
    if size == picture.upright_size and not rgb:
        return []
    matrix: dict[str, Value] = {"out_color_matrix": "bt709"} if rgb else {}
    return [filter_("scale", w=size[0], h=size[1], flags="bicubic", **matrix)]
