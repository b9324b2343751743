"""Steps in any order do what their definitions say: frames, times, places and sound as a slow reference has them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
import pyvips

from reelwright.edits.edit import Edit
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.held_frames import video_end
from reelwright.edits.layers import ImageLayer
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.steps import Step
from reelwright.edits.steps.crop import CropStep
from reelwright.edits.steps.fade import FadeStep
from reelwright.edits.steps.fit_and_pad import PadStep
from reelwright.edits.steps.keep_and_cut import CutStep, Interval, KeepStep
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.rotate_and_flip import FlipStep, RotateStep
from reelwright.edits.steps.speed import SpeedStep
from reelwright.edits.steps.trim import TrimStep
from reelwright.media.probe.prober import Prober
from tests.support import recipes, reference
from tests.support.footage import Picture
from tests.support.reference import Clip, spans
from tests.support.source_kinds import of_kind

FAST = FileOutput(video=VideoEncoding(preset="ultrafast", crf=12))
MARK = (36, 24)
SHADE = 155


@dataclass(frozen=True, slots=True)
class Definition:
    step: Step
    means: Callable[[Clip], Clip]


def _square(picture: Picture) -> Picture:
    """The largest one at the left side."""
    side = min(picture.shape) // 2 * 2
    top = (picture.shape[0] - side) // 4 * 2
    return picture[top : top + side, :side]


def _padded(picture: Picture) -> Picture:
    return np.pad(picture, ((10, 0), (20, 0)), constant_values=0)


def _marked(picture: Picture) -> Picture:
    marked = picture.copy()
    marked[10 : 10 + MARK[1], 20 : 20 + MARK[0]] = SHADE
    return marked


def _interval(start: float, end: float | None) -> Interval:
    return Interval(start=start, end=end)


DEFINITIONS: Mapping[str, Definition] = {
    "trim": Definition(TrimStep(start=0.11, end=0.9), lambda clip: reference.kept(clip, *spans(0.11, 0.9))),
    "keep": Definition(
        KeepStep(intervals=(_interval(0.08, 0.5), _interval(0.6, 1.3))),
        lambda clip: reference.kept(clip, *spans(0.08, 0.5, 0.6, 1.3)),
    ),
    "cut": Definition(
        CutStep(intervals=(_interval(0.2, 0.4),)),
        lambda clip: reference.kept(clip, (Fraction(0), Fraction("0.2")), (Fraction("0.4"), clip.length)),
    ),
    "crop": Definition(CropStep(aspect="square", position="left"), lambda clip: reference.shaped(clip, _square)),
    "pad": Definition(PadStep(left=20, top=10), lambda clip: reference.shaped(clip, _padded)),
    "rotate": Definition(RotateStep(degrees=90), lambda clip: reference.shaped(clip, lambda one: np.rot90(one, -1))),
    "flip": Definition(FlipStep(direction="vertical"), lambda clip: reference.shaped(clip, np.flipud)),
    "faster": Definition(SpeedStep(factor=1.5), lambda clip: reference.faster(clip, Fraction(3, 2), _rate(clip))),
    "slower": Definition(SpeedStep(factor=0.8), lambda clip: reference.faster(clip, Fraction(4, 5), Fraction(0))),
    "fade": Definition(
        FadeStep(in_=0.2, out=0.2), lambda clip: reference.faded(clip, Fraction("0.2"), Fraction("0.2"))
    ),
    "overlay": Definition(
        OverlayStep(layers=(ImageLayer(image_path="mark", x=20, y=10),)),
        lambda clip: reference.shaped(clip, _marked),
    ),
}
PAIRS = list(itertools.product(DEFINITIONS, repeat=2))
KINDS = ("plain", "vfr mp4", "rotated", "interlaced", "silent", "29.97")


def _rate(clip: Clip) -> Fraction:
    return 1 / clip.frame_s if clip.frame_s is not None else Fraction(25)


def _when(number: int, kind: str) -> list[pytest.MarkDecorator]:
    """A few pairs are tried every time, each pair in CI with one kind, with all of them by hand: for hours."""
    if number % len(KINDS) != KINDS.index(kind):
        return [pytest.mark.soak]
    return [] if number % 7 == 0 else [pytest.mark.slow]


@pytest.mark.few(9)
@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [pytest.param(kind, *pair, marks=_when(number, kind)) for number, pair in enumerate(PAIRS) for kind in KINDS],
)
async def test_a_pair_of_steps(prober: Prober, tmp_path: Path, kind: str, first: str, second: str) -> None:
    """The second one works on what the first one made."""
    source = of_kind(kind)
    media = await prober.probe(source.path)
    steps = [DEFINITIONS[name] for name in (first, second)]
    layers = [_mark(tmp_path) for name in (first, second) if name == "overlay"]
    target = tmp_path / "work" / "out.mp4"
    edit = Edit(steps=tuple(step.step for step in steps), outputs=(FAST,))
    await recipes.edited(prober, edit, source.path, target, layers=layers)
    clip = _clip(source.path, media)
    for step in steps:
        clip = step.means(clip)
    reference.judge(target, clip)


def _clip(path: Path, media: MediaInfo) -> Clip:
    grid = frame_grid(media)
    length = Fraction(repr(media.duration_s))
    return reference.decoded(path, length, video_end(media), grid.frame_s if grid is not None else None)


def _mark(folder: Path) -> recipes.Layer:
    path = folder / "mark.png"
    pyvips.Image.black(*MARK, bands=3).linear(1, SHADE).bandjoin(255).cast("uchar").write_to_file(str(path))
    return recipes.drawn(path, MARK)


@pytest.mark.parametrize(
    ("steps", "sounds"),
    [
        (("flip",), ("none", "coded")),
        (("flip",), ("coded", "none")),
        (("cut",), ("none",)),
        (("overlay",), ("levelled",)),
        (("cut", "overlay"), ("levelled", "none")),
    ],
    ids=lambda names: "+".join(names),
)
async def test_each_output_has_the_sound_that_it_asks_for(
    prober: Prober, tmp_path: Path, steps: tuple[str, ...], sounds: tuple[str, ...]
) -> None:
    """Also where another one has none, and where the sound alone is measured first."""
    encodings = {
        "none": AudioEncoding(codec="none"),
        "coded": AudioEncoding(),
        "levelled": AudioEncoding(loudness_lufs=-16.0),
    }
    edit = Edit(
        steps=tuple(DEFINITIONS[name].step for name in steps),
        outputs=tuple(msgspec.structs.replace(FAST, audio=encodings[sound]) for sound in sounds),
    )
    targets = [tmp_path / "work" / f"out{number}.mp4" for number in range(len(sounds))]
    layers = [_mark(tmp_path)] * steps.count("overlay")
    made = await recipes.edited(prober, edit, of_kind("plain").path, *targets, layers=layers)
    assert [len(output.audio) for output in made.outputs] == [int(sound != "none") for sound in sounds]
