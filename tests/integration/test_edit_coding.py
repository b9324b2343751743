"""Trims and overlays are coded as is asked for: codec, container, size, depth; and pictures keep their levels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reelwright.edits import ladder
from reelwright.edits.edit import Edit, trim
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.layers import ImageLayer
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.rotate_and_flip import FlipStep
from reelwright.media.checks.inspector import Inspector
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge, recipes
from tests.support.media_files import ffmpeg

SIZE = (160, 90)


async def make(
    prober: Prober, operation: str, source: Path, patch: Path, target: Path, **wanted: Any
) -> tuple[Plan, MediaInfo]:
    made = await recipes.edited(
        *(prober, lambda media: recipes.edit_of(operation, media, begin_s=0.4, **wanted), source, target),
        layers=[recipes.drawn(patch)] if operation == "overlay" else [],
    )
    return made.plan, made.outputs[0]


CHOICES: dict[str, dict[str, Any]] = {
    "hevc": {"codec": "hevc"},
    "vp9 in webm": {"codec": "vp9", "container": "webm"},
    "av1 in mkv": {"codec": "av1", "container": "mkv"},
    "larger": {"qualities": (Quality.P240,)},
}


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        pytest.param(name, operation, marks=[] if (row + column) % 2 == 0 else [pytest.mark.slow])
        for row, name in enumerate(CHOICES)
        for column, operation in enumerate(("trim", "overlay"))
    ],
)
async def test_an_edit_is_coded_as_is_asked_for(
    prober: Prober, patch: Path, tmp_path: Path, name: str, operation: str
) -> None:
    """Ten bits stay where the codec has them; every frame and burst is where it was."""
    source = footage.make(video="hevc", pixel_format="yuv420p10le", size=SIZE, seconds=2)
    choice = CHOICES[name]
    plan, made = await make(prober, operation, source.path, patch, tmp_path / "work" / "out", **choice)
    codec = choice.get("codec", "h264")
    assert (made.main_video.codec, made.main_video.bit_depth) == (codec, 8 if codec == "h264" else 10)
    assert (made.main_video.width, made.main_video.height) == ((426, 240) if name == "larger" else SIZE)
    assert made.container.startswith({"webm": "matroska", "mkv": "matroska"}.get(choice.get("container", "mp4"), "mov"))
    assert made.audio[0].codec == ("opus" if choice.get("container") == "webm" else "aac")
    assert any("10 bits" in warning for warning in plan.warnings) == (codec == "h264")
    interval = (Fraction("0.4") if operation == "trim" else Fraction(0)), Fraction(100)
    frame_judge.judge_cut(source, tmp_path / "work" / "out", *interval, min_ssim=0.8)
    frame_judge.judge_sync(source, tmp_path / "work" / "out", *interval)


def bright(folder: Path, transfer: str) -> Path:
    source = folder / f"{transfer}.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=1,format=yuv420p10le"),
        *("-vf", f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1", str(source)),
    )
    return source


async def test_hdr_is_kept_by_a_trim_that_can(prober: Prober, folder: Path, patch: Path, tmp_path: Path) -> None:
    source = bright(folder, "smpte2084")
    for codec in ("hevc", "av1"):
        plan, made = await make(prober, "trim", source, patch, tmp_path / codec / "out", codec=codec)
        picture = made.main_video
        assert (picture.color_transfer, picture.color_primaries, picture.bit_depth) == ("smpte2084", "bt2020", 10)
        assert plan.warnings == ()


WHITE = {"smpte2084": 573, "arib-std-b67": 721}
"""Luma of graphics, ten bits: 203 cd/m2 by SMPTE ST 2084, and 75 % of HLG's signal, as ITU-R BT.2408 has it."""


@pytest.mark.parametrize("transfer", WHITE)
@pytest.mark.parametrize("steps", [1, 2])
async def test_what_is_laid_over_hdr_is_as_bright_as_graphics_are(
    prober: Prober, inspector: Inspector, folder: Path, tmp_path: Path, transfer: str, steps: int
) -> None:
    """The picture round it stays as it is, HDR of ten bits; half of the opacity lies between both."""
    source = bright(folder, transfer)
    white = folder / "white.png"
    ffmpeg("-f", "lavfi", "-i", "color=white:size=32x32,format=rgba", "-frames:v", "1", str(white))
    layers = OverlayStep(
        layers=(ImageLayer(image_path="a", x=8, y=8), ImageLayer(image_path="b", x=64, y=8, opacity=0.5))
    )
    output = ladder.single(Ladder(codec="hevc", crf=4, preset="ultrafast"), (160, 90), usual_crf=18)
    edit = Edit(steps=(layers, FlipStep(direction="horizontal"))[:steps], outputs=(output,))
    target = tmp_path / "work" / "out"
    drawn = [recipes.drawn(white, (32, 32))] * 2
    made = await recipes.edited(prober, edit, source, target, layers=drawn)
    picture = made.outputs[0].main_video
    assert (picture.color_transfer, picture.color_primaries, picture.bit_depth) == (transfer, "bt2020", 10)
    assert made.plan.warnings == ()
    await recipes.checked(prober, inspector, made.plan, 0, target, source)
    before, after = _luma(source), _luma(target)
    after = after[:, ::-1] if steps == 2 else after
    assert np.abs(after[12:36, 12:36] - WHITE[transfer]).max() < 8
    assert np.abs(after[12:36, 68:92] - (before[12:36, 68:92] + WHITE[transfer]) / 2).mean() < 8
    assert np.abs(after[48:] - before[48:]).mean() < 4


