"""Ducking: a sound that is mixed in goes down while the video's own is heard, and comes up again behind it."""

from __future__ import annotations

from fractions import Fraction

from reelwright.media.ffmpeg.filtergraph import filter_
from reelwright.media.ffmpeg.graph import Graph, Pad

DUCKING = filter_(
    "sidechaincompress", threshold=Fraction(2, 100), ratio=4, attack=50, release=600, detection="rms", knee=4
)
"""Speech of -20 dB takes what lies under it down by some 12 dB; what is softer than -34 dB leaves it alone. It takes so
many milliseconds to go down and to come up."""


def ducked(graph: Graph, own: Pad, under: Pad) -> tuple[Pad, Pad]:
    """Return both as they are to be mixed: `own` as it was, `under` only as loud as that lets it be."""
    own, beside = graph.split(own, 2, sound=True)
    return own, graph.joined([under, beside], DUCKING)
