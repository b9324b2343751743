"""A trim is exact: the frames of the interval, each once, at their times, with the sound that belongs to them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from reelwright.edits.edit import trim
from reelwright.media.probe.prober import Prober
from tests.support import frame_judge, recipes
from tests.support.source_kinds import KINDS, of_kind, tracks

CUTS = {
    "from the start": (Fraction(0), Fraction("0.6")),
    "at a key frame": (Fraction(1), Fraction("1.6")),
    "between": (Fraction("0.717"), Fraction("1.333")),
    "to the end": (Fraction("0.9"), Fraction(100)),
}
WHOLE_TABLE = ("plain", "vfr mp4", "vfr mkv", "open gop", "ts late", "late picture")
"""Sources whose every cut is looked at each time, of the rest the one that lies between key frames."""
MUCH_ALIKE = (
    *("24", "30", "mkv 29.97", "webm 29.97", "flv", "wmv", "hevc mkv", "portrait", "upside down"),
    *("anamorphic", "anamorphic odd", "5.1", "short sound", "cover art"),
)
"""Each is like one of the others in all that a trim heeds: CI cuts them."""


@pytest.mark.few(12)
@pytest.mark.parametrize(
    ("name", "cut"),
    [
        pytest.param(name, cut, marks=[] if name in WHOLE_TABLE or cut == always else [pytest.mark.slow])
        for name in KINDS
        for always in ["between" if name not in MUCH_ALIKE else None]
        for cut in CUTS
    ],
)
async def test_the_frames_of_the_interval(prober: Prober, tmp_path: Path, name: str, cut: str) -> None:
    """In number, content, order and time."""
    source, (start, end) = of_kind(name), CUTS[cut]
    target = tmp_path / "work" / "out.mp4"
    await recipes.edited(prober, trim(float(start), float(end)), source.path, target)
    frame_judge.judge_cut(source, target, start, end)
    for track in tracks(name):
        frame_judge.judge_sync(source, target, start, end, track=track)


@pytest.mark.parametrize("container", ["mp4", "mkv"])
async def test_sound_before_the_first_frame_is_kept(prober: Prober, tmp_path: Path, container: str) -> None:
    """Where the picture begins late, there is no frame to seek for."""
    source = of_kind("late picture", container=container, video_delay_frames=75, seconds=6)
    start, end = Fraction(5, 2), Fraction(9, 2)
    target = tmp_path / "work" / "out.mp4"
    await recipes.edited(prober, trim(float(start), float(end)), source.path, target)
    frame_judge.judge_sync(source, target, start, end)
    assert frame_judge.read(target)[0].time_s == Fraction(1, 2)
