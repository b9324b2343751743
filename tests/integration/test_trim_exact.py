"""A trim is exact: the frames of the interval, each once, at their times, with the sound that belongs to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from reelwright.edits.edit import trim
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.media.probe.prober import Prober
from reelwright.media.verify import complaints
from tests.support import footage, frame_judge, recipes

SOURCES: dict[str, dict[str, Any]] = {
    "24": {"frame_rate": "24"},
    "25": {"frame_rate": "25"},
    "29.97": {"frame_rate": "30000/1001"},
    "30": {"frame_rate": "30"},
    "60": {"frame_rate": "60", "size": (640, 360)},
    "vfr mp4": {"variable": True},
    "vfr mkv": {"variable": True, "container": "mkv"},
    "mkv 29.97": {"container": "mkv", "frame_rate": "30000/1001"},
    "webm vp9": {"container": "webm", "video": "vp9"},
    "ts late": {"container": "ts", "start_offset_s": "1.4"},
    "avi mpeg4": {"container": "avi", "video": "mpeg4"},
    "mpg": {"container": "mpg", "video": "mpeg2video"},
    "flv": {"container": "flv"},
    "wmv": {"container": "wmv", "video": "wmv2"},
    "open gop": {"open_gop": True},
    "one gop": {"keyframe_every": None},
    "hevc 10 bit": {"video": "hevc", "pixel_format": "yuv420p10le"},
    "odd 4:4:4": {"size": (321, 181), "pixel_format": "yuv444p"},
    "rotated": {"rotation": 90},
    "anamorphic": {"sample_aspect_ratio": "4/3"},
    "two tracks": {"audio": 2, "languages": ("eng", "hin")},
    "5.1": {"channels": "5.1"},
    "silent": {"audio": 0},
    "late sound": {"audio_delay_s": 0.5},
    "late picture": {"video_delay_frames": 10},
    "short sound": {"audio_seconds": 3},
    "cover art": {"cover_art": True},
}

CUTS = {
    "from the start": (Fraction(0), Fraction(1)),
    "at a key frame": (Fraction(2), Fraction(3)),
    "between": (Fraction("2.517"), Fraction("3.333")),
    "to the end": (Fraction("4.9"), Fraction(100)),
}


@pytest.fixture(scope="module")
async def prober() -> AsyncIterator[Prober]:
    async with recipes.prober() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("footage")


async def make(prober: Prober, source: Path, start: Fraction, end: Fraction, target: Path) -> Plan:
    """The way of a job without its database: probe, plan, recipe, run, verify."""
    media = await prober.probe(source)
    plan = resolve(trim(float(start), float(end)), Facts(sha256="0" * 64, media=media))
    await recipes.make(plan, {"in0": source, "out0": target})
    assert complaints(plan.outputs[0], await prober.probe(target)) == []
    return plan


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", SOURCES)
async def test_the_frames_of_the_interval(prober: Prober, folder: Path, tmp_path: Path, name: str, cut: str) -> None:
    """In number, content, order and time."""
    source = footage.make(folder, name.replace(":", ""), **SOURCES[name])
    start, end = CUTS[cut]
    target = tmp_path / "work" / "out.mp4"
    await make(prober, source.path, start, end, target)
    frame_judge.judge_cut(source, target, start, end)
    if SOURCES[name].get("audio", 1):
        frame_judge.judge_sync(source, target, start, end)


@pytest.mark.parametrize("container", ["mp4", "mkv"])
async def test_sound_before_the_first_frame_is_kept(
    prober: Prober, folder: Path, tmp_path: Path, container: str
) -> None:
    """Where the picture begins late, there is no frame to seek for."""
    source = footage.make(folder, f"very-late-{container}", container=container, video_delay_frames=75)
    start, end = Fraction(5, 2), Fraction(9, 2)
    target = tmp_path / "work" / "out.mp4"
    await make(prober, source.path, start, end, target)
    frame_judge.judge_sync(source, target, start, end)
    assert frame_judge.read(target)[0].time_s == Fraction(1, 2)
