"""Which frames an edit touches, by its plan alone: what a survey is asked, what is refused, what is drawn where."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.api.schemas.templates import TemplateIn
from reelwright.edits.edit import OVERLAY_OUTPUT, Edit
from reelwright.edits.layers import ImageLayer
from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan import Facts, ImageFacts, Plan, PlannedOverlay, SoundFacts, resolve, splicing
from reelwright.edits.plan.touched import only, touched
from reelwright.edits.splice_structs import FrameRun, SourceCoding, SplicedInterval, SpliceRefusal, Survey
from reelwright.edits.steps import Step
from reelwright.edits.steps.audio import AudioStep, MixedSound
from reelwright.edits.steps.crop import CropStep
from reelwright.edits.steps.fade import FadeStep
from reelwright.edits.steps.keep_and_cut import Interval, KeepStep
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.trim import TrimStep
from reelwright.errors import InvalidInput
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.compile import splice_recipe
from reelwright.media.splicing.seen_packets import NotSo, PictureKind, SeenPacket, shown
from tests.support.media_info import media

PICTURE = ImageFacts(sha256="1" * 64, width=200, height=100)
TICKS = 12_800


def laid(*windows: tuple[float, float | None], **more: Any) -> OverlayStep:
    return OverlayStep(layers=tuple(ImageLayer(image_path="a", start=one, end=two, **more) for one, two in windows))


def planned(*steps: Step, output: FileOutput = OVERLAY_OUTPUT, **info: Any) -> Plan:
    layers = tuple(PICTURE for step in steps if isinstance(step, OverlayStep) for _ in step.layers)
    return resolve(Edit(steps=steps, outputs=(output,)), Facts(sha256="0" * 64, media=media(**info), layers=layers))


def windows(plan: Plan) -> list[tuple[float, float]]:
    known = touched(plan)
    assert known is not None
    return [(float(one.start), float(one.end)) for one in known.windows]


def test_windows_are_found_in_the_source_whatever_was_cut_before_and_behind() -> None:
    kept = KeepStep(intervals=(Interval(start=1, end=3), Interval(start=5, end=9)))
    assert windows(planned(laid((2, 4)))) == [(2, 4)]
    assert windows(planned(TrimStep(start=1, end=8), laid((2, 4)))) == [(3, 5)]
    assert windows(planned(kept, laid((1, 3)))) == [(2, 3), (5, 6)]
    assert windows(planned(laid((2, 4)), kept)) == [(2, 4)]
    assert windows(planned(kept, FadeStep(in_=0.5, out=1))) == [(1, 1.5), (8, 9)]
    assert touched(planned(laid((2, 4)), CropStep(width=640, height=360))) is None


def test_a_survey_is_asked_for_windows_to_the_tick() -> None:
    """With a tick of room, and once where they overlap; what was left out is not asked for."""
    asked = splicing.wanted(planned(laid((2, 4), (3, 5))), "smart")
    assert isinstance(asked, splicing.SurveyQuestion)
    assert asked.intervals == ((0, 10 * TICKS),)
    assert asked.touched == ((2 * TICKS - 1, 4 * TICKS + 1), (4 * TICKS + 1, 5 * TICKS + 1))
    kept = KeepStep(intervals=(Interval(start=0, end=3), Interval(start=5, end=9)))
    asked = splicing.wanted(planned(laid((2, 4)), kept), "smart")
    assert isinstance(asked, splicing.SurveyQuestion)
    assert asked.touched == ((2 * TICKS - 1, 3 * TICKS),)


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({"sample_aspect_ratio": "4/3"}, "format"),
        ({"field_order": "tt"}, "format"),
        ({"pixel_format": "yuv422p"}, "format"),
        ({"pixel_format": "yuv420p10le", "bit_depth": 10}, "format"),
        ({"color_primaries": "bt2020", "color_transfer": "bt709", "color_space": "bt2020nc"}, "format"),
        ({"codec": "vp9"}, "output"),
    ],
)
def test_what_is_not_drawn_on_as_it_is_is_refused(info: dict[str, Any], reason: str) -> None:
    refused = splicing.wanted(planned(laid((2, 4)), **info), "smart")
    assert isinstance(refused, SpliceRefusal)
    assert refused.reason == reason


def test_nothing_can_be_put_beside_vp9() -> None:
    """Though a cut of it may be copied."""
    output = FileOutput(video=VideoEncoding(codec="vp9"))
    refused = splicing.wanted(planned(laid((2, 4)), output=output, codec="vp9"), "smart")
    assert isinstance(refused, SpliceRefusal)
    assert refused.reason == "codec"
    asked = splicing.wanted(planned(TrimStep(start=1, end=8), output=output, codec="vp9"), "smart")
    assert isinstance(asked, splicing.SurveyQuestion)


def test_a_copy_has_nothing_laid_over_it() -> None:
    refused = splicing.wanted(planned(laid((2, 4))), "copy")
    assert isinstance(refused, SpliceRefusal)


def surveyed(coded_s: float) -> Survey:
    """Of ten seconds, so many are coded, the last ones."""
    border = round((10 - coded_s) * TICKS)
    tail = FrameRun(first_tick=border, last_tick=10 * TICKS - 512, count=round(25 * coded_s))
    copied = FrameRun(first_tick=0, last_tick=border - 512)
    return Survey(intervals=(SplicedInterval(start_tick=0, end_tick=10 * TICKS, copied=copied, tail=tail),))


def test_where_most_would_be_touched_all_is_coded() -> None:
    plan = planned(laid((4, None)))
    made = splicing.spliced(plan, "smart", surveyed(6))
    assert made.is_spliced
    refused = splicing.spliced(plan, "smart", surveyed(6.04))
    assert not refused.is_spliced
    assert refused.warnings[-1].startswith("all of it is coded anew: more than 60 %")
    assert splicing.without_splice(refused).steps == plan.steps


def test_what_is_drawn_has_only_what_is_seen_then() -> None:
    """Of twenty layers, those that lie in the frames; each still reads the file that it read before."""
    plan = planned(laid((1, 2), (4, 5), (4.5, 6)), FadeStep(out=1))
    seen, slots = only(plan, Fraction(4), Fraction(5))
    (step,) = [step for step in seen.steps if isinstance(step, PlannedOverlay)]
    assert [layer.start_s for layer in step.layers] == ["4", "9/2"]
    assert slots == (2, 3)


def test_what_brings_sound_alone_is_not_seen() -> None:
    """But counted among what is read."""
    tune = SoundFacts(sha256="2" * 64, media=media())
    steps = (AudioStep(mix=MixedSound(source="b")), laid((2, 4)))
    plan = resolve(
        Edit(steps=steps, outputs=(OVERLAY_OUTPUT,)), Facts(sha256="0" * 64, media=media(), layers=(tune, PICTURE))
    )
    seen, slots = only(plan, Fraction(2), Fraction(3))
    assert [type(step) for step in seen.steps] == [PlannedOpening, PlannedOverlay]
    assert slots == (2,)


def test_commands_name_the_slots_of_the_whole_plan() -> None:
    coding = SourceCoding(codec="h264", profile="high", level="4.0", reorder=2, free_id=1)
    run = FrameRun(first_tick=4 * TICKS, last_tick=6 * TICKS - 512, count=50)
    first = SplicedInterval(start_tick=0, end_tick=4 * TICKS, copied=FrameRun(first_tick=0, last_tick=4 * TICKS - 512))
    second = SplicedInterval(
        start_tick=4 * TICKS,
        end_tick=10 * TICKS,
        head=run,
        copied=FrameRun(first_tick=6 * TICKS, last_tick=10 * TICKS - 512),
    )
    plan = planned(laid((8, 8.001), (4, 5)))
    survey = Survey(coding=coding, intervals=(first, second))
    made = splicing.spliced(plan, "smart", survey)
    able = Capabilities(ffmpeg_version="9.0", threads=2, tone_mapping=True, encoders=("libx264",))
    (command,) = splice_recipe(made, able).commands
    slots = [one for one in command.arguments if one.startswith("<")]
    assert slots == ["<in0>", "<in2>", "<head1.mp4>"]
    assert "-xerror" in command.arguments
    assert command.if_damaged == command.from_start == ()


@given(st.lists(st.integers(0, 400), min_size=1, unique=True), st.integers(0, 400), st.integers(0, 400))
def test_frames_shown_in_an_interval_are_counted(times: list[int], begin: int, end: int) -> None:
    """In whatever order they are decoded, as long as none comes later than it is shown."""
    times = sorted(times)
    swapped = times[:]
    for place in range(0, len(swapped) - 1, 3):
        swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    packets = [SeenPacket(pts, time, PictureKind.OTHER) for pts, time in zip(swapped, times, strict=True)]
    packets = [packet._replace(dts=min(packet.pts, packet.dts or 0)) for packet in packets]
    assert shown(packets, begin, end) == [time for time in times if begin <= time < end]


def test_two_frames_at_one_time_are_refused() -> None:
    with pytest.raises(NotSo):
        shown([SeenPacket(1, 0, PictureKind.START), SeenPacket(1, 1, PictureKind.OTHER)], 0, 5)


def test_a_template_names_what_is_coded_anew_and_has_outputs_as_objects() -> None:
    layer = {"type": "text", "text": "a", "start": 2, "end": 3}
    edit = {"steps": [{"type": "overlay", "layers": [layer]}], "outputs": [{"codec": "hevc"}], "reencode": "touched"}
    assert TemplateIn(name="title", edit=edit).template().edit == edit
    with pytest.raises(InvalidInput):
        TemplateIn(name="title", edit=edit | {"outputs": ["mp5"]}).template()
