"""The program that looks at finished pictures for `ImageChecker`, contained: each in a child (`fork_server`)."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from reelwright import file_formats
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.images.png import DAMAGED
from reelwright.media.sandbox import fork_server
from reelwright.media.sandbox.system_calls import Kind

GIF_TRAILER = b";"
"""The last byte: of a GIF that was cut off, libvips shows what there is."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that decodes, all of it. In WebP, equal frames that follow each other are one page; `duration_ms` is
    that of all pages."""

    width: int
    height: int
    pages: int = 1
    duration_ms: int = 0


def main() -> None:
    from reelwright.media.images import client_images  # noqa: F401 - a child could not load it any more

    fork_server.serve(look, Kind.DRAWING)


def look(request: bytes, files: Sequence[int]) -> Seen:
    """Decode the one file, JPEG, WebP or GIF. Raises UnsupportedMedia, UnreadableMedia."""
    import pyvips

    from reelwright.media.images import client_images

    del request
    reader = client_images.reader(os.pread(files[0], file_formats.IMAGE_SIGNATURE_BYTES, 0))
    options = {"jpegload_source": {}, "webpload_source": {"n": -1}, "gifload_source": {"n": -1}}.get(reader or "")
    if options is None:
        raise UnsupportedMedia("It is neither JPEG nor WebP nor GIF.")
    try:
        source = pyvips.Source.new_from_descriptor(files[0])
        found = pyvips.Operation.call(reader, source, fail_on="error", access="sequential", **options)
        found.avg()  # reads every pixel
    except pyvips.Error as error:
        raise UnreadableMedia(DAMAGED) from error
    if reader == "gifload_source" and os.pread(files[0], 1, os.fstat(files[0]).st_size - 1) != GIF_TRAILER:
        raise UnreadableMedia(DAMAGED)
    fields = found.get_fields()
    height = found.get("page-height") if "page-height" in fields else found.height
    delays = found.get("delay") if "delay" in fields else []
    return Seen(width=found.width, height=height, pages=found.height // height, duration_ms=sum(delays))
