"""What the colours of a picture are called, so that players show them alike at any size, and pictures that are laid
over or joined are coded alike."""

from __future__ import annotations

from reelwright.edits import color_standard
from reelwright.edits.media_info import VideoStream
from reelwright.media.ffmpeg.filtergraph import Filter, Value, filter_, is_word

MATRICES = {
    "bt709": "bt709",
    "smpte170m": "smpte170m",
    "bt470bg": "bt470",
    "fcc": "fcc",
    "smpte240m": "smpte240m",
    "bt2020nc": "bt2020",
}
"""What ffmpeg's scaler calls them."""


def conformed_colors(picture: VideoStream) -> list[Filter]:
    """Of a conformed picture: RGB has become BT.709."""
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
