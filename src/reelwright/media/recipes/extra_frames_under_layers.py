"""Extra frames of a video whose pictures stand, under layers: at the moments when one of these appears, moves or goes.

A clock of tiny frames at those moments lies under the picture, so that the picture comes once more at each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from reelwright.edits.plan import PlannedLayer, VideoFacts
from reelwright.media.ffmpeg.filtergraph import FINE_TICKS, Filter, GraphInput, filter_, grid, in_runs, one_above

TICKS_PER_S = 90_000
FADE_RATE, MAX_RATE, COARSE_RATE = 25, 60, 30
"""Frames a second: of a fade, of a video layer at most, and where layers come in each other's way."""
MAX_RUNS = 40
"""As many as an expression is kept to."""


@dataclass(frozen=True, slots=True)
class Run:
    """Moments that follow each other evenly, in ticks."""

    first: int
    step: int
    count: int


def clock(layers: Sequence[PlannedLayer], length: Fraction, pixel_format: str = "yuv420p") -> GraphInput | None:
    """The clock's frames, each at its moment, in the format of the picture; None where nothing changes."""
    moments = sorted({tick for layer in layers for tick in _moments(layer, length)})
    if not moments:
        return None
    runs = _runs(moments)
    if len(runs) > MAX_RUNS:
        step = TICKS_PER_S // COARSE_RATE
        runs = [Run(moments[0], step, (moments[-1] - moments[0]) // step + 2)]
    begin = Run(-TICKS_PER_S, 1, 1)  # before the picture begins, whenever that is
    count = 1 + sum(run.count for run in runs)
    stamps = in_runs([(run.first, run.step, run.count) for run in (begin, *runs)])
    ticking = [
        filter_("color", size=grid(2, 2), rate=1, duration=count),  # a frame a second: as many as there are moments
        filter_("format", pix_fmts=pixel_format),
        filter_("settb", expr=FINE_TICKS),
        filter_("setpts", expr=stamps),
    ]
    return GraphInput(None, None, ticking)


def under() -> Filter:
    """Takes the clock and the picture; what comes out is the picture, at the moments of both."""
    return filter_("xstack", inputs=2, layout=one_above())


def _moments(layer: PlannedLayer, length: Fraction) -> Iterator[int]:
    start, end = Fraction(layer.start_s), Fraction(layer.end_s)
    fade_in, fade_out = (min(Fraction(value), end - start) for value in (layer.fade_in_s, layer.fade_out_s))
    windows = [(start, start + fade_in, FADE_RATE), (end - fade_out, end, FADE_RATE)]
    if isinstance(layer.facts, VideoFacts):
        rate = layer.facts.media.main_video.frame_rate
        windows = [(start, end, min(ceil(Fraction(rate)) if rate else FADE_RATE, MAX_RATE))]
    times = [start, start + fade_in, end]
    for first, last, rate_ in windows:
        times += [first + Fraction(number, rate_) for number in range(ceil((last - first) * rate_))]
    for time in times:
        if 0 < time < length:
            yield ceil(time * TICKS_PER_S)


def _runs(moments: Sequence[int]) -> list[Run]:
    found: list[Run] = []
    for tick in moments:
        if found and (found[-1].count == 1 or tick == found[-1].first + found[-1].step * found[-1].count):
            last = found[-1]
            step = tick - last.first if last.count == 1 else last.step
            found[-1] = Run(last.first, step, last.count + 1)
        else:
            found.append(Run(tick, 1, 1))
    return found
