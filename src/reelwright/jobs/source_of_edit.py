"""What an edit works on: the upload or the variant that is meant by an id, locked against deletion; what has no moving
picture is refused."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File, Variant, Video
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import Facts
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.library.named_sources import NO_VIDEO_IN_IMAGE, NO_VIDEO_IN_SOUND


@dataclass(frozen=True, slots=True)
class Source:
    """What an edit works on: a stored file, the video that it belongs to, and the variant that it is, if any.
    `pointer`: where the request names it."""

    file: File
    video_id: uuid.UUID
    variant_id: uuid.UUID | None
    facts: Facts
    pointer: str


async def find_source(
    session: AsyncSession, source_id: uuid.UUID, variant_id: uuid.UUID | None = None, *, pointer: str = "/video_id"
) -> Source:
    """The upload or the variant that has the id, or the named variant of it. It is locked against deletion until the
    transaction ends. `pointer`: where the request has the id.

    Raises NotFound; InvalidInput when the variant is another video's, or a result without a moving picture.
    """
    named_at = pointer if variant_id is None else "/source_variant_id"
    owner: Video | Variant | None = await session.get(Video, source_id) or await session.get(Variant, source_id)
    if owner is None:
        raise NotFound("no such video or variant", pointer=pointer)
    video_id = owner.video_id if isinstance(owner, Variant) else owner.id
    if variant_id is not None:
        named = await session.get(Variant, variant_id)
        if named is None:
            raise NotFound("no such variant", pointer=named_at)
        if named.video_id != video_id:
            raise InvalidInput([FieldError(named_at, "is a variant of another video")])
        owner = named
    own_variant_id = owner.id if isinstance(owner, Variant) else None
    owned = File.video_id == video_id if own_variant_id is None else File.variant_id == own_variant_id
    file = await session.scalar(
        select(File).where(owned, File.role == FileRole.MAIN, File.trashed_at.is_(None)).with_for_update(read=True)
    )
    if file is None:  # deleted between the two looks
        raise NotFound("no such video or variant", pointer=pointer)
    media = msgspec.convert(owner.media_info, MediaInfo)
    if not media.video:
        raise InvalidInput([FieldError(named_at, NO_VIDEO_IN_SOUND if media.audio else NO_VIDEO_IN_IMAGE)])
    return Source(file, video_id, own_variant_id, Facts(sha256=file.sha256, media=media), named_at)
