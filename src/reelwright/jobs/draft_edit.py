"""Turns a whole edit into a draft: what its steps bring in is made ready first, outside of the transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.edits.cues.track import TextKind
from reelwright.edits.edit import Edit, SourceChapters, SourceSubtitles
from reelwright.edits.facts import CueFacts, Facts, LaidSubtitlesFacts
from reelwright.edits.kinds_and_states import JobType
from reelwright.edits.layers import MAX_LAYERS, MAX_LAYERS_OF_EDIT, AnyLayer
from reelwright.edits.materials import Named
from reelwright.edits.output_shorthand import WantedOutput
from reelwright.edits.outputs_together import OutputsTogether
from reelwright.edits.plan.several_steps import resolve_steps
from reelwright.edits.plan.splicing import like_source
from reelwright.edits.pointers import Pointer
from reelwright.edits.splice_structs import CutMode
from reelwright.edits.steps import Step
from reelwright.edits.steps.overlay import OverlayStep
from reelwright.edits.steps.subtitles import SubtitlesStep
from reelwright.errors import FieldError, InvalidInput
from reelwright.jobs.addresses_in_edits import fetched_steps
from reelwright.jobs.draft import Draft, in_mode
from reelwright.jobs.from_original import of_original, origin_of
from reelwright.jobs.lay_out_subtitles import in_order, laid_subtitles
from reelwright.jobs.prepared_materials import LayerSources, layer_facts, with_layers
from reelwright.jobs.source_of_edit import find_source


@dataclass(frozen=True, slots=True)
class EditRequest:
    """A whole edit as a client asks for it. `pointers`: for each output, where the request has its sidecars; `mode`:
    how it is cut, where it does nothing else; `names_outputs`: whether the client says what is made;
    `source_subtitles`, `source_chapters`: what becomes of those that its sources have of their own."""

    source_id: UUID
    steps: tuple[Step, ...]
    wanted: tuple[WantedOutput, ...]
    pointers: tuple[tuple[Pointer, ...], ...]
    mode: CutMode = "exact"
    names_outputs: bool = True
    source_subtitles: SourceSubtitles = "keep"
    source_chapters: SourceChapters = "keep"

    @property
    def texts(self) -> tuple[TextKind, ...]:
        """What goes along of the texts of its sources; images alone have none beside them."""
        kept: dict[TextKind, str] = {"subtitles": self.source_subtitles, "chapters": self.source_chapters}
        is_beside = any(one.ladder is not None for one in self.wanted)
        return tuple(kind for kind, become in kept.items() if is_beside and become == "keep")


@asynccontextmanager
async def drafted_edit(layer_sources: LayerSources, request: EditRequest) -> AsyncIterator[tuple[AsyncSession, Draft]]:
    """An edit of any steps, and the transaction in which its sources were found: what the steps bring in is made ready
    first, outside of that. Raises NotFound; InvalidInput that names every wrong field of what is wrong first."""
    _require_few_layers(request.steps)
    async with layer_sources.sessions() as session:
        await find_source(session, request.source_id, pointer="/source")  # else all would be fetched in vain
    request = replace(request, steps=await fetched_steps(layer_sources.fetched, request.steps))
    wanted, pointers = _materials(request.steps)
    prepared = await layer_sources.prepare(wanted, pointers)
    subtitles: list[LaidSubtitlesFacts | CueFacts] = []
    if any(isinstance(step, SubtitlesStep) for step in request.steps):
        async with layer_sources.sessions() as session:
            source = await find_source(session, request.source_id, pointer="/source")
            facts, _, errors = await layer_facts(session, wanted, prepared, pointers)
            origin = await origin_of(session, source, layer_sources.overlay_images)
        if errors:
            raise InvalidInput(errors)
        subtitles = await laid_subtitles(layer_sources, request.steps, origin, facts)
    async with layer_sources.sessions.begin() as session:
        source = await find_source(session, request.source_id, pointer="/source")
        facts, files, errors = await layer_facts(session, wanted, prepared, pointers, request.texts)
        if errors:
            raise InvalidInput(errors)
        source = with_layers(source, in_order(request.steps, facts, subtitles))
        edit, places = await asyncio.to_thread(edit_of, request, source.facts)
        draft = Draft(edit=edit, source=source, type=JobType.EDIT, layer_files=tuple(files), pointers=places)
        kept = request.source_subtitles, request.source_chapters
        yield session, await of_original(session, draft, layer_sources.overlay_images, *kept)


def _require_few_layers(steps: Sequence[Step]) -> None:
    """Before any is drawn. Raises InvalidInput."""
    overlays = {number: len(step.layers) for number, step in enumerate(steps) if isinstance(step, OverlayStep)}
    errors = [
        FieldError(f"/steps/{number}/layers", f"has {layers} layers, {MAX_LAYERS} are taken")
        for number, layers in overlays.items()
        if layers > MAX_LAYERS
    ]
    if not errors and sum(overlays.values()) > MAX_LAYERS_OF_EDIT:
        errors = [FieldError("/steps", f"have {sum(overlays.values())} layers in all, {MAX_LAYERS_OF_EDIT} are taken")]
    if errors:
        raise InvalidInput(errors)


def edit_of(request: EditRequest, facts: Facts) -> tuple[Edit, tuple[Pointer, ...]]:
    """Return the edit, its outputs as large as what the steps make allows, and where the request has its sidecars.

    Raises InvalidInput.
    """
    length = Fraction(repr(facts.media.duration_s)) if facts.media.duration_s is not None else None
    media = facts.media
    if request.steps:
        media = resolve_steps(request.steps, facts, length, deep=False)[1].media
    made = OutputsTogether(media)
    for number, (wanted, pointers) in enumerate(zip(request.wanted, request.pointers, strict=True)):
        if wanted.ladder is not None and not request.names_outputs:
            own = like_source(wanted.ladder, facts.media, request.mode, container_is_named=False)
            wanted = replace(wanted, ladder=own)
        made.add(wanted, pointers, Pointer(f"/outputs/{number}"))
    if made.errors:
        raise InvalidInput(made.errors)
    outputs = (*made.streamed, *made.files)
    edit = Edit(steps=request.steps, outputs=outputs, sidecars=tuple(made.sidecars), streaming=made.streaming)
    return in_mode(edit, request.mode), tuple(made.pointers)


def _materials(steps: Sequence[Step]) -> tuple[tuple[AnyLayer | Named, ...], tuple[Pointer, ...]]:
    """Return all that the steps bring in, and where the request has each."""
    found = [
        (material.wanted, Pointer(f"/steps/{number}/{material.place}"))
        for number, step in enumerate(steps)
        for material in step.materials
    ]
    return tuple(wanted for wanted, _ in found), tuple(pointer for _, pointer in found)
