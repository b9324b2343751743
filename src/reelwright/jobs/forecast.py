"""How long an edit will take to make, by what earlier ones took. Pure. How large its files will be: size_forecast.py.

What is foretold is an interval that should hold four times in five: where little is known it is wide, where nothing is
known there is none, and a sentence says so. What earlier ones were is read by past_jobs.py; calibration.py sees to it
that intervals hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress

import msgspec

from reelwright.edits import effort
from reelwright.edits.kinds_and_states import JobType
from reelwright.edits.media_info import VideoStream
from reelwright.edits.plan import ExpectedOutput, Plan

LEAST, ENOUGH = 3, 8
"""Earlier cases: with fewer nothing is said; with so many of a closer kind, those of a wider kind are left aside."""
READING = 0.25
"""To decode a pixel and to scale it, beside coding it as H.264."""
DRAWING = 1e6
"""To draw a cue of subtitles, beside coding a pixel."""
USUAL_RATE = Fraction(25)
CERTAINTY = 1.0
"""How firmly it is held that twice the work takes twice the time, in cases that lie a factor of e apart; and so of the
source's density."""
DENSITY_OF_TIME = 0.2
"""The power of a source's density by which the time goes that its editing takes: what was hard to code is so again."""
OF_SOURCE = 1.0
"""What earlier work on the same source took beside what was to be expected of it counts in full but for so many cases:
pictures are easy or hard to decode and to code, whatever is made of them."""
LARGEST = 700.0
"""Powers of e that are numbers still: cases that contradict each other foretell anything."""
LEAST_SPREAD = 0.05
"""The same work never takes the same time."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`low` to `high` should hold four times in five. `cases`: from how many it is drawn."""

    expected: float
    low: float
    high: float
    cases: int

    @property
    def spread(self) -> float:
        """Half of the logarithm from `low` to `high`."""
        low, high = (max(end, 1e-9) for end in (self.low, self.high))
        return max(math.log(high / low) / 2, LEAST_SPREAD)


@dataclass(frozen=True, slots=True)
class Case:
    """What was asked, and what it took or came to. `kinds`: the closest one first; `density`: the source's bytes a
    pixel; `source`: which one, empty where that is not known."""

    kinds: tuple[tuple[object, ...], ...]
    size: float
    found: float
    density: float = 1.0
    source: str = ""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit is as work, as jobs keep it. `kinds`: the closest one first; `size`: what its seconds go by;
    `density`: the source's bytes a pixel; `source`: the SHA-256 of its file, empty as older releases wrote it."""

    kinds: tuple[tuple[str, ...], ...]
    size: float
    density: float
    source: str = ""


def work_of(job_type: JobType, plan: Plan) -> Work | None:
    """Return what a plan is as work; None of what is copied: nothing is known of that."""
    if plan.is_spliced:
        return None
    source = plan.inputs[0]
    found = work(job_type, plan.outputs, source.media.main_video, density_of(plan), source.sha256)
    if found is None or not _codes_video(plan):
        return found
    return msgspec.structs.replace(found, size=found.size + DRAWING * cues_drawn(plan))


def cues_drawn(plan: Plan) -> int:
    """Return how many cues of subtitles have to be drawn for a plan, where nobody drew them before."""
    return sum(facts.cues for facts in plan.laid_subtitles)


def drawing_share(plan: Plan) -> float:
    """Return what part of making a plan is to draw its subtitles, 0 to 1."""
    if not (drawing := DRAWING * cues_drawn(plan)):
        return 0.0
    return drawing / (drawing + _work(plan.outputs, plan.inputs[0].media.main_video)) if _codes_video(plan) else 0.5


def _codes_video(plan: Plan) -> bool:
    return any(one.output.video is not None for one in plan.outputs)


def work(
    job_type: JobType, outputs: Sequence[ExpectedOutput], source: VideoStream, source_density: float, sha256: str
) -> Work | None:
    """Return what outputs of such a source are as work; None where that cannot be said."""
    if (size := _work(outputs, source)) <= 0:
        return None
    return Work(kinds=_work_kinds(job_type, outputs), size=size, density=source_density, source=sha256)


def seconds_of_work(work: Work, cases: Iterable[Case]) -> Forecast | None:
    """How long a worker will be at it, from its start to the published result."""
    return foretell(work.kinds, work.size, cases, work.density, DENSITY_OF_TIME, source=work.source)


def foretell(
    kinds: Sequence[tuple[object, ...]],
    size: float,
    cases: Iterable[Case],
    density: float = 1.0,
    power: float = DENSITY_OF_TIME,
    *,
    source: str = "",
) -> Forecast | None:
    """By the cases of the closest kind of which there are enough, else of the widest of which there are any: a plane
    through them where all are logarithms, which leans towards a slope of one with the size, and of `power` with the
    density of the source; as far above it as those of the same source were. None where there are too few."""
    alike = alike_of(kinds, list(cases))
    if len(alike) < LEAST or size <= 0:
        return None
    points = [(math.log(case.size), math.log(case.density), math.log(case.found)) for case in alike]
    of_source = [bool(source) and case.source == source for case in alike]
    return _by_plane(points, (math.log(size), math.log(density)), power, of_source)


