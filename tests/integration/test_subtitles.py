"""Subtitles burned in: each frame shows what is on the screen at its time, whatever the source is."""

from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from reelwright.edits.cues.style import SubtitleStyle
from reelwright.edits.edit import Edit
from reelwright.edits.facts import SubtitlesFacts
from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan.several_steps import resolve_steps
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps import Step
from reelwright.edits.steps.speed import SpeedStep
from reelwright.edits.steps.subtitles import GivenCue, SubtitlesStep
from reelwright.edits.steps.trim import TrimStep
from reelwright.errors import InvalidInput
from reelwright.media.probe.prober import Prober
from tests.support import footage, frame_judge
from tests.support.images import RendererForTests
from tests.support.recipes import Layer, edited, facts

SIZE = (320, 180)
BOXES = SubtitleStyle(background="white", color="white", padding=4, margin=4, font_size=14)
"""White boxes at the bottom, clear of the barcodes."""
ZONES = {"left": slice(10, 40), "center": slice(145, 175), "right": slice(280, 310)}


async def drawn_for(
    steps: tuple[Step, ...], source: Path, prober: Prober, renderer: RendererForTests, path: Path
) -> Layer:
    """The subtitles of the last step."""
    *before, step = steps
    assert isinstance(step, SubtitlesStep)
    known = facts(await prober.probe(source))
    state = resolve_steps(tuple(before), known, Fraction(repr(known.media.duration_s)), deep=False)[1]
    wanted = step.wanted(state, Pointer("/steps/0"), None)
    drawn = await renderer.draw_cues(wanted.cues, wanted.style, path)
    return (
        SubtitlesFacts(
            sha256="2" * 64, canvas=state.canvas, x=drawn.x, y=drawn.y, width=drawn.width, height=drawn.height
        ),
        path,
    )


def in_boxes(*cues: tuple[str, object, object]) -> SubtitlesStep:
    """Cues as boxes, each in its zone."""
    lines = [f"{_time(start)} --> {_time(end)} align:{zone}\nxxxxx" for zone, start, end in cues]
    return SubtitlesStep(text="WEBVTT\n\n" + "\n\n".join(lines), style=BOXES)


def _time(value: object) -> str:
    seconds = Fraction(str(value))
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}.{round(seconds % 1 * 1000):03}"


def boxes_in(frame: frame_judge.Decoded) -> set[str]:
    rows = frame.picture[SIZE[1] - 16 : SIZE[1] - 8]
    return {zone for zone, columns in ZONES.items() if rows[:, columns].mean() > 225}


OUTPUT = FileOutput(video=VideoEncoding(crf=14, preset="ultrafast"))
CUES = (
    ("left", "0.120", "0.480"),
    ("center", "0.400", "1.001"),
    ("right", "1.001", "1.002"),
    ("right", "1.210", "1.211"),
    ("left", "1.5", "100"),
)


@pytest.mark.parametrize("kind", ["even", "ntsc", "variable", "rotated", "matroska", "slides", "ten bits"])
async def test_each_frame_shows_what_is_on_the_screen_at_its_time(
    kind: str, prober: Prober, renderer: RendererForTests, tmp_path: Path
) -> None:
    """A cue's first frame is the first one that is not before its start, its last one the last before its end; a cue
    that no frame is in is in no frame."""
    made = {
        "even": lambda: footage.make(size=SIZE, frame_rate="25").path,
        "ntsc": lambda: footage.make(size=SIZE, frame_rate="30000/1001").path,
        "variable": lambda: footage.make(size=SIZE, variable=True).path,
        "rotated": lambda: footage.make(size=SIZE, rotation=90).path,
        "matroska": lambda: footage.make(size=SIZE, container="mkv", frame_rate="24000/1001").path,
        "slides": lambda: footage.slides(tmp_path / "slides.mp4", (0, 0.7, 1.9), sound_s=2.5, size=SIZE),
        "ten bits": lambda: footage.make(size=SIZE, video="hevc", pixel_format="yuv420p10le").path,
    }
    source = made[kind]()
    step = in_boxes(*CUES)
    layer = await drawn_for((step,), source, prober, renderer, tmp_path / "subtitles.mov")
    codec = "hevc" if kind == "ten bits" else "h264"
    assert OUTPUT.video is not None
    output = msgspec.structs.replace(OUTPUT, video=msgspec.structs.replace(OUTPUT.video, codec=codec))
    target = tmp_path / "out" / "made.mp4"
    await edited(prober, Edit(steps=(step,), outputs=(output,)), source, target, layers=[layer])
    frames = frame_judge.read(target)
    assert len(frames) >= 20
    seen = set()
    for frame in frames:
        shown = {zone for zone, start, end in CUES if Fraction(start) <= frame.time_s < Fraction(end)}
        assert boxes_in(frame) == shown, f"at {float(frame.time_s):.6f} s"
        seen |= shown
    assert seen >= {"left", "center"}
    assert ("right" in seen) == (kind in ("ntsc", "matroska"))  # they have a frame at 1.001 s


