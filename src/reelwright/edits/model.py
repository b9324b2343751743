"""Edit: what a client wants, in steps. Each step's times refer to the time line that the step before it produced."""

from __future__ import annotations

from typing import Literal

import msgspec

from reelwright.edits.timecode import Time
from reelwright.edits.vocabulary import Quality


class Trim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="trim"):
    """Keep the frames with start <= t < end."""

    start: Time
    end: Time


Step = Trim
"""Every kind of step; further kinds join as a tagged union."""


class VideoEncoding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pictures are coded: constant rate factor (lower is better and larger) and the encoder's speed preset."""

    codec: Literal["h264"] = "h264"
    crf: int = 18
    preset: Literal["veryfast"] = "veryfast"


class AudioEncoding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How sound is coded. `bit_rate`, bits a second, is for up to two channels; more get their share on top."""

    codec: Literal["aac"] = "aac"
    bit_rate: int = 128_000


class FileOutput(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file to be made of the last step's picture and sound."""

    quality: Quality = Quality.SOURCE
    container: Literal["mp4"] = "mp4"
    video: VideoEncoding = VideoEncoding()
    audio: AudioEncoding = AudioEncoding()


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    steps: tuple[Step, ...]
    outputs: tuple[FileOutput, ...] = (FileOutput(),)

    def after(self, earlier: Edit) -> Edit:
        """This edit as seen from the original: an earlier edit's steps come first (lineage)."""
        return msgspec.structs.replace(self, steps=earlier.steps + self.steps)


def trim(start: Time, end: Time) -> Edit:
    return Edit(steps=(Trim(start=start, end=end),))
