"""What an attempt has finished, and which of it is the best: that is the job's own result, and keeps the images and
manifests beside."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from reelwright.db.models import new_id
from reelwright.edits.geometry import Size
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput
from reelwright.edits.result_check import check
from reelwright.edits.sidecar_files import PlannedFile


@dataclass(frozen=True, slots=True)
class FinishedOutput:
    """One finished, verified output in the work folder. Variant id, and so key, are its own: nobody else's file is
    touched. `output`: None of an image, where images alone are made; `shown_size`: 0x0 of sound alone."""

    path: Path
    output: FileOutput | None
    media: MediaInfo
    shown_size: Size
    mime_type: str
    size_bytes: int
    sha256: str
    checks: dict[str, Any]
    variant_id: uuid.UUID = field(default_factory=new_id)

    @property
    def quality(self) -> Quality:
        return Quality.SOURCE if self.output is None else self.output.quality


@dataclass(frozen=True, slots=True)
class FinishedSidecar:
    """One finished file that goes with the best output."""

    path: Path
    planned: PlannedFile
    size_bytes: int
    sha256: str

    def as_output(self) -> FinishedOutput:
        """The same as a result of its own, where there is no other."""
        image, found = self.planned.image, [check("decodes", True, "all of it, without an error")]
        assert image is not None
        found.append(check("picture", True, f"{image.width}x{image.height}", f"{image.width}x{image.height}"))
        if image.pages is not None:
            found.append(check("frame_count", True, f"{image.pages} frames", str(image.pages)))
        lasts_s = None if image.duration_ms is None else image.duration_ms / 1000
        kind = self.planned.content_type.removeprefix("image/")
        return FinishedOutput(
            path=self.path,
            output=None,
            media=MediaInfo(container=kind, size_bytes=self.size_bytes, duration_s=lasts_s),
            shown_size=(image.width, image.height),
            mime_type=self.planned.content_type,
            size_bytes=self.size_bytes,
            sha256=self.sha256,
            checks={"checks": msgspec.to_builtins(found)},
        )


def best_of(outputs: Sequence[FinishedOutput]) -> FinishedOutput:
    """The one with the largest picture, then the largest file."""
    return max(outputs, key=lambda output: (output.shown_size[0] * output.shown_size[1], output.size_bytes))
