"""Pictures that stand (slides, pauses, a frame a second): what a viewer sees at an instant is what an edit has."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reelwright.edits.edit import overlay, trim
from reelwright.edits.layers import ImageLayer, VideoLayer
from reelwright.edits.plan import Facts, ImageFacts, Plan, VideoFacts, resolve
from reelwright.errors import InvalidInput
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, recipes
from tests.support.media_files import ffmpeg

SLIDES = (0.0, 3.0, 6.0, 9.5)
SECONDS = tuple(float(second) for second in range(6))
MAGENTA = np.array((255, 0, 255))
PAUSE = tuple(number / 25 + (2.5 if number >= 25 else 0) for number in range(50))


async def cut(prober: Prober, source: Path, start: float, end: float, target: Path) -> Plan:
    plan = resolve(trim(start, end), Facts(sha256="0" * 64, media=await prober.probe(source)))
    await recipes.make(plan, {"in0": source, "out0": target})
    made = await prober.probe(target)
    assert mismatches(plan.outputs[0], made) == []
    assert float(made.start) + (made.duration_s or 0) == pytest.approx(end - start, abs=0.002)
    return plan


@pytest.mark.few(8)
@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("times_s", "interval", "shown"),
    [
        (SLIDES, (1, 2), [(0, 0.0)]),
        (SLIDES, (1, 7), [(0, 0.0), (1, 2.0), (2, 5.0)]),
        (SLIDES, (3, 4), [(1, 0.0)]),
        (SECONDS, (1.2, 1.8), [(1, 0.0)]),
        (SECONDS, (1.5, 3.5), [(1, 0.0), (2, 0.5), (3, 1.5)]),
        (PAUSE, (1.5, 3), [(24, 0.0)]),
        (PAUSE, (0.99, 3.56), [(24, 0.0), (25, 2.51), (26, 2.55)]),
    ],
)
async def test_a_trim_begins_with_the_picture_on_display(
    prober: Prober,
    tmp_path: Path,
    container: str,
    times_s: tuple[float, ...],
    interval: tuple[float, float],
    shown: list[tuple[int, float]],
) -> None:
    """It is held from 0 on until the next one comes, and the last one to the end."""
    source = footage.slides(tmp_path / f"slides.{container}", times_s)
    await cut(prober, source, *interval, tmp_path / "work" / "out.mp4")
    found = frame_judge.read(tmp_path / "work" / "out.mp4")
    assert [frame.number for frame in found] == [number for number, _ in shown]
    assert [float(frame.time_s) for frame in found] == pytest.approx([time for _, time in shown], abs=0.002)


async def test_frames_of_footage_are_those_that_begin_in_the_interval(prober: Prober, tmp_path: Path) -> None:
    """In a video that pauses elsewhere as well; where none begins, the one on display is all there is."""
    source = footage.slides(tmp_path / "pause.mkv", PAUSE)
    await cut(prober, source, 0.41, 0.53, tmp_path / "a" / "out.mp4")
    assert [frame.number for frame in frame_judge.read(tmp_path / "a" / "out.mp4")] == [11, 12, 13]
    await cut(prober, source, 0.41, 0.43, tmp_path / "b" / "out.mp4")
    assert [(frame.number, frame.time_s) for frame in frame_judge.read(tmp_path / "b" / "out.mp4")] == [
        (10, Fraction(0))
    ]


async def test_what_lies_behind_the_picture_is_refused_by_field(prober: Prober, tmp_path: Path) -> None:
    """At once, however long the sound goes on."""
    source = footage.slides(tmp_path / "pause.mkv", PAUSE, sound_s=8)
    facts = Facts(sha256="0" * 64, media=await prober.probe(source))
    with pytest.raises(InvalidInput, match="is not before the end of the picture") as refused:
        resolve(trim(6, 7), facts)
    assert [error.pointer for error in refused.value.errors] == ["/steps/0/start"]


def seen(path: Path) -> list[tuple[float, bool]]:
    """When each frame is shown, and whether the layer lies over it."""
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        return [
            (
                float(frame.pts * frame.time_base),
                bool(abs(frame.to_ndarray(format="rgb24")[88, 20] - MAGENTA).max() < 90),
            )
            for frame in opened.decode(stream)
            if frame.pts is not None and frame.time_base is not None
        ]


@pytest.mark.parametrize(
    ("layer", "begins", "ends"),
    [
        (ImageLayer(image_path="a", x=10, y=78, start=1.8, end=3.6), 1.8, 3.6),
        (ImageLayer(image_path="a", x=10, y=78, start=1.8, end=3.6, fade_in=0.4, fade_out=0.4), 2.0, 3.4),
        (VideoLayer(video_path="a", x=10, y=78, start=1.8, end=2.6), 1.8, 2.6),
    ],
    ids=["still", "faded", "video"],
)
async def test_a_layer_comes_and_goes_on_time(
    prober: Prober, tmp_path: Path, layer: ImageLayer | VideoLayer, begins: float, ends: float
) -> None:
    """Whatever lies below stands still; and that stays whole, in order and as long as it was."""
    source = footage.slides(tmp_path / "slides.mp4", (0.0, 6.0, 8.0))
    facts: ImageFacts | VideoFacts = ImageFacts(sha256="1" * 64, width=36, height=24)
    over = tmp_path / "over.png"
    ffmpeg("-f", "lavfi", "-i", "color=0xff00ff:size=36x24,format=rgba", "-frames:v", "1", str(over))
    if isinstance(layer, VideoLayer):
        over = tmp_path / "over.mp4"
        ffmpeg("-f", "lavfi", "-i", "color=0xff00ff:size=36x24:rate=20:duration=1", "-pix_fmt", "yuv420p", str(over))
        facts = VideoFacts(sha256="1" * 64, media=await prober.probe(over))
    media = await prober.probe(source)
    plan = resolve(overlay((layer,)), Facts(sha256="0" * 64, media=media, layers=(facts,)))
    target = tmp_path / "work" / "out.mp4"
    await recipes.make(plan, {"in0": source, "in1": over, "out0": target})
    made = await prober.probe(target)
    assert mismatches(plan.outputs[0], made) == []
    assert made.duration_s == pytest.approx(media.duration_s, abs=0.01)
    shown = [time for time, there in seen(target) if there]
    gone = min(time for time, there in seen(target) if not there and time > shown[0])
    assert shown[0] == pytest.approx(begins, abs=0.13)
    assert gone == pytest.approx(ends, abs=0.13)
    numbers = [frame.number for frame in frame_judge.read(target)]
    assert numbers == sorted(numbers)
    assert set(numbers) == {0, 1, 2}
