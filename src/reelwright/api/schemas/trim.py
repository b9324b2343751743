"""The JSON that asks for a trim."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from reelwright.api.schemas.coding import CutModeIn, CutSoundIn, EditIn, SourceId, VariantId
from reelwright.edits.timecode import Moment


class TrimIn(EditIn, frozen=True, kw_only=True):
    """Keep the frames with start <= t < end of the video, or of an earlier result of it."""

    video_id: SourceId
    start: Moment
    end: Annotated[Moment | None, Meta(description="As `start`. Omitted: to the end of the video.")] = None
    source_variant_id: VariantId = None
    audio: CutSoundIn | None = None
    mode: CutModeIn = None
