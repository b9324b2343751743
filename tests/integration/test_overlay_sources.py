"""An overlay on any kind of source: every frame stays, the layer lies where and when it should, sound stays in step."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from reelwright.edits.edit import overlay
from reelwright.edits.layers import AnyLayer, ImageLayer, VideoLayer
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import Facts, PictureFacts, Plan, VideoFacts, resolve
from reelwright.media.ffmpeg.runner import Report
from reelwright.media.probe.prober import Prober
from reelwright.media.verify import complaints
from tests.support import footage, frame_judge, recipes
from tests.support.invariants import processes_about
from tests.support.media_files import ffmpeg

WHOLE = Fraction(0), Fraction(100)

SOURCES: dict[str, dict[str, Any]] = {
    "usual": {},
    "portrait": {"size": (180, 320)},
    "rotated": {"rotation": 90},
    "upside down": {"rotation": 180},
    "anamorphic": {"sample_aspect_ratio": "4/3"},
    "anamorphic odd": {"size": (322, 182), "sample_aspect_ratio": "12/11"},
    "4:2:2 10 bit": {"video": "prores", "container": "mov", "pixel_format": "yuv422p10le"},
    "hevc 10 bit": {"video": "hevc", "pixel_format": "yuv420p10le"},
    "odd 4:4:4": {"size": (321, 181), "pixel_format": "yuv444p"},
    "silent": {"audio": 0},
    "vfr mp4": {"variable": True},
    "vfr mkv": {"variable": True, "container": "mkv"},
    "webm vp9": {"container": "webm", "video": "vp9"},
    "ts late": {"container": "ts", "start_offset_s": "1.4"},
    "avi mpeg4": {"container": "avi", "video": "mpeg4"},
    "late picture": {"video_delay_frames": 10},
    "late sound": {"audio_delay_s": 0.5},
    "short sound": {"audio_seconds": 3},
    "two tracks": {"audio": 2, "languages": ("eng", "hin")},
    "5.1": {"channels": "5.1"},
    "29.97": {"frame_rate": "30000/1001"},
    "cover art": {"cover_art": True},
}

MAGENTA = (255, 0, 255)
PATCH = (36, 24)
SHOWN = Fraction("1.52"), Fraction("3.3")


@pytest.fixture(scope="module")
async def prober() -> AsyncIterator[Prober]:
    async with recipes.prober() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("footage")


@pytest.fixture(scope="module")
def patch(folder: Path) -> Path:
    """An opaque picture of one colour."""
    path = folder / "patch.png"
    ffmpeg("-f", "lavfi", "-i", f"color=0xff00ff:size={PATCH[0]}x{PATCH[1]},format=rgba", "-frames:v", "1", str(path))
    return path


async def make(
    prober: Prober, source: Path, target: Path, *layers: tuple[AnyLayer, Path], report: Report = lambda *_: None
) -> tuple[Plan, MediaInfo]:
    """The way of a job without its database: probe, plan, recipe, run, verify. Each layer with the file it shows."""
    facts: list[PictureFacts | VideoFacts] = []
    for number, (layer, path) in enumerate(layers):
        digest = str(number + 1) * 64
        if isinstance(layer, VideoLayer):
            facts.append(VideoFacts(sha256=digest, media=await prober.probe(path)))
        else:
            facts.append(PictureFacts(sha256=digest, width=PATCH[0], height=PATCH[1]))
    measured = Facts(sha256="0" * 64, media=await prober.probe(source), layers=tuple(facts))
    plan = resolve(overlay(tuple(layer for layer, _ in layers)), measured)
    slots = {"in0": source, "out0": target} | {f"in{number + 1}": path for number, (_, path) in enumerate(layers)}
    await recipes.make(plan, slots, report=report)
    made = await prober.probe(target)
    assert complaints(plan.outputs[0], made) == []
    return plan, made


def pictures(path: Path) -> list[npt.NDArray[np.uint8]]:
    with av.open(f"file:{path}") as opened:
        return [frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False) for frame in opened.decode(video=0)]


def coloured(picture: npt.NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is magenta; None where nothing is."""
    near = np.abs(picture.astype(int) - MAGENTA).max(axis=-1) < 60
    if near.sum() < 20:
        return None
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize("name", SOURCES)
async def test_any_source(prober: Prober, folder: Path, patch: Path, tmp_path: Path, name: str) -> None:
    """All frames at their times, upright and in square pixels; the layer at its place in exactly its frames; all
    sound in step."""
    source = footage.make(folder, name.replace(":", ""), seconds=4, **SOURCES[name])
    target = tmp_path / "work" / "out.mp4"
    layer = ImageLayer(image_path="a", x="W-w-10", y="H-h-8", start=1.52, end=3.3)
    _, made = await make(prober, source.path, target, (layer, patch))

    frame_judge.judge_cut(source, target, *WHOLE, min_ssim=0.90)  # the layer itself is unlike, and CRF 20 is not 18
    width, height = made.picture.width, made.picture.height
    assert (made.picture.sample_aspect_ratio, made.picture.rotation) == ("1/1", 0)
    shown = (await prober.probe(source.path)).picture
    assert (width, height) == (shown.display_width // 2 * 2, shown.display_height // 2 * 2)

    found = [coloured(picture) for picture in pictures(target)]
    times = source.frame_times_s
    assert [number for number, box in enumerate(found) if box] == [
        number for number, time in enumerate(times) if SHOWN[0] <= time < SHOWN[1]
    ]
    right, bottom = width - 10, height - 8
    for box in filter(None, found):
        off = np.abs(np.subtract(box, (right - PATCH[0], bottom - PATCH[1], right, bottom)))
        assert off.max() <= 2, f"{box} in {width}x{height}"
    for track in range(SOURCES[name].get("audio", 1)):
        frame_judge.judge_sync(source, target, *WHOLE, track=track)
        assert made.audio[track].channels == (6 if name == "5.1" else 2)


LASTING: dict[str, dict[str, Any]] = {
    "long sound": {"audio_seconds": 3.5},
    "vfr mkv": {"variable": True, "container": "mkv"},
    "29.97": {"frame_rate": "30000/1001"},
    "silent 30": {"frame_rate": "30", "audio": 0},
}


@pytest.fixture(scope="module")
def flicker(folder: Path) -> Path:
    """One second of magenta at 50 frames a second, with sound that goes on longer."""
    path = folder / "flicker.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=0xff00ff:size=64x48:rate=50:duration=1"),
        *("-f", "lavfi", "-i", "sine=frequency=900:duration=1.3"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
    )
    return path


