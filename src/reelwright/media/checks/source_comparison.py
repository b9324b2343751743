"""A made file beside its source, where it seems odd: is the source otherwise there? Runs only in the inspector's
children; objects of PyAV are untyped here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import msgspec
from av.error import FFmpegError

from reelwright.media.checks.black_and_still import ALIKE
from reelwright.media.checks.frame_order import Levels, OddPlace, difference
from reelwright.media.checks.inspection import GRID, Comparison, Findings, Inspection, Stretch
from reelwright.media.checks.picture_reading import levels
from reelwright.media.checks.reading import opened, prepared
from reelwright.media.checks.sound_reading import loudest, samples
from reelwright.media.checks.sound_sync import MAX_SHIFT_S, STEP_S, shift

LOOKS = 3
"""At so many stretches of each kind, the longest, the source is looked at."""
LOOK_S = 2.5
"""And for so long from the start of each."""
MAX_FRAMES, MAX_PART = 300, 0.05
"""So many frames of a source are decoded for all looks of a kind, or such a part of as many as the made file has, if
that is more: between key frames may lie so many that a look would take longer than all else."""
NOT_EACH = "NONREF"
"""Where it does not matter which frames are seen, those are left out that no other one needs: half of them, often."""
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


def compare(
    made_fd: int, source_fd: int, inspection: Inspection, findings: Findings, places: Sequence[OddPlace]
) -> None:
    """Say of the stretches whether the source differs there, and of sound how much later it is heard. `places`: where
    frames seem to be out of order."""
    comparison = inspection.comparison
    assert comparison is not None
    try:
        with opened(source_fd, inspection) as source, opened(made_fd, inspection) as made:
            look = _Comparison(made, source, inspection, comparison)
            findings.stretches = look.at_all(findings, places)
            look.listen(findings)
    except (FFmpegError, IndexError):  # IndexError: PyAV, at a packet of a stream that begins only here
        return


class _Comparison:
    def __init__(self, made: Any, source: Any, inspection: Inspection, comparison: Comparison) -> None:
        self._offset = Fraction(comparison.offset_s)
        self._seen = sorted(set(range(GRID[0] * GRID[1])) - set(comparison.covered))
        self._made, self._source = made, source
        self._proven = comparison.proven
        self._picture: Any = None
        self._frames_left = 0
        self._zero = Fraction(0)
        if comparison.video_stream is not None:
            self._picture = prepared(source.streams[comparison.video_stream], inspection)
        elif made.start_time is not None:  # players count from there: MP3 begins with what its coder took to begin
            self._zero = Fraction(made.start_time, 1_000_000)
        self._sounds = {
            track: (prepared(here, inspection), prepared(source.streams[there], inspection))
            for track, (here, there) in enumerate(zip(made.streams.audio, comparison.audio_streams, strict=False))
            if there is not None
        }

    def at_all(self, findings: Findings, places: Sequence[OddPlace]) -> list[Stretch]:
        """The stretches, with what the source has instead of the longest of each kind, and of the oddest places."""
        looks: dict[str, int] = {}
        told = []
        allowed = max(MAX_FRAMES, round(MAX_PART * findings.video.packets))
        for stretch in findings.stretches:
            if self._proven and stretch.kind != "silent":
                told.append(stretch)
                continue
            if stretch.kind not in looks:
                self._frames_left = allowed
            looks[stretch.kind] = looks.get(stretch.kind, 0) + 1
            if looks[stretch.kind] <= LOOKS:
                stretch = msgspec.structs.replace(stretch, differs=self._differs(stretch, places))
            told.append(stretch)
        return told

    def _differs(self, stretch: Stretch, places: Sequence[OddPlace]) -> bool | None:
        start, end = stretch.start_s, min(stretch.end_s, stretch.start_s + LOOK_S)
        match stretch.kind:
            case "silent":
                return self._sounds_there(stretch, start, end)
            case "order":
                (place,) = (one for one in places if round(one.start_s, 3) == stretch.start_s)
                return self._is_out_of_order(place)
            case "black":
                means = [sum(points) / len(points) for _, points in self._frames(start, end, NOT_EACH)]
                return min(means) > BRIGHT if len(means) > 1 and self._sees_enough else None
            case "still":
                return self._moves(start, end)

    @property
    def _sees_enough(self) -> bool:
        return len(self._seen) >= GRID[0] * GRID[1] // 4

    def _moves(self, start: float, end: float) -> bool | None:
        frames = self._frames(start, end, NOT_EACH)
        _, first = next(frames, (0.0, None))
        if first is None or not self._sees_enough:
            return None
        said = None
        for _, points in frames:
            if difference(first, points) > MOVES:
                return True
            said = False
        return said

    def _frames(self, start: float, end: float, skipped: str = "DEFAULT") -> Iterator[tuple[float, Levels]]:
        """The source's frames that begin in the interval, as points that nothing is laid over; times are the made
        file's. Not all, where it would take too many to come there."""
        stream, container = self._picture, self._source
        stream.codec_context.skip_frame = skipped
        low, high = float(self._offset) + start - 0.0005, float(self._offset) + end - 0.0005
        container.seek(math.floor(max(low, 0.0) / stream.time_base), stream=stream, backward=True)
        for frame in container.decode(stream):
            self._frames_left -= 1
            if frame.pts is None or self._frames_left < 0:
                return
            time_s = float(frame.pts * stream.time_base)
            if time_s >= high:
                return
            if time_s >= low:
                yield time_s - float(self._offset), self._bare(levels(frame))

    def _bare(self, points: Levels) -> Levels:
        return [points[number] for number in self._seen]

    def _is_out_of_order(self, place: OddPlace) -> bool | None:
        """Whether a frame is clearly another one of the source than that of its time."""
        step_s = (place.end_s - place.start_s) / (len(place.frames) - 1)
        beside_s = (NEIGHBOURS + 2) * step_s
        there = list(self._frames(place.start_s - beside_s, place.end_s + beside_s))
        if len(there) < len(place.frames) or self._frames_left < 0:
            return None
        there = [(time_s, _levelled(points)) for time_s, points in there]
        for time_s, points in place.frames:
            level = _levelled(self._bare(points))
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
            for looked_at, scale in samples(frame):
                per_step = max(1, round(STEP_S * len(looked_at) * frame.sample_rate / frame.samples))
                for first in range(0, len(looked_at), per_step):
                    piece = looked_at[first : first + per_step]
                    step = int((time_s - start) / STEP_S + first / per_step)
                    if 0 <= step < count:
                        total[step] += sum(map(abs, piece)) / scale
                        heard[step] += len(piece)
        return [loudness / max(1, number) for loudness, number in zip(total, heard, strict=True)], seen, loud


def _levelled(points: Levels) -> Levels:
    """The same about zero, with its contrast: other levels and colours look alike."""
    mean = sum(points) / len(points)
    spread = math.sqrt(sum((point - mean) ** 2 for point in points) / len(points))
    return [(point - mean) * 40 / max(spread, 4.0) for point in points]
