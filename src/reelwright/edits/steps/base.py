"""What every step says of itself unless it says otherwise, as it is asked for and as it is planned; and what it is
planned with. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import msgspec

from reelwright.edits.cues.joined_tracks import Brought
from reelwright.edits.facts import AnyFacts, StepFacts
from reelwright.edits.materials import Material
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps.state import VideoState


class BaseStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A step as a client asks for it. Its times and places are those of what the step before it made."""

    @property
    def materials(self) -> tuple[Material, ...]:
        """What it brings in, in the order in which it is planned."""
        return ()

    @property
    def keeps_hdr(self) -> bool:
        """Whether HDR may stay through it."""
        return True

    @property
    def draws(self) -> bool:
        """Whether it lays over the picture what is made for SDR. That is brought to HDR where all outputs keep HDR;
        where one does not, white would become gray in it, so that all are SDR."""
        return False


class BasePlannedStep(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A step as it is made: in pixels, in exact seconds in strings."""

    @property
    def sources(self) -> tuple[AnyFacts, ...]:
        """What it reads beside the video, in the order of the recipe's input slots."""
        return ()

    def after(self, state: VideoState) -> VideoState:
        """What the video is after it."""
        return state

    def touched(self, state: VideoState) -> list[tuple[Fraction, Fraction]] | None:
        """When frames are other than before it, of a step that leaves each at its time; None: at any time, or it makes
        another picture of all. `state`: before it."""
        return None

    @property
    def changes_sound(self) -> bool:
        """Whether it does anything to what is heard."""
        return True

    def time_before(self, time: Fraction, state: VideoState) -> Fraction | None:
        """When that is seen before the step which is seen at a time after it; None: not known. `state`: before it.
        What has no say of its own and leaves the length leaves times."""
        return time if self.after(state).length == state.length else None


@dataclass(slots=True)
class Planning:
    """What a step is planned with, beside the state: where the request has it, what the steps bring in (each takes its
    own, in order), and the sentences for the client so far. `layers`: where the request has each of its layers, where
    that is not within the step. `brought`: told by the step, of each video that it joins, where the request has it, and
    what it brings along to the time line behind the step."""

    pointer: Pointer
    materials: Iterator[StepFacts]
    warnings: list[str] = field(default_factory=list)
    layers: Sequence[Pointer] = ()
    brought: list[tuple[Pointer, Brought]] = field(default_factory=list)

    def warn(self, sentence: str) -> None:
        self.warnings.append(self.pointer.remark(sentence))
