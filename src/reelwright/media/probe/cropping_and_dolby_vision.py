"""What FFmpeg knows of a file's streams and PyAV gives only in words: cropping, Dolby Vision, programmes.

The words are those of `ffmpeg -i`. A line of the file's own text among them never has the form of the lines that are
read here, unless the file was made so; then it only lies of itself, and what is made of it fails its verification.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import av.logging

MAX_TAGS, MOST_TEXT = 2000, 1 << 20
"""Tags, and characters in them, with which a file is described: they are all said again."""

_STREAM = re.compile(r"  Stream #0:(\d{1,4})\b.*")
_CROPPING = re.compile(r"      Frame Cropping: (\d{1,9})/(\d{1,9})/(\d{1,9})/(\d{1,9})")
_DOLBY_VISION = re.compile(
    r"      DOVI configuration record: .*\bprofile: (\d{1,3}), .*\bcompatibility id: (\d{1,3})\b.*"
)
_PROGRAM = re.compile(r"  Program \d{1,9}\b.*")


@dataclass(frozen=True, slots=True)
class Cropping:
    """Pixels of a decoded frame that are not shown, at each side."""

    left: int
    right: int
    top: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Description:
    """Of one stream, and of its file."""

    cropping: Cropping | None = None
    dolby_vision_profile: int | None = None
    dolby_vision_compatibility: int | None = None
    programs: int = 0


def describe(container: Any, stream_index: int) -> Description | None:
    """What is said of a stream of an open file; None where its text is too long to be said."""
    tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    characters = sum(len(key) + len(text) for one in tags for key, text in one.items())
    if characters > MOST_TEXT or sum(map(len, tags)) > MAX_TAGS:
        return None
    av.logging.set_level(av.logging.INFO)  # else there is nothing to capture
    av.logging.set_libav_level(av.logging.INFO)
    try:
        words: str = container.dumps_format()
    finally:
        av.logging.set_libav_level(av.logging.PANIC)
        av.logging.set_level(None)
    return read(words.splitlines(), stream_index)


def read(lines: Sequence[str], stream_index: int) -> Description:
    """What these lines say of a stream."""
    cropping, profile, compatibility = None, None, None
    programs, current = 0, None
    for line in lines:
        if found := _STREAM.fullmatch(line):
            current = int(found[1])
        elif _PROGRAM.fullmatch(line):
            programs += 1
        elif current != stream_index:
            continue
        elif found := _CROPPING.fullmatch(line):
            left, right, top, bottom = map(int, found.groups())
            cropping = Cropping(left, right, top, bottom)
        elif found := _DOLBY_VISION.fullmatch(line):
            profile, compatibility = int(found[1]), int(found[2])
    return Description(cropping, profile, compatibility, programs)
