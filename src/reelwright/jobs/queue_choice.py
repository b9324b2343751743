"""Into which queue a job is put, by what it costs a worker; and which queues a worker takes jobs of. Pure.

Jobs are put into `light` or `media`, which are parts of `render`: in that itself is what older releases have queued.

`light` is what is done in a minute at most: images, copies, cuts that code their edges alone, sound. Whatever codes
moving pictures is `media`, however short it is: who asks for an encode can foresee with what it waits. So is what has
to read too much for its images, and an import, which is as slow as whoever sends it: a place among the light ones that
it held for an hour would be none.

What work is counted in is a pixel that is coded as H.264 (edits/effort.py). Sound is coded some hundred times as fast
as it plays, and packets are copied as fast as the disk is: both count nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from reelwright.edits import effort
from reelwright.edits.plan import Plan
from reelwright.edits.splice_structs import Splice
from reelwright.media.recipes import far_stills, needed_span
from reelwright.settings import QUEUES

LIGHT, MEDIA = QUEUES
WHOLE: Final = "render"
LIGHT_WORK: Final = 10_000_000_000
"""About half a minute of two cores; a poster that nobody named a time for is looked for in two minutes of 4K."""
USUAL_RATE: Final = Fraction(30)
SOUGHT_S: Final = 5
"""So much is decoded, from a key frame on, for an image that is sought by itself."""


def queue_of(plan: Plan) -> str:
    """Return the queue of a job that makes the plan."""
    codes = any(one.output.video is not None and not one.copied for one in plan.outputs)
    if codes and not plan.is_spliced:
        return MEDIA
    return LIGHT if _edges(plan) + _images(plan) <= LIGHT_WORK else MEDIA


def taken_with(queues: Iterable[str]) -> list[str]:
    """Return all queues that a worker takes jobs of, of which it was asked for some: with `render` alone, its parts;
    with `media`, what older releases have queued."""
    asked = list(dict.fromkeys(queues))
    if WHOLE in asked and not {*asked} & {*QUEUES}:
        return [*asked, *QUEUES]
    return asked if WHOLE in asked or MEDIA not in asked else [*asked, WHOLE]


def _edges(plan: Plan) -> float:
    """The frames of a cut that are coded."""
    if not isinstance(plan.splice, Splice) or not plan.is_spliced:
        return 0.0
    output = plan.outputs[0]
    return plan.splice.encoded * output.width * output.height * effort.coding(output.output.pictures)


def _images(plan: Plan) -> float:
    """What is read for images, and they themselves."""
    if not plan.sidecars:
        return 0.0
    images = [file.image for sidecar in plan.sidecars for file in sidecar.files if file.image is not None]
    made = sum(image.width * image.height * (image.pages or 1) for image in images)
    source = plan.inputs[0].media.main_video
    rate = Fraction(source.frame_rate) if source.frame_rate else USUAL_RATE
    if (places := far_stills.places(plan)) is not None:
        reads_s = sum((place[-1] - place[0] + SOUGHT_S for place in places), Fraction(0))
    else:
        times = needed_span.moments(plan)
        reads_s = times[-1] - times[0] if times else plan.length
    return made + float(reads_s * rate) * source.width * source.height * effort.SOURCE
