"""Layers: what may be laid over a video, and the one set of bounds of each of their fields."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reelwright.edits import color, placement, text_rules, timecode
from reelwright.edits.placement import Anchored, AnchorName, Coordinate
from reelwright.edits.text_rules import checked_text
from reelwright.edits.timecode import Time
from reelwright.edits.validation import Check

When = Annotated[Time, Check(timecode.parse)]
MAX_LAYERS, MAX_LAYERS_OF_EDIT = 20, 100
"""Of one overlay, and of all steps of an edit together."""
ColorText = Annotated[str, Meta(max_length=64), Check(color.parse)]
Place = Annotated[Coordinate, Check(partial(placement.read, vocabulary=placement.OVERLAY))]
TextPlace = Annotated[Coordinate, Check(partial(placement.read, vocabulary=placement.TEXT))]
Share = Annotated[float, Meta(ge=0, le=1)]
FadeSeconds = Annotated[float, Meta(ge=0, le=60)]
Text = Annotated[str, Meta(min_length=1, max_length=text_rules.MAX_TEXT_CHARACTERS), Check(checked_text)]
FontName = Annotated[str, Meta(max_length=200)]
FontSize = Annotated[int, Meta(ge=1, le=text_rules.MAX_FONT_PX)]
Alignment = Literal["start", "left", "center", "right"]
LineSpacing = Annotated[int, Meta(ge=-text_rules.MAX_FONT_PX, le=text_rules.MAX_FONT_PX)]
OutlineWidth = Annotated[int, Meta(ge=0, le=text_rules.MAX_OUTLINE_PX)]
Blur = Annotated[int, Meta(ge=0, le=text_rules.MAX_BLUR_PX)]
Padding = Annotated[int, Meta(ge=0, le=text_rules.MAX_PADDING_PX)]
Side = Annotated[int, Meta(ge=1, le=text_rules.MAX_SIDE_PX)]
Shift = Annotated[int, Meta(ge=-text_rules.MAX_PADDING_PX, le=text_rules.MAX_PADDING_PX)]


class Layer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """Something laid over the picture while start <= t < end. `position`, an anchor or just its name, wins over `x` and
    `y`, which are pixels or arithmetic; later layers lie above earlier ones."""

    x: Place = 20
    y: Place = 20
    position: Anchored | AnchorName | None = None
    start: When = 0
    end: When | None = None
    opacity: Share = 1.0
    fade_in: FadeSeconds = 0.0
    fade_out: FadeSeconds = 0.0


class TextStyle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a text looks; lengths in pixels of the video. What draws it is told this and nothing else of a layer."""

    font: FontName | None = None
    """A font's file name or family, None: the bundled one. Whatever it lacks comes from the others."""
    font_size: FontSize = 32
    """Pixels per em."""
    color: ColorText = "white"
    """Of the letters; emoji keep their own colours."""
    align: Alignment = "start"
    """Of several lines. `start` is where each paragraph begins: at the right in right-to-left scripts."""
    max_width: Side | None = None
    """Lines are broken at this width: between words, inside a word that is longer."""
    line_spacing: LineSpacing = 0
    """Extra distance between lines."""
    outline_width: OutlineWidth = 0
    outline_color: ColorText = "black"
    shadow_color: ColorText | None = None
    """None: no shadow."""
    shadow_x: Shift = 2
    shadow_y: Shift = 2
    shadow_blur: Blur = 0
    """Standard deviation of the blur."""
    background: ColorText | None = None
    """A box behind the text; None: no box."""
    padding: Padding = 0
    """Between the letters (with their outline) and the edge of the box."""


class TextLayer(Layer, frozen=True, kw_only=True, tag="text"):
    """Words, in any script. `font` by file name or family; colours are names or #rrggbb[aa], with @opacity."""

    x: TextPlace = 20
    y: TextPlace = 20
    text: Text
    font: FontName | None = None
    font_size: FontSize = 32
    color: ColorText = "white"
    align: Alignment = "start"
    max_width: Side | None = None
    line_spacing: LineSpacing = 0
    outline_width: OutlineWidth = 0
    outline_color: ColorText = "black"
    shadow_color: ColorText | None = None
    shadow_x: Shift = 2
    shadow_y: Shift = 2
    shadow_blur: Blur = 0
    background: ColorText | None = None
    padding: Padding = 0

    @property
    def style(self) -> TextStyle:
        """Those of its fields that say how the text looks: a struct has one line of ancestors, so that they are named
        twice, of the same types."""
        return TextStyle(**{name: getattr(self, name) for name in TextStyle.__struct_fields__})


class Picture(Layer, frozen=True, kw_only=True, tag=False):
    """A still picture: at its own size, or as wide, as high, or scaled as is said."""

    image_path: Annotated[str, Meta(min_length=1, max_length=8192)]
    width: Side | None = None
    height: Side | None = None
    scale: Annotated[float, Meta(gt=0, le=100)] | None = None


class ImageLayer(Picture, frozen=True, kw_only=True, tag="image"):
    """A picture for a while."""


class WatermarkLayer(Picture, frozen=True, kw_only=True, tag="watermark"):
    """A picture throughout, by default half transparent in the lower right corner."""

    x: Place = "W-w-20"
    y: Place = "H-h-20"
    opacity: Share = 0.5


class VideoLayer(Layer, frozen=True, kw_only=True, tag="video"):
    """A video in the picture, from its beginning. What follows when it ends before the layer does: nothing more
    (`stop`), its last frame (`hold`), itself again (`loop`). `volume`: its sound, mixed in times this; 0 is without."""

    video_path: Annotated[str, Meta(min_length=1, max_length=8192)]
    scale: Annotated[float, Meta(gt=0, le=100)] = 1.0
    at_end: Literal["stop", "hold", "loop"] = "stop"
    volume: Annotated[float, Meta(ge=0, le=10)] = 0.0


AnyLayer = TextLayer | ImageLayer | WatermarkLayer | VideoLayer
