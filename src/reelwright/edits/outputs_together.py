"""All outputs of one request, put together: one stream among them, each kind of image once, no sound of what has none.
Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reelwright.edits import ladder
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.output_rules import NO_SOUND
from reelwright.edits.output_shorthand import WantedOutput
from reelwright.edits.outputs import FileOutput, Ladder
from reelwright.edits.pointers import Pointer
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.streaming import Streaming
from reelwright.errors import FieldError, InvalidInput


@dataclass(slots=True)
class OutputsTogether:
    """What they ask for. `media`: what they are made of. Renditions of a stream come first."""

    media: MediaInfo
    streamed: list[FileOutput] = field(default_factory=list)
    files: list[FileOutput] = field(default_factory=list)
    sidecars: list[AnySidecar] = field(default_factory=list)
    pointers: list[Pointer] = field(default_factory=list)
    streaming: Streaming | None = None
    errors: list[FieldError] = field(default_factory=list)

    def add(self, wanted: WantedOutput, pointers: Sequence[Pointer], pointer: Pointer) -> None:
        if wanted.ladder is not None:
            self._add_renditions(wanted.ladder, pointer)
        for sidecar, place in zip(wanted.sidecars, pointers, strict=True):
            if any(type(sidecar) is type(known) for known in self.sidecars):
                self.errors.append(FieldError(place.path, f"there is another {type(sidecar).__name__.lower()} already"))
            self.sidecars.append(sidecar)
            self.pointers.append(place)

    def _add_renditions(self, wanted: Ladder, pointer: Pointer) -> None:
        try:
            renditions = ladder.outputs(wanted, self.media.main_video.display_size)
        except InvalidInput as invalid:
            self.errors += [FieldError(f"{pointer.path}{one.pointer}", one.detail) for one in invalid.errors]
            return
        if any(output.video is None for output in renditions) and not self.media.decodable_audio:
            self.errors.append(FieldError(pointer.path, NO_SOUND))
        elif wanted.streaming is None:
            self.files += renditions
        elif self.streaming is not None:
            self.errors.append(FieldError(pointer.path, "is a second stream: one job makes one, as HLS and DASH"))
        else:
            self.streaming = wanted.streaming
            self.streamed += renditions
