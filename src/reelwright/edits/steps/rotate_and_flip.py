"""The steps `rotate` and `flip`: the picture turned by quarters, or mirrored. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState


class RotateStep(BaseStep, frozen=True, kw_only=True, tag="rotate"):
    """Turn the picture clockwise."""

    degrees: Annotated[Literal[90, 180, 270], Meta(description="Clockwise.")]

    def planned(self, state: VideoState, planning: Planning) -> PlannedRotate:
        return PlannedRotate(degrees=self.degrees)


class FlipStep(BaseStep, frozen=True, kw_only=True, tag="flip"):
    """Mirror the picture: `horizontal` swaps left and right, `vertical` swaps top and bottom."""

    direction: Literal["horizontal", "vertical"]

    def planned(self, state: VideoState, planning: Planning) -> PlannedFlip:
        return PlannedFlip(direction=self.direction)


class PlannedRotate(BasePlannedStep, frozen=True, kw_only=True, tag="rotate"):
    degrees: Literal[90, 180, 270]

    def after(self, state: VideoState) -> VideoState:
        return state if self.degrees == 180 else state.of_size(state.canvas[::-1])


class PlannedFlip(BasePlannedStep, frozen=True, kw_only=True, tag="flip"):
    direction: Literal["horizontal", "vertical"]
