"""Turns layers into a draft: each drawn, normalized or looked up first, outside of the transaction; and so are the
sources that other steps name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import File
from reelwright.db.sessions import outside
from reelwright.edits import ladder
from reelwright.edits.cues.track import TextKind
from reelwright.edits.edit import OVERLAY_OUTPUT, overlay
from reelwright.edits.enums import JobType
from reelwright.edits.facts import StepFacts, SubtitlesFacts
from reelwright.edits.geometry import even
from reelwright.edits.ladder import OVERLAY_CRF
from reelwright.edits.layers import AnyLayer, TextLayer, VideoLayer, WatermarkLayer
from reelwright.edits.materials import Named
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import AnyFacts, ImageFacts, SoundFacts, VideoFacts
from reelwright.edits.plan.splicing import like_source
from reelwright.edits.pointers import Pointer
from reelwright.edits.splice_structs import CutMode
from reelwright.edits.steps.overlay import faults, place
from reelwright.errors import FieldError, InvalidInput, NotFound, UnreadableMedia, UnsupportedMedia
from reelwright.jobs.addresses_in_edits import fetched_layers
from reelwright.jobs.submit import Draft, Source, find_source, in_mode
from reelwright.library import assets_folder, file_references, named_sources
from reelwright.library.embedded_subtitles import EmbeddedTexts
from reelwright.library.fetched_materials import FetchedMaterials
from reelwright.library.named_sources import NamedSources, SourcesOfEdit
from reelwright.library.overlay_images import OverlayImages
from reelwright.library.stored_on_first_use import StoredOnFirstUse
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage


@dataclass(frozen=True, slots=True)
class PreparedLayers:
    """For each layer, or source by its name, its image, None for videos, sounds and what could not be drawn: `errors`
    say why. `stored`: by the number of those that are stored, what names them."""

    images: tuple[ImageFacts | None, ...]
    errors: tuple[FieldError, ...] = ()
    stored: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerSources:
    """Makes what is laid over ready: texts drawn, images normalized, videos of the assets folder taken in."""

    overlay_images: OverlayImages
    settings: Settings
    storage: LocalStorage
    sessions: async_sessionmaker[AsyncSession]
    on_first_use: StoredOnFirstUse
    fetched: FetchedMaterials
    embedded_texts: EmbeddedTexts

    async def prepare(self, layers: Sequence[AnyLayer | Named], pointers: Sequence[Pointer]) -> PreparedLayers:
        """Prepare every layer and every named source, outside of any transaction, also of that around a request that
        may be repeated: it may take a while. What it stores is known by its content, and found again. `pointers`: where
        the request has each layer, or the name."""
        with outside():
            return await self._prepared(layers, pointers)

    async def _prepared(self, layers: Sequence[AnyLayer | Named], pointers: Sequence[Pointer]) -> PreparedLayers:
        errors: list[FieldError] = []
        images: list[ImageFacts | None] = []
        outcomes: dict[str, ImageFacts | NotFound | UnsupportedMedia | UnreadableMedia] = {}
        stored: dict[int, str] = {}
        for number, (layer, pointer) in enumerate(zip(layers, pointers, strict=True)):
            image = None
            try:
                if isinstance(layer, Named):
                    ready = await self._named.prepare(layer)
                    if isinstance(ready, ImageFacts):
                        image = ready
                    else:
                        stored[number] = ready
                elif isinstance(layer, TextLayer):
                    image = await self.overlay_images.draw_text(layer, pointer=pointer)
                elif not isinstance(layer, VideoLayer):
                    if layer.image_path not in outcomes:
                        outcomes[layer.image_path] = await self._outcome(layer.image_path)
                    outcome = outcomes[layer.image_path]
                    if isinstance(outcome, ImageFacts):
                        image = outcome
                    else:
                        errors.append(FieldError(pointer / "image_path", outcome.detail, outcome.code))
                elif (path := await assets_folder.named_video(layer.video_path, self.settings)) is not None:
                    name = layer.video_path.removeprefix(assets_folder.PREFIX)
                    stored[number] = await self.on_first_use.take(path, name)
                else:
                    stored[number] = layer.video_path
            except InvalidInput as invalid:
                errors += invalid.errors
            except (NotFound, UnsupportedMedia, UnreadableMedia) as error:
                errors.append(_unusable(layer, pointer, error))
            images.append(image)
        return PreparedLayers(tuple(images), tuple(errors), stored)

    @property
    def _named(self) -> NamedSources:
        return NamedSources(
            self.settings, self.storage, self.sessions, self.overlay_images, self.on_first_use, self.embedded_texts
        )

    async def _outcome(self, reference: str) -> ImageFacts | NotFound | UnsupportedMedia | UnreadableMedia:
        """Return the image, or why there is none: the same wherever the request names it."""
        try:
            return await self._normalized(reference)
        except (NotFound, UnsupportedMedia, UnreadableMedia) as error:
            return error

    async def _normalized(self, reference: str) -> ImageFacts:
        path = await self._find(reference)
        try:
            return await self.overlay_images.normalize(path)
        except NotFound:
            await self._find(reference)  # deleted between the two looks: then this says so
            raise

    async def _find(self, reference: str) -> Path:
        return await file_references.image(
            reference, settings=self.settings, storage=self.storage, sessions=self.sessions
        )


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
        await find_source(session, source_id, variant_id)
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


def with_layers(source: Source, facts: Sequence[StepFacts | None]) -> Source:
    """The source with what is known of layers."""
    known = tuple(fact for fact in facts if fact is not None)
    return replace(source, facts=msgspec.structs.replace(source.facts, layers=known))


async def layer_facts(
    session: AsyncSession,
    layers: Sequence[AnyLayer | Named],
    prepared: PreparedLayers,
    pointers: Sequence[Pointer],
    texts: Collection[TextKind] = (),
) -> tuple[list[AnyFacts | None], list[File], list[FieldError]]:
    """Return what is known of each layer or named source, the stored files among them, and what is wrong with which.
    `texts`: what goes along of those of videos that are joined."""
    facts: list[AnyFacts | None] = []
    files: list[File] = []
    errors = list(prepared.errors)
    sources = SourcesOfEdit(session, texts)
    for number, (layer, image, pointer) in enumerate(zip(layers, prepared.images, pointers, strict=True)):
        facts.append(image)
        if (reference := prepared.stored.get(number)) is None:
            continue
        try:
            if isinstance(layer, Named):
                file, facts[-1] = await sources.stored(reference, layer)
            else:
                file, media = await named_sources.stored_video(session, reference)
                facts[-1] = VideoFacts(sha256=file.sha256, media=media)
        except (NotFound, UnsupportedMedia) as error:
            errors.append(_unusable(layer, pointer, error))
        else:
            files.append(file)
    return facts, files, errors


def _unusable(
    layer: AnyLayer | Named, pointer: Pointer, error: NotFound | UnsupportedMedia | UnreadableMedia
) -> FieldError:
    place = pointer.path if isinstance(layer, Named) else pointer / "video_path"
    return FieldError(place, error.detail, error.code)


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
