"""What to expect of each way in which a cut is made: from what, into what, at which cost, and who plays it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reelwright.edits.codecs import COPIED_INTO, Container
from reelwright.edits.plan.splice_refusals import BESIDE, SPLICED
from reelwright.edits.splice_structs import CutMode

HELD: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(BESIDE, ("mp4", "mov", "mkv", "mpegts")),
    "vp9": ("webm", "mkv", "mp4"),
    "av1": ("webm", "mkv", "mp4"),
    **dict.fromkeys(COPIED_INTO, ("mov", "mp4", "mkv", "avi", "mxf")),
}
"""Containers from which each codec is copied."""


class CutSource(NamedTuple):
    """What becomes of a source's codec. `begins`: where a copy that is exact to the frame may begin."""

    codec: str
    containers: tuple[str, ...]
    result: Container
    begins: str


class Expectation(NamedTuple):
    """`frames`: which are in the result; `coded`: which of them anew; `cost`: of the processor."""

    frames: str
    coded: str
    cost: str
    players: str
    copies: bool = True
    """Whether anything is copied."""


AS_EXACT = (
    "That of `exact` where it cannot be: another codec, size or container is wanted, or no key frame lies within."
)
TWO_SETS = (
    "Chromium (the file, Media Source, hls.js): every frame seen. A file of H.264 or HEVC with coded edges has two sets"
    " of parameters, which all decoders have to know and some in hardware may not. As HLS in fragmented MP4 alone."
)
EXPECTED: Mapping[CutMode, Expectation] = {
    "exact": Expectation(
        frames="To the frame.",
        coded="All.",
        cost="As much as any encode of that length and size.",
        players="Whatever plays the codec that is asked for: H.264 by default.",
        copies=False,
    ),
    "smart": Expectation(
        frames="To the frame.",
        coded="Those before the first key frame of an interval, and up to 5 at its end; none where each frame is one.",
        cost=f"About that of a copy: a small part of `exact`. {AS_EXACT}",
        players=TWO_SETS,
    ),
    "copy": Expectation(
        frames="From the nearest key frame on to the last that can end a copy; a warning says how far off that is.",
        coded="None.",
        cost=f"That of a copy. {AS_EXACT}",
        players="Whatever plays the source.",
    ),
    "auto": Expectation(
        frames="To the frame.",
        coded="As `smart` where the output that is asked for is what the source is, else as `exact`.",
        cost="That of what is chosen; `?validate_only=true` says it before.",
        players=f"Sources that few players show (ProRes, ten bits of H.264) are coded. {TWO_SETS}",
    ),
}


def sources() -> tuple[CutSource, ...]:
    """All that is copied, by codec."""
    return tuple(
        CutSource(
            codec=codec,
            containers=HELD[codec],
            result=COPIED_INTO.get(codec, "mp4"),
            begins="any frame" if codec in BESIDE or codec in COPIED_INTO else "a key frame",
        )
        for codec in SPLICED
    )
