"""What the drawing program is asked and what it answers: texts and subtitles to draw, pictures to measure or to make
plain."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.style import PixelStyle
from reelwright.edits.layers import TextStyle


class Face(msgspec.Struct, frozen=True):
    """Which fonts to draw with, in order, and in which style."""

    families: tuple[str, ...]
    weight: int
    width: int
    italic: bool


class DrawText(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    """Its one file: the PNG to write."""

    text: str
    style: TextStyle
    face: Face
    fonts_conf: str


class LayOutCues(msgspec.Struct, frozen=True, kw_only=True, tag="lay_out"):
    """Its one file: JSON of `CuesToDraw`, which may be longer than a request."""

    fonts_conf: str


class DrawCues(msgspec.Struct, frozen=True, kw_only=True, tag="cues"):
    """Its files: JSON of `CuesToDraw`, the video to write, where to tell how much is done."""

    fonts_conf: str


class CuesToDraw(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides how cues look. `fonts`: digest of the fonts that they are drawn with; `release`: ours, by whose
    rules."""

    cues: tuple[Cue, ...]
    style: PixelStyle
    face: Face
    fonts: str
    release: str


class LaidCues(msgspec.Struct, frozen=True, kw_only=True):
    """Where a video of all that cues show lies on the canvas: at (`x`, `y`); nothing where there is none."""

    x: Annotated[int, Meta(ge=0)] = 0
    y: Annotated[int, Meta(ge=0)] = 0
    width: Annotated[int, Meta(ge=0)] = 0
    height: Annotated[int, Meta(ge=0)] = 0
    inked_pixels: Annotated[int, Meta(ge=0)] = 0
    """Of the boxes of all cues, counted once for each picture that they are in."""
    wrong: tuple[int, str] | None = None
    """The number of a cue that cannot be drawn, and why."""
    cut_off: tuple[int, ...] = ()
    """Numbers of cues, some of those that are larger than the canvas."""


class NormalizeImage(msgspec.Struct, frozen=True, kw_only=True, tag="picture"):
    """Its files: the PNG to write, the picture."""

    max_pixels: int


class MeasureImage(msgspec.Struct, frozen=True, kw_only=True, tag="measure"):
    """Its one file: the picture."""

    max_pixels: int


class MeasuredImage(msgspec.Struct, frozen=True):
    """A picture that can be read, all of it, as it is shown."""

    width: Annotated[int, Meta(gt=0)]
    height: Annotated[int, Meta(gt=0)]


class DrawResult(msgspec.Struct, frozen=True):
    wrong_text: str | None = None
    """Why there is no picture of the text."""
