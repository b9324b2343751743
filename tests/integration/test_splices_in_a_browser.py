"""A cut that copies, in a real browser: each frame is presented with its number, through every seam and after seeks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from reelwright.edits.edit import overlay, trim
from reelwright.edits.layers import ImageLayer
from reelwright.edits.splice_structs import FrameRun, Splice, SpliceRefusal
from reelwright.media.probe.prober import Prober
from reelwright.media.splicing.splicer import Splicer
from tests.support import footage, npm, recipes, splices
from tests.support.browser import page_server, reported
from tests.support.media_files import ffmpeg

PAGE = Path(__file__).with_name("seams.html")
PLAYERS = Path(__file__).parents[1] / "players"
START, END = Fraction("0.717"), Fraction("1.733")
MIME = 'video/mp4; codecs="avc1.64001e"'
KINDS: dict[str, dict[str, Any]] = {"plain": {}, "pyramid": {"b_frames": 8}, "no b": {"b_frames": 0}}
PLAYS = 6
"""A machine that is busy drops a frame now and then, or a callback; what a file makes drop is dropped each time."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A result that copies, and what a player has to show of it."""

    file: Path
    numbers: list[int]
    """Of its frames, in order."""
    looked_at: list[int]
    """The places on both sides of each seam, which are sought."""


@pytest.mark.slow
@pytest.mark.needs("chromium")
@pytest.mark.needs("npm")
@pytest.mark.parametrize("way", ["plain", "mse", "hls"])
async def test_a_browser_shows_every_frame_through_seams_and_windows(
    prober: Prober, splicer: Splicer, tmp_path: Path, patch: Path, way: str
) -> None:
    """No frame is dropped, none comes twice or out of order, and a seek shows the frame of its time on both sides of a
    seam. In playing, a callback may be missed, as of any file: never two in a row."""
    made = [await cut(prober, splicer, tmp_path / name, kind) for name, kind in KINDS.items()]
    made.append(await laid_over(prober, splicer, tmp_path / "window", patch))
    for shown, found in zip(made, await watched(tmp_path, made, way), strict=True):
        shown_right(found, way, shown)


async def cut(prober: Prober, splicer: Splicer, folder: Path, kind: dict[str, Any]) -> Shown:
    """Between key frames, both ends."""
    source, target = footage.make(keyframe_every=10, **kind), folder / "out.mp4"
    made = await splices.cut(prober, splicer, trim(float(START), float(END)), source.path, target)
    assert not isinstance(made, SpliceRefusal), made
    (interval,) = made.splice.intervals
    seams = [interval.copied.first_tick, *((interval.tail.first_tick,) if interval.tail else ())]
    at = [round((tick - interval.start_tick) * made.splice.tick * 25) for tick in seams]
    return beside(at, target, [number for number, time in enumerate(source.frame_times_s) if START <= time < END])


async def laid_over(prober: Prober, splicer: Splicer, folder: Path, patch: Path) -> Shown:
    """Where something is laid over for a while, which alone is coded: copied before, coded, copied behind."""
    source, target = footage.make(keyframe_every=10), folder / "out.mp4"
    # above the bars that are read
    edit = overlay((ImageLayer(image_path="a", x=4, y=4, scale=0.5, start=0.9, end=1.1),))
    made = await splices.cut(prober, splicer, edit, source.path, target, layers=[recipes.drawn(patch)])
    assert not isinstance(made, SpliceRefusal), made
    assert made.joined.copied > made.joined.encoded > 0
    seams = [round((run.last_tick + 1) * made.splice.tick * 25) for run in drawn_over(made.splice)]
    seams += [round(run.first_tick * made.splice.tick * 25) for run in drawn_over(made.splice)]
    return beside(seams, target, list(range(len(source.frame_times_s))))


def beside(seams: list[int], file: Path, numbers: list[int]) -> Shown:
    places = {place for seam in seams for place in range(seam - 2, seam + 2)}
    return Shown(file, numbers, sorted(places & set(range(len(numbers)))))


def drawn_over(splice: Splice) -> list[FrameRun]:
    return [run for interval in splice.intervals for run in interval.edges]


def shown_right(found: dict[str, Any], way: str, shown: Shown) -> None:
    assert found["errors"] == []
    assert is_smooth(found, shown.numbers)
    assert found["late"] <= (0.0 if way == "plain" else 0.2)
    assert [number for _, number in found["seeks"]] == [shown.numbers[place] for place in shown.looked_at]
    seen = list(dict.fromkeys(number for _, number in found["seen"]))
    assert seen == sorted(seen)
    assert set(seen) <= set(shown.numbers)


def is_smooth(found: dict[str, Any], numbers: list[int]) -> bool:
    """Whether it was played without dropping a frame, and with callbacks for nearly all."""
    missed = set(numbers[1:]) - {number for _, number in found["seen"]}
    return not found["dropped"] and len(missed) <= 2 and not any(number + 1 in missed for number in missed)


async def watched(folder: Path, made: list[Shown], way: str) -> list[dict[str, Any]]:
    """What the page saw of each when it was played smoothly, or the last time."""
    files = {"hls.js": (await npm.installed("players", PLAYERS)) / "node_modules" / "hls.js" / "dist" / "hls.min.js"}
    urls = [served(files, shown.file, way, number) for number, shown in enumerate(made)]
    top, bottom = footage.CODE_ROWS[0]
    bars = {"rows": [top, bottom], "cells": footage.CODE_CELLS, "bits": footage.CODE_BITS}
    found: dict[str, dict[str, Any]] = {}
    asked = dict(zip(urls, made, strict=True))
    for number in range(PLAYS):
        played = [{"url": url, "times": [(at + 0.5) / 25 for at in shown.looked_at]} for url, shown in asked.items()]
        query = urlencode({"way": way, "mime": MIME, "files": json.dumps(played), "bars": json.dumps(bars)})
        (profile := folder / f"browser {number}").mkdir()
        async with page_server(PAGE, files) as (origin, report):
            found |= zip(asked, await reported(f"{origin}/?{query}", report, profile), strict=True)
        asked = {url: shown for url, shown in asked.items() if not is_smooth(found[url], shown.numbers)}
        if not asked:
            break
    return [found[url] for url in urls]


def served(files: dict[str, Path], file: Path, way: str, number: int) -> str:
    """The name under which the page gets the file in that way; `files` gets all that this takes."""
    url, copied = f"{number}.mp4", ("-i", str(file), "-map", "0:v", "-c", "copy")
    if way == "plain":
        files[url] = file
    elif way == "mse":
        files[url] = file.with_name("parts.mp4")
        ffmpeg(*copied, "-movflags", "frag_keyframe+empty_moov+default_base_moof", str(files[url]))
    else:
        (stream := file.parent / "hls").mkdir()
        url = f"{number}.m3u8"
        parts = ("-f", "hls", "-hls_time", "0.4", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4")
        named = (
            "-hls_fmp4_init_filename",
            f"{number}-init.mp4",
            "-hls_segment_filename",
            str(stream / f"{number}-%d.m4s"),
        )
        ffmpeg(*copied, *parts, *named, str(stream / url))
        files |= {path.name: path for path in stream.iterdir()}
    return url
