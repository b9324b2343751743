"""Where segments of a stream begin and end: at the same times in all renditions, none longer than it may be, the rest
at the end a segment of its own only where players take it for one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from reelwright.edits.media_info import VideoStream
from reelwright.edits.streaming import PlannedStreaming
from reelwright.errors import VerifyFailed
from reelwright.media.packaging.fragmented_mp4 import Fragments, beginning_s, fragments_of

TOLERANCE_S = Fraction(1, 100)
"""Between borders of renditions that were coded with clocks of different ticks."""


def longest_rest_s(folder: Path, names: Sequence[str]) -> Fraction:
    """Return how long what is left over at the end may be to be no segment of its own, of files that are cut alike.

    hls.js heeds no edit list: it expects each segment later than it is shown, by what the encoder needed to start. One
    that is no longer than that it looks for behind the end, and waits for it there for ever.
    """
    try:
        return max(beginning_s(folder / fragments_of(name)) for name in names) + TOLERANCE_S
    except ValueError as error:
        raise VerifyFailed(f"{', '.join(names)} cannot be streamed: {error}") from error


def hold_borders(
    pictures: Sequence[Fragments], streaming: PlannedStreaming, first: VideoStream, rest_s: Fraction
) -> None:
    """`first`: the picture of the first rendition, as measured. Raises VerifyFailed."""
    longest_s = streaming.request.segment_s + Fraction(repr(first.longest_frame_s or 0.0)) + rest_s
    for media in pictures:
        if max(segment.duration_s for segment in media.segments) > longest_s:
            raise VerifyFailed(f"{media.name} has a segment that is longer than {float(longest_s):.3f} s")
        if not _aligned(media, pictures[0]):
            raise VerifyFailed(f"the segments of {media.name} begin at other times than those of the first")


def _aligned(one: Fragments, other: Fragments) -> bool:
    """Begin all segments at the same times? When the last one ends is each encoder's own guess."""
    starts, others = one.borders_s[:-1], other.borders_s[:-1]
    if len(starts) != len(others):
        return False
    return all(abs(a - b) <= TOLERANCE_S for a, b in zip(starts, others, strict=True))
