"""An overlay on any kind of source: every frame stays, the layer lies where and when it should, sound stays in step."""

from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest

from reelwright.edits.edit import Edit, overlay
from reelwright.edits.layers import ImageLayer, VideoLayer
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput
from reelwright.edits.plan import VideoFacts
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.rotate_and_flip import FlipStep
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, recipes
from tests.support.invariants import processes_about
from tests.support.media_files import ffmpeg
from tests.support.source_kinds import of_kind, some_slow, tracks

WHOLE = Fraction(0), Fraction(100)

SOURCES = (
    *("plain", "29.97", "vfr mp4", "vfr mkv", "ts late", "late picture", "avi mpeg4", "webm vp9"),
    *(
        "portrait",
        "rotated",
        "upside down",
        "anamorphic",
        "anamorphic odd",
        "odd 4:4:4",
        "hevc 10 bit",
        "prores 10 bit",
    ),
    *("silent", "two tracks", "5.1", "late sound", "short sound", "cover art"),
)
MUCH_ALIKE = (
    *("29.97", "vfr mkv", "avi mpeg4", "webm vp9", "portrait", "upside down", "anamorphic", "prores 10 bit"),
    *("silent", "short sound", "cover art"),
)
"""Each is like one of the others in all that an overlay heeds: CI takes them."""
MAGENTA = (255, 0, 255)
SHOWN = Fraction("0.52"), Fraction("1.3")


async def make(
    prober: Prober, source: Path, target: Path, layer: ImageLayer | VideoLayer, path: Path, **more: Any
) -> MediaInfo:
    """The source under the layer, which shows the file."""
    shown = recipes.drawn(path)
    if isinstance(layer, VideoLayer):
        shown = VideoFacts(sha256="1" * 64, media=await prober.probe(path)), path
    return (await recipes.edited(prober, overlay((layer,)), source, target, layers=[shown], **more)).outputs[0]


