"""Edit: what a client wants, in steps. Each step's times refer to the time line that the step before it produced."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from reelwright.edits.gifs_and_previews import Gif
from reelwright.edits.ladder import OVERLAY_CRF
from reelwright.edits.layers import AnyLayer
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.splice_structs import CutMode
from reelwright.edits.steps import Step
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.trim import TrimStep
from reelwright.edits.streaming import Streaming
from reelwright.edits.timecode import Time

SourceSubtitles = Literal["keep", "drop"]
SourceChapters = Literal["keep", "drop"]


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    steps: tuple[Step, ...]
    outputs: tuple[FileOutput, ...] = (FileOutput(),)
    """Empty: the sidecars alone."""
    sidecars: tuple[AnySidecar, ...] = msgspec.field(default=(), name="companions")
    streaming: Streaming | None = None
    mode: CutMode | UnsetType = UNSET
    """How a cut is made; left out: `exact`."""

    source_subtitles: SourceSubtitles | UnsetType = UNSET
    """What becomes of tracks of text that the sources have of their own; left out: they are kept."""

    source_chapters: SourceChapters | UnsetType = UNSET
    """The same of its chapters."""

    @property
    def cut_mode(self) -> CutMode:
        return "exact" if self.mode is UNSET else self.mode

    @property
    def needs_scene(self) -> bool:
        """Whether more is made than renditions and what goes with any of them: sound alone, a GIF, images alone."""
        alone = not self.outputs or any(output.video is None for output in self.outputs)
        return alone or any(isinstance(sidecar, Gif) for sidecar in self.sidecars)

    def after(self, earlier: Edit) -> Edit:
        """This edit as seen from the original: an earlier edit's steps come first (lineage)."""
        return msgspec.structs.replace(self, steps=earlier.steps + self.steps)


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
