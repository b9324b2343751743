"""Any number of steps resolved: a fold, each step planned from the state that the one before it left."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits.cues.joined_tracks import within
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.edit import Edit
from reelwright.edits.facts import Facts, LaidSubtitlesFacts, VideoFacts
from reelwright.edits.hdr import stays, ten_bit
from reelwright.edits.plan import kept_subtitles
from reelwright.edits.plan.outputs import resolve_outputs
from reelwright.edits.plan.steps_of_result import LineageBase
from reelwright.edits.plan.structs import COMPOSED, SUBTITLED, VERSION, Plan, form_with
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.edits.steps import PlannedStep, Step
from reelwright.edits.steps.base import Planning
from reelwright.edits.steps.opening import PlannedOpening, narrowed, opening
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.state import VideoState
from reelwright.edits.steps.trim import TrimStep
from reelwright.edits.validation import problems
from reelwright.errors import FieldError, InvalidInput


def resolve_several_steps(
    edit: Edit,
    facts: Facts,
    length: Fraction | None,
    warnings: list[str],
    pointers: Sequence[Pointer],
    base: LineageBase | None = None,
    texts: Sequence[SubtitleTrack] = (),
    source_pointer: str = "/source",
) -> Plan:
    """Return the plan of an edit of any steps. `pointers`, `texts`, `source_pointer`: as for `resolve`; `base`: what
    the edit goes on from, as steps of the original, whose facts `facts` are.

    Raises InvalidInput that names every wrong field of the first step that cannot be.
    """
    of_steps, of_sidecars = ((), pointers) if edit.sidecars else (pointers, ())
    steps, state, said = resolve_steps(
        edit.steps,
        facts,
        length,
        deep=any(ten_bit(edit.outputs)),
        hdr=stays(edit.steps, edit.outputs),
        base=base,
        pointers=of_steps,
        texts=texts if edit.outputs else None,
        source_pointer=source_pointer,
    )
    inputs = {source.sha256: source for step in steps for source in step.sources if isinstance(source, VideoFacts)}
    inputs.pop(facts.sha256, None)
    others = (Facts(sha256=source.sha256, media=source.media) for source in inputs.values())
    tracks, untold = kept_subtitles.kept(edit, state.kept_subtitles())
    resolved = resolve_outputs(edit, state.media, state.length, [*warnings, *said, *untold], of_sidecars, tracks)
    version = form_with(tracks, SUBTITLED, COMPOSED if edit.outputs else SUBTITLED)
    if any(isinstance(source, LaidSubtitlesFacts) for step in steps for source in step.sources):
        version = VERSION
    return resolved.of((msgspec.structs.replace(facts, layers=()), *others), steps, version)


def resolve_steps(
    steps: Sequence[Step],
    facts: Facts,
    length: Fraction | None,
    *,
    deep: bool,
    hdr: bool = False,
    base: LineageBase | None = None,
    pointers: Sequence[Pointer] = (),
    texts: Sequence[SubtitleTrack] | None = None,
    source_pointer: str = "/source",
) -> tuple[tuple[PlannedStep, ...], VideoState, list[str]]:
    """Return the steps planned, those of the `base` first, what they make, and warnings. `deep`: whether an output may
    have more than eight bits; `hdr`: whether HDR may stay; `pointers`: where the request has the only step, a trim, or
    each of its layers; `texts`: as for `resolve`, None: what the sources have of their own is not asked for;
    `source_pointer`: as for `resolve`.

    Raises InvalidInput.
    """
    materials, warnings = iter(facts.layers), list[str]()

    def planning(number: int) -> Planning:
        if len(steps) == 1 and isinstance(steps[0], OverlayStep):
            return Planning(pointer_to((), number, "/steps"), materials, warnings, layers=pointers)
        return Planning(pointer_to(pointers, number, "/steps"), materials, warnings)

    wrong = list[FieldError]()  # of all steps: planning, which reads fields again for their values, ends at the first
    for number, wanted in enumerate(steps):
        about = planning(number)
        wrong += problems(wanted, about.pointer, about.layers)
    if wrong:
        raise InvalidInput(wrong)
    begun = base.steps if base is not None else ()
    done = 0
    if not begun:
        first = steps[0] if steps and isinstance(steps[0], TrimStep) else None
        if first is None or first.end is None:
            length = known_length(length, source_pointer)
        begun = (opening(facts.media, length, first, planning(0)),)
        done = 1 if first is not None else 0
    opened, *before = begun
    assert isinstance(opened, PlannedOpening)
    opened = msgspec.structs.replace(opened, deep=opened.deep and deep, hdr=opened.hdr and hdr)
    planned, state = list(before), opened.of(facts.media)
    for step in before:
        state = step.after(state)
    opened_at = Piece(Fraction(opened.start_s), Fraction(opened.end_s), Fraction(0))
    state = state.with_subtitles(base.subtitles if base is not None else within(texts or (), opened_at))
    for number, wanted in enumerate(steps[done:], start=done):
        about = planning(number)
        made = wanted.planned(state, about)
        if isinstance(made, SubtitleTrack):
            state = state.with_subtitles([made])
        else:
            planned.append(made)
            state = made.after(state)
            for pointer, brought in about.brought if texts is not None else ():
                state, left_out = state.continued(brought)
                warnings += [pointer.remark(left_out)] if left_out is not None else []
    return tuple(narrowed(opened, planned)), state, warnings


def known_length(length: Fraction | None, source_pointer: str) -> Fraction:
    """Return how long the source is. Raises InvalidInput where nobody knows."""
    if length is None:
        raise InvalidInput([FieldError(source_pointer, "how long the video is, is not known")])
    return length
