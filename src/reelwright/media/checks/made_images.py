"""Posters, thumbnails, sprites and moving images, held to their plan: size, frames, how long all are shown."""

from __future__ import annotations

from reelwright.edits.sidecar_files import PlannedImage
from reelwright.media.checks.image_check_worker import Seen

GIF_TICK_MS = 10
"""In which the times of a GIF are counted: each is rounded to that."""


def image_mismatches(expected: PlannedImage, made: Seen) -> list[str]:
    """What is wrong with a picture file, in sentences."""
    found: list[str] = []
    if (made.width, made.height) != (expected.width, expected.height):
        found.append(f"it is {made.width}x{made.height}, expected {expected.width}x{expected.height}")
    if expected.pages is not None and made.pages != expected.pages:
        found.append(f"it has {made.pages} frames, expected {expected.pages}")
    room_ms = 1 if expected.pages is None else 2 * GIF_TICK_MS
    if expected.duration_ms is not None and made.pages > 1 and abs(made.duration_ms - expected.duration_ms) > room_ms:
        found.append(f"it lasts {made.duration_ms} ms, expected {expected.duration_ms} ms")
    return found
