"""The JSON of batches: the same edit of many sources, and what became of each."""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.api.http.problem_document import Problem
from reelwright.api.schemas.accepted_jobs import JobAccepted
from reelwright.api.schemas.coding import CutModeIn, ReencodeIn, Reuse, SourceChaptersIn, SourceSubtitlesIn, WebhookUrl
from reelwright.api.schemas.edits import EditsIn, Steps
from reelwright.api.schemas.keeping import KeepResults
from reelwright.api.schemas.labels import LabelsIn
from reelwright.api.schemas.outputs import USUAL_OUTPUTS, Outputs
from reelwright.api.schemas.timing import ExpiresAt, Priority, RunAt
from reelwright.edits.templates import (
    TemplateReference,
    Variables,
)

MAX_BATCH_ITEMS = 100


class BatchItemIn(LabelsIn, frozen=True, kw_only=True):
    """One edit of a batch. Its variables win over those of the batch; so does what it says of itself."""

    source: Annotated[uuid.UUID, Meta(description="A video or a variant, by its id.")]
    variables: Variables | None = None
    mode: CutModeIn = None


class BatchIn(LabelsIn, frozen=True, kw_only=True):
    """The same edit of many sources: of a template, or of `steps` and `outputs` as in `POST /edits`."""

    template: TemplateReference | None = None
    variables: Variables | None = None
    steps: Steps = ()
    outputs: Outputs = USUAL_OUTPUTS
    items: Annotated[list[BatchItemIn], Meta(min_length=1, max_length=MAX_BATCH_ITEMS)]
    mode: CutModeIn = None
    reencode: ReencodeIn = None
    reuse: Reuse = True
    webhook_url: WebhookUrl = None
    keep_s: KeepResults = None
    priority: Priority = 0
    run_at: RunAt = None
    expires_at: ExpiresAt = None
    source_subtitles: SourceSubtitlesIn = "keep"
    source_chapters: SourceChaptersIn = "keep"

    def single(self, item: BatchItemIn) -> EditsIn:
        """Return the item as a request of its own."""
        given = {name: value for name in LabelsIn.__struct_fields__ if (value := getattr(item, name)) is not None}
        whole = {name: getattr(self, name) for name in LabelsIn.__struct_fields__}
        return EditsIn(
            source=item.source,
            steps=self.steps,
            outputs=self.outputs,
            template=self.template,
            variables={**(self.variables or {}), **(item.variables or {})},
            mode=item.mode or self.mode,
            reencode=self.reencode,
            reuse=self.reuse,
            webhook_url=self.webhook_url,
            keep_s=self.keep_s,
            priority=self.priority,
            run_at=self.run_at,
            expires_at=self.expires_at,
            source_subtitles=self.source_subtitles,
            source_chapters=self.source_chapters,
            **{**whole, **given},
        )


class BatchItemOut(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an item: its job, or why there is none."""

    index: int
    status: Annotated[int, Meta(description="The status with which `POST /edits` answers that.")]
    job: JobAccepted | None
    problem: Problem | None


class BatchOut(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each item, in their order."""

    accepted: int
    refused: int
    items: list[BatchItemOut]
