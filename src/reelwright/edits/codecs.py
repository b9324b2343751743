"""Codecs of renditions: one row each, by which every rule about a codec goes. Pure.

To add one: its row here, its name in `Codec`, and a module of `media.encoders` for its encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reelwright.edits.kinds_and_states import Quality

Codec = Literal["h264", "hevc", "av1", "vp9"]
CopiedCodec = Literal["prores", "dnxhd", "mjpeg"]
"""That results may be copied in, and nothing is coded by."""
VideoContainer = Literal["mp4", "webm", "mkv"]
SoundContainer = Literal["m4a", "mp3", "wav", "flac", "ogg"]
"""Of sound alone."""
CopyContainer = Literal["mov"]
"""Made by copying alone, of codecs that are not coded here."""
Container = Literal[VideoContainer, SoundContainer, CopyContainer]
SoundCodec = Literal["aac", "opus", "mp3", "flac", "pcm_s16le"]
AudioCodec = Literal[SoundCodec, "copy", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecRules:
    """What holds of a codec, or of its encoder in software."""

    encoder: str
    """By ffmpeg's name."""
    containers: tuple[VideoContainer, ...]
    crf: Mapping[Quality, int]
    """Default constant rate factors: for each quality what looks about alike."""
    crf_range: tuple[int, int]
    """The least and the greatest factor that may be asked for."""
    peak_share: float
    """Of the bits that H.264 may take at its most demanding: newer codecs need less for the same look."""
    two_pass: bool = True
    """Whether the encoder can look at the whole video first, by way of ffmpeg."""
    two_pass_unasked: bool = False
    """Whether it does so for any bit rate unless it is told not to."""
    ten_bit: bool = True
    """Whether ten bits and HDR are kept where the source has them."""
    interlaced: bool = False
    """Whether players are told that frames are interlaced, so that they may stay so."""


def _crf(*factors: int) -> Mapping[Quality, int]:
    """From 2160p down to 240p."""
    return dict(zip((quality for quality in Quality if quality is not Quality.SOURCE), factors, strict=True))


CODECS: Mapping[Codec, CodecRules] = {
    "h264": CodecRules(
        encoder="libx264",
        containers=("mp4", "mkv"),
        crf=_crf(18, 19, 20, 22, 24, 25, 26),
        crf_range=(1, 51),  # 0 is lossless, which few players decode
        peak_share=1.0,
        ten_bit=False,  # with ten bits it plays in no browser
        interlaced=True,
    ),
    "hevc": CodecRules(
        encoder="libx265",
        containers=("mp4", "mkv"),
        crf=_crf(20, 21, 22, 24, 26, 27, 28),  # near H.264's by eye
        crf_range=(0, 51),
        peak_share=0.7,
    ),
    "av1": CodecRules(
        encoder="libsvtav1",
        containers=("mp4", "webm", "mkv"),
        crf=_crf(26, 28, 30, 32, 34, 36, 38),  # near H.264's by eye
        crf_range=(0, 63),
        peak_share=0.6,
        two_pass=False,
    ),
    "vp9": CodecRules(
        encoder="libvpx-vp9",
        containers=("mp4", "webm", "mkv"),
        crf=_crf(15, 24, 31, 32, 33, 36, 37),  # what the WebM project recommends for video on demand
        crf_range=(0, 63),
        peak_share=0.7,
        two_pass_unasked=True,  # in one pass it misses a bit rate by half of it and more
    ),
}

COPIED_INTO: Mapping[str, CopyContainer] = {"prores": "mov", "dnxhd": "mov", "mjpeg": "mov"}
"""Codecs whose every frame is a key frame, by ffmpeg's names, and what holds them: they are copied, and never coded."""

TEN_BIT = tuple(codec for codec, rules in CODECS.items() if rules.ten_bit)
TWO_PASS = tuple(codec for codec, rules in CODECS.items() if rules.two_pass)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioRules:
    """What holds of a codec of sound, or of its encoder."""

    encoder: str
    """By ffmpeg's name."""
    rates: tuple[int, ...] | None = None
    """Samples a second that it codes; None: any."""
    channels: int = 8
    bit_rates: tuple[int, int] | None = None
    """The least and the greatest, bits a second of up to two channels; None: nothing is lost, so that there is none."""
    options: tuple[str, ...] = ()
    """What its encoder is told beside."""


AUDIO_RULES: Mapping[AudioCodec, AudioRules] = {
    "aac": AudioRules(
        encoder="aac",
        rates=(96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350),
        bit_rates=(16_000, 512_000),
    ),
    "opus": AudioRules(encoder="libopus", rates=(48000,), bit_rates=(16_000, 512_000)),
    # of MPEG 1 alone, which all bit rates are for
    "mp3": AudioRules(encoder="libmp3lame", rates=(48000, 44100, 32000), channels=2, bit_rates=(32_000, 320_000)),
    "flac": AudioRules(encoder="flac", options=("-sample_fmt", "s16")),  # else 24 bits, of which 8 are noise
    "pcm_s16le": AudioRules(encoder="pcm_s16le"),
}

PREVIEW_ENCODER = "libwebp_anim"
"""Codes moving previews (WebP): by ffmpeg's name."""
MP3_ENCODER = AUDIO_RULES["mp3"].encoder
ENCODERS = (*(rules.encoder for rules in CODECS.values()), PREVIEW_ENCODER, MP3_ENCODER)
"""All in software that are used and that an ffmpeg may lack."""

AUDIO_CODECS: Mapping[Container, tuple[AudioCodec, ...]] = {
    "mp4": ("aac", "opus", "copy", "none"),
    "webm": ("opus", "copy", "none"),
    "mkv": ("aac", "opus", "copy", "none"),
    "mov": ("aac", "copy", "none"),
    "m4a": ("aac",),
    "mp3": ("mp3",),
    "wav": ("pcm_s16le",),
    "flac": ("flac",),
    "ogg": ("opus",),
}
"""Which audio a container holds, the usual one first."""
SOUND_CONTAINERS = tuple(container for container in AUDIO_CODECS if "none" not in AUDIO_CODECS[container])
"""Those that hold sound alone."""


def held_by(container: Container) -> tuple[Codec, ...]:
    """Return the codecs that a container holds."""
    return tuple(codec for codec, rules in CODECS.items() if container in rules.containers)
