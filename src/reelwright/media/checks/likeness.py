"""A made file beside its source, where it seems odd: is the source otherwise there? Runs only in the inspector's
children; objects of PyAV are untyped here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import msgspec
from av.error import FFmpegError

from reelwright.media.checks.inspection import GRID, Comparison, Findings, Inspection, Stretch
from reelwright.media.checks.reading import opened, prepared
from reelwright.media.checks.sound_match import MAX_SHIFT_S, STEP_S, shift
from reelwright.media.checks.sound_reading import EVERY_SAMPLE, loudest, samples
from reelwright.media.checks.stretches import ALIKE, Points, difference

LOOKS = 3
"""At so many stretches of each kind, the longest, the source is looked at."""
LOOK_S = 2.5
"""And for so long from the start of each."""
MAX_FRAMES = 700
"""That are decoded of a source for one look: between its key frames may lie more."""
MOVES = 2.5
"""Mean difference of two frames of a source that stands still in a made file, at least: it moves, then."""
BRIGHT = 60
"""Mean brightness of a source that is black in a made file."""
AUDIBLE = 0.02
"""Loudness of a source that is silent in a made file, -34 dB."""
NEAR_FULL_SCALE = 0.7
"""Sound that is coded anew may become so much louder that it reaches full scale."""
MATCH_S = 4.0
"""Of sound that is compared."""
WRONG = 1.5
"""A frame is another one than it should be where it is so much less like that than like one beside it."""
NEIGHBOURS = 3
"""Frames before and after the one that should be seen, with which it is compared."""


def compare(made_fd: int, source_fd: int, inspection: Inspection, findings: Findings) -> None:
    """Say of the stretches whether the source differs there, and of sound how much later it is heard."""
    comparison = inspection.comparison
    assert comparison is not None
    try:
        with opened(source_fd, inspection) as source, opened(made_fd, inspection) as made:
            look = _Comparison(made, source, inspection, comparison)
            findings.stretches = look.at_all(findings.stretches)
            look.listen(findings)
    except (FFmpegError, IndexError):  # IndexError: PyAV, at a packet of a stream that begins only here
        return


class _Comparison:
    def __init__(self, made: Any, source: Any, inspection: Inspection, comparison: Comparison) -> None:
        self._offset = Fraction(comparison.offset_s)
        self._seen = set(range(GRID[0] * GRID[1])) - set(comparison.covered)
        self._made, self._source = made, source
        self._proven = comparison.proven
        self._pictures: tuple[Any, ...] = ()
        self._zero = Fraction(0)
        if comparison.video_stream is not None:
            ours, theirs = made.streams.video[0], source.streams[comparison.video_stream]
            self._pictures = prepared(ours, inspection), prepared(theirs, inspection)
        elif made.start_time is not None:  # players count from there: MP3 begins with what its coder took to begin
            self._zero = Fraction(made.start_time, 1_000_000)
        self._sounds = {
            track: (prepared(here, inspection), prepared(source.streams[there], inspection))
            for track, (here, there) in enumerate(zip(made.streams.audio, comparison.audio_streams, strict=False))
            if there is not None
        }

    def at_all(self, stretches: Sequence[Stretch]) -> list[Stretch]:
        """The stretches, with what the source has instead of the longest of each kind."""
        looks: dict[str, int] = {}
        told = []
        for stretch in stretches:
            if self._proven and stretch.kind != "silent":
                told.append(stretch)
                continue
            looks[stretch.kind] = looks.get(stretch.kind, 0) + 1
            if looks[stretch.kind] <= LOOKS:
                stretch = msgspec.structs.replace(stretch, differs=self._differs(stretch))
            told.append(stretch)
        return told

    def _differs(self, stretch: Stretch) -> bool | None:
        start, end = stretch.start_s, min(stretch.end_s, stretch.start_s + LOOK_S)
        match stretch.kind:
            case "silent":
                return self._sounds_there(stretch, start, end)
            case "order":
                return self._is_out_of_order(start, end)
            case _:
                frames = [points for _, points in self._frames(self._pictures[1], start, end, self._offset)]
                if len(frames) < 2 or len(self._seen) < len(frames[0]) // 4:
                    return None
                if stretch.kind == "black":
                    return min(sum(points) / len(points) for points in frames) > BRIGHT
                return max(difference(frames[0], points) for points in frames[1:]) > MOVES

    def _frames(
        self, stream: Any, start: float, end: float, offset: Fraction = Fraction(0)
    ) -> Iterator[tuple[float, Points]]:
        """The frames that begin in the interval, as points that nothing is laid over, scaled down with all that lies
        between; times are the made file's."""
        container = stream.container
        low, high = float(offset) + start - 0.0005, float(offset) + end - 0.0005
        container.seek(math.floor(max(low, 0.0) / stream.time_base), stream=stream, backward=True)
        for number, frame in enumerate(container.decode(stream)):
            if frame.pts is None or number >= MAX_FRAMES:
                return
            time_s = float(frame.pts * stream.time_base)
            if time_s >= high:
                return
            if time_s >= low:
                yield time_s - float(offset), self._points(frame)

    def _points(self, frame: Any) -> Points:
        small = frame.reformat(width=GRID[0], height=GRID[1], format="gray", interpolation="AREA")
        plane = small.planes[0]
        memory = memoryview(plane).cast("B")
        rows = (memory[row * plane.line_size :][: GRID[0]] for row in range(GRID[1]))
        whole = [value for row in rows for value in row]
        return [whole[number] for number in sorted(self._seen)]

    def _is_out_of_order(self, start: float, end: float) -> bool | None:
        """Whether a frame is clearly another one of the source than that of its time."""
        here = list(self._frames(self._pictures[0], start - 0.2, end + 0.2))
        there = list(self._frames(self._pictures[1], start - 0.6, end + 0.6, self._offset))
        if len(here) < 3 or len(there) < len(here):
            return None
        there = [(time_s, _levelled(points)) for time_s, points in there]
        for time_s, points in here:
            level = _levelled(points)
            right = min(range(len(there)), key=lambda number: abs(there[number][0] - time_s))
            near = there[max(0, right - NEIGHBOURS) : right + NEIGHBOURS + 1]
            should, best = difference(level, there[right][1]), min(difference(level, one) for _, one in near)
            if should > WRONG * best + ALIKE:
                return True
        return False

    def _sounds_there(self, stretch: Stretch, start: float, end: float) -> bool | None:
        if stretch.track not in self._sounds:
            return None
        peaks = [
            loudest(frame)
            for time_s, frame in self._sound(self._sounds[stretch.track][1], start, end, self._offset)
            if time_s >= start + 0.05 and time_s + frame.samples / frame.sample_rate <= end - 0.05
        ]
        return max(peaks) > AUDIBLE if peaks else None

    def _sound(
        self, stream: Any, start: float, end: float, offset: Fraction = Fraction(0)
    ) -> Iterator[tuple[float, Any]]:
        """Frames of sound of the interval with their times, which are the made file's."""
        container = stream.container
        low, high = float(offset) + start, float(offset) + end
        container.seek(math.floor(max(low - 0.1, 0.0) / stream.time_base), stream=stream, backward=True)
        for frame in container.decode(stream):
            if frame.pts is None:
                return
            time_s = float(frame.pts * frame.time_base)
            if time_s >= high:
                return
            if time_s + frame.samples / frame.sample_rate > low:
                yield time_s - float(offset), frame

    def listen(self, findings: Findings) -> None:
        """Compare each track at its beginning and in its middle."""
        for track, (here, there) in self._sounds.items():
            found = findings.audio[track]
            if found.start_s is None or found.end_s is None:
                continue
            length = min(MATCH_S, found.end_s - found.start_s - 2 * MAX_SHIFT_S)
            middle = (found.start_s + found.end_s - length) / 2
            shifts, pieces, clipped = [], 0, 0
            for start in dict.fromkeys((found.start_s + MAX_SHIFT_S, middle)):
                ours, _, _ = self._envelope(here, start, start + length, self._zero)
                begin, end = start - MAX_SHIFT_S, start + length + MAX_SHIFT_S
                theirs, seen, loud = self._envelope(there, begin, end, self._offset)
                pieces, clipped = pieces + seen, clipped + loud
                if (late := shift(ours, theirs)) is not None:
                    shifts.append(late)
            found.shift_s = max(shifts, key=abs) if shifts else None
            found.source_loud = clipped / pieces if pieces else None

    def _envelope(self, stream: Any, start: float, end: float, offset: Fraction) -> tuple[list[float], int, int]:
        """How loud each piece of STEP_S is, from `start` to `end`; how many frames of sound it is, and how many come
        near full scale. What is missing is silent."""
        count, seen, loud = round((end - start) / STEP_S), 0, 0
        total, heard = [0.0] * count, [0] * count
        for time_s, frame in self._sound(stream, start, end, offset):
            seen += 1
            loud += loudest(frame) >= NEAR_FULL_SCALE
            for values, scale in samples(frame):
                looked_at = values[::EVERY_SAMPLE]
                per_step = max(1, round(STEP_S * len(looked_at) * frame.sample_rate / frame.samples))
                for first in range(0, len(looked_at), per_step):
                    piece = looked_at[first : first + per_step]
                    step = int((time_s - start) / STEP_S + first / per_step)
                    if 0 <= step < count:
                        total[step] += sum(map(abs, piece)) / scale
                        heard[step] += len(piece)
        return [loudness / max(1, number) for loudness, number in zip(total, heard, strict=True)], seen, loud


def _levelled(points: Points) -> Points:
    """The same about zero, with its contrast: other levels and colours look alike."""
    mean = sum(points) / len(points)
    spread = math.sqrt(sum((point - mean) ** 2 for point in points) / len(points))
    return [(point - mean) * 40 / max(spread, 4.0) for point in points]  # type: ignore[misc]
