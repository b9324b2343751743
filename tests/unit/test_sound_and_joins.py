"""The steps `audio` and `concat` planned: lengths, tracks and frames, and where a request is wrong."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
import pytest

from reelwright.edits.edit import Edit
from reelwright.edits.facts import AnyFacts, Facts, ImageFacts, SoundFacts, VideoFacts
from reelwright.edits.plan import Plan, resolve
from reelwright.edits.steps import Step
from reelwright.edits.steps.concat import PlannedConcat
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.volume import factor
from reelwright.errors import InvalidInput
from tests.support.media_info import media

PICTURE = ImageFacts(sha256="1" * 64, width=200, height=100)
TUNE = SoundFacts(sha256="2" * 64, media=msgspec.structs.replace(media(seconds=4), video=[], container="mp3"))
SLOW = VideoFacts(sha256="3" * 64, media=media(seconds=5, rate="24000/1001", tracks=0))
HDR = VideoFacts(
    sha256="4" * 64,
    media=media(bit_depth=10, color_transfer="smpte2084", color_primaries="bt2020", color_space="bt2020nc"),
)


def planned(step: dict[str, Any], *layers: AnyFacts, tracks: int = 1) -> Plan:
    facts = Facts(sha256="0" * 64, media=media(tracks=tracks), layers=layers)
    return resolve(Edit(steps=(msgspec.convert(step, Step),)), facts)


@pytest.mark.parametrize(("said", "times"), [(0.5, 0.5), ("-6dB", 0.501187), ("+20 dB", 10), ("0dB", 1)])
def test_volumes_are_factors_or_decibels(said: float | str, times: float) -> None:
    assert float(factor(said)) == pytest.approx(times, abs=1e-6)


@pytest.mark.parametrize("said", [-1, 11, "6", "dB", "-99dB", "1e3dB", "٣dB", "nan"])
def test_what_is_no_volume(said: float | str) -> None:
    with pytest.raises(ValueError, match="is "):
        factor(said)


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({}, ""),
        ({"mute": True, "replace": {"source": "a"}}, "/replace"),
        ({"replace": {"source": "a", "start": 4}}, "/replace/start"),
        ({"mix": {"source": "a", "at": 10}}, "/mix/at"),
        ({"mix": {"source": "a", "at": 3, "until": 2}}, "/mix/until"),
        ({"fade_in": 6, "fade_out": 5}, "/fade_out"),
    ],
)
def test_what_is_wrong_with_sound_is_named(step: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        planned({"type": "audio"} | step, TUNE)
    assert [error.pointer for error in refused.value.errors] == [f"/steps/0{place}"]


@pytest.mark.parametrize(
    ("step", "tracks", "heard"),
    [
        ({"mute": True}, 2, 0),
        ({"replace": {"source": "a"}}, 2, 1),
        ({"mix": {"source": "a"}}, 0, 1),
        ({"volume": 2}, 2, 2),
    ],
)
def test_tracks_of_the_result(step: dict[str, Any], tracks: int, heard: int) -> None:
    assert planned({"type": "audio"} | step, TUNE, tracks=tracks).outputs[0].audio_tracks == heard


@pytest.mark.parametrize("overlap", [0, 12])
def test_frames_of_what_is_joined_are_counted(overlap: int) -> None:
    """Of the picture, the video and a clip of another rate; HDR becomes SDR."""
    step: dict[str, Any] = {
        "type": "concat",
        "before": [{"source": "a", "duration": 2}],
        "after": [{"source": "b"}] * 2,
    }
    if overlap:
        step["transition"] = {"duration": overlap / 25}
    plan = planned(step, PICTURE, SLOW, HDR)
    (expected,), joined = plan.outputs, plan.steps[1]
    assert isinstance(joined, PlannedConcat)
    clip = round(Fraction(119 * 1001, 24000) * 25) if joined.clips[1].frames != 125 else 125
    assert expected.frame_count == 50 + 250 + clip + 250 - 3 * overlap
    assert Fraction(expected.duration_s) == Fraction(expected.frame_count, 25)
    opened = joined.clips[2].opening
    assert isinstance(opened, PlannedOpening)
    assert (opened.hdr, opened.deep) == (False, False)


@pytest.mark.parametrize(
    ("step", "layer", "place"),
    [
        ({}, None, "/after"),
        ({"after": [{"source": "a"}]}, PICTURE, "/after/0/duration"),
        ({"before": [{"source": "a", "duration": 2, "end": 1}]}, PICTURE, "/before/0/end"),
        ({"before": [{"source": "a", "duration": 2}]}, SLOW, "/before/0/duration"),
        ({"before": [{"source": "a", "start": 7}]}, SLOW, "/before/0/start"),
        ({"after": [{"source": "a", "duration": 0.2}], "transition": {"duration": 1}}, PICTURE, "/transition/duration"),
        ({"after": [{"source": "a", "duration": 0.2}], "transition": "radial"}, PICTURE, "/transition"),
    ],
)
def test_what_is_wrong_with_a_join_is_named(step: dict[str, Any], layer: AnyFacts | None, place: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        planned({"type": "concat"} | step, *([layer] if layer is not None else []))
    assert [error.pointer for error in refused.value.errors] == [f"/steps/0{place}"]
