"""A joined file beside its source: all packets are those that were joined, each at its time, so that copied ones are
the source's bit for bit. Round every seam both are decoded: copied frames are the source's, coded ones are like it, or
what was coded of them where steps touch them.

Runs only in the splicer's children; objects of PyAV are untyped here.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from operator import mul, sub
from pathlib import Path
from typing import Any

from av.error import FFmpegError

from reelwright.edits.splice_structs import SplicedInterval
from reelwright.media.splicing.packet_digests import Contents, sample_bytes
from reelwright.media.splicing.packet_source import opened
from reelwright.media.splicing.requests import ProofRequest, Proven, edge_file

ROUND = 12
"""Frames before and behind a seam that are compared."""
LEAST_PSNR = 35.0
LEAST_DRAWN_PSNR = 30.0
"""Where steps touch some frames, all that are coded are so by the quality that is wanted, which may be a minute."""
EVERY = 31
"""So many-th samples of a coded frame are compared, which no width of a picture is a multiple of."""
MOST_WRONG = 3
GRADED = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")
"""By which screen HDR10 was graded, and how bright it is at most."""
ROUNDED_S = Fraction(1, 10_000)
READING_SHARE, TOLD_EVERY = 0.3, 256
NONE = (0, -1)
"""From the first to the last of no frames."""

Tell = Callable[[float], None]


class _Look:
    """A decoded frame as far as it is compared."""

    __slots__ = ("colors", "corrupt", "digest", "graded", "luma", "peak")

    def __init__(self, frame: Any, *, copied: bool) -> None:
        self.corrupt = frame.is_corrupt
        self.digest = _digest(frame) if copied else 0
        self.luma, self.peak = ([], 0) if copied else _luma(frame)
        self.graded = {one.type.name: bytes(one) for one in frame.side_data if one.type.name in GRADED}
        self.colors = frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace

    def psnr(self, other: _Look) -> float:
        if len(self.luma) != len(other.luma) or not self.luma:
            return 0.0
        differences = list(map(sub, self.luma, other.luma))
        error = sum(map(mul, differences, differences)) / len(self.luma)
        return 99.0 if error == 0 else 10 * math.log10(self.peak**2 / error)


def prove(source_fd: int, made_fd: int, request: ProofRequest, tell: Tell) -> Proven:
    """Raises FFmpegError: a file cannot be read."""
    if _contents(made_fd, lambda done: tell(READING_SHARE * done)) != request.contents:
        return Proven(copied=0, encoded=0, lowest_psnr=None, wrong=("its packets are not those that were joined",))
    with (
        opened(source_fd, decoders=request.decoders, max_pixels=request.max_pixels) as source,
        opened(made_fd, decoders=request.decoders, max_pixels=request.max_pixels) as made,
    ):
        return _Proof(_prepared(source.streams[request.video_stream], request), made, request, tell).run()


def _contents(made_fd: int, tell: Tell) -> tuple[str, ...]:
    """By track. What an edit list leaves out is read as well."""
    size = os.fstat(made_fd).st_size or 1
    with opened(made_fd, whole=True) as made:
        streams = [stream for stream in made.streams if stream.type not in ("subtitle", "data")]  # held to the plan
        found = [Contents(sample_bytes(stream)) for stream in streams]
        for number, packet in enumerate(made.demux(*streams)):
            if packet.size:
                found[packet.stream.index].feed(packet)
            if number % TOLD_EVERY == 0 and packet.pos:
                tell(min(packet.pos / size, 1.0))
    return tuple(one.digest for one in found)


def _prepared(stream: Any, request: ProofRequest) -> Any:
    context = stream.codec_context
    # damage is an error, not something to hide
    context.options = {
        "codec_whitelist": request.decoders,
        "max_pixels": str(request.max_pixels),
        "err_detect": "explode",
    }
    context.thread_count, context.thread_type = request.threads, "AUTO"
    return stream


class _Proof:
    def __init__(self, source: Any, made: Any, request: ProofRequest, tell: Tell) -> None:
        self.source, self.request, self.tell = source, request, tell
        self.made = _prepared(made.streams.video[0], request)
        self.frame = Fraction(1) / (source.average_rate or 25)
        self.reorder = request.coding.reorder if request.coding is not None else 0
        self.compares_colors = request.coding is not None and request.coding.codec == "hevc"
        """Of H.264 the parameters were compared."""
        self.wrong: list[str] = []
        self.copied = self.encoded = self.drawn = 0
        self.lowest: float | None = None

    def run(self) -> Proven:
        at, intervals = 0, self.request.intervals
        for number, interval in enumerate(intervals):
            for begin, end in self._stretches(interval):
                self._compare(number, begin, end, at)
            at += interval.length
            self.tell(READING_SHARE + (1 - READING_SHARE) * (number + 1) / len(intervals))
            if len(self.wrong) >= MOST_WRONG:
                break
        return Proven(
            copied=self.copied,
            encoded=self.encoded,
            drawn=self.drawn,
            lowest_psnr=None if self.lowest is None else round(self.lowest, 2),
            wrong=tuple(self.wrong[:MOST_WRONG]),
        )

    def _stretches(self, interval: SplicedInterval) -> list[tuple[int, int]]:
        """What of the source is looked at, in ticks: round the beginning, round each seam, round the end; one where
        they meet."""
        room = math.ceil(ROUND * self.frame / Fraction(self.source.time_base))
        seams = [interval.start_tick, interval.copied.first_tick, interval.copied.last_tick + 1, interval.end_tick]
        found: list[tuple[int, int]] = []
        for seam in seams:
            begin, end = max(seam - room, interval.start_tick), min(seam + room, interval.end_tick)
            if found and begin <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((begin, end))
        return found

    def _compare(self, number: int, begin: int, end: int, at: int) -> None:
        """`at`: when the interval begins in the made file, in the source's ticks."""
        interval = self.request.intervals[number]
        moved = at - interval.start_tick
        scale = Fraction(self.source.time_base) / Fraction(self.made.time_base)
        run = interval.copied
        copied = run.first_tick, run.last_tick
        there = dict(self._frames(self.source, begin, end, copied))
        here: dict[int, _Look] = {}
        made_begin, made_end, *made_copied = (math.ceil((tick + moved) * scale) for tick in (begin, end, *copied))
        for tick, look in self._frames(self.made, made_begin, made_end, made_copied):
            own = tick / scale - moved
            here[round(own)] = look
            if abs(own - round(own)) * Fraction(self.source.time_base) > ROUNDED_S:
                self.wrong.append(f"a frame is shown at {self._second(round(own), moved):.3f} s, between two")
        if here.keys() != there.keys():
            self.wrong.append(f"{len(here)} frames are there of {len(there)} round {self._second(begin, moved):.3f} s")
            return
        drawn = self._drawn(number, begin, end)
        for tick, look in here.items():
            if tick in drawn:
                self.drawn += 1
                if look.corrupt or look.luma != drawn[tick].luma:
                    self.wrong.append(f"the frame at {self._second(tick, moved):.3f} s is not the one that was coded")
            else:
                self._judge(interval, tick, look, there[tick], self._second(tick, moved))

    def _drawn(self, number: int, begin: int, end: int) -> dict[int, _Look]:
        """The frames of a stretch that steps touch, as they were coded, by themselves."""
        interval, windows = self.request.intervals[number], self.request.touched
        found: dict[int, _Look] = {}
        for is_head, run in ((True, interval.head), (False, interval.tail)):
            if run is None:
                continue
            first, last = max(begin, run.first_tick), min(end, run.last_tick + 1)
            if not any(max(start, first) < min(stop, last) for start, stop in windows):
                continue
            path = Path(self.request.folder) / edge_file(number, is_head=is_head)
            with path.open("rb") as file, self._opened(file.fileno()) as edge:
                stream = _prepared(edge.streams.video[0], self.request)
                scale = Fraction(self.source.time_base) / Fraction(stream.time_base)
                here, there = (math.ceil((tick - run.first_tick) * scale) for tick in (first, last))
                for tick, look in self._frames(stream, here, there, NONE):
                    found[run.first_tick + round(tick / scale)] = look
        return {tick: look for tick, look in found.items() if any(start <= tick < stop for start, stop in windows)}

    def _opened(self, descriptor: int) -> Any:
        return opened(descriptor, decoders=self.request.decoders, max_pixels=self.request.max_pixels)

    def _second(self, tick: int, moved: int) -> float:
        return float((tick + moved) * Fraction(self.source.time_base))

    def _judge(self, interval: SplicedInterval, tick: int, look: _Look, source: _Look, time_s: float) -> None:
        run = interval.copied
        if look.corrupt:
            self.wrong.append(f"the frame at {time_s:.3f} s does not decode whole")
        elif run.first_tick <= tick <= run.last_tick:
            self.copied += 1
            if look.digest != source.digest:
                self.wrong.append(f"the copied frame at {time_s:.3f} s is not the source's")
        else:
            self.encoded += 1
            if self.compares_colors and look.colors != source.colors:
                self.wrong.append(f"the colours at {time_s:.3f} s are named otherwise than the source's")
            if self.compares_colors and look.graded != source.graded:
                self.wrong.append(f"how bright the frame at {time_s:.3f} s is meant is not said as in the source")
            psnr = look.psnr(source)
            self.lowest = psnr if self.lowest is None else min(psnr, self.lowest)
            if psnr < (LEAST_DRAWN_PSNR if self.request.touched else LEAST_PSNR):
                self.wrong.append(f"the frame at {time_s:.3f} s is unlike the source's ({psnr:.1f} dB)")

    def _frames(self, stream: Any, begin: int, end: int, copied: Sequence[int]) -> Iterator[tuple[int, _Look]]:
        """Frames that are shown in begin <= t < end, in the stream's ticks; `copied`: when the first and the last one
        that is copied are shown."""
        first = stream.start_time or 0
        # a seek goes by when key frames are decoded; what is shown before the one that it finds may not come out
        room = math.ceil((self.reorder + 2) * self.frame / Fraction(stream.time_base))
        early = max(first, begin - room)
        context = stream.codec_context
        context.flush_buffers()
        stream.container.seek(early, stream=stream, backward=True)
        try:
            for packet in self._needed(stream, early, end):
                for frame in packet.decode() if packet is not None else context.decode(None):
                    if frame.pts is None:
                        continue
                    if frame.pts >= end:
                        return
                    if frame.pts >= begin:
                        yield frame.pts, _Look(frame, copied=copied[0] <= frame.pts <= copied[1])
        except FFmpegError as error:
            time_s = float(begin * Fraction(stream.time_base))
            self.wrong.append(f"decoding fails round {time_s:.3f} s ({error.strerror})")

    def _needed(self, stream: Any, early: int, end: int) -> Iterator[Any]:
        """The packets to decode; None behind the last one. Of H.264 and HEVC, frames that nothing refers to need not be
        decoded where they are not compared; decoders of others are told so once for all."""
        for packet in stream.container.demux(stream):
            if not packet.size or (packet.dts is not None and packet.dts >= end):
                break
            compared = self.request.coding is None or packet.pts is None or early <= packet.pts < end
            stream.codec_context.skip_frame = "DEFAULT" if compared else "NONREF"
            yield packet
        yield None


def _digest(frame: Any) -> int:
    """Of all samples, without what lies between lines."""
    found = 0
    for number, plane in enumerate(frame.planes):
        memory = memoryview(plane).cast("B")
        component = frame.format.components[number]
        width = component.width * (2 if component.bits > 8 else 1)
        if width == plane.line_size:
            found = zlib.crc32(memory[: width * component.height], found)
            continue
        for row in range(component.height):
            begin = row * plane.line_size
            found = zlib.crc32(memory[begin : begin + width], found)
    return found


def _luma(frame: Any) -> tuple[list[int], int]:
    """Some of its samples, row by row, and the greatest that there may be."""
    plane, bits = frame.planes[0], frame.format.components[0].bits
    memory: Any = memoryview(plane).cast("B")
    stride = plane.line_size
    if bits > 8:
        memory, stride = memory.cast("H"), stride // 2
    found: list[int] = []
    for row in range(0, frame.height, 3):
        found.extend(memory[row * stride + row % EVERY : row * stride + frame.width : EVERY])
    return found, (1 << bits) - 1
