"""What was seen of a made file, held to its plan: each thing that may be wrong fails the check that is meant for it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reelwright.edits.edit import trim
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.plan import Facts, resolve
from reelwright.edits.result_check import ResultCheck
from reelwright.media.checks.inspection import AudioFindings, Findings, Stretch, VideoFindings
from reelwright.media.checks.judge import judged
from tests.support.media_info import media

NAMED: dict[str, Any] = {"color_primaries": "bt709", "color_transfer": "bt709", "color_space": "bt709"}
MADE = media(seconds=2, **NAMED)
PICTURES = FileOutput(video=VideoEncoding())
SOUND = FileOutput(container="m4a", video=None, audio=AudioEncoding(codec="aac"))


def seen(**more: Any) -> Findings:
    """Of two seconds that are as planned, but for what is said."""
    pictures: dict[str, Any] = {"packets": 50, "decoded": 50, "first_s": 0.0, "last_s": 1.96, "groups": 1}
    sound: dict[str, Any] = {"packets": 94, "samples": 96_000, "sample_rate": 48_000, "channels": 2}
    steps = {"longest_step_s": 0.04, "shortest_step_s": 0.04}
    return Findings(
        index_first=more.pop("index_first", True),
        broken_off=more.pop("broken_off", False),
        stretches=more.pop("stretches", []),
        audio=[AudioFindings(**(sound | {"start_s": 0.0, "end_s": 2.0} | more.pop("heard", {})))],
        video=VideoFindings(**(pictures | steps | more)),
    )


def checks(found: Findings, *, made: MediaInfo = MADE, output: FileOutput = PICTURES) -> tuple[ResultCheck, ...]:
    return judged(resolve(trim(1, 3, output), Facts(sha256="0" * 64, media=media())), 0, made, found)


def not_ok(found: Findings, **more: Any) -> dict[str, str]:
    return {one.name: f"{one.outcome}: {one.seen}" for one in checks(found, **more) if one.outcome != "ok"}


def test_what_is_as_planned_fails_no_check() -> None:
    assert not_ok(seen()) == {}
    assert not_ok(seen(), made=msgspec.structs.replace(MADE, video=[]), output=SOUND) == {}


@pytest.mark.parametrize(
    ("found", "name", "told"),
    [
        ({"broken_off": True}, "readable", "breaks off"),
        ({"index_first": False}, "index", "behind the media"),
        ({"decoded": 49}, "decodes", "49 frames of 50 come out"),
        ({"errors": 2, "first_error_s": 0.5}, "decodes", "2 errors, the first at 0.500 s"),
        ({"errors": 2}, "decodes", "2 errors"),
        ({"heard": {"errors": 1, "first_error_s": 1.5}}, "decodes", "1 errors, the first at 1.500 s"),
        ({"resized": 1}, "frame_size", "1 frames of another size"),
        ({"packets": 51, "decoded": 51}, "frames", "51"),
        ({"longest_step_s": 0.08}, "frame_times", "from 0.000 s on, every 0.0400 to 0.0800 s"),
        ({"first_s": 0.04}, "frame_times", "from 0.040 s on"),
        ({"heard": {"channels": 1}}, "audio_format", "aac, 1 channels at 48000 Hz"),
        ({"heard": {"start_s": None, "end_s": None}}, "audio_times", "no sound comes out"),
        ({"heard": {"start_s": 0.2}}, "audio_times", "0.200 to 2.000 s"),
        ({"heard": {"end_s": 1.8}}, "audio_times", "0.000 to 1.800 s"),
        ({"heard": {"longest_hole_s": 0.3}}, "audio_times", "0.000 to 2.000 s, with a hole of 0.300 s"),
        ({"heard": {"shift_s": -0.2}}, "sync", "0.20 s earlier than there"),
        ({"heard": {"clipped": 0.5, "source_loud": 0.0}}, "clipping", "50 % of it is cut off at full scale"),
        ({"stretches": [Stretch(kind="black", start_s=0, end_s=1, differs=True)]}, "black", "and the source is not"),
        ({"stretches": [Stretch(kind="order", start_s=0, end_s=1, differs=True)]}, "frame_order", "0.00 to 1.00 s"),
    ],
)
def test_what_is_wrong_fails_its_check(found: dict[str, Any], name: str, told: str) -> None:
    failed = not_ok(seen(**found))
    assert list(failed) == [name]
    assert failed[name].startswith("failed: ")
    assert told in failed[name]


def test_what_may_be_so_is_noted() -> None:
    silent = Stretch(kind="silent", start_s=0, end_s=4)
    found = seen(stretches=[silent], heard={"clipped": 0.5, "source_loud": 0.5, "peak": 1.0})
    assert not_ok(found) == {"clipping": "noted: peak 1.00 of full scale", "silence": "noted: 0.00 to 4.00 s"}


def test_sound_alone_has_to_be_heard() -> None:
    made = msgspec.structs.replace(MADE, video=[])
    mute = not_ok(seen(heard={"samples": 0, "start_s": None, "end_s": None}), made=made, output=SOUND)
    assert mute == {"decodes": "failed: no sound comes out", "audio_times": "failed: no sound comes out"}
    damaged = not_ok(seen(heard={"errors": 3}), made=made, output=SOUND)
    assert damaged == {"decodes": "failed: 3 errors"}
