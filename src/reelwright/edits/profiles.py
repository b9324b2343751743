"""Profiles: named bundles of the choices that a transcode has; what a request says itself wins. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import NOT_ENCODED, Ladder


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What it is for, and what it stands for."""

    purpose: str
    ladder: Ladder


ProfileName = Literal["web", "web-small", "webm", "av1", "archive-hevc", "social", "broadcast-proxy"]

PROFILES: Mapping[ProfileName, Profile] = {
    "web": Profile(
        purpose="A ladder that every browser and phone plays: H.264 and AAC, at an even loudness.",
        ladder=Ladder(loudness_lufs=-16),
    ),
    "web-small": Profile(
        purpose="One small file for slow lines: H.264 at 480p.",
        ladder=Ladder(qualities=(Quality.P480,), crf=27, preset="medium", audio_bit_rate=64_000),
    ),
    "webm": Profile(
        purpose="A ladder free of patents for current browsers: VP9 and Opus.",
        ladder=Ladder(codec="vp9", container="webm", audio_bit_rate=96_000),
    ),
    "av1": Profile(
        purpose="The smallest files for current browsers: AV1 and Opus in MP4.",
        ladder=Ladder(codec="av1", audio_codec="opus", audio_bit_rate=96_000),
    ),
    "archive-hevc": Profile(
        purpose="To keep: HEVC at the video's own size, ten bits and HDR as they are, sound copied where that can be.",
        ladder=Ladder(
            qualities=(Quality.SOURCE,),
            codec="hevc",
            container="mkv",
            crf=18,
            preset="slow",
            audio_codec="copy",
        ),
    ),
    "social": Profile(
        purpose="For uploads to platforms, which code it again: H.264 at 1080p, turned for portraits, and -14 LUFS.",
        ladder=Ladder(qualities=(Quality.P1080,), crf=18, preset="fast", audio_bit_rate=192_000, loudness_lufs=-14),
    ),
    "broadcast-proxy": Profile(
        purpose="A preview of known size: H.264 at 720p, 2 Mbit/s in two passes, -23 LUFS.",
        ladder=Ladder(qualities=(Quality.P720,), video_bit_rate=2_000_000, two_pass=True, loudness_lufs=-23),
    ),
}


def ladder_of(profile: Profile | None, **said: object) -> Ladder:
    """The profile's choices, or the usual ones, but for those that are said (not None).

    A factor and a bit rate exclude each other, so do a bit rate of sound and sound that is not coded: the one that is
    said takes the place of the other.
    """
    chosen: dict[str, Any] = {}
    explicit = {name: value for name, value in said.items() if value is not None}
    if "crf" in explicit:
        chosen |= {"video_bit_rate": None, "two_pass": False}
    if "video_bit_rate" in explicit:
        chosen["crf"] = None
    if explicit.get("audio_codec") in NOT_ENCODED:
        chosen |= {"audio_bit_rate": None, "audio_channels": None}
    return msgspec.structs.replace(profile.ladder if profile else Ladder(), **(chosen | explicit))
