"""Is a made file what the plan promised? Exit code 0 alone does not say so."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.plan import ExpectedOutput, ExpectedVideo
from reelwright.edits.sidecars import PlannedImage
from reelwright.media.images.check_worker import Seen


def mismatches(expected: ExpectedOutput, made: MediaInfo) -> list[str]:
    """What is wrong with the file, in sentences; nothing when it keeps the promise.

    Sound that is padded hides a picture that was lost, so that the picture is held to the plan of its own: from its
    start to its end it has no gap longer than the source's longest one. It alone says when a file without sound ends,
    which may be as much earlier.
    """
    found: list[str] = []
    picture = made.main_video
    if (picture.codec, picture.width, picture.height) != (expected.output.video.codec, expected.width, expected.height):
        found.append(
            f"picture is {picture.codec} {picture.width}x{picture.height}, "
            f"expected {expected.output.video.codec} {expected.width}x{expected.height}"
        )
    if expected.frame_count is not None and picture.frame_count != expected.frame_count:
        found.append(f"{picture.frame_count} frames, expected {expected.frame_count}")
    if picture.frame_count == 0:
        found.append("no frame of the video lies in the interval")
    if len(made.audio) != expected.audio_tracks:
        found.append(f"{len(made.audio)} audio tracks, expected {expected.audio_tracks}")
    over = made.start + _exact(made.duration_s) - Fraction(expected.duration_s)
    silent = expected.audio_tracks == 0 and expected.video is not None
    if over > Fraction(expected.duration_tolerance_s) or (
        -over > Fraction(expected.duration_tolerance_s) and not silent
    ):
        found.append(f"lasts {made.duration_s} s, expected {float(Fraction(expected.duration_s)):.3f} s")
    if expected.video is not None:
        found += _gaps(expected.video, picture)
    return found


def image_mismatches(expected: PlannedImage, made: Seen) -> list[str]:
    """What is wrong with a picture file, as for `complaints`."""
    found: list[str] = []
    if (made.width, made.height) != (expected.width, expected.height):
        found.append(f"it is {made.width}x{made.height}, expected {expected.width}x{expected.height}")
    if expected.duration_ms is not None and made.pages > 1 and abs(made.duration_ms - expected.duration_ms) > 1:
        found.append(f"it lasts {made.duration_ms} ms, expected {expected.duration_ms} ms")
    return found


def _gaps(expected: ExpectedVideo, made: VideoStream) -> list[str]:
    longest = Fraction(expected.longest_gap_s)
    start, end = Fraction(expected.start_s), Fraction(expected.end_s)
    begins, ends = Fraction(made.start_s), Fraction(made.start_s) + _exact(made.duration_s)
    found: list[str] = []
    if begins - start > longest:
        found.append(f"the picture begins at {float(begins):.3f} s, expected {float(start):.3f} s")
    if end - ends > longest:
        found.append(f"the picture ends at {float(ends):.3f} s, expected {float(end):.3f} s")
    if _exact(made.longest_frame_s) > longest:
        found.append(f"the picture stands still for {made.longest_frame_s} s, the source's for {float(longest):.3f} s")
    return found


def _exact(seconds: float | None) -> Fraction:
    return Fraction(repr(seconds or 0.0))
