"""Turns layers into a draft: what they bring in is made ready first, outside of the transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.edits import ladder
from reelwright.edits.edit import OVERLAY_OUTPUT, overlay
from reelwright.edits.facts import SubtitlesFacts
from reelwright.edits.geometry import even
from reelwright.edits.kinds_and_states import JobType
from reelwright.edits.ladder import OVERLAY_CRF
from reelwright.edits.layers import AnyLayer, WatermarkLayer
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import AnyFacts, SoundFacts
from reelwright.edits.plan.splicing import like_source
from reelwright.edits.pointers import Pointer
from reelwright.edits.splice_structs import CutMode
from reelwright.edits.steps.overlay import faults, place
from reelwright.errors import FieldError, InvalidInput
from reelwright.jobs.addresses_in_edits import fetched_layers
from reelwright.jobs.draft import Draft, in_mode
from reelwright.jobs.prepared_materials import LayerSources, layer_facts, with_layers
from reelwright.jobs.source_of_edit import Source, find_source


@asynccontextmanager
async def drafted_overlay(
    layer_sources: LayerSources,
    source_id: UUID,
    variant_id: UUID | None,
    layers: tuple[AnyLayer, ...],
    *,
    coding: Ladder | None = None,
    codec_is_named: bool = True,
    mode: CutMode = "exact",
    pointers: Sequence[Pointer],
) -> AsyncIterator[tuple[AsyncSession, Draft]]:
    """An overlay, and the transaction in which its sources were found: its layers are prepared first, outside of that.
    `coding`: how the result is coded, None: as usual; `codec_is_named`: whether the client says by which codec; `mode`:
    how it is made; `pointers`: where the request has each layer.

    Raises NotFound; InvalidInput that names every wrong field of every layer.
    """
    async with layer_sources.sessions() as session:
        await find_source(session, source_id, variant_id)  # else layers would be fetched and drawn in vain
    layers = await fetched_layers(layer_sources.fetched, layers, pointers)
    prepared = await layer_sources.prepare(layers, pointers)
    async with layer_sources.sessions.begin() as session:
        source = await find_source(session, source_id, variant_id)
        facts, files, errors = await layer_facts(session, layers, prepared, pointers)
        if errors:
            raise InvalidInput(errors + _misplaced(layers, facts, source, pointers))
        size = source.facts.media.main_video.display_size
        if coding is not None and not codec_is_named:
            # what is drawn on is coded: never as what is only copied
            coding = like_source(coding, source.facts.media, mode, container_is_named=True)
        output = OVERLAY_OUTPUT if coding is None else ladder.single(coding, size, usual_crf=OVERLAY_CRF)
        only_watermark = all(isinstance(layer, WatermarkLayer) for layer in layers)
        draft = Draft(
            edit=in_mode(overlay(layers, output), mode),
            source=with_layers(source, facts),
            type=JobType.WATERMARK if only_watermark else JobType.OVERLAY,
            layer_files=tuple(files),
            pointers=tuple(pointers),
        )
        yield session, draft


def _misplaced(
    layers: tuple[AnyLayer, ...],
    facts: list[AnyFacts | None],
    source: Source,
    pointers: Sequence[Pointer],
) -> list[FieldError]:
    """Return what is wrong with where and when the layers lie, as far as their sizes are known."""
    media = source.facts.media
    canvas, length = even(media.main_video.display_size), Fraction(repr(media.duration_s or 0.0))
    errors: list[FieldError] = []
    for layer, known, pointer in zip(layers, facts, pointers, strict=True):
        if known is None or isinstance(known, SoundFacts | SubtitlesFacts):
            errors += faults(layer, length=length, pointer=pointer)
        else:
            errors += place(layer, known, canvas=canvas, length=length, pointer=pointer)[1]
    return errors
