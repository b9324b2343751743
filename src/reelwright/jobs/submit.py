"""Turns an Edit into a queued job: source, Facts, Plan, rows and queue entry, in the caller's transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File, Job, Variant, Video
from reelwright.edits.model import Edit
from reelwright.edits.plan import Facts, resolve
from reelwright.edits.source import MediaInfo
from reelwright.edits.vocabulary import FileRole, JobType
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs import lifecycle


@dataclass(frozen=True, slots=True)
class Source:
    """What an edit works on: a stored file, the video that it belongs to, and the variant that it is, if any."""

    file: File
    video_id: uuid.UUID
    variant_id: uuid.UUID | None
    facts: Facts


async def find_source(session: AsyncSession, video_id: uuid.UUID, variant_id: uuid.UUID | None = None) -> Source:
    """Lock the source against deletion until the transaction ends.

    Raises NotFound; InvalidInput when the variant is another video's.
    """
    owner: Video | Variant | None
    if variant_id is None:
        owner = await session.get(Video, video_id)
        owned = File.video_id == video_id
    else:
        owner = await session.get(Variant, variant_id)
        owned = File.variant_id == variant_id
    if owner is None:
        raise NotFound("no such video" if variant_id is None else "no such variant")
    if isinstance(owner, Variant) and owner.video_id != video_id:
        raise InvalidInput([FieldError("/source_variant_id", "is a variant of another video")])
    file = await session.scalar(select(File).where(owned, File.role == FileRole.MAIN).with_for_update(read=True))
    if file is None:  # deleted between the two looks
        raise NotFound("no such video" if variant_id is None else "no such variant")
    media = msgspec.convert(owner.media_info, MediaInfo)
    return Source(file, video_id, variant_id, Facts(sha256=file.sha256, media=media))


async def find_any_source(session: AsyncSession, video_or_variant_id: uuid.UUID) -> Source:
    """As `find_source`, by the id of either. Raises NotFound."""
    variant = await session.get(Variant, video_or_variant_id)
    if variant is not None:
        return await find_source(session, variant.video_id, variant.id)
    try:
        return await find_source(session, video_or_variant_id)
    except NotFound as error:
        raise NotFound("no such video or variant") from error


async def submit(
    session: AsyncSession,
    edit: Edit,
    source: Source,
    *,
    type: JobType,  # noqa: A002
    max_failures: int,
    layer_files: tuple[File, ...] = (),
) -> Job:
    """Raises InvalidInput for what cannot be done: now, not in the worker. `layer_files`: videos laid over it."""
    plan = resolve(edit, source.facts)
    new = lifecycle.NewJob(
        video_id=source.video_id,
        input_variant_id=source.variant_id,
        type=type,
        edit_json=msgspec.to_builtins(edit),
        plan_json=msgspec.to_builtins(plan),
        plan_digest=plan.digest,
        warnings=plan.warnings,
    )
    inputs = [file.id for file in {file.sha256: file for file in (*layer_files, source.file)}.values()]
    return await lifecycle.create(session, new, input_file_ids=inputs, max_failures=max_failures)
