"""A client's image as a plain one: upright, sRGB, 8 bits, with opacity, nothing else. Runs contained.

The first bytes decide which reader sees the file, and only four do. Of an animation the first picture counts.
"""

from __future__ import annotations

import os

import pyvips

from reelwright import file_formats
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.images.png import DAMAGED

MAX_SIDE = 16384
"""Pixels. What is computed for a row takes memory by its length."""

QUARTER_TURNS = range(5, 9)
"""EXIF orientations whose width is shown as height."""

UNSUPPORTED = "A picture is a PNG, JPEG, WebP or GIF file."


def reader(head: bytes) -> str | None:
    """The libvips reader for a file that begins so; None: not a kind of picture that is taken."""
    known = file_formats.of_image(head)
    return None if known is None else f"{known.name}load_source"


def normal(picture_fd: int, *, max_pixels: int) -> pyvips.Image:
    """The picture, 8-bit sRGB with opacity; its rotation mark (EXIF) is carried out.

    Raises UnsupportedMedia, UnreadableMedia (damaged, or `too_many_pixels`).
    """
    try:
        picture = _opened(picture_fd, max_pixels=max_pixels).copy_memory().autorot()
        return _with_opacity(_srgb(picture)).copy(interpretation="srgb")
    except pyvips.Error as error:
        raise UnreadableMedia(DAMAGED) from error


def size(picture_fd: int, *, max_pixels: int) -> tuple[int, int]:
    """Width and height of what `normal` makes of it. All of it is read, and nothing is kept. Raises as `normal`."""
    try:
        picture = _opened(picture_fd, max_pixels=max_pixels)
        picture.avg()
        turned = picture.get("orientation") in QUARTER_TURNS if "orientation" in picture.get_fields() else False
    except pyvips.Error as error:
        raise UnreadableMedia(DAMAGED) from error
    return (picture.height, picture.width) if turned else (picture.width, picture.height)


def _opened(picture_fd: int, *, max_pixels: int) -> pyvips.Image:
    """What the header says, with the pixels to be read one row after the other."""
    name = reader(os.pread(picture_fd, file_formats.IMAGE_SIGNATURE_BYTES, 0))
    if name is None:
        raise UnsupportedMedia(UNSUPPORTED)
    source = pyvips.Source.new_from_descriptor(picture_fd)
    picture = pyvips.Operation.call(name, source, fail_on="error", access="sequential")
    found = f"The picture has {picture.width} x {picture.height} pixels"
    if picture.width * picture.height > max_pixels:
        raise UnreadableMedia(f"{found}, {max_pixels} in all are taken: make it smaller.", code="too_many_pixels")
    if max(picture.width, picture.height) > MAX_SIDE:
        raise UnreadableMedia(f"{found}, {MAX_SIDE} a side are taken: make it smaller.", code="too_many_pixels")
    return picture


def _srgb(picture: pyvips.Image) -> pyvips.Image:
    """8-bit sRGB by the file's own colour profile where it has one that can be used."""
    if "icc-profile-data" in picture.get_fields() or picture.interpretation == "cmyk":
        try:
            return picture.icc_transform("srgb", embedded=True, input_profile="cmyk").copy_memory()
        except pyvips.Error:  # a damaged profile, or one for other colours: as browsers do, without it
            pass
    return picture.colourspace("srgb")


def _with_opacity(picture: pyvips.Image) -> pyvips.Image:
    return (picture if picture.hasalpha() else picture.addalpha()).cast("uchar")
