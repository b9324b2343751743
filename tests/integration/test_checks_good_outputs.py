"""Outputs that are as planned fail no check, whatever they show: pictures that stand still, flicker, are black, come
twice; sound that is even, silent, comes again and again. By hand: `pytest -m soak`, for some minutes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from reelwright.edits import ladder
from reelwright.edits.codecs import Codec
from reelwright.edits.edit import Edit
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.layers import ImageLayer
from reelwright.edits.outputs import Ladder, Preset
from reelwright.edits.plan import resolve
from reelwright.edits.steps.keep_and_cut import Interval, KeepStep
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.speed import SpeedStep
from reelwright.edits.steps.trim import TrimStep
from reelwright.media.checks.inspector import Inspector
from reelwright.media.probe.prober import Prober
from tests.support import recipes
from tests.support.media_files import ffmpeg

OUTPUTS, LENGTH_S = 200, 16
LARGE_OUTPUTS, LARGE_LENGTH_S = 48, 6

PICTURES = {
    "many things that move": "testsrc2=size=320x180:rate=30",
    "a zoom": "mandelbrot=size=320x180:rate=25",
    "cells": "life=size=320x180:mold=10:rate=25:ratio=0.1:death_color=#C83232:life_color=#00ff00",
    "noise": "color=gray:size=320x180:rate=25,noise=alls=60:allf=t",
    "nothing that moves": "smptehdbars=size=320x180:rate=30",
    "slides": "testsrc2=size=320x180:rate=1/2,fps=25",
    "black between": "testsrc2=size=320x180:rate=25,drawbox=color=black:t=fill:enable='lt(mod(t,5),1.2)'",
    "a film at the rate of video": "testsrc2=size=320x180:rate=24,fps=30",
    "flashes": "testsrc2=size=320x180:rate=25,drawbox=color=white:t=fill:enable='lt(mod(t,0.24),0.08)'",
    "a cursor that blinks": "color=white:size=320x180:rate=30,drawbox=40:60:4:20:t=fill:enable='lt(mod(t,1),0.5)'",
    "a camera that shakes": "testsrc2=size=400x240:rate=25,crop=320:180:'40+39*sin(70*t*t)':'30+29*cos(90*t)'",
    "an uneven rate": "testsrc2=size=320x180:rate=30,select='not(mod(n,3))+lt(mod(n,50),20)'",
}
SOUNDS = {
    "even": "sine=frequency=440",
    "bursts": "aevalsrc=0.3*sin(3000*t)*lt(mod(0.9*t*t+0.3*t\\,1)\\,0.35):c=stereo",
    "a metronome": "aevalsrc=0.5*sin(5000*t)*lt(mod(t\\,0.5)\\,0.05)",
    "noise": "anoisesrc=amplitude=0.2",
    "silence between": "aevalsrc=0.4*sin(2000*t)*gt(mod(t\\,6)\\,3):c=5.1",
    "full scale": "sine=frequency=100,volume=40dB",
    "silence": "anullsrc=channel_layout=stereo",
}


@pytest.fixture(scope="module")
def sources(folder: Path) -> list[Path]:
    """Each picture with a sound, their key frames near or far."""
    found = []
    for number, picture in enumerate(PICTURES.values()):
        sound = [*SOUNDS.values()][number % len(SOUNDS)]
        path = folder / f"{number}.mp4"
        inputs = ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", str(LENGTH_S))
        coding = ("-c:v", "libx264", "-preset", "veryfast", "-g", str((25, 60, 250)[number % 3]), "-c:a", "aac")
        ffmpeg(*inputs, *coding, "-pix_fmt", "yuv420p", "-fps_mode", "vfr", str(path))
        found.append(path)
    return found


TENS = "format=yuv420p10le"
HDR10 = "colour-primaries=9:transfer=16:colormatrix=9:hdr-opt=1:log-level=error"
HLG = "colour-primaries=9:transfer=18:colormatrix=9:log-level=error"
X264, X265 = ("-c:v", "libx264", "-preset", "superfast"), ("-c:v", "libx265", "-preset", "ultrafast")
LARGE: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "1080p.mp4": ("testsrc2=size=1920x1080:rate=25", "bursts", "aac", X264),
    "hdr10.mp4": (f"testsrc2=size=1920x1080:rate=24,{TENS}", "silence between", "aac", (*X265, "-x265-params", HDR10)),
    "hlg.mkv": (f"testsrc2=size=1280x720:rate=50,{TENS}", "even", "flac", (*X265, "-x265-params", HLG)),
    "ten_bits.mkv": (f"mandelbrot=size=1280x720:rate=25,{TENS}", "noise", "libopus", X264),
    "fields.ts": (
        "testsrc2=size=1920x1080:rate=50,tinterlace=mode=interleave_top,setfield=tff",
        "a metronome", "mp2", (*X264, "-flags", "+ildct+ilme", "-x264-params", "tff=1"),
    ),
    "fields_sd.mpg": (
        "mandelbrot=size=720x576:rate=50,tinterlace=mode=interleave_top,setsar=16/15",
        "even", "mp2", ("-c:v", "mpeg2video", "-q:v", "3", "-flags", "+ildct+ilme"),
    ),
    "uneven.mp4": (
        "testsrc2=size=1280x720:rate=60,select='not(mod(n,2))+lt(mod(n,90),30)'", "full scale", "aac", X264,
    ),
    "turned.mov": ("testsrc2=size=1920x1080:rate=30", "bursts", "pcm_s16le", X264),
    "noise.mp4": ("color=gray:size=1280x720:rate=25,noise=alls=40:allf=t", "noise", "libmp3lame", X264),
    "prores.mov": (
        "testsrc2=size=1280x720:rate=25,format=yuv422p10le", "silence between", "pcm_s24le", ("-c:v", "prores_ks"),
    ),
    "vp9.webm": (
        "testsrc2=size=1280x720:rate=30", "bursts", "libvorbis",
        ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
    ),
    "dark.mp4": (
        "mandelbrot=size=1920x1080:rate=25,eq=brightness=-0.4:contrast=0.3", "silence", "aac", (*X264, "-bf", "0"),
    ),
}  # fmt: skip
"""What it is called, its picture, sound and codecs."""


@pytest.fixture(scope="module")
def large_sources(folder: Path) -> list[Path]:
    """Pictures of 720 lines and more, as cameras, phones, discs and broadcasts have them."""
    found = []
    for name, (picture, sound, audio, video) in LARGE.items():
        path = folder / name
        inputs = ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", SOUNDS[sound], "-t", str(LARGE_LENGTH_S))
        form = () if "format=" in picture else ("-pix_fmt", "yuv420p")
        ffmpeg(*inputs, *video, *form, "-c:a", audio, "-g", "50", "-fps_mode", "vfr", str(path))
        if name == "turned.mov":
            upright = path.rename(path.with_name("upright.mov"))
            ffmpeg("-display_rotation", "90", "-i", str(upright), "-c", "copy", str(path))
        found.append(path)
    return found


def _large_steps(chance: random.Random) -> tuple[Any, ...]:
    start = round(chance.uniform(0, 3), 2)
    trim = TrimStep(start=start, end=round(start + chance.uniform(0.5, 2.9), 2))
    laid = OverlayStep(layers=(ImageLayer(image_path="mark", x=200, y=100),))
    kept = KeepStep(intervals=(Interval(start=0.4, end=start + 1), Interval(start=start + 1.3, end=start + 2.5)))
    return chance.choice([(), (trim,), (laid,), (trim, laid), (kept,), (SpeedStep(factor=1.5),)])


def _large_ladder(chance: random.Random) -> Ladder:
    codec: Codec = chance.choice(["h264", "h264", "hevc", "av1", "vp9"])
    quality = chance.choice([Quality.SOURCE, Quality.SOURCE, Quality.P720, Quality.P480])
    loudness = chance.choice([None, None, -16.0])
    return Ladder(
        qualities=(quality,), codec=codec, preset="ultrafast", crf=chance.randint(20, 36), loudness_lufs=loudness
    )


def _steps(chance: random.Random) -> tuple[Any, ...]:
    start = round(chance.uniform(0, 8), 2)
    trim = TrimStep(start=start, end=round(start + chance.uniform(0.5, 8), 2))
    laid = OverlayStep(layers=(ImageLayer(image_path="mark", x=20, y=10),))
    kept = KeepStep(intervals=(Interval(start=1, end=start + 2), Interval(start=start + 3, end=start + 7.5)))
    return chance.choice([(), (trim,), (trim,), (laid,), (trim, laid), (kept,), (SpeedStep(factor=1.5),)])


def _ladder(chance: random.Random) -> Ladder:
    codec: Codec = chance.choice(["h264", "h264", "h264", "hevc", "av1", "vp9"])
    loudness = chance.choice([None, None, -16.0])
    quality = chance.choice([Quality.SOURCE, Quality.SOURCE, Quality.P240])
    preset: Preset = chance.choice(["ultrafast", "veryfast"])
    return Ladder(qualities=(quality,), codec=codec, preset=preset, crf=chance.randint(20, 40), loudness_lufs=loudness)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chunk", range(10))
async def test_a_good_output_raises_no_alarm(
    prober: Prober, inspector: Inspector, sources: list[Path], patch: Path, tmp_path: Path, chunk: int
) -> None:
    alarms = []
    for number in range(chunk, OUTPUTS, 10):
        chance = random.Random(number)
        source = chance.choice(sources)
        steps, choice = _steps(chance), _ladder(chance)
        alarms += await _alarms(prober, inspector, source, steps, choice, patch, tmp_path / str(number))
    assert alarms == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("chunk", range(6))
async def test_a_good_output_of_a_large_picture_raises_no_alarm(
    prober: Prober, inspector: Inspector, large_sources: list[Path], patch: Path, tmp_path: Path, chunk: int
) -> None:
    """HDR, ten bits, fields, uneven rates, turned pictures, many kinds of sound: each source four times."""
    alarms = []
    for number in range(chunk, LARGE_OUTPUTS, 6):
        chance = random.Random(number)
        source = large_sources[number % len(large_sources)]
        steps, choice = _large_steps(chance), _large_ladder(chance)
        alarms += await _alarms(prober, inspector, source, steps, choice, patch, tmp_path / str(number))
    assert alarms == []


async def _alarms(
    prober: Prober,
    inspector: Inspector,
    source: Path,
    steps: tuple[Any, ...],
    choice: Ladder,
    patch: Path,
    folder: Path,
) -> list[tuple[str, tuple[Any, ...], Ladder, list[str]]]:
    """What is said against a good output."""
    media = await prober.probe(source)
    edit = Edit(steps=steps, outputs=ladder.outputs(choice, media.main_video.display_size))
    layers = [recipes.drawn(patch)] if any(isinstance(step, OverlayStep) for step in steps) else []
    plan = resolve(edit, recipes.facts(media, *(known for known, _ in layers)))
    target = folder / "out"
    slots = {"in0": source, "out0": target} | {f"in{at}": path for at, (_, path) in enumerate(layers, 1)}
    await recipes.make(plan, slots)
    checks = await recipes.checked(prober, inspector, plan, 0, target, source)
    wrong = [one.complaint for one in checks if one.outcome == "failed"]
    target.unlink()
    return [(source.name, steps, choice, wrong)] if wrong else []
