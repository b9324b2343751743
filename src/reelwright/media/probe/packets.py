"""A file's packets, read on from its start: when frames are shown, which can be decoded, and where its streams end.

A few frames are decoded, then packets are only counted. Objects of PyAV are untyped here.
"""

from __future__ import annotations

import math
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from av.error import FFmpegError
from av.stream import Discard

from reelwright.media.probe import field_order
from reelwright.media.probe.timestamp_jumps import Clock

SAMPLE_BYTES = 32 * 2**20
"""How far we read into a large file, and in any to find a frame that can be decoded."""
TAIL_S = 2
"""How long before its stated end a file is read, to find its real one."""
TRIED_FRAMES, TRIED_S = 8, 0.02
"""How many decoded frames are looked at for one that is interlaced, and for how much time of the processor's, so that a
busy machine finds the same: a recording may begin with others."""
TRIED_PACKETS, SOUND_WITHIN_BYTES = 64, 4 * 2**20
"""How many packets of a track are tried for one that gives sound, and how far behind the first frame."""
MOSTLY = 0.9
"""Part of the packets that say when their frames are shown."""
PROGRESSIVE_ONLY = frozenset({"vp8", "vp9", "av1", "theora", "flv1", "gif", "hevc"})
"""Codecs without fields; HEVC codes each field as a picture of its own."""


@dataclass(slots=True)
class LastFrame:
    """The frame that is shown last, of those that were noted, in ticks."""

    shown: int | None = None
    duration: int = 0
    before: int | None = None
    """When the one before it is shown."""

    def note(self, shown: int, duration: int) -> None:
        if self.shown is None or shown > self.shown:
            self.before, self.shown, self.duration = self.shown, shown, duration
        elif shown < self.shown and (self.before is None or shown > self.before):
            self.before = shown

    def end(self, stated_end: int | None, usual: int) -> int | None:
        """When it has been shown. Where nothing says how long, as long as the one before it (the only one: as `usual`),
        but not beyond the end that is stated."""
        if self.shown is None:
            return None
        gap = self.shown - self.before if self.before is not None else usual
        if self.duration > 1 or gap <= 1:
            return self.shown + self.duration
        if stated_end is not None and self.shown + 1 < stated_end:
            gap = min(gap, stated_end - self.shown)
        return self.shown + gap


@dataclass(slots=True)
class Reading:
    """The first stretch of the main video, and of the sound as far as it was read."""

    frame: Any = None
    """The first that was decoded."""
    first: int | None = None
    """When it is shown, in ticks."""
    field_order: str | None = None
    """Of the first interlaced frame; None: none of those that were decoded is, and the header may know better."""
    trusted: bool = True
    """Whether the decoded frames have the times that ffmpeg gives them."""
    shown: array[int] = field(default_factory=lambda: array("q"))
    coded: array[int] = field(default_factory=lambda: array("q"))
    packets: Counter[int] = field(default_factory=Counter)
    """By stream, those with something in them."""
    lost: int = 0
    """Packets of frames that would be shown before the first that can be decoded."""
    heard_s: dict[int, Fraction] = field(default_factory=dict)
    """By track that gave sound: when the first of it is heard, in the file's own time."""
    cut_into: set[int] = field(default_factory=set)
    """Tracks whose first packets are damaged: a recording that was cut begins in the middle of one."""
    dumb: set[int] = field(default_factory=set)
    """Tracks whose packets gave none."""
    ends: dict[int, int] = field(default_factory=dict)
    """By stream, in its ticks; that of the main video is `last_frame`."""
    last_frame: LastFrame = field(default_factory=LastFrame)
    last_packet: int | None = None
    """When the last packet of the main video is decoded, in its ticks."""
    whole: bool = False
    """Whether it went to the end of the file."""
    surveyed: bool = False
    """Whether its end was read as well."""
    jumped: bool = False
    """Whether the file's clock did."""
    restarted: bool = False
    """Whether the times of the main video start anew, and ffmpeg does not set them right."""

    def ticks(self, main: Any) -> Sequence[int]:
        """The times of the frames that can be decoded; none where most packets do not say it. AVI has only decoding
        times, and not from the first on."""
        times = self.shown if len(self.shown) >= len(self.coded) else self.coded
        if len(times) < MOSTLY * self.packets[main.index]:
            return ()
        begin = self.first if self.first is not None and self.lost else None
        end = None if self.whole or not self.coded else self.coded[-1]  # those behind it were not all read
        return array("q", (tick for tick in times if (begin is None or tick >= begin) and (end is None or tick <= end)))


