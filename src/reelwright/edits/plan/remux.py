"""Splices of sources whose packets MP4 does not hold as they are: made of a copy of their pictures in an MP4. Pure."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import msgspec

from reelwright.edits.plan.structs import Plan
from reelwright.edits.splice_structs import REMUXED, Splice
from reelwright.file_formats import MP4


def is_remuxed(plan: Plan) -> bool:
    """Whether its splice is made of a copy of the source's pictures in an MP4."""
    return plan.is_spliced and plan.inputs[0].media.container in REMUXED


def remuxed(plan: Plan) -> Plan:
    """The same plan, of that copy. Its clock begins at zero or later: one that wrapped around is put on by seconds."""
    assert isinstance(plan.splice, Splice)
    (facts,), splice = plan.inputs, plan.splice
    video, later = facts.media.main_video, remux_offset_s(plan)
    ticks = round(later / splice.tick)
    media = msgspec.structs.replace(
        facts.media,
        container=MP4.demuxer,
        start_s=str(facts.media.start + later),
        video=[msgspec.structs.replace(video, index=0, start_s=str(Fraction(video.start_s) + later))],
        audio=[],
    )
    moved = msgspec.structs.replace(splice, intervals=tuple(one.later(ticks) for one in splice.intervals))
    return msgspec.structs.replace(plan, inputs=(msgspec.structs.replace(facts, media=media),), splice=moved)


def remux_offset_s(plan: Plan) -> int:
    """By how much the clock of that copy is put on."""
    media = plan.inputs[0].media
    return max(0, 1 + ceil(-min(media.start, Fraction(media.main_video.start_s))))
