"""The JSON that asks for overlays and watermarks."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reelwright.api.schemas.base import Body
from reelwright.api.schemas.coding import EditIn, LaidSoundIn, ReencodeIn, SourceId, VariantId
from reelwright.edits.layers import MAX_LAYERS, AnyLayer, ImageLayer, Place, TextLayer, VideoLayer, WatermarkLayer
from reelwright.edits.placement import Anchored
from reelwright.edits.pointers import Pointer


class WatermarkIn(Body, frozen=True, kw_only=True):
    """A picture throughout. `x`, `y`: pixels or arithmetic; W and H are the video's sides, w and h the picture's."""

    image_path: Annotated[str, Meta(min_length=1, max_length=8192)]
    x: Place = "W-w-20"
    y: Place = "H-h-20"
    opacity: Annotated[float, Meta(ge=0, le=1)] = 0.5

    def layer(self) -> WatermarkLayer:
        return WatermarkLayer(image_path=self.image_path, x=self.x, y=self.y, opacity=self.opacity)


class OverlaysIn(EditIn, frozen=True, kw_only=True):
    """Lay texts, images and videos over the video, in one encode; the watermark lies above all."""

    video_id: SourceId
    source_variant_id: VariantId = None
    overlays: Annotated[list[TextLayer | ImageLayer | VideoLayer], Meta(max_length=MAX_LAYERS)] = msgspec.field(
        default_factory=list
    )
    watermark: WatermarkIn | None = None
    audio: LaidSoundIn | None = None
    reencode: ReencodeIn = None

    @property
    def layers(self) -> tuple[AnyLayer, ...]:
        return (*self.overlays, *([self.watermark.layer()] if self.watermark else []))

    @property
    def pointers(self) -> tuple[Pointer, ...]:
        """Where the layers are."""
        overlays = [Pointer(f"/overlays/{number}") for number in range(len(self.overlays))]
        return (*overlays, *([Pointer("/watermark")] if self.watermark else []))


class PlacedWatermarkIn(EditIn, frozen=True, kw_only=True):
    """Lay a picture over the whole video, in a corner or the middle."""

    video_id: SourceId
    image_path: Annotated[str, Meta(min_length=1, max_length=8192)]
    position: Literal["top-left", "top-right", "bottom-left", "bottom-right", "center"] = "bottom-right"
    margin: Annotated[float, Meta(ge=0, le=10_000)] = 10
    opacity: Annotated[float, Meta(ge=0, le=1)] = 0.8
    source_variant_id: VariantId = None
    audio: LaidSoundIn | None = None
    reencode: ReencodeIn = None

    @property
    def layers(self) -> tuple[AnyLayer, ...]:
        anchor = Anchored(anchor=self.position, margin=self.margin)
        return (WatermarkLayer(image_path=self.image_path, position=anchor, opacity=self.opacity),)

    @property
    def pointers(self) -> tuple[Pointer, ...]:
        """Where the layers are."""
        return (Pointer(),)
