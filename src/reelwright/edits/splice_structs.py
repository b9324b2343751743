"""Splice: a result that copies what it can of its source, and codes anew the frames at the edges of cuts and those that
steps touch. What was measured for it, what is planned of it. Pure."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from reelwright.edits.codecs import CopyContainer

Reencode = Literal["touched", "all"]
"""Which frames of an edit that changes some are coded anew: those alone that it touches, where that can be, or all."""
CutMode = Literal["exact", "smart", "copy", "auto"]
"""How a cut is made. `exact`: all frames are coded anew. `smart`: to the frame as well, and all that can be is copied.
`copy`: nothing is coded, the cut begins and ends where that is possible. `auto`: `smart` where the output is what the
source is, else `exact`."""

REMUXED = frozenset({"mpegts"})
"""Containers whose packets are put into an MP4 before they are copied from there: their parameters stand within, and
no index says where key frames are."""

SplicedSound = Literal["copied", "coded", "none"]

Chosen = Literal["exact", "smart", "copy"]

Refusal = Literal[
    "output", "container", "codec", "format", "parameters", "fields", "key_frame", "edges", "touched", "times",
    "standing", "damaged", "encode", "join", "proof", "verify",
]  # fmt: skip
"""Why all is coded anew although it was asked for otherwise, as metrics count it; the last four: it was tried."""

Ticks = tuple[int, int]
"""From when to when, start <= t < end, in the ticks of the source's video stream."""


class FrameRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Frames that follow one another, in the ticks of the source's video stream."""

    first_tick: int
    last_tick: int
    count: int | None = None
    """None: not counted before they are copied."""

    def later(self, ticks: int) -> FrameRun:
        first, last = self.first_tick + ticks, self.last_tick + ticks
        return FrameRun(first_tick=first, last_tick=last, count=self.count)


class SplicedInterval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """start <= t < end of the source, in ticks: frames coded anew, then copied ones, then coded ones."""

    start_tick: int
    end_tick: int
    head: FrameRun | None = None
    copied: FrameRun
    tail: FrameRun | None = None

    @property
    def length(self) -> int:
        return self.end_tick - self.start_tick

    def later(self, ticks: int) -> SplicedInterval:
        """The same on a clock that is ahead by so many ticks."""
        return SplicedInterval(
            start_tick=self.start_tick + ticks,
            end_tick=self.end_tick + ticks,
            head=self.head and self.head.later(ticks),
            copied=self.copied.later(ticks),
            tail=self.tail and self.tail.later(ticks),
        )

    @property
    def edges(self) -> tuple[FrameRun, ...]:
        return tuple(run for run in (self.head, self.tail) if run is not None)


class CopiedTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A track of sound: the source's stream, and what is said of it in the result."""

    stream: int
    language: str | None = None
    default: bool = False


class SourceCoding(msgspec.Struct, frozen=True, kw_only=True):
    """How the source's frames are coded, as far as those at the edges have to be like them."""

    codec: Literal["h264", "hevc"]
    profile: str
    level: str
    reorder: int
    """By how many frames the order of decoding and that of display are apart, at most."""
    decoded_pictures: int | None = None
    """How many a decoder has to hold, where the stream says it."""
    free_id: int
    """Which no parameter set of the source has."""
    interlaced: bool = False
    shape: str | None = None
    """Of its pixels, `width/height`, where the stream says it. Players heed the container, which may say another."""


class SpliceRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a source's packets cannot be copied, as the end of a sentence."""

    reason: Refusal
    detail: str


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What the packets of a source say of a cut: a fact. `coding` is None where nothing has to be coded."""

    refused: SpliceRefusal | None = None
    coding: SourceCoding | None = None
    intervals: tuple[SplicedInterval, ...] = ()


class Splice(msgspec.Struct, frozen=True, kw_only=True):
    """How a result is made that was not asked for as `exact`: `chosen`, and why where that is not what was asked for.
    `sound`: copied, coded anew, or none."""

    asked: CutMode
    chosen: Chosen
    refused: SpliceRefusal | None = None
    tick_s: str = "1"
    container: CopyContainer | UnsetType = UNSET
    """What is made, where that is another than the output's; its codec is the source's then."""
    sound: SplicedSound = "none"
    coding: SourceCoding | None = None
    intervals: tuple[SplicedInterval, ...] = ()
    touched: tuple[Ticks, ...] | UnsetType = UNSET
    """When steps change the picture: what is coded then goes through them."""

    @property
    def drawn(self) -> tuple[Ticks, ...]:
        """When steps change the picture."""
        return () if self.touched is UNSET else self.touched

    @property
    def is_one_piece(self) -> bool:
        """Whether nothing of the source is left out between its beginning and its end."""
        return all(one.end_tick == other.start_tick for one, other in pairwise(self.intervals))

    @property
    def is_made(self) -> bool:
        """Whether anything is copied."""
        return self.chosen != "exact"

    @property
    def encoded(self) -> int:
        return sum(run.count or 0 for interval in self.intervals for run in interval.edges)

    @property
    def tick(self) -> Fraction:
        return Fraction(self.tick_s)
