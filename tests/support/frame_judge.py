"""Judge a cut frame by frame: which frames are in it, how they look, when they are shown, where the sound is.

Times are counted from the container's start, the first timestamp of any stream. Everything is decoded by PyAV,
which shares no process with the ffmpeg program under test and honours edit lists and encoder delay.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.reformatter import VideoReformatter

from tests.support.footage import BURST_S, Footage, Picture, read_number

_QUIET_S = 0.1
"""A burst begins where so much quiet has gone before."""


@dataclass(frozen=True, slots=True)
class Decoded:
    number: int
    """What the picture's barcode says, -1 when it cannot be read."""
    time_s: Fraction
    picture: Picture
    """Gray, upright as displayed; not stretched by the sample aspect ratio."""


def read(path: Path) -> list[Decoded]:
    """All frames of the main picture, in the order in which they are shown."""
    return list(_decoded(path))


def _decoded(path: Path) -> Iterator[Decoded]:
    with av.open(f"file:{path}") as opened:
        stream = next(
            stream for stream in opened.streams.video if not stream.disposition & av.stream.Disposition.attached_pic
        )
        stream.thread_type = "AUTO"
        start = start_s(opened)
        reformatter = VideoReformatter()
        for number, frame in enumerate(opened.decode(stream)):
            assert frame.pts is not None, f"{path.name}: frame {number} has no time"
            assert frame.time_base is not None
            gray = np.rot90(_array(reformatter.reformat(frame, format="gray")), frame.rotation // 90)
            time_s = frame.pts * frame.time_base - start
            yield Decoded(read_number(gray), time_s, np.ascontiguousarray(gray))


def colours(path: Path) -> list[Picture]:
    """The frames in RGB, height x width x 3, as they are coded."""
    with av.open(f"file:{path}") as opened:
        opened.streams.video[0].thread_type = "AUTO"
        reformatter = VideoReformatter()
        return [_array(reformatter.reformat(frame, format="rgb24")) for frame in opened.decode(video=0)]


def near(picture: Picture, colour: tuple[int, int, int], within: int) -> npt.NDArray[np.bool_]:
    """Where an RGB picture has that colour, each of red, green and blue to `within`."""
    found = np.ones(picture.shape[:2], bool)
    for plane, wanted in enumerate(colour):  # one by one: numpy is slow along an axis of three
        found &= np.abs(picture[..., plane].astype(np.int16) - wanted) <= within
    return found


def start_s(opened: InputContainer) -> Fraction:
    """The container's start, exactly (libavformat rounds it to microseconds)."""
    return min(
        stream.start_time * stream.time_base
        for stream in opened.streams
        if stream.start_time is not None and stream.time_base is not None
    )


def ssim(a: Picture, b: Picture) -> float:
    """Mean structural similarity of two gray pictures; 1.0 means equal.

    Source: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error visibility
    to structural similarity", IEEE Transactions on Image Processing 13 (4), 2004: an 11 x 11 Gaussian window of
    sigma 1.5, K1 = 0.01, K2 = 0.03, L = 255, over every third place each way where the window fits: each pixel is in
    several windows.
    """
    if np.array_equal(a, b):  # copied: nothing need be computed
        return 1.0
    x, y = a.astype(np.float32), b.astype(np.float32)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_x, mean_y = _blur(x), _blur(y)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    variances = _blur(x * x + y * y) - squares  # of x and of y: only their sum is asked for
    covariance = _blur(x * y) - product
    luminance = (2 * product + c1) / (squares + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return float((luminance * structure).mean())


_TAPS = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2)).astype(np.float32)
_TAPS /= _TAPS.sum()
_STEP = 3
"""Of the places of the window, each way."""


