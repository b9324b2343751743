"""What is known of a video's streams, as clients see it: every time is a number of seconds.

Kept are exact fractions in strings, since plans count with them; whoever reads an answer wants numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from reelwright.edits.cues.packet_text import TEXT_CODECS
from reelwright.edits.media_info import AudioStream, Chapter, MediaInfo, OtherStream, VideoStream


class VideoStreamOut(VideoStream, frozen=True, kw_only=True):
    """A moving picture. `width` x `height` are those of its frames, `display_width` x `display_height` what a viewer
    sees, after rotation and with square pixels. `frame_rate`, `time_base` and `sample_aspect_ratio` are fractions."""

    start_s: float  # type: ignore[assignment]
    last_packet_s: float | None = None  # type: ignore[assignment]


class AudioStreamOut(AudioStream, frozen=True, kw_only=True):
    """A track of sound."""

    start_s: float  # type: ignore[assignment]


class OtherStreamOut(OtherStream, frozen=True, kw_only=True):
    """A stream that is not rendered. `kept`: whether edits keep it, as they do with text that is not too much of it."""

    kept: bool


class ChapterOut(Chapter, frozen=True, kw_only=True):
    """A named part: `start_s` <= t < `end_s`, seconds from the video's beginning. `title`: empty where the file says
    none."""

    start_s: float  # type: ignore[assignment]
    end_s: float  # type: ignore[assignment]


class MediaInfoOut(MediaInfo, frozen=True, kw_only=True):
    """What was measured when the video was uploaded. Times are seconds; those that begin with `start` are of the file's
    own clock, whose zero is `start_s` for all that clients ask for. `chapters` counts all that there are,
    `chapter_marks` are the first 500 of them; lists of videos leave them out."""

    start_s: float = 0.0  # type: ignore[assignment]
    video: list[VideoStreamOut] = msgspec.field(default_factory=list)  # type: ignore[assignment]
    audio: list[AudioStreamOut] = msgspec.field(default_factory=list)  # type: ignore[assignment]

    other: list[OtherStreamOut] = msgspec.field(default_factory=list)  # type: ignore[assignment]
    chapter_marks: list[ChapterOut] | UnsetType = UNSET  # type: ignore[assignment]

    @classmethod
    def of(cls, stored: Mapping[str, Any], *, in_list: bool = False) -> MediaInfoOut:
        """Return what was stored; `in_list`: without the chapters, which are hundreds in some videos."""
        shown = _in_numbers({name: part for name, part in stored.items() if name != "chapter_marks" or not in_list})
        other = [
            {**one, "kept": one["kind"] == "subtitle" and one.get("codec") in TEXT_CODECS}
            for one in shown.get("other", [])
        ]
        marks = {} if in_list else {"chapter_marks": shown.get("chapter_marks", [])}
        return msgspec.convert({**shown, **marks, "other": other}, cls)


def _in_numbers(part: Any) -> Any:
    """The same with every time a number, by the ending of its name."""
    if isinstance(part, Mapping):
        return {
            name: float(Fraction(value)) if name.endswith("_s") and isinstance(value, str) else _in_numbers(value)
            for name, value in part.items()
        }
    return [_in_numbers(item) for item in part] if isinstance(part, list) else part