class Reader:
    """Reads one file once. `reach_bytes`: how far, when there is nothing left to find; `deadline`: not later."""

    def __init__(
        self, container: Any, main: Any, tracks: Sequence[Any], *, reach_bytes: float, deadline: float
    ) -> None:
        self._container = container
        self._main = main
        self._silent = {track.index: 0 for track in tracks}
        """Tracks that have not given sound yet, and how many of their packets were tried."""
        self._reach_bytes = reach_bytes
        self._deadline = deadline
        self._clock = Clock(container)
        self._decoded, self._decoding_s = 0, 0.0
        self._early: list[int] = []
        self._last_pts: int | None = None
        self.found = Reading()

    def read(self) -> Reading:
        """Raises MemoryError at the limit; a file that is damaged on the way is read so far."""
        found, read_bytes, frame_at = self.found, 0, 0
        played = [self._main, *(self._container.streams[index] for index in self._silent)]
        play_only(self._container, played)
        try:
            for packet in self._container.demux(played):
                self._take(packet)
                read_bytes += packet.size
                late = time.monotonic() > self._deadline
                if found.frame is None:
                    frame_at = read_bytes
                    if read_bytes > SAMPLE_BYTES and (late or read_bytes > self._reach_bytes):
                        break
                    continue
                if late or (
                    read_bytes > self._reach_bytes
                    and (self._settled(packet) or read_bytes - frame_at > SOUND_WITHIN_BYTES)
                ):
                    break
            else:
                found.whole = True
        except MemoryError:
            raise
        except (FFmpegError, IndexError):  # IndexError: PyAV, at a packet of a stream that begins only here
            found.whole = False
        if found.whole:
            found.dumb |= {index for index in self._silent if found.packets[index]}
        found.jumped = self._clock.jumped
        found.restarted = not self._clock.is_set_right(self._main.index)
        if found.first is not None:
            found.lost = sum(1 for shown in self._early if shown < found.first)
        return found

    def _settled(self, packet: Any) -> bool:
        """Whether everything is known that only the first packets say."""
        if self._silent or self.found.first is None:
            return False
        decoded = decoded_at(packet)
        return packet.stream.index == self._main.index and decoded is not None and decoded >= self.found.first

    def _take(self, packet: Any) -> None:
        index, found = packet.stream.index, self.found  # its own index is 0 when it only says that the file ends
        shift = self._clock.shift(packet) if packet.size else 0
        if packet.size:
            found.packets[index] += 1
        if index != self._main.index:
            if packet.size and (begin := begins(packet)) is not None:
                end = begin + shift + (packet.duration or 0)
                found.ends[index] = max(end, found.ends.get(index, end))
            if index in self._silent:
                self._hear(packet)
            return
        if packet.size:
            self._note(packet, shift)
        if (self._decoded < TRIED_FRAMES and self._decoding_s < TRIED_S) or found.frame is None:
            self._look(packet, shift)

    def _note(self, packet: Any, shift: int) -> None:
        found = self.found
        if packet.pts is not None:
            found.shown.append(packet.pts + shift)
            if not packet.is_discard and (found.first is None or packet.pts + shift < found.first):
                self._early.append(packet.pts + shift)
        if packet.dts is not None:
            found.coded.append(packet.dts + shift)
        if (begin := begins(packet)) is not None:
            found.last_frame.note(begin + shift, packet.duration or 0)
        if (decoded := decoded_at(packet)) is not None:
            found.last_packet = decoded + shift

    def _look(self, packet: Any, shift: int) -> None:
        began = time.process_time()
        found = self.found
        for frame in decoded_frames(packet):
            self._decoded += 1
            if found.frame is None:
                found.frame = frame
                stated = frame.pts if frame.pts is not None else frame.dts
                found.first = stated + shift if stated is not None else None
                self._early = [tick for tick in self._early if found.first is not None and tick < found.first]
                self._last_pts = frame.pts
            elif frame.pts is None or self._last_pts is None or frame.pts <= self._last_pts:
                found.trusted = False
                if frame.pts is not None and found.first is not None:
                    found.first = min(found.first, frame.pts + shift)
            self._last_pts = frame.pts
            if found.field_order is None and self._main.codec_context.codec.canonical_name in PROGRESSIVE_ONLY:
                found.field_order = field_order.PROGRESSIVE
            if found.field_order is None and frame.interlaced_frame:
                found.field_order = field_order.order(frame, self._main)
        if found.frame is not None:
            self._decoding_s += time.process_time() - began if found.field_order is None else TRIED_S

    def _hear(self, packet: Any) -> None:
        index = packet.stream.index
        self._silent[index] += bool(packet.size)
        frames = decoded_or_damaged(packet)
        if frames is None:
            self.found.cut_into.add(index)
        if (frame := next(iter(frames or ()), None)) is not None:
            if frame.pts is not None and frame.time_base:
                self.found.heard_s[index] = frame.pts * frame.time_base
            del self._silent[index]
        elif self._silent[index] >= TRIED_PACKETS:
            self.found.dumb.add(index)
            del self._silent[index]


def play_only(container: Any, played: Sequence[Any]) -> None:
    """The other streams are passed over when the file is read."""
    for stream in container.streams:
        stream.discard = Discard.default if stream in played else Discard.all


def read_end(
    container: Any, main: Any, tracks: Sequence[Any], stated_end_s: Fraction, *, deadline: float
) -> Reading | None:
    """The last stretch of a large file, for where its streams end; None when it cannot be found."""
    found = Reading()
    try:
        container.seek(math.floor((stated_end_s - TAIL_S) / main.time_base), stream=main)
        for packet in container.demux([main, *tracks]):
            if not packet.size or (begin := begins(packet)) is None:
                continue
            index = packet.stream.index
            found.packets[index] += 1
            if index == main.index:
                found.last_frame.note(begin, packet.duration or 0)
                found.last_packet = decoded_at(packet)
            else:
                end = begin + (packet.duration or 0)
                found.ends[index] = max(end, found.ends.get(index, end))
            if time.monotonic() > deadline:
                return None
    except MemoryError:
        raise
    except (FFmpegError, IndexError):
        return None
    return found


def decoded_frames(packet: Any) -> Sequence[Any]:
    """None of a packet that is damaged, or lies within a group of pictures: the next ones may do."""
    return decoded_or_damaged(packet) or ()


def decoded_or_damaged(packet: Any) -> Sequence[Any] | None:
    """None where the decoder refuses the packet; an empty sequence where it waits for more."""
    try:
        frames: Sequence[Any] = packet.decode()
    except MemoryError:
        raise
    except FFmpegError:
        return None
    return frames


def begins(packet: Any) -> int | None:
    found: int | None = packet.pts if packet.pts is not None else packet.dts
    return found


def decoded_at(packet: Any) -> int | None:
    found: int | None = packet.dts if packet.dts is not None else packet.pts
    return found
