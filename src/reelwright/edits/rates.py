"""Bit rates of renditions: what may be asked for, and the share that each rendition of a ladder gets. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reelwright.edits.model import Ladder
from reelwright.errors import FieldError

TWO_PASS = ("h264", "hevc", "vp9")
"""Codecs whose encoder can look at the whole video first. SVT-AV1 cannot by way of ffmpeg."""
EXPONENT = 0.75
"""Twice the pixels need less than twice the bits for the same look: a rule of thumb that encoders' users share."""
LEAST = 20_000
STEP = 1000


def wrong(wanted: Ladder) -> list[FieldError]:
    errors: list[FieldError] = []
    if wanted.video_bit_rate is not None and wanted.crf is not None:
        errors.append(FieldError("/video_bitrate", "is instead of crf: name one of them"))
    if wanted.two_pass and wanted.video_bit_rate is None:
        errors.append(FieldError("/two_pass", "needs video_bitrate"))
    if wanted.two_pass and wanted.codec not in TWO_PASS:
        errors.append(FieldError("/two_pass", f"works with {', '.join(TWO_PASS)}, not {wanted.codec}"))
    return errors


def share(bit_rate: int | None, size: tuple[int, int], sizes: Iterable[tuple[int, int]]) -> int | None:
    """The rate for a picture of `size` where the largest of `sizes` gets `bit_rate`."""
    if bit_rate is None:
        return None
    largest = max(width * height for width, height in sizes)
    part = (size[0] * size[1] / largest) ** EXPONENT
    return bit_rate if part == 1 else max(LEAST, STEP * round(bit_rate * part / STEP))
