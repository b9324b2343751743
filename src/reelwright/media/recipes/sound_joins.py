"""Joins of sound: spans of one track put together, the fade that keeps a join from clicking, and crossfades."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits.steps.keep_and_cut import Span
from reelwright.media.ffmpeg.filtergraph import Filter, filter_, timestamps_begun_at_once
from reelwright.media.ffmpeg.graph import Graph, Pad
from reelwright.media.recipes.audio_filters import fades, lasting
from reelwright.media.recipes.scene import Sound

DECLICK_S = Fraction(4, 1000)
"""In which sound goes down before a join and comes up behind it: a step of the wave is a click."""
CROSSFADE_CURVE = "qsin"
"""Of equal power: two sounds that go over into each other are together as loud as each."""


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


def crossfaded(graph: Graph, pads: Sequence[Pad], samples: int) -> Pad:
    """Sounds one after the other, each of which goes over into the next within so many samples."""
    whole = pads[0]
    crossing = filter_("acrossfade", ns=samples, overlap=1, c1=CROSSFADE_CURVE, c2=CROSSFADE_CURVE)
    for pad in pads[1:]:
        whole = graph.joined([whole, pad], crossing)
    return whole
