"""Tracks of text that uploaded videos have of their own: read once, when the video is stored, and kept in its row. Of a
video that a release stored which read none, they are read before its first edit."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Text, cast, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import File, Video
from reelwright.edits.cues.embedded import NOTHING, EmbeddedSubtitles
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import NotFound
from reelwright.media.probe.prober import Prober, has_text
from reelwright.storage.local import LocalStorage


@dataclass(frozen=True, slots=True)
class EmbeddedTexts:
    """Reads them for edits."""

    prober: Prober
    storage: LocalStorage
    sessions: async_sessionmaker[AsyncSession]

    async def require_read(self, source: uuid.UUID | str) -> None:
        """See to it that what the row of a video says of them is what there is; anything else is left as it is.
        `source`: its id, or the key of its file. Outside of any transaction, for it may take a while. Raises Busy."""
        named = Video.id == source if isinstance(source, uuid.UUID) else File.key == source
        async with self.sessions() as session:
            unread = await session.execute(
                select(Video.id, Video.media_info, File.key)
                .join(File, File.video_id == Video.id)
                .where(named, Video.embedded_subtitles.is_(None), File.role == FileRole.MAIN)
            )
            found = unread.first()
        if found is None:
            return
        media = msgspec.convert(found.media_info, MediaInfo)
        if not has_text(media):
            return
        try:
            read = await self.prober.embedded_subtitles(self.storage.path(found.key), media)
        except NotFound:
            return  # whoever makes something of the file says so
        async with self.sessions.begin() as session:
            await session.execute(
                update(Video)
                .where(Video.id == found.id, Video.embedded_subtitles.is_(None))
                .values(embedded_subtitles=stored(read))
            )


async def of_video(session: AsyncSession, video_id: uuid.UUID, media: MediaInfo) -> EmbeddedSubtitles:
    """What is known of a video's own tracks of text."""
    if not has_text(media):
        return NOTHING
    as_text = cast(Video.embedded_subtitles, Text)  # of ten thousand cues, read once and not by way of dictionaries
    known: str | None = await session.scalar(select(as_text).where(Video.id == video_id))
    return NOTHING if known is None else msgspec.json.decode(known, type=EmbeddedSubtitles)


def stored(read: EmbeddedSubtitles) -> dict[str, Any]:
    """As the row keeps it."""
    kept: dict[str, Any] = msgspec.to_builtins(read)
    return kept
