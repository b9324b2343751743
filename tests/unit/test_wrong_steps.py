"""What is wrong with a step is named where the request has it, before anything is made."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.edit import Edit, transcode
from reelwright.edits.facts import AnyFacts, CueFacts, Facts, ImageFacts, StepFacts, SubtitlesFacts, VideoFacts
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput
from reelwright.edits.plan import Plan, resolve
from reelwright.edits.steps import Step
from reelwright.errors import FieldError, InvalidInput
from tests.support.media_info import media

PICTURE = ImageFacts(sha256="1" * 64, width=200, height=100)
LARGE = ImageFacts(sha256="1" * 64, width=32_000, height=30_000)
JUMPS = VideoFacts(sha256="2" * 64, media=msgspec.structs.replace(media(), clock_jumps=True))
GREEN = VideoFacts(sha256="3" * 64, media=media(dolby_vision_profile=5, dolby_vision_compatibility=0))
DRAWN = SubtitlesFacts(sha256="4" * 64, canvas=(640, 360), x=0, y=0, width=8, height=8)
UNKNOWN = msgspec.structs.replace(media(duration_s=None), duration_s=None)


def planned(step: dict[str, Any], *layers: StepFacts, info: MediaInfo | None = None) -> Plan:
    facts = Facts(sha256="0" * 64, media=info or media(), layers=layers)
    return resolve(Edit(steps=(msgspec.convert(step, Step),), outputs=(FileOutput(),)), facts)


def wrong(step: dict[str, Any], *layers: AnyFacts, info: MediaInfo | None = None) -> list[FieldError]:
    with pytest.raises(InvalidInput) as refused:
        planned(step, *layers, info=info)
    return list(refused.value.errors)


@pytest.mark.parametrize(
    ("step", "place", "said"),
    [
        ({"type": "crop", "width": 640, "x": 641, "y": 0}, "/x", "puts x at 641: a part of 640x720 there leaves"),
        ({"type": "crop", "width": 640, "x": "-1"}, "/x", "puts x at -1"),
        ({"type": "crop", "height": 360, "y": "H/0"}, "/y", "divides by zero"),
        ({"type": "crop", "width": 640, "position": {"anchor": "left", "margin": 641}}, "/position", "puts x at 641"),
        (
            {"type": "crop", "width": 9, "position": {"anchor": "right", "margin": -(10**5)}},
            "/position",
            "a position is",
        ),
        ({"type": "crop", "aspect": "1:11"}, "/aspect", "an aspect is from 1:10 to 10:1"),
        ({"type": "crop", "width": 1400}, "/width", "more than the picture has (1280)"),
        ({"type": "fit", "width": 16, "aspect": "1:10", "height": 9}, "/aspect", "said by width and height"),
        ({"type": "fit", "width": 8192, "aspect": "1:10"}, "/width", "8192x81920: 8192 pixels a side"),
        ({"type": "pad", "left": 7000}, "", "8280x720: 8192 pixels a side"),
        ({"type": "fade", "in": 1, "picture": False, "sound": False}, "/picture", "is off, and so is the sound"),
        ({"type": "fade", "in": 6, "out": 5}, "/out", "is, with `in`, longer than the video (10 s)"),
        ({"type": "fade", "in": 11}, "/in", "is longer than the video (10 s)"),
        ({"type": "audio", "fade_in": 6, "fade_out": 5}, "/fade_out", "is, with the other fade, longer"),
        ({"type": "audio", "fade_in": 11}, "/fade_in", "is longer than the video (10 s)"),
    ],
)
def test_what_is_wrong_with_a_step_is_named(step: dict[str, Any], place: str, said: str) -> None:
    (error,) = wrong(step)
    assert error.pointer == f"/steps/0{place}"
    assert said in error.detail


def test_a_layer_far_off_the_picture_is_refused() -> None:
    """As far as its margin, and how large it is, bring it."""
    place = {"anchor": "right", "margin": 10**5}
    layer = {"type": "image", "image_path": "a", "width": 4000, "position": place}
    (error,) = wrong({"type": "overlay", "layers": [layer]}, PICTURE)
    assert (error.pointer, error.detail) == ("/steps/0/layers/0/position", "a position is within 100000 pixels")


@pytest.mark.parametrize(
    ("clip", "facts", "place", "said"),
    [
        ({}, JUMPS, "/after/0/source", "whose clock jumps"),
        ({}, GREEN, "/after/0/source", "Dolby Vision of profile 5"),
        ({"duration": 2}, LARGE, "", "join 240 million pixels, 207 are taken"),
    ],
)
def test_what_cannot_be_joined_is_named(clip: dict[str, Any], facts: AnyFacts, place: str, said: str) -> None:
    (error,) = wrong({"type": "concat", "after": [{"source": "a"} | clip]}, facts)
    assert error.pointer == f"/steps/0{place}"
    assert said in error.detail


@pytest.mark.parametrize(
    ("step", "info", "place", "said"),
    [
        ({"start": 1}, UNKNOWN, "/end", "how long the video is, is not known"),
        ({"start": 0, "end": 1}, media(start_s="2"), "/end", "is not after the picture begins (2 s)"),
        ({"start": 7}, media(seconds=12, rate="1/3", frame_count=2), "/start", "the end of the picture (6 s)"),
    ],
)
def test_a_trim_has_to_have_pictures(step: dict[str, Any], info: MediaInfo, place: str, said: str) -> None:
    (error,) = wrong({"type": "trim"} | step, info=info)
    assert error.pointer == f"/steps/0{place}"
    assert said in error.detail


def test_nothing_but_a_trim_is_made_of_what_nobody_knows_the_length_of() -> None:
    """And it is said where the request names the video."""
    assert planned({"type": "trim", "start": 1, "end": 3}, info=UNKNOWN).outputs[0].duration_s == "2"
    layer = {"type": "image", "image_path": "a"}
    overlaid = wrong({"type": "overlay", "layers": [layer]}, PICTURE, info=UNKNOWN)
    faded = wrong({"type": "fade", "in": 1}, info=UNKNOWN)
    with pytest.raises(InvalidInput) as refused:
        resolve(transcode((FileOutput(),)), Facts(sha256="0" * 64, media=UNKNOWN), source_pointer="/video_id")
    errors = [*overlaid, *faded, *refused.value.errors]
    assert [error.pointer for error in errors] == ["/source", "/source", "/video_id"]
    assert {error.detail for error in errors} == {"how long the video is, is not known"}


def test_subtitles_that_were_drawn_for_another_picture_are_not_laid_over_this_one() -> None:
    (error,) = wrong({"type": "subtitles", "text": "a"}, DRAWN)
    assert (error.pointer, error.detail) == ("/steps/0/style", "was worked out for another picture: try again")


def test_what_is_done_to_no_sound_is_told() -> None:
    """And what was found out about subtitles before they were drawn."""
    silent = planned({"type": "audio", "volume": 2}, info=media(tracks=0))
    assert silent.warnings == ("/steps/0: the video has no sound that could be changed",)
    known = CueFacts(cues=(Cue("0", "1", (CueRun("a"),)),), warnings=("line 3: strange",))
    laid = planned({"type": "subtitles", "text": "a", "as": "track"}, known)
    assert laid.warnings == ("/steps/0: line 3: strange",)
