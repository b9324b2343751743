"""What of each step's time is needed to show moments of the result: what else is read would be thrown away. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits.plan import Plan
from reelwright.edits.steps.state import VideoState

SPARE_FRAMES = 2


def needed_since(plan: Plan, at: Fraction) -> list[Fraction]:
    """From when on frames are needed after each step: of what is on display at a time of the result, the beginning."""
    states = plan.states
    needed: Fraction | None = at
    found = []
    for number in reversed(range(len(states))):
        state = states[number]
        needed = None if needed is None else _on_display(needed, state)
        found.append(Fraction(0) if needed is None else needed)
        if needed is not None and number:
            needed = plan.steps[number].time_before(needed, states[number - 1])
    return found[::-1]


def needed_until(state: VideoState, at: Fraction) -> Fraction:
    """By when the first frame has begun that is not before a time: with room; to the end where that is not known."""
    gap_s = _longest_s(state)
    return state.length if gap_s is None else min(at + gap_s, state.length)


def moments(plan: Plan) -> Sequence[Fraction] | None:
    """The times of all that is made, of a plan without outputs; None where one of its images has none of its own."""
    if plan.outputs or not all(sidecar.at_s for sidecar in plan.sidecars):
        return None
    return sorted(Fraction(at) for sidecar in plan.sidecars for at in sidecar.at_s)


def _on_display(time: Fraction, state: VideoState) -> Fraction | None:
    """When what is on display at a time has begun at the earliest; None: not known."""
    gap_s = _longest_s(state)
    return None if gap_s is None else max(time - gap_s, Fraction(0))


def _longest_s(state: VideoState) -> Fraction | None:
    """From one frame to the next at most, with room; None: not known."""
    if state.video.longest_frame_s is None:
        return None
    frame_s = 1 / Fraction(state.video.frame_rate) if state.video.frame_rate else Fraction(1, 25)
    return Fraction(repr(state.video.longest_frame_s)) + SPARE_FRAMES * frame_s
