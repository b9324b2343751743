"""What the probe says of a video is what the ffmpeg that renders makes of it: every frame decoded, and compared."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg
import pytest

from reelwright.edits.media_info import MediaInfo
from reelwright.media.probe.prober import Prober
from tests.support import odd_files

FIELDS = {"P": "progressive", "T": "tt", "B": "bb"}
ROUNDED_S = 0.005
UNTIMED = ("avi", "mpegvideo")
"""Containers that do not say when frames are shown: how long the picture lasts is known to a frame."""
_FRAME = re.compile(r"n: *\d+ pts: *(-?\d+) .* s:(\d+)x(\d+) i:([PTB])")
_RANGE = re.compile(r"color_range:(tv|pc|unknown)")
"""By their names: what ffmpeg says of damage beside it may stand in the same line, without a space between."""
_TICK = re.compile(r"config in time_base: (\d+/\d+)")


@dataclass(frozen=True)
class Decoded:
    """What ffmpeg made of a track of picture."""

    times_s: list[Fraction]
    """By the file's own clock; counted from its start where that clock jumps."""
    sizes: set[tuple[int, int]]
    fields: str
    ranges: set[str]

    @property
    def gaps_s(self) -> list[Fraction]:
        return [after - before for before, after in pairwise(self.times_s)]


def decoded(path: Path, media: MediaInfo) -> Decoded:
    clock = () if media.clock_jumps else ("-copyts",)
    sound = [option for track in media.audio for option in ("-map", f"0:{track.index}")] if media.clock_jumps else []
    lines = ffmpeg(
        *(*clock, "-noautorotate", "-i", str(path), "-map", f"0:{media.main_video.index}", *sound),
        *("-fps_mode", "passthrough", "-vf", "showinfo", "-f", "null", "-"),
    )
    tick = Fraction(next(found[1] for line in lines if (found := _TICK.search(line))))
    frames = [found.groups() for line in lines if (found := _FRAME.search(line))]
    ranges = {found[1] for line in lines if "showinfo" in line and (found := _RANGE.search(line))}
    return Decoded(
        times_s=[int(pts) * tick for pts, *_ in frames],
        sizes={(int(width), int(height)) for _, width, height, _ in frames},
        fields="".join(order for *_, order in frames),
        ranges=ranges,
    )


def sounds(path: Path, index: int) -> bool:
    lines = ffmpeg("-i", str(path), "-map", f"0:{index}", "-af", "ashowinfo", "-f", "null", "-")
    return any("Parsed_ashowinfo" in line and "pts_time" in line for line in lines)


def ffmpeg(*arguments: str) -> list[str]:
    """What it says, whether it succeeds or not."""
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", *arguments]
    return subprocess.run(argv, stderr=subprocess.PIPE, check=False).stderr.decode(errors="replace").splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


@pytest.mark.few(24)
@pytest.mark.parametrize("kind", odd_files.KINDS)
async def test_the_probe_says_what_ffmpeg_decodes(prober: Prober, folder: Path, kind: str) -> None:
    """The frames, their times, size, fields and range, and which tracks give sound."""
    path = odd_files.make(kind, folder / re.sub(r"\W", "-", kind))
    media = await prober.probe(path)
    picture = media.main_video
    seen = decoded(path, media)
    tick = Fraction(picture.time_base)
    origin = media.start if media.clock_jumps else 0
    assert abs(Fraction(picture.start_s) - origin - seen.times_s[0]) <= (Fraction(1, 10**6) if origin else 0)
    assert picture.frame_count in (len(seen.times_s), None)
    assert {(picture.width, picture.height)} == seen.sizes
    assert picture.field_order == next((FIELDS[order] for order in seen.fields if order != "P"), "progressive")
    if picture.color_space != "gbr":
        assert {picture.color_range or "unknown"} == seen.ranges
    assert picture.duration_s is not None
    last_s = seen.gaps_s[-1] if seen.gaps_s else Fraction(1, 25)
    shown_s = float(seen.times_s[-1] - seen.times_s[0])
    guessed_s = float(last_s) if media.container in UNTIMED else 0
    assert shown_s < picture.duration_s + guessed_s
    assert picture.duration_s <= shown_s + float(last_s) + guessed_s + max(float(tick), ROUNDED_S)
    if picture.longest_frame_s is not None and seen.gaps_s:
        assert picture.longest_frame_s >= float(max(seen.gaps_s)) - 1e-5
    for track in media.audio:
        assert sounds(path, track.index) == track.decodable
    for other in media.other:
        assert other.kind != "empty" or not sounds(path, other.index)
