"""Facts of overlays: each layer drawn, normalised or looked up, then the job, with a row for each layer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import File, Job, Variant, Video
from reelwright.db.models import Overlay as OverlayRow
from reelwright.edits.edit import LAID, AnyLayer, FileOutput, TextLayer, VideoLayer, WatermarkLayer, overlay
from reelwright.edits.enums import JobType, OverlayType
from reelwright.edits.geometry import even
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan.overlay import PictureFacts, VideoFacts, faults, place
from reelwright.errors import FieldError, InvalidInput, NotFound, UnreadableMedia, UnsupportedMedia
from reelwright.jobs.submit import Source, submit
from reelwright.library import references
from reelwright.library.asset_videos import AssetVideos
from reelwright.library.overlay_images import Studio
from reelwright.library.references import ASSETS_PREFIX
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage


@dataclass(frozen=True, slots=True)
class Drawn:
    """For each layer its picture, None for videos and for what could not be drawn: `errors` say why. `videos`: where it
    is a video of the assets folder, by the layer's number, what that is stored as."""

    pictures: tuple[PictureFacts | None, ...]
    errors: tuple[FieldError, ...] = ()
    videos: Mapping[int, UUID] = field(default_factory=dict)


async def draw(
    layers: tuple[AnyLayer, ...],
    *,
    studio: Studio,
    settings: Settings,
    storage: LocalStorage,
    sessions: async_sessionmaker[AsyncSession],
    asset_videos: AssetVideos,
) -> Drawn:
    """What is laid over, made ready outside of any transaction."""
    find = partial(references.picture, settings=settings, storage=storage, sessions=sessions)
    errors: list[FieldError] = []
    pictures: list[PictureFacts | None] = []
    looked_at: dict[str, PictureFacts | NotFound | UnsupportedMedia | UnreadableMedia] = {}
    videos: dict[int, UUID] = {}
    for number, layer in enumerate(layers):
        pointer, picture = f"/steps/0/layers/{number}", None
        try:
            if isinstance(layer, TextLayer):
                picture = await studio.draw_text(layer, pointer=pointer)
            elif not isinstance(layer, VideoLayer):
                if layer.image_path not in looked_at:
                    looked_at[layer.image_path] = await _outcome(layer.image_path, studio, find)
                found = looked_at[layer.image_path]
                if isinstance(found, PictureFacts):
                    picture = found
                else:
                    errors.append(FieldError(f"{pointer}/image_path", found.detail, found.code))
            elif (path := await references.asset_video(layer.video_path, settings)) is not None:
                videos[number] = await asset_videos.take(path, layer.video_path.removeprefix(ASSETS_PREFIX))
        except InvalidInput as invalid:
            errors += invalid.errors
        except (NotFound, UnsupportedMedia, UnreadableMedia) as error:
            errors.append(FieldError(f"{pointer}/video_path", error.detail, error.code))
        pictures.append(picture)
    return Drawn(tuple(pictures), tuple(errors), videos)


async def _outcome(
    reference: str, studio: Studio, find: Callable[[str], Awaitable[Path]]
) -> PictureFacts | NotFound | UnsupportedMedia | UnreadableMedia:
    """The picture, or why there is none: the same wherever the request names it."""
    try:
        return await _normalised(reference, studio, find)
    except (NotFound, UnsupportedMedia, UnreadableMedia) as error:
        return error


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
    drawn: Drawn,
    source: Source,
    *,
    max_failures: int,
    output: FileOutput = LAID,
    renamed: Callable[[str], str] = str,
) -> Job:
    """Raises InvalidInput that names every wrong field of every layer. `renamed`: as for submit."""
    facts: list[PictureFacts | VideoFacts | None] = []
    files: list[File] = []
    errors = list(drawn.errors)
    for number, (layer, picture) in enumerate(zip(layers, drawn.pictures, strict=True)):
        facts.append(picture)
        if isinstance(layer, VideoLayer):
            stored = drawn.videos.get(number)
            try:
                file, media = await _video(session, layer.video_path if stored is None else f"video:{stored}")
            except (NotFound, UnsupportedMedia) as error:
                errors.append(FieldError(f"/steps/0/layers/{number}/video_path", error.detail, error.code))
            else:
                files.append(file)
                facts[-1] = VideoFacts(sha256=file.sha256, media=media)
    measured = tuple(one for one in facts if one is not None)
    if errors:
        raise InvalidInput(errors + _misplaced(layers, facts, source))
    with_layers = replace(source, facts=msgspec.structs.replace(source.facts, layers=measured))
    only_watermark = all(isinstance(layer, WatermarkLayer) for layer in layers)
    return await submit(
        session,
        overlay(layers, output),
        with_layers,
        type=JobType.WATERMARK if only_watermark else JobType.OVERLAY,
        max_failures=max_failures,
        layer_files=tuple(files),
        renamed=renamed,
    )


def _misplaced(
    layers: tuple[AnyLayer, ...], facts: list[PictureFacts | VideoFacts | None], source: Source
) -> list[FieldError]:
    """What is wrong with where and when the layers lie, as far as their sizes are known."""
    media = source.facts.media
    length = Fraction(repr(media.duration_s or 0.0))
    errors: list[FieldError] = []
    for number, (layer, known) in enumerate(zip(layers, facts, strict=True)):
        pointer = f"/steps/0/layers/{number}"
        if known is None:
            errors += faults(layer, length=length, pointer=pointer)
        else:
            errors += place(layer, known, canvas=even(media.picture.display_size), length=length, pointer=pointer)[1]
    return errors


async def _video(session: AsyncSession, reference: str) -> tuple[File, MediaInfo]:
    file = await references.video(session, reference)
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