async def test_hdr_with_something_laid_over_becomes_sdr_for_all_where_one_output_cannot_have_it(
    prober: Prober, folder: Path, patch: Path, tmp_path: Path
) -> None:
    """White stays white: of tone-mapped graphics it would be gray."""
    source = bright(folder, "smpte2084")
    white = folder / "white.png"
    ffmpeg("-f", "lavfi", "-i", "color=white:size=32x32,format=rgba", "-frames:v", "1", str(white))
    outputs = ladder.outputs(Ladder(qualities=(Quality.SOURCE,), codec="hevc"), (160, 90))
    outputs += ladder.outputs(Ladder(qualities=(Quality.SOURCE,), codec="h264"), (160, 90))
    edit = Edit(steps=(OverlayStep(layers=(ImageLayer(image_path="a", x=8, y=8),)),), outputs=outputs)
    targets = (tmp_path / "work" / "out", tmp_path / "work" / "other")
    made = await recipes.edited(prober, edit, source, *targets, layers=[recipes.drawn(white, (32, 32))])
    assert [one.main_video.color_transfer for one in made.outputs] == ["bt709", "bt709"]
    assert made.plan.warnings[0].startswith("the video is HDR: it becomes SDR (BT.709)")
    assert np.abs(_luma(targets[0])[12:36, 12:36] - 940).max() < 12


def _luma(path: Path) -> Any:
    """Of the first frame, ten bits."""
    with av.open(str(path)) as opened:
        frame = next(opened.decode(video=0))
        plane = np.frombuffer(bytes(frame.planes[0]), np.uint16).reshape(frame.height, -1)
    return plane[:, : frame.width].astype(np.int32)


@pytest.mark.parametrize("operation", ["trim", "overlay"])
async def test_interlaced_pictures_stay_so_only_where_players_are_told(
    prober: Prober, folder: Path, patch: Path, tmp_path: Path, operation: str
) -> None:
    """H.264 of the same lines; any other is made of whole pictures."""
    source = footage.make(size=(160, 96), seconds=1, interlaced=True).path
    for name, choice, order in (("same", {}, "tt"), ("hevc", CHOICES["hevc"], None), ("240", CHOICES["larger"], None)):
        _, made = await make(prober, operation, source, patch, tmp_path / name / "out", **choice)
        assert made.main_video.field_order == (order or "progressive")
    odd = folder / "odd lines.mkv"  # in pairs of lines of each field, which H.264 needs
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=1,setfield=bff"),
        *("-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-q:v", "2", str(odd)),
    )
    _, made = await make(prober, operation, odd, patch, tmp_path / "odd" / "out")
    assert made.main_video.field_order == "progressive"


LEVELS = {
    "gray": ("gray", "tv"),
    "gray of full range": ("gray", "pc"),
    "gray of ten bits": ("gray10le", "tv"),
    "4:2:0": ("yuv420p", "tv"),
    "4:2:0 of full range": ("yuv420p", "pc"),
    "4:4:4": ("yuv444p", "tv"),
    "4:2:2 of ten bits": ("yuv422p10le", "tv"),
}


@pytest.mark.parametrize("name", LEVELS)
async def test_pictures_keep_their_levels(prober: Prober, folder: Path, patch: Path, tmp_path: Path, name: str) -> None:
    """Bars from black to white, as a viewer that heeds the range sees them, in every operation and codec."""
    pixel_format, reach = LEVELS[name]
    low, high = (16, 235) if reach == "tv" else (0, 255)
    source = folder / f"{name.replace(':', '')}.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", f"nullsrc=size=160x48:rate=25:duration=0.2,format=gray,setparams=range={reach}"),
        *("-vf", f"geq=lum='{low}+({high}-{low})*floor(X/20)/7',{_planes(pixel_format)}setparams=range={reach}"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:qp=1", "-pix_fmt", pixel_format),
        *("-color_range", reach, str(source)),
    )
    wanted = np.arange(8) * 255 / 7
    assert np.abs(_bars(source) - wanted).max() < 3
    for number, (operation, codec) in enumerate((("trim", "h264"), ("overlay", "h264"), ("transcode", "hevc"))):
        target = tmp_path / str(number) / "out"
        media = await prober.probe(source)
        if operation == "trim":
            plan = resolve(trim(0, 100), Facts(sha256="0" * 64, media=media))
            await recipes.make(plan, {"in0": source, "out0": target})
        else:
            await make(prober, operation, source, patch, target, codec=codec, crf=4)
        assert np.abs(_bars(target) - wanted).max() < 5, f"{operation}: {_bars(target)}"


def _planes(pixel_format: str) -> str:
    """In that format with the luma as it is, which ffmpeg's scaler would stretch."""
    return f"setparams=range=pc,scale=in_range=pc:out_range=pc,format={pixel_format},"


def _bars(path: Path) -> Any:
    """What the bars look like, 0 to 255."""
    with av.open(str(path)) as opened:
        frame = next(opened.decode(video=0))
        plane = np.frombuffer(bytes(frame.planes[0]), np.uint8 if frame.format.components[0].bits == 8 else np.uint16)
        step = frame.planes[0].line_size // plane.itemsize
        luma = plane.reshape(-1, step)[10, 10:160:20] / 2 ** (frame.format.components[0].bits - 8)
        full = int(frame.color_range) == 2
    return luma if full else (luma - 16) * 255 / 219
