"""Profiles: each can be made, says truly what it stands for, and gives way to what a request says itself."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from reelwright.api.schemas.profiles import ALL, ProfileOut
from reelwright.api.schemas.transcode import SoundIn, TranscodeIn
from reelwright.edits import ladder
from reelwright.edits.edit import transcode
from reelwright.edits.plan import Facts, resolve
from reelwright.edits.profiles import PROFILES, ProfileName
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media

CAPABILITIES = Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True)


def test_all_names_are_known() -> None:
    """Those that a request takes are those that there are."""
    assert tuple(PROFILES) == get_args(ProfileName)


@pytest.mark.parametrize("profile", ALL, ids=lambda one: one.name)
def test_a_profile_is_what_its_settings_are(profile: ProfileOut) -> None:
    """By name or spelled out: the same edit, which compiles."""
    named, spelled = TranscodeIn(profile=profile.name).ladder(), profile.settings.ladder()
    outputs = ladder.outputs(named, (1920, 1080))
    assert outputs == ladder.outputs(spelled, (1920, 1080))
    plan = resolve(transcode(outputs), Facts(sha256="0" * 64, media=media(width=1920, height=1080)))
    assert compile_plan(plan, CAPABILITIES).commands


def test_what_is_said_wins() -> None:
    """Field by field; a factor takes the place of a bit rate and the other way round, a default that is said counts."""
    assert TranscodeIn(profile="av1", codec="h264").ladder().codec == "h264"
    assert TranscodeIn(profile="av1", audio=SoundIn(codec="aac")).ladder().audio_bit_rate == 96_000
    assert TranscodeIn(profile="av1", audio=SoundIn(codec="none")).ladder().audio_bit_rate is None
    small = TranscodeIn(profile="web-small", video_bitrate=500_000).ladder()
    assert (small.crf, small.video_bit_rate, small.preset) == (None, 500_000, "medium")
    proxy = TranscodeIn(profile="broadcast-proxy", crf=20).ladder()
    assert (proxy.crf, proxy.video_bit_rate, proxy.two_pass) == (20, None, False)


@pytest.mark.parametrize(
    ("body", "two_passes"),
    [
        ({"video_bitrate": 500_000}, True),
        ({"video_bitrate": 500_000, "two_pass": False}, False),
        ({"crf": 33}, False),
        ({"video_bitrate": 500_000, "codec": "h264", "container": "mp4"}, False),
        ({"video_bitrate": 500_000, "codec": "h264", "container": "mp4", "two_pass": True}, True),
    ],
)
def test_vp9_by_bit_rate_takes_two_passes_unless_told_otherwise(body: dict[str, Any], two_passes: bool) -> None:
    """One would miss the rate."""
    wanted = msgspec.convert({"codec": "vp9", "container": "webm", **body}, TranscodeIn).ladder()
    (output, *_) = ladder.outputs(wanted, (1280, 720))
    assert output.pictures.two_pass is two_passes
