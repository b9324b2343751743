"""Of which steps of an original a result is, and when an edit of it is made of its own file instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from reelwright.edits.edit import Edit, transcode, trim
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan import Facts, LineageBase, Plan, resolve, splicing
from reelwright.edits.plan.steps_of_result import base_of, on
from reelwright.edits.splice_structs import FrameRun, SplicedInterval, Survey
from reelwright.edits.steps import Step
from reelwright.edits.steps.fit_and_pad import FitStep
from reelwright.edits.steps.keep_and_cut import Interval, KeepStep
from tests.support.media_info import media

MP4 = FileOutput(video=VideoEncoding())
CUT = trim(2, 8, MP4)


def planned(edit: Edit, info: MediaInfo | None = None) -> Plan:
    return resolve(edit, Facts(sha256="0" * 64, media=info or media()))


def base(edit: Edit, made: MediaInfo, info: MediaInfo | None = None) -> LineageBase:
    found = base_of(planned(edit, info), 0, made)
    assert isinstance(found, LineageBase), found
    return found


def steps_of(found: LineageBase | str) -> Sequence[tuple[Any, ...]]:
    """Each by its name, a cut with its bounds."""
    assert isinstance(found, LineageBase), found
    told = [msgspec.to_builtins(step) for step in found.steps]
    return [(step["type"], *(step[name] for name in ("start_s", "end_s") if name in step)) for step in told]


@pytest.mark.parametrize(
    ("edit", "source", "made", "reason"),
    [
        (CUT, {"longest_frame_s": 3.0}, {}, "the original's frames come at their own times"),
        (trim(9.97, 10, MP4), {"frame_count": None}, {}, "it begins within a picture that stands"),
        (CUT, {}, {"tracks": 2}, "its sound has other tracks or channels"),
        (CUT, {}, {"seconds": 5.9}, "it does not last as long as what it was made of"),
        (CUT, {}, {"frame_count": 149}, "it has not all frames of what it was made of"),
        (
            Edit(steps=(KeepStep(intervals=(Interval(start=2, end=8),)),), outputs=(MP4,)),
            {"color_transfer": "smpte2084"},
            {"color_transfer": "smpte2084"},
            "its colours are others",
        ),
        (CUT, {}, {"display_width": 427, "display_height": 240}, "its size is odd"),
    ],
)
def test_what_does_not_show_what_its_steps_would_is_edited_itself(
    edit: Edit, source: dict[str, Any], made: dict[str, Any], reason: str
) -> None:
    plan = planned(edit, media(**source))
    assert base_of(plan, 0, media(**({"seconds": 6.0} | made))) == reason


def test_what_was_scaled_is_scaled_again() -> None:
    small: dict[str, Any] = {"display_width": 426, "display_height": 240}
    assert steps_of(base(CUT, media(seconds=6, **small))) == [("open", "2", "8"), ("fit",)]
    assert steps_of(base(CUT, media(seconds=6))) == [("open", "2", "8")]


@pytest.mark.parametrize("lasts", [5.98, 6.0, 6.04])
def test_a_copy_of_a_result_is_what_the_result_was(lasts: float) -> None:
    """However its file rounded how long it is: no frame behind those that it has."""
    first = media(seconds=lasts, frame_count=150)
    found = on(base(CUT, first), base(transcode((MP4,)), first, first))
    assert steps_of(found)[0] == ("open", "2", "8")
    assert isinstance(found, LineageBase)
    assert found.state.length <= 6
    assert found.state.video.frame_count == 150


def test_steps_of_a_result_come_behind_those_that_made_it() -> None:
    first = media(seconds=6)
    wanted: tuple[Step, ...] = (FitStep(width=640, height=360),)
    later = base(Edit(steps=wanted, outputs=(MP4,)), media(seconds=6, display_width=640, display_height=360), first)
    assert steps_of(on(base(CUT, first), later)) == [("open", "2", "8"), ("fit",)]
    assert steps_of(on(base(CUT, first), base(trim(1, 4, MP4), media(seconds=3), first))) == [
        ("open", "2", "8"),
        ("trim", "1", "4"),
    ]


def test_frames_of_a_result_that_were_made_even_are_not_those_of_its_original() -> None:
    """Where nobody knew how many a second there are."""
    first = media(seconds=6, frame_rate=None)
    wanted: tuple[Step, ...] = (FitStep(width=640, height=360),)
    later = base(Edit(steps=wanted, outputs=(MP4,)), media(seconds=6, display_width=640, display_height=360), first)
    assert on(base(CUT, first), later) == "its frames were made even"


def test_copied_pictures_are_as_deep_as_the_originals() -> None:
    """Though the codec that was asked for is not coded with so many bits."""
    deep: dict[str, Any] = {"bit_depth": 10, "pixel_format": "yuv420p10le", "color_transfer": "arib-std-b67"}
    plan = planned(Edit(steps=(KeepStep(intervals=(Interval(start=0, end=10),)),), outputs=(MP4,)), media(**deep))
    copied = FrameRun(first_tick=0, last_tick=249 * 512)
    survey = Survey(intervals=(SplicedInterval(start_tick=0, end_tick=250 * 512, copied=copied),))
    copy = splicing.spliced(plan, "smart", survey)
    assert copy.is_spliced
    found = base_of(copy, 0, media(**deep))
    assert isinstance(found, LineageBase), found
    assert (found.state.video.bit_depth, found.state.video.is_hdr) == (10, True)
    coded = base_of(copy, 0, media())
    assert isinstance(coded, LineageBase), coded
    assert (coded.state.video.bit_depth, coded.state.video.is_hdr) == (8, False)
