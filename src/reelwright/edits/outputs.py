"""Outputs: how files are to be coded, one or a whole ladder of renditions."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from reelwright.edits.codecs import AudioCodec, Codec, Container
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.streaming import SegmentSeconds, Streaming

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"]
Channels = Literal[1, 2, 6, 8]
"""Mono, stereo, 5.1, 7.1."""
NOT_ENCODED = frozenset({"copy", "none"})
"""Sound that is left as it is, or out."""
AUDIO_BIT_RATE = 128_000


class VideoEncoding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pictures are coded: constant rate factor (lower is better and larger) and the encoder's speed preset.

    `bit_rate`, bits a second on average, is instead of the factor; `two_pass` spends it where it is needed.
    `segment_s`: with a key frame at the start of each segment that long and nowhere else, as streaming needs."""

    codec: Codec = "h264"
    crf: int = 18
    preset: Preset = "veryfast"
    bit_rate: int | None = None
    two_pass: bool = False
    copy_conforming: bool = False
    """A source that is such a picture already is copied."""
    hardware: bool = False
    """By an encoder in hardware where there is one."""
    segment_s: SegmentSeconds | None = None
    peak_bit_rate: int | None = None
    """Bits a second that the factor may spend at most, over a second: what networks carry."""


class AudioEncoding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sound is coded. `bit_rate`, bits a second, is for up to two channels; more get their share on top. `copy`:
    as it is where the container and browsers take that, else AAC, in WebM Opus. `none`: left out. `loudness_lufs`: what
    each track is brought to (EBU R 128). `channels`: at most so many; None: as many as there are, in streams two."""

    codec: AudioCodec = "aac"
    bit_rate: int = AUDIO_BIT_RATE
    loudness_lufs: float | None = None
    channels: Channels | None = None


class FileOutput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file to be made of the last step's picture and sound."""

    quality: Quality = Quality.SOURCE
    container: Container = "mp4"
    video: VideoEncoding | None = VideoEncoding()
    """None: sound alone."""
    audio: AudioEncoding = AudioEncoding()
    like_source: bool | UnsetType = UNSET
    """Whether, where it is a copy, codec and container may be the source's, also such as nothing is coded by."""

    @property
    def pictures(self) -> VideoEncoding:
        """How its video is coded. Only asked of outputs that have one."""
        assert self.video is not None
        return self.video

    @property
    def is_streamed(self) -> bool:
        """Whether it is a rendition of a stream too: those come first among the outputs of an edit."""
        return self.video is not None and self.video.segment_s is not None

    @property
    def holds_chapters(self) -> bool:
        """Whether it is a file with a picture, and no rendition of a stream."""
        return self.video is not None and not self.is_streamed


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """The renditions that are wanted of one video; what is None depends on the video, or on the codec."""

    qualities: tuple[Quality, ...] | None = None
    codec: Codec = "h264"
    container: Container = "mp4"
    crf: int | None = None
    video_bit_rate: int | None = None
    """Of the largest rendition; smaller ones get their share."""
    two_pass: bool | None = None
    copy_conforming: bool = False
    hardware: bool = False
    preset: Preset = "veryfast"
    audio_codec: AudioCodec | None = None
    audio_bit_rate: int | None = None
    audio_channels: Channels | None = None
    loudness_lufs: float | None = None
    streaming: Streaming | None = None
    like_source: bool = False
    """As of a FileOutput."""
