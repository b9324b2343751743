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
from reelwright.media.timing import JITTER_S, FrameTimes, spacing

if TYPE_CHECKING:
    from reelwright.media.prober import ProbeRules

SAMPLE_PACKETS = 300
SAMPLE_BYTES = 32 * 2**20
"""How far into a file without a complete index we look for its frame rate and its first frame."""
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
        look = _look(container, main, rules, sample=not index)
        frames = _indexed_times(container, main, index) if index else _sampled_times(main, look)
        info = streams.media_info(container, main, look.frame, frames, size_bytes)
    _check_times(info, frames, rules)
    return info


def _opened(media_fd: int, rules: ProbeRules) -> InputContainer:
    options = {
        "fd": str(media_fd),
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(rules.formats),
        "threads": "1",
        "max_pixels": str(rules.max_pixels),
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


@dataclass(slots=True)
class Look:
    """The first stretch of the main video."""

    frame: Any
    timestamps: list[int] = field(default_factory=list)
    whole: bool = False
    """Whether it went to the end of the file."""


def _complete_index(container: InputContainer, main: Any, media_fd: int) -> list[Any]:
    """The container's list of all samples of the video; empty where there is none."""
    has_one = "mov" in container.format.name.split(",") and main.frames > 0
    return list(main.index_entries) if has_one and not signature.has_fragments(media_fd) else []


def _look(container: InputContainer, main: Any, rules: ProbeRules, *, sample: bool) -> Look:
    """Decode one frame; for a `sample`, go on and note timestamps."""
    for other in container.streams:
        if other.index != main.index:
            other.discard = Discard.all
    main.codec_context.options = {"max_pixels": str(rules.max_pixels), "threads": "1"}
    shown: list[int | None] = []
    coded: list[int | None] = []
    frame, read = None, 0
    whole = True
    try:
        for packet in container.demux(main):
            frame = frame or _first_frame(packet)
            if packet.size:
                shown.append(packet.pts)
                coded.append(packet.dts)
                read += packet.size
            if read > SAMPLE_BYTES or len(shown) >= SAMPLE_PACKETS or (frame and not sample):
                whole = False
                break
    except MemoryError:
        raise
    except (FFmpegError, IndexError):  # IndexError: PyAV, at a packet of a stream that begins only here
        whole = False
    if frame is None:
        size = "" if main.width else f", or has more than {rules.max_pixels} pixels"  # FFmpeg does not say which
        raise UnreadableMedia(f"No picture of the video can be decoded: it is damaged{size}.")
    times = shown if None not in shown else coded  # AVI has only decoding times, and not from the first on
    return Look(frame, [time for time in times if time is not None], whole)


def _first_frame(packet: Any) -> Any:
    try:
        return next(iter(packet.decode()), None)
    except MemoryError:
        raise
    except FFmpegError:
        return None  # a damaged start, or one within a group of pictures: the next packets may do


def _sampled_times(main: Any, look: Look) -> FrameTimes:
    if not look.timestamps:
        return FrameTimes(None)
    sample = spacing(look.timestamps, main.time_base)
    variable = sample.variable if len(look.timestamps) > 2 else None
    return FrameTimes(sample, all_seen=look.whole, variable=variable)


def _indexed_times(container: InputContainer, main: Any, index: list[Any]) -> FrameTimes:
    # The index has decoding times: the same gaps as the shown ones, but for those of the last, reordered frames.
    coded = [entry.timestamp for entry in index]
    sample = spacing(coded, main.time_base)
    last = _last_shown(container, main, coded) if main.codec_context.has_b_frames else coded[-1:]
    tail = spacing(last, main.time_base)
    last_frame_s = (streams.seconds(main.start_time, main) or 0) + (streams.seconds(main.duration, main) or 0)
    last_frame_s -= max(last) * main.time_base
    jump = tail.longest_s > sample.longest_s + max(main.time_base, JITTER_S)
    return FrameTimes(
        sample,
        all_seen=True,
        count=sum(not entry.is_discard for entry in index),
        longest_s=max(sample.longest_s, tail.longest_s, last_frame_s),
        variable=sample.variable or jump,
    )


def _last_shown(container: InputContainer, main: Any, coded: list[int]) -> list[int]:
    """The times at which the last frames are shown, read from their packets."""
    depth = main.codec_context.reorder_depth + 2
    try:
        container.seek(coded[-min(len(coded), TAIL_PACKETS)], stream=main, any_frame=True)
        shown = sorted(packet.pts for packet in container.demux(main) if packet.size and packet.pts is not None)
    except MemoryError:
        raise
    except FFmpegError:
        return coded[-1:]  # the file is cut off: the index is all there is
    return shown[-depth:] or coded[-1:]


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
