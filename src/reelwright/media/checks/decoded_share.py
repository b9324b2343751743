"""How much of a made file is decoded before it is published: so much that it costs little beside making it. Pure."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits import effort
from reelwright.edits.plan import Plan
from reelwright.media.checks.decoded_groups import Sample

WHOLE_S = 5.0
"""What lasts no longer is decoded whole; of what lasts longer, at least so much is."""
SHARE = 0.06
"""Of the work of making an output, as it is estimated, that decoding it may take."""
NEARLY_ALL = 0.8
"""Where so much may be decoded, all is."""
WINDOW_S = 2.0
"""Of so many groups, each from its key frame on, that each gives so much, where they are as long."""


NOTHING = Sample(seconds=0.0, groups=0)
"""Of what was decoded while it was proven."""
COPIED = Sample(seconds=2 * WHOLE_S, groups=2)
"""Of pictures that are the source's own from the first to the last: making them takes no time."""


def sample(plan: Plan, number: int) -> Sample | None:
    """Return how much of output `number` is decoded; None: all of it."""
    expected = plan.outputs[number]
    if plan.is_spliced:
        return NOTHING
    duration_s = float(Fraction(expected.duration_s))
    if expected.output.video is None or duration_s <= WHOLE_S:
        return None
    if expected.copied:
        return COPIED
    part = decoded_part(plan)
    if part >= NEARLY_ALL:
        return None
    seconds = max(WHOLE_S, part * duration_s)
    return Sample(seconds=seconds, groups=max(2, int(seconds / WINDOW_S)))


def decoded_part(plan: Plan) -> float:
    """Return which part of the outputs' pictures may be decoded; more than 1 where decoding all would take less."""
    making = sum(effort.SOURCE * one.width * one.height for one in plan.inputs[0].media.video[:1])
    proving = 0.0
    for expected in plan.outputs:
        if expected.output.video is None or expected.copied:
            continue
        pixels = expected.width * expected.height
        making += pixels * effort.coding(expected.output.video)
        proving += pixels * effort.DECODING[expected.output.video.codec]
    return SHARE * making / proving
