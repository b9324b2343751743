"""Facts of overlays: each layer drawn, normalised or looked up, then the job, with a row for each layer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import File, Job, Variant, Video
from reelwright.db.models import Overlay as OverlayRow
from reelwright.edits.model import AnyLayer, TextLayer, VideoLayer, WatermarkLayer, overlay
from reelwright.edits.planned_layers import PictureFacts, VideoFacts
from reelwright.edits.source import MediaInfo
from reelwright.edits.vocabulary import JobType, OverlayType
from reelwright.errors import FieldError, InvalidInput, NotFound, UnreadableMedia, UnsupportedMedia
from reelwright.jobs.submit import Source, submit
from reelwright.library import references
from reelwright.media.studio import Studio
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage


async def draw(
    layers: tuple[AnyLayer, ...],
    *,
    studio: Studio,
    settings: Settings,
    storage: LocalStorage,
    sessions: async_sessionmaker[AsyncSession],
) -> tuple[PictureFacts | None, ...]:
    """The pictures of all layers but videos, outside of any transaction. Raises InvalidInput for every wrong layer."""
    find = partial(references.picture, settings=settings, storage=storage, sessions=sessions)
    errors: list[FieldError] = []
    facts: list[PictureFacts | None] = []
    for number, layer in enumerate(layers):
        pointer = f"/steps/0/layers/{number}"
        try:
            if isinstance(layer, TextLayer):
                facts.append(await studio.draw_text(layer, pointer=pointer))
            elif isinstance(layer, VideoLayer):
                facts.append(None)
            else:
                facts.append(await _normalised(layer.image_path, studio, find))
        except InvalidInput as invalid:
            errors += invalid.errors
        except (NotFound, UnsupportedMedia, UnreadableMedia) as error:
            errors.append(FieldError(f"{pointer}/image_path", error.detail, error.code))
    if errors:
        raise InvalidInput(errors)
    return tuple(facts)


async def _normalised(reference: str, studio: Studio, find: Callable[[str], Awaitable[Path]]) -> PictureFacts:
    found = await find(reference)
    try:
        return await studio.normalise(found)
    except NotFound:
        await find(reference)  # deleted between the two looks: then this says so
        raise


async def submit_overlay(
    session: AsyncSession,
    layers: tuple[AnyLayer, ...],
    drawn: tuple[PictureFacts | None, ...],
    source: Source,
    *,
    max_failures: int,
) -> Job:
    """Raises InvalidInput."""
    facts: list[PictureFacts | VideoFacts] = []
    files: list[File] = []
    for number, (layer, picture) in enumerate(zip(layers, drawn, strict=True)):
        if picture is not None:
            facts.append(picture)
            continue
        assert isinstance(layer, VideoLayer)
        try:
            file, media = await _video(session, layer)
        except (NotFound, UnsupportedMedia) as error:
            wrong = FieldError(f"/steps/0/layers/{number}/video_path", error.detail, error.code)
            raise InvalidInput([wrong]) from error
        files.append(file)
        facts.append(VideoFacts(sha256=file.sha256, media=media))
    with_layers = replace(source, facts=msgspec.structs.replace(source.facts, layers=tuple(facts)))
    only_watermark = all(isinstance(layer, WatermarkLayer) for layer in layers)
    return await submit(
        session,
        overlay(layers),
        with_layers,
        type=JobType.WATERMARK if only_watermark else JobType.OVERLAY,
        max_failures=max_failures,
        layer_files=tuple(files),
    )


async def _video(session: AsyncSession, layer: VideoLayer) -> tuple[File, MediaInfo]:
    file = await references.video(session, layer.video_path)
    owner = (
        await session.get(Video, file.video_id)
        if file.video_id is not None
        else await session.get(Variant, file.variant_id)
    )
    if owner is None:
        raise NotFound("no such video")
    return file, msgspec.convert(owner.media_info, MediaInfo)


def overlay_rows(layers: tuple[AnyLayer, ...], variant: Variant) -> list[OverlayRow]:
    """One row a layer, with what was asked."""
    kinds = {"text": OverlayType.TEXT, "image": OverlayType.IMAGE, "video": OverlayType.VIDEO}
    return [
        OverlayRow(
            video_id=variant.video_id,
            variant_id=variant.id,
            type=kinds.get(layer.__struct_config__.tag, OverlayType.WATERMARK),  # type: ignore[arg-type]
            payload_json=msgspec.to_builtins(layer),
        )
        for layer in layers
    ]
