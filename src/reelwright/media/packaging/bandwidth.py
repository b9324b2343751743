"""Bandwidth: how many bits a second of a rendition players are told of, on the average and at most."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from reelwright.media.packaging.fragmented_mp4 import Segment


def average_bit_rate(segments: Sequence[Segment]) -> int:
    duration_s = sum((segment.duration_s for segment in segments), Fraction(0))
    return ceil(8 * sum(segment.size_bytes for segment in segments) / duration_s)


def peak_bit_rate(segments: Sequence[Segment], target_s: int) -> int:
    """The largest of any run of segments that lasts between half and one and a half times the target duration
    (RFC 8216, 4.3.4.2); where there is no such run, of the whole."""
    peak = Fraction(0)
    shortest, longest = Fraction(target_s, 2), Fraction(target_s * 3, 2)
    for first in range(len(segments)):
        size_bytes, lasts = 0, Fraction(0)
        for segment in segments[first:]:
            size_bytes, lasts = size_bytes + segment.size_bytes, lasts + segment.duration_s
            if lasts > longest:
                break
            if lasts >= shortest:
                peak = max(peak, 8 * size_bytes / lasts)
    return ceil(peak) or average_bit_rate(segments)