def _blur(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return _blur_down(_blur_down(values).T)


def _blur_down(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Each column, at every _STEP-th place; the window is the same up and down, so that two rows share a weight."""
    count = len(values) - 10
    blurred: npt.NDArray[np.float32] = _TAPS[5] * values[5 : 5 + count : _STEP]
    pair = np.empty_like(blurred)
    for above in range(5):
        np.add(values[above : above + count : _STEP], values[10 - above : 10 - above + count : _STEP], out=pair)
        pair *= _TAPS[above]
        blurred += pair
    return blurred


def judge_cut(
    source: Footage, cut: Path, start: Fraction, end: Fraction, *, min_ssim: float = 0.98, held: bool = False
) -> None:
    """Assert that `cut` shows exactly the frames of `source` with start <= t < end; `held`: first the one that is on
    display at `start`, from there on.

    They must come in order, each once; each must look like the source's decoded frame (scaled to the cut's size
    where that differs); each must follow the first one at the source's distance, to 1 ms.
    """
    expected = [number for number, time in enumerate(source.frame_times_s) if start <= time < end]
    if held and source.frame_times_s[expected[0]] > start:
        expected = [expected[0] - 1, *expected]
    decoded = read(cut)
    numbers = [frame.number for frame in decoded]
    assert numbers == expected, f"{cut.name}: {_difference(numbers, expected)}"

    pictures = _pictures(source.path)
    for frame in decoded:
        wanted = _scaled(pictures[frame.number], frame.picture.shape)
        likeness = ssim(wanted, frame.picture)
        assert likeness > min_ssim, f"{cut.name}: frame {frame.number} has SSIM {likeness:.4f}, not over {min_ssim}"

    for frame in decoded:
        distance = frame.time_s - decoded[0].time_s
        first_s, shown_s = (source.frame_times_s[number] for number in (expected[0], frame.number))
        wanted_distance = max(shown_s, start * held) - max(first_s, start * held)
        assert abs(distance - wanted_distance) <= Fraction(1, 1000), (
            f"{cut.name}: frame {frame.number} is {float(distance):.6f} s after the first one, "
            f"{float(wanted_distance):.6f} s in the source"
        )


def judge_sync(
    source: Footage,
    cut: Path,
    start: Fraction,
    end: Fraction,
    *,
    track: int = 0,
    within_s: float = 0.003,
) -> None:
    """Assert that every whole burst of `source` between start and end is in `cut`, and none besides, each as far
    from the pictures as in the source. What is left of a burst that start or end cuts through is not judged."""
    first_s = float(next(time for time in source.frame_times_s if time >= start))
    whole, broken = [], []
    for onset in _source_beeps_s(source.path, track):
        if float(start) - 0.0005 <= onset and onset + BURST_S <= end:
            whole.append(onset - first_s)
        elif start < onset + BURST_S + within_s and onset < float(end) + within_s:
            broken.append(onset - first_s)
    first_in_cut_s = float(next(_decoded(cut)).time_s)
    found = [onset - first_in_cut_s for onset in beep_offsets_s(cut, track)]
    found = [onset for onset in found if not any(abs(onset - rest) <= BURST_S + within_s for rest in broken)]
    assert len(found) == len(whole), f"{cut.name}: bursts at {found}, in the source at {whole} (first frame = 0)"
    for onset, wanted in zip(found, whole, strict=True):
        assert abs(onset - wanted) <= within_s, (
            f"{cut.name}: a burst is {onset:+.4f} s from the first frame, {wanted:+.4f} s in the source"
        )


def beep_offsets_s(path: Path, track: int = 0) -> list[float]:
    """When each burst of an audio track begins, to about 1 ms. Sound at the very start counts as a beginning."""
    onsets: list[float] = []
    with av.open(f"file:{path}") as opened:
        stream = opened.streams.audio[track]
        start = start_s(opened)
        loud_until: float | None = None
        end = 0.0
        for frame in opened.decode(stream):
            begin = end  # of several frames in a packet only the first has a time
            if frame.pts is not None and frame.time_base is not None:
                begin = float(frame.pts * frame.time_base - start)
            end = begin + frame.samples / frame.sample_rate
            for sample in np.flatnonzero(_loudness(frame) > 0.15):
                time = begin + float(sample) / frame.sample_rate
                if loud_until is None or time - loud_until > _QUIET_S:
                    onsets.append(time)
                loud_until = time
    return onsets


def _loudness(frame: av.AudioFrame) -> npt.NDArray[np.float64]:
    """The loudest channel's size at each sample, 1.0 being full scale."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    loudness: npt.NDArray[np.float64] = np.abs(samples.astype(np.float64)).max(axis=0)
    return loudness / np.iinfo(str(samples.dtype)).max if samples.dtype.kind == "i" else loudness


@functools.cache
def _source_beeps_s(path: Path, track: int) -> list[float]:
    return beep_offsets_s(path, track)


@functools.lru_cache(maxsize=4)
def _pictures(path: Path) -> list[Picture]:
    frames = read(path)
    assert [frame.number for frame in frames] == list(range(len(frames))), f"{path.name}: not as it was made"
    return [frame.picture for frame in frames]


def _array(frame: av.VideoFrame) -> Picture:
    return frame.to_ndarray().astype(np.uint8, copy=False)


def _scaled(picture: Picture, shape: tuple[int, ...]) -> Picture:
    if picture.shape == shape:
        return picture
    frame = av.VideoFrame.from_ndarray(picture, format="gray")
    height, width = shape
    return _array(frame.reformat(width=width, height=height, interpolation="BICUBIC"))


def _difference(numbers: list[int], expected: list[int]) -> str:
    """What is wrong with a list of frame numbers, in words."""
    if not expected:
        return f"no frame is expected, {len(numbers)} are there"
    words = [f"{len(numbers)} frames instead of {len(expected)} ({expected[0]} to {expected[-1]})"]
    if numbers:
        words.append(f"first {numbers[0]}, last {numbers[-1]}")
    if missing := sorted(set(expected) - set(numbers)):
        words.append(f"missing {missing[:10]}")
    if extra := sorted(set(numbers) - set(expected) - {-1}):
        words.append(f"not asked for {extra[:10]}")
    if repeated := sorted({number for number in numbers if number >= 0 and numbers.count(number) > 1}):
        words.append(f"repeated {repeated[:10]}")
    if unreadable := [place for place, number in enumerate(numbers) if number < 0]:
        words.append(f"unreadable at places {unreadable[:10]}")
    if swapped := [b for a, b in itertools.pairwise(numbers) if 0 <= b < a]:
        words.append(f"out of order at {swapped[:10]}")
    return ", ".join(words)