def alike_of(kinds: Sequence[tuple[object, ...]], known: Sequence[Case]) -> list[Case]:
    """Return the cases of the closest kind of which there are ENOUGH, else of the widest of which there are any."""
    alike: list[Case] = []
    for kind in kinds:
        of_kind = [case for case in known if kind in case.kinds]
        if len(of_kind) >= LEAST:
            alike = of_kind
        if len(of_kind) >= ENOUGH:
            break
    return alike


def _by_plane(
    points: Sequence[tuple[float, float, float]], at: tuple[float, float], power: float, of_source: Sequence[bool]
) -> Forecast:
    """Least squares, with what is believed of both slopes as two more cases: ridge regression towards them. What lies
    above the plane of points of the same source is a random effect of that: shrunk towards none by OF_SOURCE."""
    count = len(points)
    middle_x, middle_d, middle_y = (sum(values) / count for values in zip(*points, strict=True))
    about = [(x - middle_x, d - middle_d, y - middle_y) for x, d, y in points]
    rows = [(x, d, y - x - power * d) for x, d, y in about]
    spread_x, spread_d = (sum(row[number] ** 2 for row in rows) for number in range(2))
    both = sum(x * d for x, d, _ in rows)
    with_x, with_d = (sum(row[number] * row[2] for row in rows) for number in range(2))
    firm_x, firm_d = spread_x + CERTAINTY, spread_d + CERTAINTY
    area = firm_x * firm_d - both**2
    more_x, more_d = (firm_d * with_x - both * with_d) / area, (firm_x * with_d - both * with_x) / area
    above = [off - more_x * x - more_d * d for x, d, off in rows]
    rest = sum(off**2 for off in above)
    by_source = sum(compress(above, of_source)) / (sum(of_source) + OF_SOURCE)
    learned = spread_x / firm_x + spread_d / firm_d  # as far as slopes were learned from them, too
    freedom = max(count - 1 - learned, 1.0)
    spread = max(math.sqrt(rest / freedom), LEAST_SPREAD)
    x, d = at[0] - middle_x, at[1] - middle_d
    far = (firm_d * x**2 - 2 * both * x * d + firm_x * d**2) / area
    most = middle_y + (1 + more_x) * x + (power + more_d) * d + by_source
    wide = _student(freedom) * spread * math.sqrt(1 + 1 / count + far)
    expected, low, high = (math.exp(min(value, LARGEST)) for value in (most, most - wide, most + wide))
    return Forecast(expected, low, high, count)


def _student(freedom: float) -> float:
    """The 90th percentile of Student's t: Cornish and Fisher's expansion (Abramowitz and Stegun, 26.7.5)."""
    z = 1.2815515655446004
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _work_kinds(job_type: JobType, outputs: Sequence[ExpectedOutput]) -> tuple[tuple[str, ...], ...]:
    videos = [one.output.video for one in outputs if one.output.video is not None]
    if not videos:
        what = "sound" if outputs else "images"
        return (("type", job_type.value, what), ("any", what))
    video, copied = videos[0], all(output.copied for output in outputs if output.output.video is not None)
    way = "copied" if copied else "coded"
    codec = (way, video.codec, video.preset, "two passes" if video.two_pass else "one pass")
    return (("type", job_type.value, *codec), ("codec", *codec), ("any", way))


def density_of(plan: Plan) -> float:
    media = plan.inputs[0].media
    return density(media.main_video, media.size_bytes, media.duration_s)


def density(source: VideoStream, size_bytes: float | None, duration_s: float | None) -> float:
    """The source's bytes a pixel, with its sound; 1 where that is not known."""
    rate = float(Fraction(source.frame_rate) if source.frame_rate else USUAL_RATE)
    pixels = source.width * source.height * (source.frame_count or (duration_s or 0.0) * rate)
    return size_bytes / pixels if size_bytes and pixels else 1.0


def frames(output: ExpectedOutput, source: VideoStream) -> float:
    if output.frame_count is not None:
        return float(output.frame_count)
    return float(Fraction(output.duration_s) * (Fraction(source.frame_rate) if source.frame_rate else USUAL_RATE))


def _work(outputs: Sequence[ExpectedOutput], source: VideoStream) -> float:
    """Pixels that are coded, as of H.264, and those that are decoded; of sound alone, seconds; of images alone, how
    large they are is nothing beside what is decoded, of which nothing more is known."""
    coded = sum(
        (0.01 if one.copied else effort.coding(one.output.pictures)) * one.width * one.height * frames(one, source)
        for one in outputs
        if one.output.video is not None
    )
    if not outputs:
        return float(source.width * source.height)
    if not coded:
        return sum(float(Fraction(one.duration_s)) for one in outputs)
    read = max(frames(one, source) for one in outputs) * source.width * source.height
    return coded + READING * read
