"""Any number of steps resolved: a fold, each step planned from the state that the one before it left."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits.codecs import CODECS
from reelwright.edits.edit import Edit
from reelwright.edits.facts import Facts, VideoFacts
from reelwright.edits.plan.structs import VERSION, Plan
from reelwright.edits.plan.transcode import resolve_outputs
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.edits.steps import PlannedStep, Step
from reelwright.edits.steps.opening import opening
from reelwright.edits.steps.state import Planning, VideoState
from reelwright.edits.steps.trim import TrimStep
from reelwright.errors import FieldError, InvalidInput


def resolve_fold(
    edit: Edit, facts: Facts, length: Fraction | None, warnings: list[str], pointers: Sequence[Pointer]
) -> Plan:
    """Return the plan of an edit of any steps. `pointers`: where the request has each sidecar.

    Raises InvalidInput that names every wrong field of the first step that cannot be.
    """
    steps, state, said = resolve_steps(edit.steps, facts, length, deep=_any_ten_bit(edit))
    inputs = {source.sha256: source for step in steps for source in step.sources if isinstance(source, VideoFacts)}
    inputs.pop(facts.sha256, None)
    others = (Facts(sha256=source.sha256, media=source.media) for source in inputs.values())
    resolved = resolve_outputs(edit, state.media, state.length, [*warnings, *said], pointers)
    return resolved.of((msgspec.structs.replace(facts, layers=()), *others), steps, VERSION)


def resolve_steps(
    steps: Sequence[Step], facts: Facts, length: Fraction | None, *, deep: bool
) -> tuple[tuple[PlannedStep, ...], VideoState, list[str]]:
    """Return the steps planned, what they make, and warnings. `deep`: whether an output may have more than eight bits.

    Raises InvalidInput.
    """
    first = steps[0] if steps and isinstance(steps[0], TrimStep) else None
    if length is None and (first is None or first.end is None):
        raise InvalidInput([FieldError("/source", "how long the video is, is not known")])
    materials = iter(facts.layers)
    planning = Planning(pointer_to((), 0, "/steps"), materials)
    opened = opening(facts.media, length, first, planning)
    opened = msgspec.structs.replace(
        opened,
        deep=deep and (facts.media.main_video.bit_depth or 8) > 8,
        hdr=deep and facts.media.main_video.is_hdr and all(step.keeps_hdr for step in steps),
    )
    planned: list[PlannedStep] = [opened]
    state, warnings = opened.of(facts.media), planning.warnings
    for number, step in enumerate(steps):
        if number == 0 and first is not None:
            continue
        planning = Planning(pointer_to((), number, "/steps"), materials)
        planned.append(step.planned(state, planning))
        state = planned[-1].after(state)
        warnings += planning.warnings
    return tuple(planned), state, warnings


def _any_ten_bit(edit: Edit) -> bool:
    return any(CODECS[output.video.codec].ten_bit for output in edit.outputs)
