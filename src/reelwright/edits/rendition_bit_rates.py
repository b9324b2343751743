"""Bit rates of renditions: the share that each of a ladder gets, the peaks of streams, and whether it takes two passes.
Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reelwright.edits.codecs import CODECS, Codec
from reelwright.edits.outputs import Ladder

EXPONENT = 0.75
"""Twice the pixels need less than twice the bits for the same look: a rule of thumb that encoders' users share."""
LEAST = 20_000
STEP = 1000

PEAK_1080P = 8_000_000
"""What a stream of that size may take at its most demanding, bits a second, with H.264; newer codecs need less."""


def in_two_passes(wanted: Ladder) -> bool:
    """Whether the encoder looks at the whole video first: as asked, else as the codec needs it."""
    if wanted.two_pass is None:
        return CODECS[wanted.codec].two_pass_unasked and wanted.video_bit_rate is not None
    return wanted.two_pass


def share(bit_rate: int | None, size: tuple[int, int], sizes: Iterable[tuple[int, int]]) -> int | None:
    """The rate for a picture of `size` where the largest of `sizes` gets `bit_rate`."""
    if bit_rate is None:
        return None
    return _scaled(bit_rate, size[0] * size[1] / max(width * height for width, height in sizes))


def streamed_peak(size: tuple[int, int], codec: Codec) -> int:
    """The highest rate of a stream of `size` that is coded by a constant factor, bits a second."""
    return _scaled(round(PEAK_1080P * CODECS[codec].peak_share), size[0] * size[1] / (1920 * 1080))


def _scaled(bit_rate: int, pixels: float) -> int:
    return bit_rate if pixels == 1 else max(LEAST, STEP * round(bit_rate * pixels**EXPONENT / STEP))
