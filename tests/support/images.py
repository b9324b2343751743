"""What tests share about drawn pictures: bundled fonts, drawing here or to a path, reading a PNG's pixels."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pyvips
from numpy.typing import NDArray

from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.style import PixelStyle
from reelwright.edits.layers import TextStyle
from reelwright.media.images import fontconfig
from reelwright.media.images.fonts import FontBook
from reelwright.media.images.renderer import ImageRenderer
from reelwright.media.images.requests import Face, LaidCues

BUNDLED_ONLY = FontBook.scan(None, system=())
"""What the machine has besides does not matter to a test."""


class RendererForTests:
    """A draughtsman with the bundled fonts; what it draws goes to a path."""

    def __init__(self, renderer: ImageRenderer) -> None:
        self.server = renderer.server
        self._draughtsman = renderer

    @classmethod
    @asynccontextmanager
    async def in_folder(cls, folder: Path, *, timeout_s: float = 30.0) -> AsyncIterator[RendererForTests]:
        async with ImageRenderer(BUNDLED_ONLY, folder, timeout_s=timeout_s) as renderer:
            yield cls(renderer)

    async def draw_text(self, text: str, style: TextStyle, path: Path) -> tuple[int, int]:
        with path.open("w+b") as target:
            return await self._draughtsman.draw_text(text, style, target)

    async def draw_cues(self, cues: Sequence[Cue], style: PixelStyle, path: Path) -> LaidCues:
        """Laid out, and drawn there."""
        what, laid = await self._draughtsman.lay_out_cues(cues, style)
        with path.open("w+b") as target:
            drawn = await self._draughtsman.draw_cues(what, target)
        assert drawn == laid
        return drawn

    async def normalize_image(self, source: Path, path: Path, *, max_pixels: int) -> tuple[int, int]:
        with path.open("w+b") as target:
            return await self._draughtsman.normalize_image(source, target, max_pixels=max_pixels)

    async def measure_image(self, source: Path, *, max_pixels: int) -> tuple[int, int]:
        return await self._draughtsman.measure_image(source, max_pixels=max_pixels)


Pixels = NDArray[np.float64]


def drawing_in_this_process(folder: Path) -> Face:
    """The bundled fonts for `drawn_text.draw` itself: thousands of texts, without a process for each."""
    font = BUNDLED_ONLY.find(None)
    (folder / "fonts.conf").write_text(fontconfig.configuration(BUNDLED_ONLY, font, folder))
    os.environ["FONTCONFIG_FILE"] = str(folder / "fonts.conf")
    return Face(families=(font.family,), weight=400, width=5, italic=False)


def pixels(path: Path) -> Pixels:
    """Rows x columns x bands, 0 to 255."""
    picture = pyvips.Image.new_from_buffer(path.read_bytes(), "")  # by its name, libvips would remember an earlier one
    return np.asarray(picture.numpy(), dtype=float).reshape(picture.height, picture.width, picture.bands)


def opacity(path: Path) -> Pixels:
    found = pixels(path)
    assert found.shape[2] == 4
    return found[:, :, 3]


def ink(grey: Pixels) -> Pixels:
    """The part of a picture that is not empty."""
    rows, columns = np.nonzero(grey > 16)
    return grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
