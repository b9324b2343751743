"""What makes any picture one that players take: upright, progressive, even sides, 4:2:0, SDR, colours named."""

from __future__ import annotations

from reelwright.edits import color_standard
from reelwright.edits.geometry import Size, even
from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.plan import ExpectedOutput
from reelwright.errors import JobFailed
from reelwright.media.encoders.frame_format import keeps_fields, pixel_format
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.filtergraph import Filter, Value, filter_, is_word

LIMITED_BY_DEFAULT = frozenset({"h264", "hevc", "vvc", "av1", "vp9"})
"""Codecs whose pictures are of limited range where nothing is said. Others without chroma are of full range then."""


MATRICES = {
    "bt709": "bt709",
    "smpte170m": "smpte170m",
    "bt470bg": "bt470",
    "fcc": "fcc",
    "smpte240m": "smpte240m",
    "bt2020nc": "bt2020",
}
"""What ffmpeg's scaler calls them."""


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
        *_colors(picture),
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


def rendition(picture: VideoStream, size: Size, pixel_format: str) -> list[Filter]:
    """The upright picture at a size in square pixels."""
    return [
        *_scaled(picture, size),
        filter_("setsar", sar=1),
        filter_("format", pix_fmts=pixel_format),
        *_colors(picture),
    ]


def _scaled(picture: VideoStream, size: Size) -> list[Filter]:
    rgb = picture.color_space == "gbr"
    if size == picture.upright_size and not rgb:
        return []
    matrix: dict[str, Value] = {"out_color_matrix": "bt709"} if rgb else {}
    return [filter_("scale", w=size[0], h=size[1], flags="bicubic", **matrix)]


def _colors(picture: VideoStream) -> list[Filter]:
    """RGB has become BT.709."""
    return _set_colors("bt709") if picture.color_space == "gbr" else named_colors(picture)


def restored_colors(picture: VideoStream) -> list[Filter]:
    """For a conformed picture that has lost what its colours are called."""
    if picture.is_hdr or picture.color_primaries == "bt2020" or picture.color_space in (None, "gbr"):
        standard = "bt709" if picture.is_hdr or picture.color_space == "gbr" else color_standard.guessed(picture)
        return _set_colors("bt709" if picture.color_primaries == "bt2020" else standard)
    return stated_colors(picture)


def matched_colors(picture: VideoStream, like: VideoStream) -> list[Filter]:
    """A conformed picture whose colours are coded as those of another one."""
    coded, wanted = MATRICES.get(picture.color_space or ""), MATRICES.get(like.color_space or "")
    options: dict[str, Value] = {}
    if coded is not None and wanted is not None and coded != wanted:
        options |= {"in_color_matrix": coded, "out_color_matrix": wanted}
    if (picture.color_range or "tv") != (like.color_range or "tv"):
        options |= {"in_range": picture.color_range or "tv", "out_range": like.color_range or "tv"}
    return [*([filter_("scale", **options)] if options else []), *stated_colors(like)]


def stated_colors(picture: VideoStream) -> list[Filter]:
    """Named as the file names them."""
    stated: dict[str, Value] = {
        "color_primaries": picture.color_primaries or "unknown",
        "color_trc": picture.color_transfer or "unknown",
        "colorspace": picture.color_space or "unknown",
    }
    known = {name: value for name, value in stated.items() if is_word(value)}
    return [filter_("setparams", **known)] if known else []


def named_colors(picture: VideoStream) -> list[Filter]:
    """Colours that the file says nothing of are named as players would take them at its size: they guess by size, so
    that a smaller rendition would look different, and what is laid over has to be coded in the same way."""
    if picture.color_space is not None or picture.is_hdr:
        return []
    return _set_colors(color_standard.guessed(picture))


def _set_colors(standard: str) -> list[Filter]:
    names = color_standard.names(standard)
    return [
        filter_(
            "setparams",
            color_primaries=names["color_primaries"],
            color_trc=names["color_transfer"],
            colorspace=names["color_space"],
        )
    ]
