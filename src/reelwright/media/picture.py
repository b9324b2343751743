"""A stranger's picture as a plain one: upright, sRGB, 8 bits, with opacity, nothing else. Runs contained.

The first bytes decide which reader sees the file, and only four do. Of an animation the first picture counts.
"""

from __future__ import annotations

import os

import pyvips

from reelwright.errors import UnreadableMedia, UnsupportedMedia

SIGNATURE_BYTES = 16

UNSUPPORTED = "A picture is a PNG, JPEG, WebP or GIF file."
DAMAGED = "The picture is damaged: reading it failed."


def reader(head: bytes) -> str | None:
    """The libvips reader for a file that begins so; None: not a kind of picture that is taken."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "pngload_source"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpegload_source"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webpload_source"
    return "gifload_source" if head.startswith((b"GIF87a", b"GIF89a")) else None


def normal(picture_fd: int, *, max_pixels: int) -> pyvips.Image:
    """The picture, 8-bit sRGB with opacity; its rotation mark (EXIF) is carried out.

    Raises UnsupportedMedia, UnreadableMedia (damaged, or `too_many_pixels`).
    """
    name = reader(os.pread(picture_fd, SIGNATURE_BYTES, 0))
    if name is None:
        raise UnsupportedMedia(UNSUPPORTED)
    try:
        source = pyvips.Source.new_from_descriptor(picture_fd)
        picture = pyvips.Operation.call(name, source, fail_on="error")  # reads the header, no pixel
        if picture.width * picture.height > max_pixels:
            raise UnreadableMedia(f"The picture has more than {max_pixels} pixels.", code="too_many_pixels")
        picture = picture.copy_memory().autorot()
        return _with_opacity(_srgb(picture)).copy(interpretation="srgb")
    except pyvips.Error as error:
        raise UnreadableMedia(DAMAGED) from error


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
