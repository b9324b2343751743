"""The step `keep`, as filters: intervals selected, what lies between them closed up; their sound joined."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from reelwright.edits.steps.keep import PlannedKeep, Span
from reelwright.media.ffmpeg.filtergraph import Filter, filter_, timestamps_begun_at_once
from reelwright.media.ffmpeg.graph import closed_up, within
from reelwright.media.recipes.audio_filters import fades, lasting
from reelwright.media.recipes.scene import Scene, Sound

DECLICK_S = Fraction(4, 1000)
"""In which sound goes down before a join and comes up behind it: a step of the wave is a click."""


def apply(scene: Scene, step: PlannedKeep) -> None:
    tick = scene.state.tick
    ticks = [(ceil(start / tick), ceil(end / tick)) for start, end in step.spans]
    scene.through(filter_("select", expr=within(ticks)), filter_("setpts", expr=closed_up(ticks)))
    for sound, track in zip(scene.sounds, scene.state.media.audio, strict=True):
        join(sound, step.spans, track.sample_rate)


def join(sound: Sound, spans: list[Span], sample_rate: int) -> None:
    """What is heard in rising spans, one after the other: in all as many samples as their lengths say."""
    pieces, begin = [], Fraction(0)
    several = sound.graph.split(sound.pad, len(spans), sound=True)
    for number, (pad, (start, end)) in enumerate(zip(several, spans, strict=True)):
        first = round(start * sample_rate)
        count = round((begin + end - start) * sample_rate) - round(begin * sample_rate)
        begin += end - start
        pieces.append(
            pad.then(
                filter_("atrim", start_sample=first, end_sample=first + count),
                filter_("asetpts", expr=timestamps_begun_at_once()),
                *without_clicks(end - start, joined_before=number > 0, joined_after=number < len(spans) - 1),
            )
        )
    if len(pieces) > 1:
        sound.pad = sound.graph.joined(pieces, filter_("concat", n=len(pieces), v=0, a=1), *lasting(begin))
    else:
        sound.pad = pieces[0].then(*lasting(begin))


def without_clicks(length: Fraction, *, joined_before: bool, joined_after: bool) -> list[Filter]:
    """Sound that goes down before a join and comes up behind it."""
    fade = min(DECLICK_S, length / 2)
    return fades(fade * joined_before, fade * joined_after, length)
