"""The JSON that says what to expect of each cut mode."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.edits.codecs import Container
from reelwright.edits.cut_mode_expectations import EXPECTED, Expectation, sources
from reelwright.edits.splice_structs import CutMode


class CutSourceOut(msgspec.Struct, frozen=True, kw_only=True):
    """A codec that is copied, and what comes out."""

    codec: str
    containers: Annotated[list[str], Meta(description="From which it is copied.")]
    result: Annotated[Container, Meta(description="The container of the result; its codec is the source's.")]
    begins: Annotated[str, Meta(description="Where a copy that is exact to the frame may begin.")]


class CutModeOut(msgspec.Struct, frozen=True, kw_only=True):
    """What to expect of a mode."""

    mode: CutMode
    frames: Annotated[str, Meta(description="Which frames are in the result.")]
    coded: Annotated[str, Meta(description="Which of them are coded anew; all others are the source's, bit for bit.")]
    cost: Annotated[str, Meta(description="Of the processor.")]
    players: str
    sources: Annotated[list[CutSourceOut], Meta(description="What is copied; empty where nothing is.")]

    @classmethod
    def of(cls, mode: CutMode, expected: Expectation) -> CutModeOut:
        copied = sources() if expected.copies else ()
        return cls(
            mode=mode,
            frames=expected.frames,
            coded=expected.coded,
            cost=expected.cost,
            players=expected.players,
            sources=[
                CutSourceOut(codec=one.codec, containers=list(one.containers), result=one.result, begins=one.begins)
                for one in copied
            ],
        )


ALL = [CutModeOut.of(mode, expected) for mode, expected in EXPECTED.items()]
