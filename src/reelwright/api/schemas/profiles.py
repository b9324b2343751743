"""The JSON of profiles: what each is for, and the body that it stands for."""

from __future__ import annotations

import msgspec

from reelwright.api.schemas.transcode import RenditionsIn, SoundIn
from reelwright.edits.profiles import PROFILES, Profile, ProfileName


class ProfileOut(msgspec.Struct, frozen=True, kw_only=True):
    """A profile for `POST /transcode`. `settings`: the body that says the same without it."""

    name: ProfileName
    purpose: str
    settings: RenditionsIn

    @classmethod
    def of(cls, name: ProfileName, profile: Profile) -> ProfileOut:
        audio = SoundIn(
            codec=profile.audio_codec,
            bit_rate=profile.audio_bit_rate,
            channels=profile.audio_channels,
            loudness=profile.loudness_lufs,
        )
        settings = RenditionsIn(
            qualities=None if profile.qualities is None else list(profile.qualities),
            codec=profile.codec,
            container=profile.container,
            crf=profile.crf,
            video_bitrate=profile.video_bit_rate,
            two_pass=profile.two_pass,
            preset=profile.preset,
            audio=audio,
        )
        return cls(name=name, purpose=profile.purpose, settings=settings)


ALL = [ProfileOut.of(name, profile) for name, profile in PROFILES.items()]