def coloured(picture: npt.NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is magenta; None where nothing is."""
    near = frame_judge.near(picture, MAGENTA, 59)
    if near.sum() < 20:
        return None
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.few(4)
@pytest.mark.parametrize("name", some_slow(SOURCES, MUCH_ALIKE))
async def test_any_source(prober: Prober, patch: Path, tmp_path: Path, name: str) -> None:
    """All frames at their times, upright and in square pixels; the layer at its place in exactly its frames; all
    sound in step."""
    source = of_kind(name)
    target = tmp_path / "work" / "out.mp4"
    layer = ImageLayer(image_path="a", x="W-w-10", y="H-h-8", start=0.52, end=1.3)
    made = await make(prober, source.path, target, layer, patch)

    frame_judge.judge_cut(source, target, *WHOLE, min_ssim=0.90)  # the layer itself is unlike, and CRF 20 is not 18
    width, height = made.main_video.width, made.main_video.height
    assert (made.main_video.sample_aspect_ratio, made.main_video.rotation) == ("1/1", 0)
    shown = (await prober.probe(source.path)).main_video
    assert (width, height) == (shown.display_width // 2 * 2, shown.display_height // 2 * 2)

    found = [coloured(picture) for picture in frame_judge.colours(target)]
    times = source.frame_times_s
    assert [number for number, box in enumerate(found) if box] == [
        number for number, time in enumerate(times) if SHOWN[0] <= time < SHOWN[1]
    ]
    right, bottom = width - 10, height - 8
    for box in filter(None, found):
        off = np.abs(np.subtract(box, (right - recipes.PATCH[0], bottom - recipes.PATCH[1], right, bottom)))
        assert off.max() <= 2, f"{box} in {width}x{height}"
    for track in tracks(name):
        frame_judge.judge_sync(source, target, *WHOLE, track=track)
        assert made.audio[track].channels == (6 if name == "5.1" else 2)


LASTING: dict[str, dict[str, Any]] = {
    "long sound": {"audio_seconds": 2.5},
    "vfr mkv": {"variable": True, "container": "mkv"},
    "29.97": {"frame_rate": "30000/1001"},
    "silent 30": {"frame_rate": "30", "audio": 0},
}


@pytest.fixture(scope="module")
def flicker(folder: Path) -> Path:
    """One second of magenta at 50 frames a second, with sound that goes on longer."""
    path = folder / "flicker.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=0xff00ff:size=40x30:rate=50:duration=1"),
        *("-f", "lavfi", "-i", "sine=frequency=900:duration=1.3"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
    )
    return path


@pytest.mark.few(3)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=[] if (column - row) % 4 < 2 else [pytest.mark.slow])
        for row, name in enumerate(LASTING)
        for column, kind in enumerate(("faded", "stop", "hold", "loop"))
    ],
)
async def test_a_layer_that_lasts_to_the_end_adds_nothing(
    prober: Prober,
    patch: Path,
    flicker: Path,
    tmp_path: Path,
    name: str,
    kind: Literal["faded", "stop", "hold", "loop"],
) -> None:
    """The video drives, whatever lies over it, at whatever frame rate: its frames, each once, at their times, and the
    layer in every one of them from its start on."""
    source = footage.make(**LASTING[name])
    target = tmp_path / "work" / "out.mp4"
    layer: ImageLayer | VideoLayer
    if kind == "faded":
        layer, shown = ImageLayer(image_path="a", x=10, y=76, start=0.501, fade_in=0.1), patch
    else:
        layer, shown = VideoLayer(video_path="a", x=10, y=76, start=0.501, at_end=kind), flicker
    await make(prober, source.path, target, layer, shown)
    frame_judge.judge_cut(source, target, *WHOLE, min_ssim=0.85)
    until = Fraction("1.501") if kind == "stop" else Fraction(100)
    begins = Fraction("0.601") if kind == "faded" else Fraction("0.501")
    seen = [bool(coloured(picture)) for picture in frame_judge.colours(target)]
    assert [number for number, time in enumerate(source.frame_times_s) if begins <= time < until] == [
        number for number, there in enumerate(seen) if there and source.frame_times_s[number] >= begins
    ]


@pytest.mark.parametrize("ground", ["silent", "plain", "two tracks"])
async def test_the_sound_of_a_video_layer(prober: Prober, tmp_path: Path, ground: str) -> None:
    """Mixed into every track, in step with the layer's picture and only while it is seen; the rest stays as it was."""
    source = of_kind(ground)
    inner = footage.make(size=(160, 90), video_delay_frames=5)
    target = tmp_path / "work" / "out.mp4"
    layer = VideoLayer(video_path="a", x=10, y=4, start=0.52, end=1.72, volume=1)
    made = await make(prober, source.path, target, layer, inner.path)

    first = Fraction("0.52")
    late = inner.frame_times_s[0]  # the layer begins with its first picture, whatever sounded before that
    own = [first + Fraction(onset) - late for onset in frame_judge.beep_offsets_s(inner.path) if onset >= late]
    assert len(made.audio) == max(len(tracks(ground)), 1)
    for track in range(len(made.audio)):
        expected = [float(onset) for onset in own if onset < Fraction("1.72")]
        if tracks(ground):
            expected += [float(onset) for onset in frame_judge.beep_offsets_s(source.path, track)]
        heard = frame_judge.beep_offsets_s(target, track)
        assert len(heard) == len(expected), (heard, sorted(expected))
        assert np.abs(np.subtract(heard, sorted(expected))).max() < 0.003
    assert made.main_video.frame_count == len(source.frame_times_s)


@pytest.mark.slow
async def test_a_layer_late_in_a_long_video_costs_no_memory(prober: Prober, tmp_path: Path) -> None:
    """Nothing is decoded long before its time: all the frames before it would be 400 MB."""
    long = tmp_path / "long.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:size=640x360:rate=16:duration=75"),
        *("-f", "lavfi", "-i", "sine=frequency=300:sample_rate=8000:duration=75"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(long)),
    )
    inner = footage.make(size=(160, 90), video_delay_frames=5)
    target = tmp_path / "work" / "out.mp4"
    layer = VideoLayer(video_path="a", x=0, y=0, start=70, end=74, volume=1)
    peaks_kib: list[int] = []

    def measure(_percent: float, _speed: float | None) -> None:
        for process in processes_about(target.parent):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
                peaks_kib.append(int(found[1]) if found else 0)

    made = await make(prober, long, target, layer, inner.path, report=measure)
    assert 0 < max(peaks_kib) < 300 * 2**10
    assert made.main_video.frame_count == 1200
    assert made.duration_s == pytest.approx(75, abs=0.1)


async def test_a_layer_of_more_frames_shows_the_one_on_display(prober: Prober, tmp_path: Path) -> None:
    """Never one that comes later, although the video itself, in an edit, is stamped in whole frames."""
    main, above = footage.make(), footage.make(frame_rate="60")
    layer = VideoFacts(sha256="1" * 64, media=await prober.probe(above.path))
    over = OverlayStep(layers=(VideoLayer(video_path="a", x=0, y=0, start=0.2),))
    edit = Edit(steps=(FlipStep(direction="vertical"), over), outputs=(FileOutput(),))
    await recipes.edited(prober, edit, main.path, tmp_path / "work" / "out.mp4", layers=[(layer, above.path)])
    numbers = [frame.number for frame in frame_judge.read(tmp_path / "work" / "out.mp4")]
    assert numbers[5:] == [(frame - 5) * 60 // 25 for frame in range(5, 50)]
