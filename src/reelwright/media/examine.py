"""An open media file -> MediaInfo, or the refusal it deserves. Runs only in the prober's children.

The file is read through FFmpeg's `fd:` protocol, the only one that is allowed, by the demuxers that the rules
name; one frame is decoded, which proves that it decodes and says what headers leave out (rotation, interlacing,
colour). No text of the file leaves here but language tags.
"""

from __future__ import annotations

import importlib
import math
import os
import pkgutil
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import av.logging
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard

from reelwright.edits.source import MediaInfo
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media import signature, streams
from reelwright.media.timing import JITTER_S, Ends, FrameTimes, spacing

if TYPE_CHECKING:
    from reelwright.media.prober import ProbeRules

READ_THROUGH_BYTES = 128 * 2**20
"""Files without a complete index are read through up to this size, and whatever their size when they do not state
their duration. Measured: 0.03 s at 35 Mbit/s, 0.5 s at 650 kbit/s (5 microseconds a frame)."""
SAMPLE_BYTES = 32 * 2**20
"""How far we read into larger ones."""
TAIL_S = 2
"""How long before its stated end a file is read, to find its real one."""
TAIL_PACKETS = 40
"""Enough for the last frames in the order they are shown: H.264 and HEVC reorder 16 at most."""
PICTURE_BRANDS = ("avif", "avis", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1")

NOT_A_VIDEO = "The file is not a video in one of the container formats that are taken."


def warm_up() -> None:
    """Load, in the prober, what a probe may need: its child can open nothing any more."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    av.logging.set_level(None)
    av.logging.set_libav_level(av.logging.PANIC)  # its messages quote the file


def examine(media_fd: int, rules: ProbeRules) -> MediaInfo:
    """What the file of `media_fd` is. Raises UnsupportedMedia or UnreadableMedia, MemoryError at the limit."""
    size_bytes = os.fstat(media_fd).st_size
    with _opened(media_fd, rules) as container:
        _check_streams(container, rules)
        main = streams.main_video(container)
        _check_size(main, rules)
        index = _complete_index(container, main, media_fd)
        look = _look(container, main, rules, 0 if index else _reach_bytes(container, size_bytes))
        if look.frame is None:
            if main.width == 0:
                _check_stated_size(media_fd, main.index, rules)
            raise UnreadableMedia("No picture of the video can be decoded: it is damaged.")
        if index is not None:
            ends, frames = _indexed_times(container, main, index)
        else:
            ends = _ends(container, main, look, rules)
            frames = _read_times(main, look, ends)
        info = streams.media_info(container, main, look.frame, frames, ends, size_bytes)
    _check_times(info, frames, rules)
    return info


def _opened(media_fd: int, rules: ProbeRules, **more: str) -> InputContainer:
    options = {
        "fd": str(media_fd),
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(rules.formats),
        "threads": "1",
        "max_pixels": str(rules.max_pixels),
        **more,
    }
    try:
        return av.open("fd:", options=options, metadata_errors="replace")
    except MemoryError:
        raise
    except FFmpegError as error:
        kind = signature.container_kind(os.pread(media_fd, signature.SIGNATURE_BYTES, 0))
        if kind not in rules.formats:
            raise UnsupportedMedia(NOT_A_VIDEO) from error
        raise UnreadableMedia("The file is damaged or cut off: it cannot be opened.") from error


def _check_streams(container: InputContainer, rules: ProbeRules) -> None:
    if not set(container.format.name.split(",")) & set(rules.formats):
        raise UnsupportedMedia(NOT_A_VIDEO)
    if container.metadata.get("major_brand", "") in PICTURE_BRANDS:
        raise UnsupportedMedia("The file is a picture, not a video.")
    if len(container.streams) > rules.max_streams:
        raise UnreadableMedia(
            f"The file has {len(container.streams)} streams, {rules.max_streams} are taken.", code="too_many_streams"
        )


def _check_size(main: Any, rules: ProbeRules) -> None:
    if main.width * main.height > rules.max_pixels:
        raise UnreadableMedia(
            f"The picture has {main.width} x {main.height} pixels, {rules.max_pixels} in all are taken.",
            code="too_many_pixels",
        )


def _check_stated_size(media_fd: int, index: int, rules: ProbeRules) -> None:
    """FFmpeg forgets the size of a picture that a decoder found too large; without decoders the header's stays."""
    os.lseek(media_fd, 0, os.SEEK_SET)
    with _opened(media_fd, rules, codec_whitelist="none") as container:
        _check_size(container.streams[index], rules)


@dataclass(frozen=True, slots=True)
class Index:
    """The container's list of all frames."""

    coded: array[int]
    """When they are decoded, in ticks."""
    shown_count: int


@dataclass(frozen=True, slots=True)
class Tail:
    """The last frames of a video, in ticks."""

    shown: Sequence[int]
    """When they are shown, the last one last."""
    end: int
    """When the last one has been shown."""


@dataclass(slots=True)
class Look:
    """The first stretch of the main video, and of the sound when it is read for the times of its frames."""

    frame: Any = None
    shown: array[int] = field(default_factory=lambda: array("q"))
    coded: array[int] = field(default_factory=lambda: array("q"))
    count: int = 0
    ends: dict[int, int] = field(default_factory=dict)
    """By stream, in its ticks."""
    last: int | None = None
    """When the last packet of the main video is decoded, in its ticks."""
    whole: bool = False
    """Whether it went to the end of the file."""

    @property
    def ticks(self) -> array[int]:
        """The times of the frames. AVI has only decoding times, and not from the first on."""
        return self.shown if len(self.shown) == self.count else self.coded


def _complete_index(container: InputContainer, main: Any, media_fd: int) -> Index | None:
    """None where there is no list of all frames, or where it goes on behind the end of the file."""
    if "mov" not in container.format.name.split(",") or main.frames == 0 or signature.has_fragments(media_fd):
        return None
    coded, shown_count, end_bytes = array("q"), 0, 0
    for entry in main.index_entries:
        coded.append(entry.timestamp)
        shown_count += not entry.is_discard
        end_bytes = max(end_bytes, entry.pos + entry.size)
    return Index(coded, shown_count) if coded and end_bytes <= os.fstat(media_fd).st_size else None


def _reach_bytes(container: InputContainer, size_bytes: int) -> int:
    """How far to read into a file without a complete index."""
    return SAMPLE_BYTES if container.duration and size_bytes > READ_THROUGH_BYTES else size_bytes


def _look(container: InputContainer, main: Any, rules: ProbeRules, reach_bytes: int) -> Look:
    """Decode one frame, if there is one; then read on, without decoding, for `reach_bytes` or while there is time."""
    played = _played(container, main, sound=reach_bytes > 0)
    main.codec_context.options = {"max_pixels": str(rules.max_pixels), "threads": "1"}
    look, read_bytes = Look(), 0
    deadline = time.monotonic() + rules.timeout_s / 2
    try:
        for packet in container.demux(played):
            is_main = packet.stream_index == main.index
            if is_main:
                look.frame = look.frame or _first_frame(packet)
            if not packet.size:
                continue  # the end, at which a decoder gives what it still holds
            read_bytes += packet.size
            _note_end(packet, look.ends)
            if is_main:
                look.count += 1
                look.last = _decoded_at(packet)
                if packet.pts is not None:
                    look.shown.append(packet.pts)
                if packet.dts is not None:
                    look.coded.append(packet.dts)
            enough = read_bytes > reach_bytes or time.monotonic() > deadline
            if enough and (look.frame or read_bytes > SAMPLE_BYTES):
                break
        else:
            look.whole = True
    except MemoryError:
        raise
    except (FFmpegError, IndexError):  # IndexError: PyAV, at a packet of a stream that begins only here
        look.whole = False
    return look


def _played(container: InputContainer, main: Any, *, sound: bool) -> list[Any]:
    """The streams that an edit makes something of; the others are passed over when the file is read."""
    played = [one for one in container.streams if one.index == main.index or (sound and one.type == "audio")]
    for stream in container.streams:
        stream.discard = Discard.default if stream in played else Discard.all
    return played


def _decoded_at(packet: Any) -> int | None:
    found: int | None = packet.dts if packet.dts is not None else packet.pts
    return found


def _note_end(packet: Any, ends: dict[int, int]) -> None:
    begin = packet.pts if packet.pts is not None else packet.dts
    if begin is not None:
        end = begin + (packet.duration or 0)
        ends[packet.stream_index] = max(end, ends.get(packet.stream_index, end))


def _first_frame(packet: Any) -> Any:
    try:
        return next(iter(packet.decode()), None)
    except MemoryError:
        raise
    except FFmpegError:
        return None  # a damaged start, or one within a group of pictures: the next packets may do


def _ends(container: InputContainer, main: Any, look: Look, rules: ProbeRules) -> Ends:
    """Where picture and sound really end: a header may say nothing, or be of a file that was cut off since."""
    ends, last = (look.ends, look.last) if look.whole else _last_ends(container, main, rules)
    found = {index: streams.seconds(end, container.streams[index]) or Fraction(0) for index, end in ends.items()}
    return Ends(
        picture_s=found.get(main.index),
        file_s=max(found.values(), default=None),
        last_packet_s=last * main.time_base if last is not None else None,
    )


def _last_ends(container: InputContainer, main: Any, rules: ProbeRules) -> tuple[dict[int, int], int | None]:
    """Where the streams of a large file end, and when the last packet of its main video is decoded, read from its last
    packets; nothing when those cannot be found."""
    ends: dict[int, int] = {}
    last: int | None = None
    if not container.duration:
        return {}, None
    stated = _stated_end_s(container)
    deadline = time.monotonic() + rules.timeout_s / 4
    try:
        container.seek(math.floor((stated - TAIL_S) / main.time_base), stream=main)
        for packet in container.demux(_played(container, main, sound=True)):
            if packet.size:
                _note_end(packet, ends)
                last = _decoded_at(packet) if packet.stream_index == main.index else last
            if time.monotonic() > deadline:
                return {}, None
    except MemoryError:
        raise
    except (FFmpegError, IndexError):
        return {}, None
    latest = max((streams.seconds(end, container.streams[index]) or 0 for index, end in ends.items()), default=0)
    return (ends, last) if latest <= stated + TAIL_S else ({}, None)  # after a seek, Ogg may count from elsewhere


def _read_times(main: Any, look: Look, ends: Ends) -> FrameTimes:
    if not look.ticks:
        return FrameTimes(None)
    sample = spacing(look.ticks, main.time_base)
    variable = sample.variable if len(look.ticks) > 2 else None
    if look.whole:
        return FrameTimes(sample, all_seen=True, longest_s=sample.longest_s or None, variable=variable)
    return FrameTimes(sample, longest_s=_longest_possible_s(main, look, ends), variable=variable or None)


def _longest_possible_s(main: Any, look: Look, ends: Ends) -> Fraction | None:
    """The longest gap between the key frames that the container lists: none between frames is longer."""
    if ends.picture_s is None:
        return None
    ticks = array("q", (entry.timestamp for entry in main.index_entries if entry.is_keyframe))
    ticks.extend((look.ticks[0], math.ceil(ends.picture_s / main.time_base)))
    return spacing(ticks, main.time_base).longest_s


def _indexed_times(container: InputContainer, main: Any, index: Index) -> tuple[Ends, FrameTimes]:
    # The index has decoding times: the same gaps as the shown ones, but for those of the last, reordered frames. What
    # is stated to last as long as all of them does so only where frames are evenly spaced.
    coded = index.coded
    sample = spacing(coded, main.time_base)
    tail = _tail(container, main, coded)
    after = spacing(tail.shown, main.time_base)
    variable = sample.variable or after.longest_s > sample.longest_s + max(main.time_base, JITTER_S)
    start_s = streams.seconds(main.start_time, main) or Fraction(0)
    end_s = start_s + (streams.seconds(main.duration, main) or 0)
    ends = Ends()
    if variable and tail.end * main.time_base > end_s:
        end_s = tail.end * main.time_base
        ends = Ends(picture_s=end_s, file_s=max(end_s, _stated_end_s(container)))
    last_frame_s = end_s - max(tail.shown) * main.time_base
    longest_s = max(sample.longest_s, after.longest_s, last_frame_s)
    return ends, FrameTimes(sample, all_seen=True, count=index.shown_count, longest_s=longest_s, variable=variable)


def _tail(container: InputContainer, main: Any, coded: Sequence[int]) -> Tail:
    """Read from the last packets, where frames are reordered; else the index knows."""
    indexed = Tail(coded[-1:], coded[-1])
    if not main.codec_context.has_b_frames:
        return indexed
    depth = main.codec_context.reorder_depth + 2
    try:
        container.seek(coded[-min(len(coded), TAIL_PACKETS)], stream=main, any_frame=True)
        packets = [packet for packet in container.demux(main) if packet.size and packet.pts is not None]
    except MemoryError:
        raise
    except FFmpegError:
        return indexed  # the file is cut off: the index is all there is
    shown = sorted(packet.pts for packet in packets if not packet.is_discard)
    return Tail(shown[-depth:], shown[-1] + (packets[-1].duration or 0)) if shown else indexed


def _stated_end_s(container: InputContainer) -> Fraction:
    return ((container.start_time or 0) + (container.duration or 0)) * streams.MICROSECOND


def _check_times(info: MediaInfo, frames: FrameTimes, rules: ProbeRules) -> None:
    longest_s = max(info.duration_s or 0, info.picture.duration_s or 0, frames.sample.span_s if frames.sample else 0)
    if longest_s > rules.max_duration_s:
        raise UnreadableMedia(
            f"The video lasts {math.ceil(longest_s)} s, {rules.max_duration_s:g} s are taken.", code="too_long"
        )
    measured = frames.sample.rate if frames.sample else None
    rates = [float(measured or 0), float(Fraction(info.picture.frame_rate or 0))]
    if max(rates) > rules.max_frame_rate * 1.01:  # a measurement over rounded timestamps is a little off
        raise UnreadableMedia(
            f"The video has {max(rates):.0f} frames a second, {rules.max_frame_rate:g} are taken.",
            code="frame_rate_too_high",
        )
