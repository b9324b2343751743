"""Which of a file's pictures is its video: the one that moves, not a cover that is called one."""

from __future__ import annotations

import time
from collections.abc import Container, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.error import FFmpegError

from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.probe import packets, refusal

ATTACHED_PICTURE, TIMED_THUMBNAILS, STILL_IMAGE, DEFAULT = 0x400, 0x800, 0x100000, 0x1
FEW = Fraction(1, 10)
"""A track with less than this part of another's frames is a slide show, at best."""
OF_PICTURES = frozenset({"mjpeg", "png", "bmp", "tiff", "webp", "jpeg2000", "gif"})
"""Codecs of covers."""


@dataclass(frozen=True, slots=True)
class Movement:
    """How much a track moves: its frames, and how long they are shown."""

    frames: int
    length_s: Fraction


def pictures(container: Any, codecs: Container[str]) -> list[Any]:
    """The streams of moving pictures that can be decoded, by one of the codecs. Raises UnreadableMedia or
    UnsupportedMedia for none."""
    moving = [stream for stream in container.streams if is_moving(stream)]
    if not moving:
        raise UnreadableMedia(refusal.NO_MOVING_PICTURE, code="no_video_stream")
    known = [stream for stream in moving if stream.codec_context is not None]
    if not known:
        raise UnsupportedMedia(refusal.UNKNOWN_CODEC, code="unsupported_codec")
    allowed = [stream for stream in known if stream.codec_context.codec.canonical_name in codecs]
    if not allowed:
        raise refusal.codec_not_taken(known[0].codec_context.codec.canonical_name)
    return allowed


def is_moving(stream: Any) -> bool:
    """By what its container calls it."""
    still = ATTACHED_PICTURE | TIMED_THUMBNAILS | STILL_IMAGE
    return stream.type == "video" and not int(stream.disposition) & still


def likeliest(candidates: Sequence[Any], movements: Sequence[Movement]) -> list[Any]:
    """The one that moves, and lasts, before those that do less, such as covers; then the default one, the one with far
    more frames, the largest, the first."""
    longest_s = max(movement.length_s for movement in movements)
    most = max(movement.frames for movement in movements)

    def rank(pair: tuple[Any, Movement]) -> tuple[bool, bool, bool, int, int]:
        stream, movement = pair
        few = movement.frames < FEW * most
        still = movement.frames <= min(1, most - 1) or 2 * movement.length_s < longest_s
        cover = few and stream.codec_context.codec.canonical_name in OF_PICTURES
        default = bool(int(stream.disposition) & DEFAULT)
        return still or cover, not default, few, -stream.width * stream.height, stream.index

    return [stream for stream, _ in sorted(zip(candidates, movements, strict=True), key=rank)]


def movements(container: Any, candidates: Sequence[Any], *, deadline: float) -> list[Movement]:
    """By the container's index of them all, or by the first stretch of the file, which is read for it."""
    indexed = [_indexed(stream) for stream in candidates]
    if "mov" in container.format.name.split(",") and any(one.frames for one in indexed):
        return indexed
    first: dict[int, Fraction] = {}
    last: dict[int, Fraction] = {}
    frames = {stream.index: 0 for stream in candidates}
    read_bytes = 0
    packets.play_only(container, candidates)
    try:
        for packet in container.demux(candidates):
            begin = packets.begins(packet)
            if not packet.size or begin is None:
                continue
            index, time_s = packet.stream.index, begin * packet.time_base
            first[index] = min(first.get(index, time_s), time_s)
            last[index] = max(last.get(index, time_s), time_s + (packet.duration or 0) * packet.time_base)
            frames[index] += 1
            read_bytes += packet.size
            if read_bytes > packets.SAMPLE_BYTES or time.monotonic() > deadline:
                break
    except MemoryError:
        raise
    except (FFmpegError, IndexError):
        pass  # damaged on the way: what came before tells enough
    return [
        Movement(frames[stream.index], last.get(stream.index, Fraction(0)) - first.get(stream.index, Fraction(0)))
        for stream in candidates
    ]


def _indexed(stream: Any) -> Movement:
    frames = sum(1 for entry in stream.index_entries if entry.size and not entry.is_discard)
    return Movement(frames, (stream.duration or 0) * Fraction(stream.time_base))
