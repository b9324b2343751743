"""A made file by its header and index, held to the plan: codec, size, how many frames and tracks, length, gaps."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.plan import ExpectedOutput, ExpectedVideo
from reelwright.edits.result_check import ResultCheck, check


def described(expected: ExpectedOutput, made: MediaInfo) -> tuple[ResultCheck, ...]:
    """Return what the file was held to by its header and index.

    Sound that is padded hides a picture that was lost, so that the picture is held to the plan of its own: from its
    start to its end it has no gap longer than the source's longest one. It alone says when a file without sound ends,
    which may be as much earlier.
    """
    if expected.output.video is None:
        return _described_sound(expected, made)
    picture, wanted = made.main_video, expected.codec
    alike = (picture.codec, picture.width, picture.height) == (wanted, expected.width, expected.height)
    found = [
        check(
            "picture",
            alike,
            f"{picture.codec} {picture.width}x{picture.height}",
            f"{wanted} {expected.width}x{expected.height}",
        )
    ]
    if expected.frame_count is not None:
        right = picture.frame_count == expected.frame_count
        found.append(check("frame_count", right, f"{picture.frame_count} frames", str(expected.frame_count)))
    elif picture.frame_count == 0:
        found.append(check("frame_count", False, "no frame of the video lies in the interval"))
    found += _described_sound(expected, made)
    if expected.video is not None:
        gaps = _gaps(expected.video, picture)
        seen = "; ".join(gaps) or f"the picture stands still for {picture.longest_frame_s} s at most"
        found.append(check("picture_gaps", not gaps, seen))
    return tuple(found)


def _described_sound(expected: ExpectedOutput, made: MediaInfo) -> tuple[ResultCheck, ...]:
    """What there is to hear, and how long all is."""
    tracks = len(made.audio)
    over = made.start + _exact(made.duration_s) - Fraction(expected.duration_s)
    silent = expected.audio_tracks == 0 and expected.video is not None
    tolerance = Fraction(expected.duration_tolerance_s)
    lasting = over <= tolerance and (-over <= tolerance or silent)
    return (
        check("audio_tracks", tracks == expected.audio_tracks, str(tracks), str(expected.audio_tracks)),
        check("duration", lasting, f"{made.duration_s} s", f"{float(Fraction(expected.duration_s)):.3f} s"),
    )


def mismatches(expected: ExpectedOutput, made: MediaInfo) -> list[str]:
    """What of the header and index is wrong, in sentences; nothing when the file keeps the promise."""
    return complaints(described(expected, made))


def complaints(checks: Iterable[ResultCheck]) -> list[str]:
    """What is wrong, in sentences."""
    return [one.complaint for one in checks if one.outcome == "failed"]


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
