"""The step `fade`: picture and sound come up at the start and go down at the end. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from reelwright.edits import color, timecode
from reelwright.edits.layers import ColorText
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState
from reelwright.errors import FieldError, InvalidInput

FadeTime = Annotated[float, Meta(ge=0, le=60)]


class FadeStep(BaseStep, frozen=True, kw_only=True, tag="fade", rename={"in_": "in"}):
    """Seconds in which the video comes up from a colour, and goes down to it at the end; `picture` and `sound` say
    which of the two does."""

    in_: FadeTime = 0.0
    out: FadeTime = 0.0
    color: ColorText = "black"
    picture: bool = True
    sound: bool = True

    def planned(self, state: VideoState, planning: Planning) -> PlannedFade:
        """Raises InvalidInput that names every wrong field."""
        up, down = Fraction(repr(self.in_)), Fraction(repr(self.out))
        if not up and not down:
            raise InvalidInput([FieldError(planning.pointer / "in", "is required, or an `out`")])
        if not (self.picture or self.sound):
            raise InvalidInput([FieldError(planning.pointer / "picture", "is off, and so is the sound")])
        if up + down > state.length:
            long = f"longer than the video ({timecode.show(state.length)})"
            said = f"is, with `in`, {long}" if up and down else f"is {long}"
            raise InvalidInput([FieldError(planning.pointer / ("out" if down else "in"), said)])
        filled = color.parse(self.color).hex
        return PlannedFade(in_s=str(up), out_s=str(down), color=filled, picture=self.picture, sound=self.sound)


class PlannedFade(BasePlannedStep, frozen=True, kw_only=True, tag="fade"):
    in_s: str
    out_s: str
    color: str
    picture: bool = True
    sound: bool = True

    def touched(self, state: VideoState) -> list[tuple[Fraction, Fraction]]:
        """Its two windows."""
        up, down = Fraction(self.in_s), Fraction(self.out_s)
        windows = [(Fraction(0), up), (state.length - down, state.length)] if self.picture else []
        return [(start, end) for start, end in windows if start < end]

    @property
    def changes_sound(self) -> bool:
        return self.sound
