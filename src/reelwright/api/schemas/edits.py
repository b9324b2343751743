"""The JSON that asks for a whole edit: a source, steps, outputs."""

from __future__ import annotations

import uuid
from typing import Annotated

from msgspec import Meta

from reelwright.api.schemas.coding import CutModeIn, ReencodeIn, Reuse, SourceChaptersIn, SourceSubtitlesIn, WebhookUrl
from reelwright.api.schemas.keeping import KeepResults
from reelwright.api.schemas.labels import LabelsIn
from reelwright.api.schemas.outputs import USUAL_OUTPUTS, Outputs
from reelwright.api.schemas.timing import ExpiresAt, Priority, RunAt
from reelwright.edits.output_shorthand import WantedOutput, read_word
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps import Step
from reelwright.edits.templates import TemplateReference, Variables
from reelwright.errors import FieldError, InvalidInput

MAX_STEPS = 50


Steps = Annotated[tuple[Step, ...], Meta(max_length=MAX_STEPS, description="In this order.")]


class EditsIn(LabelsIn, frozen=True, kw_only=True):
    """Everything that is done with a video, in one request: each step works on what the one before it made, and all
    outputs come from one decode and one encode each."""

    source: Annotated[uuid.UUID, Meta(description="A video or a variant, by its id.")]
    steps: Steps = ()
    outputs: Outputs = USUAL_OUTPUTS
    template: TemplateReference | None = None
    variables: Variables | None = None
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

    def check(self) -> None:
        """Raises InvalidInput that names every output that is no word for one, and what does not fit in one."""
        errors: list[FieldError] = []
        for number, output in enumerate(self.outputs):
            try:
                if isinstance(output, str):
                    read_word(output)
                else:
                    errors += [FieldError(f"/outputs/{number}{one.pointer}", one.detail) for one in output.faults()]
            except ValueError as error:
                errors.append(FieldError(f"/outputs/{number}", str(error)))
        if errors:
            raise InvalidInput(errors)

    @property
    def names_outputs(self) -> bool:
        """Whether it says what is made of it."""
        return self.outputs is not USUAL_OUTPUTS

    @property
    def wanted(self) -> tuple[WantedOutput, ...]:
        """What each output asks for."""
        return tuple(read_word(output) if isinstance(output, str) else output.wanted for output in self.outputs)

    @property
    def pointers(self) -> tuple[tuple[Pointer, ...], ...]:
        """For each output, where its sidecars are."""
        return tuple(
            tuple(Pointer(f"/outputs/{number}") for _ in read_word(output).sidecars)
            if isinstance(output, str)
            else tuple(Pointer(f"/outputs/{number}{pointer.path}") for pointer in output.pointers)
            for number, output in enumerate(self.outputs)
        )