async def test_times_are_those_of_what_the_step_before_made(
    prober: Prober, renderer: RendererForTests, tmp_path: Path
) -> None:
    """Behind a trim and another speed; subtitles before them move along."""
    source, step = (
        footage.make(size=SIZE, frame_rate="25", seconds=4).path,
        in_boxes(("left", "0.2", "0.6"), ("center", "3.9", "4")),
    )
    before: tuple[Step, ...] = (TrimStep(start=1.0), SpeedStep(factor=2.0))
    behind = in_boxes(("left", "0.2", "0.6"))
    layer = await drawn_for((*before, behind), source, prober, renderer, tmp_path / "behind.mov")
    target = tmp_path / "behind" / "made.mp4"
    await edited(prober, Edit(steps=(*before, behind), outputs=(OUTPUT,)), source, target, layers=[layer])
    assert [frame.time_s for frame in frame_judge.read(target) if boxes_in(frame)] == [
        Fraction(number, 25) for number in range(5, 15)
    ]
    layer = await drawn_for((step,), source, prober, renderer, tmp_path / "before.mov")
    target = tmp_path / "before" / "made.mp4"
    steps = (step, TrimStep(start=0.4))
    await edited(prober, Edit(steps=steps, outputs=(OUTPUT,)), source, target, layers=[layer])
    shown = [boxes_in(frame) for frame in frame_judge.read(target)]
    assert shown[:6] == [{"left"}] * 5 + [set()]
    assert shown[-3:] == [set(), {"center"}, {"center"}]


async def test_what_cannot_be_is_named(prober: Prober) -> None:
    """By the field of the step."""
    known = facts(await prober.probe(footage.make(size=SIZE).path))
    state = resolve_steps((), known, Fraction(2), deep=False)[1]
    late = GivenCue(start=5, end=6, text="x")

    def wrong(step: SubtitlesStep) -> list[str]:
        with pytest.raises(InvalidInput) as refused:
            step.wanted(state, Pointer("/steps/3"), None)
        return [error.pointer for error in refused.value.errors]

    assert wrong(SubtitlesStep()) == ["/steps/3/cues"]
    assert wrong(SubtitlesStep(cues=(late,), text="x")) == ["/steps/3/cues"]
    assert wrong(SubtitlesStep(cues=(late,))) == ["/steps/3/cues"]
    assert wrong(SubtitlesStep(text="hello")) == ["/steps/3/text"]
    assert wrong(SubtitlesStep(cues=(late,), style=SubtitleStyle(color="x"))) == ["/steps/3/style/color"]
    backwards = (GivenCue(start="x", end=1, text="x"), GivenCue(start=1, end=0.5, text="x"))
    blank = GivenCue(start=0, end=1, text="<i></i>")
    assert wrong(SubtitlesStep(cues=(*backwards, blank))) == [
        *("/steps/3/cues/0/start", "/steps/3/cues/1/end", "/steps/3/cues/2/text")
    ]
    found = SubtitlesStep(cues=(late, GivenCue(start=1, end=9, text="b"), GivenCue(start=0, end=1, text="a")))
    wanted = found.wanted(state, Pointer("/steps/3"), None)
    assert [(cue.start_s, cue.end_s, cue.text) for cue in wanted.cues] == [("0", "1", "a"), ("1", "2", "b")]
    assert wanted.numbers == (2, 1)
    assert wanted.warnings == ("1 of the subtitles' cues begin behind the end of the video",)
