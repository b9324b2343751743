"""The drawing program, contained: texts, subtitles, clients' images for `ImageRenderer`, each in a child
(`fork_server`).

It gets open files, never names, but that of fonts.conf. The server never looks at a font itself: fontconfig and Pango
start a thread when they first do, which no child would have.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from reelwright.media.images.requests import (
    CuesToDraw,
    DrawCues,
    DrawResult,
    DrawText,
    LaidCues,
    LayOutCues,
    MeasuredImage,
    MeasureImage,
    NormalizeImage,
)
from reelwright.media.sandbox import fork_server
from reelwright.media.sandbox.system_calls import Kind

if TYPE_CHECKING:
    import pyvips


def main() -> None:
    from reelwright.media.images import (  # noqa: F401 - a child could not load them any more
        alpha_bleed,
        client_images,
        cue_video,
        text_image,
    )

    cue_video.load()
    fork_server.serve(draw, Kind.DRAWING)


def draw(request: bytes, files: Sequence[int]) -> DrawResult | LaidCues | MeasuredImage:
    """Carry out one request."""
    import pyvips

    from reelwright.media.images import alpha_bleed, client_images, cue_video, text_image

    what = msgspec.json.decode(request, type=DrawText | LayOutCues | DrawCues | NormalizeImage | MeasureImage)
    if isinstance(what, MeasureImage):
        return MeasuredImage(*client_images.size(files[0], max_pixels=what.max_pixels))
    if isinstance(what, LayOutCues | DrawCues):
        os.environ["FONTCONFIG_FILE"] = what.fonts_conf
        with os.fdopen(os.dup(files[0]), "rb") as asked:
            asked.seek(0)
            cues = msgspec.json.decode(asked.read(), type=CuesToDraw)
        if isinstance(what, LayOutCues):
            return cue_video.laid_out(cues)
        os.ftruncate(files[1], 0)
        return cue_video.write(cues, files[1], partial(_tell, files[2]))
    os.ftruncate(files[0], 0)
    target = pyvips.Target.new_to_descriptor(files[0])
    if isinstance(what, NormalizeImage):
        normal = alpha_bleed.bled(client_images.normal(files[1], max_pixels=what.max_pixels))
        _save(normal, target, compression=1)
        return DrawResult()
    os.environ["FONTCONFIG_FILE"] = what.fonts_conf
    try:
        drawn = text_image.draw(what.text, what.style, what.face)
    except ValueError as error:
        return DrawResult(wrong_text=str(error))
    _save(alpha_bleed.bled(drawn), target, compression=6)
    return DrawResult()


def _tell(done_fd: int, done: float) -> None:
    os.pwrite(done_fd, fork_server.DONE.pack(done), 0)


def _save(image: pyvips.Image, target: pyvips.Target, *, compression: int) -> None:
    """Write a PNG. libvips tells of a full disk in its words alone."""
    import pyvips

    try:
        image.pngsave_target(target, compression=compression, keep="none")
    except pyvips.Error as error:
        for number in (errno.ENOSPC, errno.EDQUOT):
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number)) from error
        raise
