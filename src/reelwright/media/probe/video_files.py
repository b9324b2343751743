"""An open media file -> MediaInfo, or the refusal it deserves. Runs only in the prober's children.

One frame is decoded, which proves that it decodes and says what headers leave out (rotation, interlacing, colour). No
text of the file leaves here but language tags.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence, Set
from typing import Any

from av.container import InputContainer

from reelwright import source_codecs
from reelwright.errors import UnreadableMedia
from reelwright.media.probe import (
    container_index,
    duration,
    first_bytes,
    limits,
    main_video,
    packets,
    refusal,
    streams,
    untrusted_files,
)
from reelwright.media.probe.cropping_and_dolby_vision import Description, describe
from reelwright.media.probe.packets import Reader, Reading
from reelwright.media.probe.rules import Examined, ProbeRules

READ_THROUGH_BYTES = 128 * 2**20
"""Files without a complete index are read through up to this size, and whatever their size when they do not state
their duration. Measured: 0.03 s at 35 Mbit/s, 0.5 s at 650 kbit/s (5 microseconds a frame)."""
NO_TIMES = 0x80
"""AVFMT_NOTIMESTAMPS: formats without any."""
MAX_TRIED = 3
"""Moving pictures of a file that are tried, one after the other, when those before give no frame."""
PICTURE_BRANDS = ("avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1")


class NoFrame(UnreadableMedia):
    """A track gives no frame; another one may."""


def examine(media_fd: int, rules: ProbeRules) -> Examined:
    """What the file of `media_fd` is. Raises UnsupportedMedia or UnreadableMedia, MemoryError at the limit."""
    with untrusted_files.opened(media_fd, rules) as container:
        if container.metadata.get("major_brand", "") in PICTURE_BRANDS:
            raise refusal.unsupported(first_bytes.PHONE_PICTURE, rules.formats)
        limits.hold_streams(container, rules)
        candidates = main_video.pictures(container, rules.codecs)
        if len(candidates) == 1:
            return _examined(container, candidates[0], media_fd, rules)
        movements = main_video.movements(container, candidates, deadline=time.monotonic() + rules.timeout_s / 4)
        order = [stream.index for stream in main_video.likeliest(candidates, movements)]
        still = {one.index for one, movement in zip(candidates, movements, strict=True) if not movement.frames}
    failed: list[NoFrame] = []
    for index in order[:MAX_TRIED]:
        os.lseek(media_fd, 0, os.SEEK_SET)
        with untrusted_files.opened(media_fd, rules) as container:
            try:
                return _examined(container, container.streams[index], media_fd, rules, still=still)
            except NoFrame as error:
                failed.append(error)
    raise failed[0]


def _examined(
    container: InputContainer, main: Any, media_fd: int, rules: ProbeRules, *, still: Set[int] = frozenset()
) -> Examined:
    limits.hold_size(main, rules)
    index = container_index.complete_index(container, main, media_fd)
    sounds = [stream for stream in container.streams if stream.type == "audio" and stream.codec_context is not None]
    tracks = [stream for stream in sounds if index is None or len(stream.index_entries)]
    size_bytes = os.fstat(media_fd).st_size
    description = describe(container, main.index)
    seen = _read(container, main, tracks, rules, 0 if index else _reach_bytes(container, size_bytes))
    if main.codec_context.codec.canonical_name == "gif" and seen.whole and seen.packets[main.index] == 1:
        raise refusal.unsupported(first_bytes.STILL_GIF, rules.formats)
    if seen.frame is None:
        if main.width == 0:
            _hold_stated_size(media_fd, main.index, rules)
        if seen.whole and not seen.packets[main.index]:
            raise NoFrame("The file has no moving picture: its video track is empty.", code="no_video_stream")
        raise NoFrame(refusal.NO_PICTURE)
    if seen.restarted:
        raise UnreadableMedia(refusal.RESTARTED)
    if index is not None:
        ends, frames = container_index.indexed(container, main, index, seen)
        empty = {stream.index for stream in sounds if stream not in tracks}
    else:
        ends, frames = duration.read(container, main, tracks, seen, rules.timeout_s)
        empty = {stream.index for stream in tracks if seen.surveyed and not seen.packets[stream.index]}
    measured = streams.StreamMeasurements(seen, description or Description(), frames, ends, empty | still)
    info = streams.media_info(container, main, measured, size_bytes)
    limits.hold_times(info, frames, rules)
    return Examined(media=info, doubtful=description is None or _times_are_guessed(container, main, seen))


def _read(
    container: InputContainer, main: Any, tracks: Sequence[Any], rules: ProbeRules, reach_bytes: float
) -> Reading:
    allowed = {"codec_whitelist": source_codecs.whitelist(rules.codecs), "threads": "1"}
    main.codec_context.options = {"max_pixels": str(rules.max_pixels), **allowed}
    for track in tracks:
        track.codec_context.options = dict(allowed)
    deadline = time.monotonic() + rules.timeout_s / 2
    return Reader(container, main, tracks, reach_bytes=reach_bytes, deadline=deadline).read()


def _times_are_guessed(container: InputContainer, main: Any, seen: Reading) -> bool:
    """Where a container does not say when frames are shown, ffmpeg finds it out while it decodes."""
    reordered = container.format.name == "avi" and main.codec_context.has_b_frames
    return bool(reordered or int(container.format.flags) & NO_TIMES or not seen.trusted)


def _hold_stated_size(media_fd: int, index: int, rules: ProbeRules) -> None:
    """FFmpeg forgets the size of a picture that a decoder found too large; without decoders the header's stays."""
    os.lseek(media_fd, 0, os.SEEK_SET)
    with untrusted_files.opened(media_fd, rules, codec_whitelist="none") as container:
        limits.hold_size(container.streams[index], rules)


def _reach_bytes(container: InputContainer, size_bytes: int) -> float:
    """How far to read into a file without a complete index. What its packets hold may be more than the file."""
    return packets.SAMPLE_BYTES if container.duration and size_bytes > READ_THROUGH_BYTES else math.inf