@pytest.mark.parametrize("kind", ["faded", "stop", "hold", "loop"])
@pytest.mark.parametrize("name", LASTING)
async def test_a_layer_that_lasts_to_the_end_adds_nothing(
    prober: Prober, folder: Path, patch: Path, flicker: Path, tmp_path: Path, name: str, kind: str
) -> None:
    """The video drives, whatever lies over it, at whatever frame rate: its frames, each once, at their times, and the
    layer in every one of them from its start on."""
    source = footage.make(folder, name, seconds=3, **LASTING[name])
    target = tmp_path / "work" / "out.mp4"
    layer: ImageLayer | VideoLayer
    if kind == "faded":
        layer, shown = ImageLayer(image_path="a", x=10, y=140, start=1.001, fade_in=0.1), patch
    else:
        layer, shown = VideoLayer(video_path="a", x=10, y=120, start=1.001, at_end=kind), flicker  # type: ignore[arg-type]
    await make(prober, source.path, target, (layer, shown))
    frame_judge.judge_cut(source, target, *WHOLE, min_ssim=0.85)
    until = Fraction("2.001") if kind == "stop" else Fraction(100)
    begins = Fraction("1.101") if kind == "faded" else Fraction("1.001")
    seen = [bool(coloured(picture)) for picture in pictures(target)]
    assert [number for number, time in enumerate(source.frame_times_s) if begins <= time < until] == [
        number for number, there in enumerate(seen) if there and source.frame_times_s[number] >= begins
    ]


@pytest.mark.parametrize("ground", ["silent", "usual", "two tracks"])
async def test_the_sound_of_a_video_layer(prober: Prober, folder: Path, tmp_path: Path, ground: str) -> None:
    """Mixed into every track, in step with the layer's picture and only while it is seen; the rest stays as it was."""
    source = footage.make(folder, ground, **SOURCES[ground])
    inner = footage.make(folder, "inner", size=(160, 90), video_delay_frames=5)
    target = tmp_path / "work" / "out.mp4"
    layer = VideoLayer(video_path="a", x=10, y=4, start=1.52, end=5.12, volume=1)
    _, made = await make(prober, source.path, target, (layer, inner.path))

    first = Fraction("1.52")
    late = inner.frame_times_s[0]  # the layer begins with its first picture, whatever sounded before that
    own = [first + Fraction(onset) - late for onset in frame_judge.beep_offsets_s(inner.path) if onset >= late]
    tracks = SOURCES[ground].get("audio", 1)
    assert len(made.audio) == max(tracks, 1)
    for track in range(len(made.audio)):
        expected = [float(onset) for onset in own if onset < Fraction("5.12")]
        if tracks:
            expected += [float(onset) for onset in frame_judge.beep_offsets_s(source.path, track)]
        heard = frame_judge.beep_offsets_s(target, track)
        assert len(heard) == len(expected), (heard, sorted(expected))
        assert np.abs(np.subtract(heard, sorted(expected))).max() < 0.003
    assert made.picture.frame_count == len(source.frame_times_s)


async def test_a_layer_late_in_a_long_video_costs_no_memory(prober: Prober, folder: Path, tmp_path: Path) -> None:
    """Nothing is decoded long before its time: five minutes of frames would be a gigabyte."""
    long = tmp_path / "long.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:size=640x360:rate=10:duration=300"),
        *("-f", "lavfi", "-i", "sine=frequency=300:sample_rate=8000:duration=300"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(long)),
    )
    inner = footage.make(folder, "inner", size=(160, 90), video_delay_frames=5)
    target = tmp_path / "work" / "out.mp4"
    layer = VideoLayer(video_path="a", x=0, y=0, start=290, end=296, volume=1)
    peaks_kib: list[int] = []

    def measure(_percent: float, _speed: float | None) -> None:
        for process in processes_about(target.parent):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
                peaks_kib.append(int(found[1]) if found else 0)

    _, made = await make(prober, long, target, (layer, inner.path), report=measure)
    assert 0 < max(peaks_kib) < 400 * 2**10
    assert made.picture.frame_count == 3000
    assert made.duration_s == pytest.approx(300, abs=0.1)
