"""What of its source's time a plan keeps, and when in it the steps change the picture. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import msgspec

from reelwright.edits.codecs import CODECS
from reelwright.edits.plan.structs import Plan
from reelwright.edits.steps import PlannedStep
from reelwright.edits.steps.keep_and_cut import PlannedKeep, Span
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.overlay import PlannedOverlay
from reelwright.edits.steps.trim import PlannedTrim

Cuts = PlannedOpening | PlannedTrim | PlannedKeep
"""Steps that leave pictures as they are, and leave some out."""


class Window(NamedTuple):
    """`start` <= t < `end`, in the source's time, when window `number` of a step is seen; `step` counts from the
    opening."""

    step: int
    number: int
    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class Touched:
    """`kept` of the source, in the order of the result; the `windows` in which it is not as it was."""

    kept: tuple[Span, ...]
    windows: tuple[Window, ...]


def opened(plan: Plan) -> Plan:
    """The same as steps behind an opening, of a plan of one step: any time of it can be made by itself."""
    match plan.steps:
        case (PlannedTrim() as cut,):
            return msgspec.structs.replace(plan, steps=(PlannedOpening(start_s=cut.start_s, end_s=cut.end_s),))
        case (PlannedOverlay() as laid,):
            (expected,) = plan.outputs
            deep = (plan.inputs[0].media.main_video.bit_depth or 8) > 8 and CODECS[
                expected.output.pictures.codec
            ].ten_bit
            return msgspec.structs.replace(
                plan, steps=(PlannedOpening(start_s="0", end_s=expected.duration_s, deep=deep), laid)
            )
        case _:
            return plan


def touched(plan: Plan) -> Touched | None:
    """None: a step makes another picture or another pace of all."""
    plan = opened(plan)
    if not plan.steps:
        return None
    first, *steps = plan.steps
    assert isinstance(first, PlannedOpening)
    kept: list[Span] = [(Fraction(first.start_s), Fraction(first.end_s))]
    windows: list[Window] = []
    for number, (step, state) in enumerate(zip(steps, plan.states, strict=False), start=1):
        if isinstance(step, PlannedTrim):
            kept = list(_of_source(kept, Fraction(step.start_s), Fraction(step.end_s)))
        elif isinstance(step, PlannedKeep):
            kept = [span for start, end in step.spans for span in _of_source(kept, start, end)]
        elif (found := step.touched(state)) is None:
            return None
        else:
            for which, (start, end) in enumerate(found):
                windows += [Window(number, which, *span) for span in _of_source(kept, start, end)]
    return Touched(tuple(kept), tuple(windows))


def known(plan: Plan) -> Touched:
    """The same of a plan of which it is known."""
    found = touched(plan)
    assert found is not None
    return found


def only_cuts(plan: Plan) -> bool:
    """Whether nothing is done but that some of the source is kept."""
    match plan.steps:
        case (PlannedTrim(),) | (PlannedOpening(),) | (PlannedOpening(), PlannedKeep()):
            return True
        case _:
            return False


def only(plan: Plan, start: Fraction, end: Fraction) -> tuple[Plan, tuple[int, ...]]:
    """The plan as far as it is seen while start <= t < end of the source, without sound; and for each source that is
    left beside the first, its number among those of the plan."""
    plan = opened(plan)
    seen = {(one.step, one.number) for one in known(plan).windows if one.start < end and start < one.end}
    steps: list[PlannedStep] = []
    slots: list[int] = []
    slot = 1
    for number, step in enumerate(plan.steps):
        if isinstance(step, PlannedOverlay):
            layers = [(which, layer) for which, layer in enumerate(step.layers) if (number, which) in seen]
            slots += [slot + which for which, _ in layers]
            steps.append(msgspec.structs.replace(step, layers=tuple(layer for _, layer in layers)))
        elif not step.sources:  # what brings sound alone is not seen
            steps.append(step)
        slot += len(step.sources)
    return msgspec.structs.replace(plan, steps=tuple(steps)), tuple(slots)


def _of_source(kept: Sequence[Span], start: Fraction, end: Fraction) -> Iterator[Span]:
    """An interval of what is kept, in the source's time."""
    at = Fraction(0)
    for begins, ends in kept:
        first, last = max(start - at, Fraction(0)), min(end - at, ends - begins)
        if first < last:
            yield begins + first, begins + last
        at += ends - begins
