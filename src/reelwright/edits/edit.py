"""Edit: what a client wants, in steps. Each step's times refer to the time line that the step before it produced."""

from __future__ import annotations

from typing import Literal

import msgspec

from reelwright.edits.codecs import AudioCodec, Codec, Container
from reelwright.edits.enums import Quality
from reelwright.edits.layers import AnyLayer, When
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.streaming import SegmentSeconds, Streaming
from reelwright.edits.timecode import Time


class TrimStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="trim"):
    """Keep the frames with start <= t < end; without an end, all from start on."""

    start: When
    end: When | None = None


class OverlayStep(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="overlay"
):
    """Lay these over the picture, all in one encode; the sound stays as it is."""

    layers: tuple[AnyLayer, ...]


Step = TrimStep | OverlayStep
"""Every kind of step."""


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
    video: VideoEncoding = VideoEncoding()
    audio: AudioEncoding = AudioEncoding()


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


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    steps: tuple[Step, ...]
    outputs: tuple[FileOutput, ...] = (FileOutput(),)
    sidecars: tuple[AnySidecar, ...] = msgspec.field(default=(), name="companions")
    streaming: Streaming | None = None

    def after(self, earlier: Edit) -> Edit:
        """This edit as seen from the original: an earlier edit's steps come first (lineage)."""
        return msgspec.structs.replace(self, steps=earlier.steps + self.steps)


TRIM_CRF, OVERLAY_CRF = 18, 20
"""Constant rate factors of H.264 at the source's own size, where none is said."""
OVERLAY_OUTPUT = FileOutput(video=VideoEncoding(crf=OVERLAY_CRF), audio=AudioEncoding(codec="copy"))


def trim(start: Time, end: Time | None, output: FileOutput = FileOutput()) -> Edit:  # noqa: B008 (frozen)
    return Edit(steps=(TrimStep(start=start, end=end),), outputs=(output,))


def overlay(layers: tuple[AnyLayer, ...], output: FileOutput = OVERLAY_OUTPUT) -> Edit:
    return Edit(steps=(OverlayStep(layers=layers),), outputs=(output,))


def transcode(
    outputs: tuple[FileOutput, ...],
    sidecars: tuple[AnySidecar, ...] = (),
    streaming: Streaming | None = None,
) -> Edit:
    """The whole video, once for each output."""
    return Edit(steps=(), outputs=outputs, sidecars=sidecars, streaming=streaming)
