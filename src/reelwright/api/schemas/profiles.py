"""The JSON of profiles: what each is for, and the body that it stands for."""

from __future__ import annotations

import msgspec

from reelwright.api.schemas.transcode import RenditionsIn
from reelwright.edits.profiles import PROFILES, Profile, ProfileName


class ProfileOut(msgspec.Struct, frozen=True, kw_only=True):
    """A profile for `POST /transcode`. `settings`: the body that says the same without it."""

    name: ProfileName
    purpose: str
    settings: RenditionsIn

    @classmethod
    def of(cls, name: ProfileName, profile: Profile) -> ProfileOut:
        ladder = profile.ladder
        settings = {
            "qualities": ladder.qualities,
            "codec": ladder.codec,
            "container": ladder.container,
            "crf": ladder.crf,
            "video_bitrate": ladder.video_bit_rate,
            "two_pass": ladder.two_pass,
            "preset": ladder.preset,
            "audio": {
                "codec": ladder.audio_codec,
                "bit_rate": ladder.audio_bit_rate,
                "channels": ladder.audio_channels,
                "loudness": ladder.loudness_lufs,
            },
        }
        return cls(name=name, purpose=profile.purpose, settings=msgspec.convert(settings, RenditionsIn))


ALL = [ProfileOut.of(name, profile) for name, profile in PROFILES.items()]
