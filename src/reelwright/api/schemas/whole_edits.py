"""The JSON that asks for a whole edit: a source, steps, outputs."""

from __future__ import annotations

import uuid
from typing import Annotated

from msgspec import Meta

from reelwright.api.schemas.coding import Reuse
from reelwright.api.schemas.labels import LabelsIn
from reelwright.api.schemas.transcode import RenditionsIn
from reelwright.edits.output_words import EXAMPLES, WantedOutput, read_word
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps import Step
from reelwright.edits.templates import TemplateReference, Variables
from reelwright.edits.validation import Check
from reelwright.errors import FieldError, InvalidInput

MAX_STEPS, MAX_OUTPUTS = 50, 16

OutputWord = Annotated[
    str, Check(read_word), Meta(max_length=32, description=f"One of the usual, as {', '.join(EXAMPLES)}.")
]

Steps = Annotated[tuple[Step, ...], Meta(max_length=MAX_STEPS, description="In this order.")]
Outputs = Annotated[
    tuple[RenditionsIn | OutputWord, ...],
    Meta(
        min_length=1,
        max_length=MAX_OUTPUTS,
        description="What is made of it, several at once: words for the usual, or all that `POST /transcode` takes."
        " Omitted: one MP4 at the size that the steps give it.",
    ),
]

USUAL_OUTPUTS = ("mp4",)


class EditsIn(LabelsIn, frozen=True, kw_only=True):
    """Everything that is done with a video, in one request: each step works on what the one before it made, and all
    outputs come from one decode and one encode each."""

    source: Annotated[uuid.UUID, Meta(description="A video or a variant, by its id.")]
    steps: Steps = ()
    outputs: Outputs = USUAL_OUTPUTS
    template: TemplateReference | None = None
    variables: Variables | None = None
    reuse: Reuse = True

    def check(self) -> None:
        """Raises InvalidInput that names every output that is no word for one."""
        errors: list[FieldError] = []
        for number, output in enumerate(self.outputs):
            try:
                if isinstance(output, str):
                    read_word(output)
            except ValueError as error:
                errors.append(FieldError(f"/outputs/{number}", str(error)))
        if errors:
            raise InvalidInput(errors)

    @property
    def wanted(self) -> tuple[WantedOutput, ...]:
        """What each output asks for."""
        return tuple(
            read_word(output) if isinstance(output, str) else WantedOutput(output.ladder(), output.sidecars)
            for output in self.outputs
        )

    @property
    def pointers(self) -> tuple[tuple[Pointer, ...], ...]:
        """For each output, where its sidecars are."""
        return tuple(
            tuple(Pointer(f"/outputs/{number}") for _ in read_word(output).sidecars)
            if isinstance(output, str)
            else tuple(Pointer(f"/outputs/{number}{pointer.path}") for pointer in output.pointers)
            for number, output in enumerate(self.outputs)
        )
