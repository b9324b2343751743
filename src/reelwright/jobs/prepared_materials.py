"""What an edit brings in beside its source, made ready before its transaction: texts drawn, images normalized, videos
and sounds looked up or stored; then found in the transaction, with what is known of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import File
from reelwright.db.sessions import outside
from reelwright.edits.cues.track import TextKind
from reelwright.edits.facts import StepFacts
from reelwright.edits.layers import AnyLayer, TextLayer, VideoLayer
from reelwright.edits.materials import Named
from reelwright.edits.plan import AnyFacts, ImageFacts, VideoFacts
from reelwright.edits.pointers import Pointer
from reelwright.errors import FieldError, InvalidInput, NotFound, UnreadableMedia, UnsupportedMedia
from reelwright.jobs.source_of_edit import Source
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
