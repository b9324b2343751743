"""The video of an open media file -> VideoFindings, and each frame as a few points of its brightness. Runs only in the
inspector's children; objects of PyAV are untyped here."""

from __future__ import annotations

import heapq
import math
from typing import Any

from av.error import FFmpegError

from reelwright.media.checks.black_and_still import FrameWatch
from reelwright.media.checks.frame_order import Levels, Points, Shown
from reelwright.media.checks.inspection import GRID, VideoFindings

REORDERED_PACKETS = 64
"""No codec shows frames in an order that is further from that in which they come."""


class ReadVideo:
    """The one video stream: its packets as they come, its frames as they are decoded."""

    def __init__(self, stream: Any, findings: VideoFindings) -> None:
        self.stream = stream
        self.findings = findings
        self.watch = FrameWatch()
        self.tick = float(stream.time_base)
        self.keys: list[int] = []
        """When key frames are shown, in ticks."""
        self.begun = False
        """Whether a packet was decoded since the last interruption."""
        self._waiting: list[int] = []
        self._shown: int | None = None
        self._size: tuple[int, int] | None = None
        self._seen: Shown | None = None
        self._step_s = float(1 / stream.average_rate) if stream.average_rate else 0.0

    def pass_by(self, packet: Any) -> None:
        """Note when its frame is shown."""
        if not packet.size or packet.is_discard:
            return
        self.findings.packets += 1
        shown = packet.pts if packet.pts is not None else packet.dts
        if shown is None:
            return
        if packet.is_keyframe:
            self.keys.append(shown)
        heapq.heappush(self._waiting, shown)
        if len(self._waiting) > REORDERED_PACKETS:
            self._show(heapq.heappop(self._waiting))

    @property
    def end_tick(self) -> int:
        """When the last frame has been shown, about."""
        return (self._shown or 0) + math.ceil(self._step_s / self.tick)

    def end(self) -> None:
        """Hear that no packet is left."""
        while self._waiting:
            self._show(heapq.heappop(self._waiting))
        self.findings.groups = len(self.keys)
        self._see_last()

    def _show(self, tick: int) -> None:
        found, time_s = self.findings, tick * self.tick
        if self._shown is None:
            found.first_s = time_s
        else:
            step_s = (tick - self._shown) * self.tick
            found.longest_step_s = max(found.longest_step_s, step_s)
            found.shortest_step_s = min(step_s, math.inf if found.shortest_step_s is None else found.shortest_step_s)
        self._shown = tick
        found.last_s = time_s if found.last_s is None else max(time_s, found.last_s)

    def decode(self, packet: Any) -> None:
        self.begun = True
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except FFmpegError:
            self._fail(packet.pts if packet.pts is not None else packet.dts)
            return
        for frame in frames:
            self._see(frame)

    def flush(self) -> None:
        """Take the frames that the decoder still holds; it begins anew after that."""
        try:
            for frame in self.stream.codec_context.decode(None):
                self._see(frame)
        except FFmpegError:
            self._fail(None)
        self.stream.codec_context.flush_buffers()
        self._see_last()

    def interrupt(self) -> None:
        self.begun = False
        self.watch.interrupt()

    def _fail(self, tick: int | None) -> None:
        self.findings.errors += 1
        if self.findings.first_error_s is None and tick is not None:
            self.findings.first_error_s = round(tick * self.tick, 3)

    def _see(self, frame: Any) -> None:
        found = self.findings
        found.decoded += 1
        if frame.is_corrupt:
            self._fail(frame.pts)
        size = frame.width, frame.height
        found.resized += self._size is not None and size != self._size
        self._size = self._size or size
        if frame.pts is None:
            return
        time_s = frame.pts * self.tick
        if self._seen is not None and time_s > self._seen.start_s:
            self.watch.see(self._seen, time_s)
        self._seen = Shown(time_s, points(frame), lambda: levels(frame))

    def _see_last(self) -> None:
        if self._seen is not None:
            self.watch.see(self._seen, self._seen.start_s + self._step_s)
        self._seen = None


def points(frame: Any) -> Points:
    """Its brightness at the points of GRID, taken from where it lies in memory."""
    plane, (across, down) = frame.planes[0], GRID
    deep = frame.format.components[0].bits - 8
    memory = memoryview(plane).cast("B")
    stride, width = plane.line_size, frame.width
    if deep > 0:
        memory, stride = memory.cast("H"), stride // 2
    left, step = width // (2 * across), max(1, width // across)
    begins = [(2 * row + 1) * frame.height // (2 * down) * stride for row in range(down)]
    lines = [memory[begin + left : begin + width : step][:across] for begin in begins]
    if deep > 0:
        return bytes(value >> deep for line in lines for value in line.tolist())
    return b"".join(line.tobytes() for line in lines)


def levels(frame: Any) -> Levels:
    """The same, scaled down with all that lies between."""
    small = frame.reformat(width=GRID[0], height=GRID[1], format="gray", interpolation="AREA")
    plane = small.planes[0]
    memory = memoryview(plane).cast("B")
    return b"".join(memory[row * plane.line_size :][: GRID[0]] for row in range(GRID[1]))
