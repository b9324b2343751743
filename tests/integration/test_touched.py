"""Edits that touch some frames code those alone: as they are where all are coded; all others are the source's."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reelwright.edits.codecs import Codec
from reelwright.edits.edit import OVERLAY_OUTPUT, Edit
from reelwright.edits.layers import ImageLayer, VideoLayer
from reelwright.edits.outputs import VideoEncoding
from reelwright.edits.plan import VideoFacts, splicing
from reelwright.edits.splice_structs import SpliceRefusal
from reelwright.edits.steps import Step
from reelwright.edits.steps.fade import FadeStep
from reelwright.edits.steps.keep_and_cut import Interval, KeepStep
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.trim import TrimStep
from reelwright.media.probe.prober import Prober
from reelwright.media.splicing.splicer import Splicer
from tests.support import footage, frame_judge, recipes, splices
from tests.support.footage import Footage
from tests.support.recipes import Layer
from tests.support.splices import Made

KINDS: Mapping[str, dict[str, Any]] = {
    "plain": {},
    "no b": {"b_frames": 0},
    "pyramid": {"b_frames": 8, "frame_rate": "30"},
    "29.97": {"frame_rate": "30000/1001", "keyframe_every": 30},
    "variable": {"variable": True, "seconds": 8, "keyframe_every": 8},
    "rotated": {"rotation": 90},
    "upside down": {"rotation": 180},
    "rotated back": {"rotation": 270},
    "fragmented": {"mux_options": ("-movflags", "frag_keyframe+empty_moov")},
    "mkv": {"container": "mkv"},
    "two tracks": {"audio": 2, "languages": ("eng", "deu")},
    "no sound": {"audio": 0},
    "late sound": {"audio_delay_s": 0.5},
    "late picture": {"video_delay_frames": 7},
    "short sound": {"audio_seconds": 3.0},
    "hevc": {"video": "hevc"},
    "hevc open gop": {"video": "hevc", "open_gop": True, "b_frames": 4},
    "hevc ten bits": {"video": "hevc", "pixel_format": "yuv420p10le"},
}
FEW = ("variable", "rotated", "mkv", "late sound", "hevc open gop")
"""That are made each time."""


def of_kind(name: str, seconds: int = 6) -> Footage:
    return footage.make(**({"seconds": seconds, "keyframe_every": 25} | KINDS[name]))


def marked(start: float, end: float | None, **more: Any) -> ImageLayer:
    return ImageLayer(image_path="a", x=30, y=20, start=start, end=end, **more)


async def touched(
    prober: Prober, splicer: Splicer, steps: tuple[Step, ...], source: Path, folder: Path, layers: list[Layer]
) -> Made:
    """The edit made so, and judged beside the whole encode of it, nearly without loss."""
    codec: Codec = msgspec.convert((await prober.probe(source)).main_video.codec, Codec)
    output = msgspec.structs.replace(OVERLAY_OUTPUT, video=VideoEncoding(codec=codec, crf=20))
    edit = Edit(steps=steps, outputs=(output,))
    target, whole = folder / "work" / "out.mp4", folder / "whole" / "out.mp4"
    made = await splices.cut(prober, splicer, edit, source, target, layers=layers)
    assert not isinstance(made, SpliceRefusal), made
    assert made.proven.wrong == ()
    best = VideoEncoding(crf=3, preset="ultrafast")  # of whichever codec: its pictures are looked at
    (expected,) = made.plan.outputs
    expected = msgspec.structs.replace(expected, output=msgspec.structs.replace(expected.output, video=best))
    plan = msgspec.structs.replace(splicing.without_splice(made.plan), outputs=(expected,))
    await recipes.make(plan, splices.slots_of(source, layers) | {"out0": whole})
    splices.judge_drawn(source, target, whole, made)
    return made


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FEW else [pytest.mark.slow]) for name in KINDS]
)
async def test_a_window_alone_is_coded(
    prober: Prober, splicer: Splicer, tmp_path: Path, patch: Path, name: str
) -> None:
    source = of_kind(name, seconds=4)
    layers = [recipes.drawn(patch)]
    made = await touched(prober, splicer, (OverlayStep(layers=(marked(2.1, 2.7),)),), source.path, tmp_path, layers)
    assert made.splice.sound == ("none" if name == "no sound" else "copied")
    assert made.joined.copied > 2 * made.joined.encoded
    target = tmp_path / "work" / "out.mp4"
    for track in range(len(made.plan.inputs[0].media.audio)):
        found, there = (frame_judge.beep_offsets_s(path, track) for path in (target, source.path))
        assert found == pytest.approx(there, abs=0.001)


WINDOWS: Mapping[str, tuple[Step, ...]] = {
    "several": (OverlayStep(layers=(marked(1.1, 1.3), marked(3.42, 3.8), marked(5.2, 5.5))),),
    "near": (OverlayStep(layers=(marked(2.1, 2.3), marked(2.5, 2.7))),),
    "over one another": (OverlayStep(layers=(marked(2.1, 3.3), marked(2.5, 3.6, opacity=0.5))),),
    "at the start": (OverlayStep(layers=(marked(0, 0.5),)),),
    "to the end": (OverlayStep(layers=(marked(5.5, None),)),),
    "faded": (OverlayStep(layers=(marked(2.1, 4.3, fade_in=0.7, fade_out=0.9),)),),
    "faded video": (FadeStep(in_=0.5, out=0.7, sound=False),),
    "above and below": (OverlayStep(layers=(marked(2.1, 2.7),)), FadeStep(in_=0.3, sound=False)),
    "in a trim": (TrimStep(start=0.717, end=5.333), OverlayStep(layers=(marked(2.1, 2.7, fade_in=0.3),))),
    "before a trim": (OverlayStep(layers=(marked(0.9, 1.6, fade_out=0.6),)), TrimStep(start=1.3, end=5.81)),
    "over a cut": (
        KeepStep(intervals=(Interval(start=0.32, end=2.48), Interval(start=3.12, end=5.6))),
        OverlayStep(layers=(marked(1.9, 2.6, fade_in=0.5),)),
    ),
    "of what is left out": (
        OverlayStep(layers=(marked(2.6, 2.9),)),
        KeepStep(intervals=(Interval(start=0.32, end=2.48), Interval(start=3.12, end=5.6))),
    ),
}


FEW_WINDOWS = ("several", "at the start", "faded video", "over a cut")
"""That are made each time, of the plain kind."""


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=[] if kind == "plain" and name in FEW_WINDOWS else [pytest.mark.slow])
        for name in WINDOWS
        for kind in ("plain", "variable", "hevc")
    ],
)
async def test_windows_anywhere(
    prober: Prober, splicer: Splicer, tmp_path: Path, patch: Path, name: str, kind: str
) -> None:
    """At each end, beside one another, faded, in steps before and behind cuts: frames look and lie as where all is
    coded."""
    steps = WINDOWS[name]
    layers = [recipes.drawn(patch) for step in steps if isinstance(step, OverlayStep) for _ in step.layers]
    made = await touched(prober, splicer, steps, of_kind(kind).path, tmp_path, layers)
    assert 0 < made.joined.encoded < Fraction(6, 10) * (made.joined.copied + made.joined.encoded)


@pytest.mark.slow
@pytest.mark.parametrize("volume", [0.0, 1.0])
async def test_a_video_lies_over_for_a_while(prober: Prober, splicer: Splicer, tmp_path: Path, volume: float) -> None:
    """Each of its frames when it is there in the whole; where it is heard, the sound is coded."""
    above = footage.make(seconds=2, size=(160, 90))
    layers: list[Layer] = [(VideoFacts(sha256="3" * 64, media=await prober.probe(above.path)), above.path)]
    layer = VideoLayer(video_path="video:a", x=20, y=20, start=2.1, end=3.7, scale=0.5, fade_in=0.4, volume=volume)
    steps = (OverlayStep(layers=(layer,)),)
    made = await touched(prober, splicer, steps, of_kind("plain").path, tmp_path, layers)
    assert made.splice.sound == ("coded" if volume else "copied")
