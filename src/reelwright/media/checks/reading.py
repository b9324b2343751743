"""An open media file -> Findings. Runs only in the inspector's children; objects of PyAV are untyped here.

All packets are read. Sound is decoded whole, or at its ends; of the picture, as much as the inspection says.
"""

from __future__ import annotations

import heapq
import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import av
from av.error import FFmpegError

from reelwright.media.checks.black_and_still import FrameWatch
from reelwright.media.checks.frame_order import Levels, OddPlace, Points, Shown
from reelwright.media.checks.inspection import GRID, Findings, Inspection, VideoFindings
from reelwright.media.checks.sampled_groups import Sample, windows
from reelwright.media.checks.sound_reading import EndsOfAudio, ReadAudio
from reelwright.media.checks.text_reading import ReadSubtitles
from reelwright.media.probe.mp4_boxes import index_first
from reelwright.settings import CONTAINERS, SOUND_CONTAINERS

REORDERED_PACKETS = 64
"""No codec shows frames in an order that is further from that in which they come."""
STRICT = {"err_detect": "explode"}
"""Damage is an error, not something to hide."""
Tell = Callable[[float], None]
"""Told how much is done, 0 to 1."""


def opened(media_fd: int, inspection: Inspection) -> Any:
    """Raises FFmpegError."""
    os.lseek(media_fd, 0, os.SEEK_SET)
    options = {
        "fd": str(media_fd),
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(dict.fromkeys((*CONTAINERS, *SOUND_CONTAINERS))),
        "codec_whitelist": inspection.decoders,
        "max_pixels": str(inspection.max_pixels),
    }
    return av.open("fd:", options=options, metadata_errors="replace")


def prepared(stream: Any, inspection: Inspection, **more: str) -> Any:
    """The stream, to be decoded by the inspection's rules."""
    context = stream.codec_context
    context.options = {
        "max_pixels": str(inspection.max_pixels),
        "codec_whitelist": inspection.decoders,
        **more,
    }
    context.thread_count = inspection.threads if stream.type == "video" else 1
    context.thread_type = "AUTO"
    return stream


def read(media_fd: int, inspection: Inspection, tell: Tell) -> tuple[Findings, Sequence[OddPlace]]:
    """Read the file through, and decode what is to be. `tell` hears how far it is. With the frames that seem to be out
    of order, which are not kept elsewhere."""
    findings = Findings(index_first=index_first(media_fd))
    size = os.fstat(media_fd).st_size or 1
    wanted = inspection.sample
    share = 1.0 if wanted is None else 0.3
    with opened(media_fd, inspection) as container:
        strict = STRICT if inspection.strict else {}
        videos = [prepared(stream, inspection, **strict) for stream in container.streams.video[:1]]
        pictures = {stream.index: ReadVideo(stream, findings.video) for stream in videos}
        sounds = {
            stream.index: _sound(prepared(stream, inspection, **strict), number, inspection)
            for number, stream in enumerate(container.streams.audio)
        }
        findings.audio = [sound.findings for sound in sounds.values()]
        texts = {stream.index: ReadSubtitles(stream) for stream in container.streams.subtitles}
        findings.subtitles = [text.findings for text in texts.values()]
        played = [*videos, *(sound.stream for sound in sounds.values()), *(text.stream for text in texts.values())]
        try:
            for number, packet in enumerate(container.demux(played)):
                if (picture := pictures.get(packet.stream.index)) is not None:
                    picture.pass_by(packet)
                    if wanted is None:
                        picture.decode(packet)
                elif packet.stream.index in sounds:
                    sounds[packet.stream.index].decode(packet)
                else:
                    texts[packet.stream.index].pass_by(packet)
                if number % 256 == 0 and packet.pos:
                    tell(share * min(packet.pos / size, 1.0))
        except FFmpegError:
            findings.broken_off = True
        for sound in sounds.values():
            sound.end()
        for picture in pictures.values():
            picture.end()
            if wanted is None:
                findings.video.groups_decoded = findings.video.groups
            else:
                findings.video.whole = False
                _some_groups(container, picture, wanted, lambda done: tell(share + (1 - share) * done))
        watched = [stretch for picture in pictures.values() for stretch in picture.watch.found()]
        found = [*watched, *(stretch for sound in sounds.values() for stretch in sound.silent.found())]
        findings.stretches = found
        places = [place for picture in pictures.values() for place in picture.watch.order.places]
    return findings, places


def _sound(stream: Any, number: int, inspection: Inspection) -> ReadAudio:
    return EndsOfAudio(stream, number) if inspection.ends_of_sound else ReadAudio(stream, number)


def _some_groups(container: Any, picture: ReadVideo, wanted: Sample, tell: Tell) -> None:
    keys, findings = picture.keys, picture.findings
    ends = [*keys[1:], picture.end_tick]
    lengths = [(end - begin) * picture.tick for begin, end in zip(keys, ends, strict=True)]
    chosen = windows(lengths, wanted)
    for number, (group, seconds) in enumerate(chosen):
        until = keys[group] + math.ceil(seconds / picture.tick) if seconds < lengths[group] else ends[group]
        picture.interrupt()
        try:
            container.seek(keys[group], stream=picture.stream, backward=True)
            for packet in container.demux(picture.stream):
                if packet.pts is None or (not picture.begun and packet.pts < keys[group]):
                    continue
                if packet.pts >= until and (packet.is_keyframe or until < ends[group]):
                    break
                picture.decode(packet)
        except FFmpegError:
            findings.errors += 1
        picture.flush()
        findings.groups_decoded += 1
        tell((number + 1) / len(chosen))


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
