"""Which cuts are copied as far as that can be, by their plan alone, and what becomes of it where they are."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
import pytest

from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.edit import Edit, transcode
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.plan import COMPOSED, VERSION, Facts, Plan, resolve, splicing
from reelwright.edits.plan.touched import touched
from reelwright.edits.splice_structs import FrameRun, SplicedInterval, SpliceRefusal, Survey
from reelwright.edits.steps import Step
from reelwright.edits.steps.crop import CropStep
from reelwright.edits.steps.keep_and_cut import Interval, KeepStep, PlannedKeep
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.trim import TrimStep
from tests.support.media_info import media

TICKS = 12_800
CUT = TrimStep(start=1, end=8)
KEPT = KeepStep(intervals=(Interval(start=1, end=3), Interval(start=5, end=9)))
LIKE_SOURCE = FileOutput(like_source=True)
HEVC = FileOutput(video=VideoEncoding(codec="hevc"))
MP3 = FileOutput(container="mp3", video=None, audio=AudioEncoding(codec="mp3"))


def said(kind: Any, *times: tuple[int, int]) -> SubtitleTrack:
    cues = tuple(Cue(str(start), str(end), (CueRun("a"),)) for start, end in times)
    return SubtitleTrack(language="und", label="", kind=kind, cues=cues)


def planned(
    *steps: Step, outputs: tuple[FileOutput, ...] = (FileOutput(),), texts: tuple[SubtitleTrack, ...] = (), **info: Any
) -> Plan:
    facts = Facts(sha256="0" * 64, media=media(**info))
    return resolve(Edit(steps=steps, outputs=outputs), facts, texts=texts)


@pytest.mark.parametrize(
    ("step", "outputs", "info", "refused"),
    [
        (CropStep(width=640), (FileOutput(),), {}, ("output", "steps change all of the picture")),
        (CUT, (FileOutput(), HEVC), {}, ("output", "more than one file is made")),
        (CUT, (MP3,), {}, ("output", "a file without pictures is wanted")),
        (CUT, (FileOutput(container="mkv"),), {}, ("output", "only MP4 is made")),
        (CUT, (HEVC,), {}, ("output", "hevc is wanted, and the video is h264")),
        (CUT, (FileOutput(),), {"codec": "prores"}, ("output", "prores is copied into MOV, where neither")),
        (CUT, (FileOutput(video=VideoEncoding(bit_rate=10**6)),), {}, ("output", "a bit rate or an encoder")),
        (CUT, (FileOutput(audio=AudioEncoding(loudness_lufs=-16)),), {}, ("output", "its loudness is set")),
        (CUT, (FileOutput(),), {"begins_within_group": True}, ("times", "or it begins within a group")),
        (CUT, (FileOutput(),), {"longest_frame_s": 2.0}, ("standing", "it has pictures that stand")),
        (CUT, (FileOutput(),), {"width": 1279}, ("format", "its sides are odd")),
        (CUT, (HEVC,), {"codec": "hevc", "field_order": "tt"}, ("format", "its fields are not coded like that")),
        (
            CUT,
            (HEVC,),
            {"codec": "hevc", "dolby_vision_profile": 8, "dolby_vision_compatibility": 1},
            ("format", "it has Dolby Vision"),
        ),
    ],
)
def test_a_cut_that_cannot_be_copied_is_refused_before_its_packets_are_looked_at(
    step: Step, outputs: tuple[FileOutput, ...], info: dict[str, Any], refused: tuple[str, str]
) -> None:
    found = splicing.wanted(planned(step, outputs=outputs, **info), "smart")
    assert isinstance(found, SpliceRefusal)
    assert found.reason == refused[0]
    assert refused[1] in found.detail


def test_what_only_few_players_show_is_not_copied_unasked() -> None:
    """But by name it is."""
    plan = planned(CUT, outputs=(LIKE_SOURCE,), codec="mjpeg")
    refused = splicing.wanted(plan, "auto")
    assert refused == SpliceRefusal(reason="format", detail="few players show mjpeg")
    assert isinstance(splicing.wanted(plan, "copy"), splicing.SurveyQuestion)


def test_a_video_that_is_not_cut_is_not_asked_for() -> None:
    plan = resolve(transcode((FileOutput(),)), Facts(sha256="0" * 64, media=media()))
    assert touched(plan) is None
    assert isinstance(splicing.wanted(plan, "smart"), SpliceRefusal)


def test_what_was_not_surveyed_is_coded_anew() -> None:
    """As where the original came back between."""
    made = splicing.spliced(planned(CUT), "smart", None)
    assert not made.is_spliced
    assert made.warnings == ("the cut is coded anew: its packets were not looked at",)


def copied(*spans: tuple[int, int]) -> Survey:
    """In seconds."""
    return Survey(
        intervals=tuple(
            SplicedInterval(
                start_tick=start * TICKS,
                end_tick=end * TICKS,
                copied=FrameRun(first_tick=start * TICKS, last_tick=end * TICKS - 512),
            )
            for start, end in spans
        )
    )


def test_a_copy_of_intervals_is_the_one_that_can_be_made() -> None:
    """All that says what the result is says so of it, and so does what is told."""
    texts = (said("subtitles", (0, 1), (4, 6)), said("chapters", (0, 5), (5, 10)))
    plan = splicing.spliced(planned(KEPT, texts=texts), "copy", copied((2, 4), (6, 10)), texts)
    opened, kept = plan.steps
    assert isinstance(opened, PlannedOpening)
    assert isinstance(kept, PlannedKeep)
    assert (opened.start_s, opened.end_s, kept.intervals) == ("2", "10", (("0", "2"), ("4", "8")))
    assert (plan.length, plan.outputs[0].frame_count) == (Fraction(6), None)
    assert plan.warnings == (
        "the copy begins 1.000 s later and ends 1.000 s later than asked for, at 2.000 s and 4.000 s",
        "the copy begins 1.000 s later and ends 1.000 s later than asked for, at 6.000 s and 10.000 s",
    )
    assert plan.tracks == ()
    assert [(cue.start_s, cue.end_s) for cue in plan.chapters] == [("0", "2"), ("2", "6")]
    exactly = splicing.without_splice(plan)
    assert (exactly.length, exactly.is_spliced) == (Fraction(6), False)


def test_chapters_of_an_earlier_edit_do_not_go_along_with_a_copy() -> None:
    """Which begins elsewhere than where they were worked out for: all that is said of it is said with that."""
    chapters = said("chapters", (0, 5), (5, 10))
    plan = msgspec.structs.replace(planned(KEPT), subtitles=(chapters,))
    made = splicing.spliced(plan, "copy", copied((1, 3), (5, 10)))
    assert made.is_spliced
    assert made.chapters == ()
    assert made.warnings[1:] == ("chapters of an earlier edit are not kept by a copy, which begins and ends elsewhere",)


@pytest.mark.parametrize(("chapters", "version"), [(False, COMPOSED), (True, VERSION)])
def test_subtitles_that_the_container_of_a_copy_does_not_hold_are_left_out(chapters: bool, version: int) -> None:
    texts = (said("subtitles", (0, 9)), *([said("chapters", (0, 9))] if chapters else []))
    plan = planned(KEPT, outputs=(LIKE_SOURCE,), texts=texts, codec="prores")
    made = splicing.spliced(plan, "smart", copied((1, 3), (5, 9)), texts)
    assert made.is_spliced
    assert (made.tracks, bool(made.chapters), made.version) == ((), chapters, version)
    assert made.warnings[-1] == "subtitles are not kept in a copy in MOV"
