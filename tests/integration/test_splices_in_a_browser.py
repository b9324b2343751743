"""A cut that copies, in a real browser: each frame is presented with its number, through every seam and after seeks."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from reelwright.edits.edit import overlay, trim
from reelwright.edits.layers import ImageLayer
from reelwright.edits.splice import FrameRun, Splice, SpliceRefusal
from reelwright.media.probe.prober import Prober
from reelwright.media.splicing.splicer import Splicer
from tests.support import footage, npm, recipes, splices
from tests.support.browser import page_server, reported
from tests.support.media_files import ffmpeg

PAGE = Path(__file__).with_name("seams.html")
PLAYERS = Path(__file__).parents[1] / "players"
START, END = Fraction("0.717"), Fraction("1.733")
MIME = 'video/mp4; codecs="avc1.64001e"'
PLAYS = 6
"""A machine that is busy drops a frame now and then, or a callback; what a file makes drop is dropped each time."""


@pytest.mark.slow
@pytest.mark.needs("chromium")
@pytest.mark.needs("npm")
@pytest.mark.parametrize("kind", [{}, {"b_frames": 8}, {"b_frames": 0}], ids=["plain", "pyramid", "no b"])
@pytest.mark.parametrize("way", ["plain", "mse", "hls"])
async def test_a_browser_shows_every_frame_through_the_seams(
    prober: Prober, splicer: Splicer, tmp_path: Path, way: str, kind: dict[str, Any]
) -> None:
    """No frame is dropped, none comes twice or out of order, and a seek shows the frame of its time on both sides of a
    seam. In playing, a callback may be missed, as of any file: never two in a row."""
    source = footage.make(keyframe_every=10, **kind)
    target = tmp_path / "work" / "out.mp4"
    made = await splices.cut(prober, splicer, trim(float(START), float(END)), source.path, target)
    assert not isinstance(made, SpliceRefusal), made
    numbers = [number for number, time in enumerate(source.frame_times_s) if START <= time < END]
    (interval,) = made.splice.intervals
    seams = [interval.copied.first_tick, *((interval.tail.first_tick,) if interval.tail else ())]
    at = [round((tick - interval.start_tick) * made.splice.tick * 25) for tick in seams]
    looked_at = sorted({place for seam in at for place in range(seam - 2, seam + 2)} & set(range(len(numbers))))

    found = await watched(tmp_path, target, way, numbers, [(place + 0.5) / 25 for place in looked_at])

    shown_right(found, way, numbers, looked_at)


@pytest.mark.slow
@pytest.mark.needs("chromium")
@pytest.mark.needs("npm")
@pytest.mark.parametrize("way", ["plain", "mse", "hls"])
async def test_a_browser_shows_every_frame_through_a_window(
    prober: Prober, splicer: Splicer, tmp_path: Path, patch: Path, way: str
) -> None:
    """Where something is laid over for a while, which alone is coded: copied before, coded, copied behind."""
    source, target = footage.make(keyframe_every=10), tmp_path / "work" / "out.mp4"
    # above the bars that are read
    edit = overlay((ImageLayer(image_path="a", x=4, y=4, scale=0.5, start=0.9, end=1.1),))
    made = await splices.cut(prober, splicer, edit, source.path, target, layers=[recipes.drawn(patch)])
    assert not isinstance(made, SpliceRefusal), made
    assert made.joined.copied > made.joined.encoded > 0
    seams = [round((run.last_tick + 1) * made.splice.tick * 25) for run in drawn_over(made.splice)]
    seams += [round(run.first_tick * made.splice.tick * 25) for run in drawn_over(made.splice)]
    numbers = list(range(len(source.frame_times_s)))
    looked_at = sorted({place for seam in seams for place in range(seam - 2, seam + 2)} & set(numbers))

    found = await watched(tmp_path, target, way, numbers, [(place + 0.5) / 25 for place in looked_at])

    shown_right(found, way, numbers, looked_at)


def drawn_over(splice: Splice) -> list[FrameRun]:
    return [run for interval in splice.intervals for run in interval.edges]


def shown_right(found: dict[str, Any], way: str, numbers: list[int], looked_at: list[int]) -> None:
    assert found["errors"] == []
    assert is_smooth(found, numbers)
    assert found["late"] <= (0.0 if way == "plain" else 0.2)
    assert [number for _, number in found["seeks"]] == [numbers[place] for place in looked_at]
    seen = list(dict.fromkeys(number for _, number in found["seen"]))
    assert seen == sorted(seen)
    assert set(seen) <= set(numbers)


def is_smooth(found: dict[str, Any], numbers: list[int]) -> bool:
    """Whether it was played without dropping a frame, and with callbacks for nearly all."""
    missed = set(numbers[1:]) - {number for _, number in found["seen"]}
    return not found["dropped"] and len(missed) <= 2 and not any(number + 1 in missed for number in missed)


async def watched(folder: Path, file: Path, way: str, numbers: list[int], times: list[float]) -> dict[str, Any]:
    """What the page saw when it was played smoothly, or the last time."""
    files = {"hls.js": (await npm.installed("players", PLAYERS)) / "node_modules" / "hls.js" / "dist" / "hls.min.js"}
    if way == "plain":
        files["out.mp4"], url = file, "out.mp4"
    elif way == "mse":
        files["out.mp4"], url = folder / "parts.mp4", "out.mp4"
        movflags = "frag_keyframe+empty_moov+default_base_moof"
        ffmpeg("-i", str(file), "-map", "0:v", "-c", "copy", "-movflags", movflags, str(folder / "parts.mp4"))
    else:
        stream, url = folder / "hls", "out.m3u8"
        stream.mkdir()
        parts = ("-f", "hls", "-hls_time", "0.4", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4")
        ffmpeg("-i", str(file), "-map", "0:v", "-c", "copy", *parts, str(stream / url))
        files |= {path.name: path for path in stream.iterdir()}
    top, bottom = footage.CODE_ROWS[0]
    bars = {"rows": [top, bottom], "cells": footage.CODE_CELLS, "bits": footage.CODE_BITS}
    asked = {"way": way, "url": url, "mime": MIME, "times": json.dumps(times), "bars": json.dumps(bars)}
    found: dict[str, Any] = {}
    for number in range(PLAYS):
        (profile := folder / f"browser {number}").mkdir()
        async with page_server(PAGE, files) as (origin, report):
            found = await reported(f"{origin}/?{urlencode(asked)}", report, profile)
        if is_smooth(found, numbers):
            break
    return found
