"""A slow reference of edits: the source decoded whole, each step done to arrays, by its definition and nothing else.

What it knows of a step it does not have from the product: pictures are arrays (gray), sound is one channel of samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from tests.support import frame_judge
from tests.support.footage import Picture
from tests.support.frame_judge import ssim

Samples = npt.NDArray[np.float32]
RATE = 48_000


@dataclass(frozen=True, slots=True)
class Clip:
    """Frames with the times from which they are shown, of a grid of `frame_s` where there is one; the last one until
    `seen_to`. Sound from time zero on, None where there is none."""

    frames: list[tuple[Fraction, Picture]]
    length: Fraction
    frame_s: Fraction | None
    sound: Samples | None
    seen_to: Fraction


@lru_cache(maxsize=8)  # of a source that many edits are of
def decoded(path: Path, length: Fraction, seen_to: Fraction, frame_s: Fraction | None = None) -> Clip:
    """A file as a viewer sees and hears it."""
    frames = [(frame.time_s, frame.picture) for frame in frame_judge.read(path)]
    return Clip(frames, length, frame_s, _sound(path, length), seen_to)


def _sound(path: Path, length: Fraction) -> Samples | None:
    with av.open(f"file:{path}") as opened:
        if not opened.streams.audio:
            return None
        stream, start = opened.streams.audio[0], frame_judge.start_s(opened)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        found = np.zeros(round(length * RATE), np.float32)
        for frame in opened.decode(stream):
            assert frame.pts is not None
            assert frame.time_base is not None
            place = round((frame.pts * frame.time_base - start) * RATE)
            for part in resampler.resample(frame):
                samples = part.to_ndarray().reshape(-1)
                first, last = max(place, 0), min(place + len(samples), len(found))
                if first < last:
                    found[first:last] = samples[first - place : last - place]
                place += len(samples)
    return found


def kept(clip: Clip, *spans: tuple[Fraction, Fraction]) -> Clip:
    """The frames that begin in rising spans, one span after the other; bounds within a frame of a grid are moved to the
    next frame's start, so that picture and sound stay together."""
    frames: list[tuple[Fraction, Picture]] = []
    sound: list[Samples] = []
    at = seen_to = Fraction(0)
    for start, end in spans:
        end = min(end, clip.length)
        if clip.frame_s is not None:
            origin = clip.frames[0][0]
            last = origin + len(clip.frames) * clip.frame_s
            start, end = (_next(time, origin, clip.frame_s, last) for time in (start, end))
        frames += [(at + time - start, picture) for time, picture in clip.frames if start <= time < end]
        if clip.sound is not None:
            sound.append(clip.sound[round(start * RATE) : round(end * RATE)])
        seen_to = at + min(end, clip.seen_to) - start
        at += end - start
    return replace(clip, frames=frames, length=at, seen_to=seen_to, sound=np.concatenate(sound) if sound else None)


def _next(time: Fraction, origin: Fraction, frame_s: Fraction, last: Fraction) -> Fraction:
    moved = origin + ceil((time - origin) / frame_s) * frame_s
    return moved if origin <= moved <= last else time


def faster(clip: Clip, factor: Fraction, rate: Fraction) -> Clip:
    """At every instant of a grid of `rate` what is on display then; slower (no `rate`), all frames at their times."""
    length = clip.length / factor
    if factor < 1:
        frames = [(time / factor, picture) for time, picture in clip.frames]
        return Clip(frames, length, clip.frame_s and clip.frame_s / factor, None, clip.seen_to / factor)
    step, end = 1 / rate, clip.seen_to / factor
    frames = []
    for number in range(ceil(end / step)):
        shown = [picture for time, picture in clip.frames if time / factor <= number * step + Fraction(1, 2000)]
        frames.append((number * step, shown[-1] if shown else clip.frames[0][1]))
    return Clip(frames, length, step, None, len(frames) * step)


def shaped(clip: Clip, shape: object) -> Clip:
    """Every picture through a function."""
    assert callable(shape)
    return replace(clip, frames=[(time, shape(picture)) for time, picture in clip.frames])


def faded(clip: Clip, up: Fraction, down: Fraction) -> Clip:
    """From black and to black; the sound likewise."""

    def level(time: Fraction) -> float:
        rising = float(time / up) if up else 1.0
        falling = float((clip.length - time) / down) if down else 1.0
        return float(np.clip(min(rising, falling), 0, 1))

    frames = [(time, (picture.astype(np.float32) * level(time)).astype(np.uint8)) for time, picture in clip.frames]
    sound = clip.sound
    if sound is not None:
        times = np.arange(len(sound)) / RATE
        ramp = np.ones(len(sound))
        if up:
            ramp = np.minimum(ramp, times / float(up))
        if down:
            ramp = np.minimum(ramp, (float(clip.length) - times) / float(down))
        sound = (sound * np.clip(ramp, 0, 1)).astype(np.float32)
    return replace(clip, frames=frames, sound=sound)


def judge(made: Path, wanted: Clip, *, min_ssim: float = 0.9) -> None:
    """Assert that a file has the frames of a clip, each looking like it, at its time to 1 ms, and its sound in step."""
    seen = frame_judge.read(made)
    assert len(seen) == len(wanted.frames), f"{len(seen)} frames, wanted {len(wanted.frames)}"
    first_seen, first_wanted = seen[0].time_s, wanted.frames[0][0]
    for number, (frame, (time, picture)) in enumerate(zip(seen, wanted.frames, strict=True)):
        assert frame.picture.shape == picture.shape, f"{frame.picture.shape}, wanted {picture.shape}"
        assert abs((frame.time_s - first_seen) - (time - first_wanted)) <= Fraction(2, 1000), (
            f"frame {number} at {float(frame.time_s):.4f}, wanted {float(time):.4f}"
        )
        likeness = ssim(picture, frame.picture)
        apart = float(np.abs(picture.astype(np.int16) - frame.picture.astype(np.int16)).mean())
        # of what is all but black, likeness is that of the rounding
        assert likeness > min_ssim or apart < 3, f"frame {number} has SSIM {likeness:.3f}, is {apart:.1f} levels off"
    if wanted.sound is not None:
        heard = _sound(made, wanted.length)
        assert heard is not None, "the sound is gone"
        assert (lag := _lag(wanted.sound, heard)) <= RATE // 500, f"the sound is {1000 * lag / RATE:.1f} ms off"


def _lag(wanted: Samples, heard: Samples) -> int:
    """By how many samples two sounds are apart, at their best likeness within 100 ms."""
    if np.abs(wanted).max(initial=0) < 0.01:
        return 0
    reach = RATE // 10
    size = len(wanted) + 2 * reach
    padded = np.fft.irfft(np.fft.rfft(wanted, 2 * size).conj() * np.fft.rfft(heard, 2 * size))
    near = np.concatenate([padded[-reach:], padded[: reach + 1]])
    return abs(int(near.argmax()) - reach)


def spans(*times: float) -> Sequence[tuple[Fraction, Fraction]]:
    """Pairs of seconds."""
    exact = [Fraction(repr(time)) for time in times]
    return list(zip(exact[::2], exact[1::2], strict=True))
