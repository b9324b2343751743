"""The text that a stored video has beside its picture, for edits that join it to another: subtitles and chapters."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Variant, Video
from reelwright.edits import losses
from reelwright.edits.cues import chapters
from reelwright.edits.cues.embedded import NOTHING
from reelwright.edits.cues.track import SubtitleTrack, TextKind
from reelwright.edits.media_info import MediaInfo
from reelwright.library import embedded_subtitles
from reelwright.library.lineage import plan_of


class OwnTexts(NamedTuple):
    """`tracks`: with times on the video's time line; `warnings`: about what cannot be kept."""

    tracks: tuple[SubtitleTrack, ...] = ()
    warnings: tuple[str, ...] = ()


async def own_texts(
    session: AsyncSession, owner: Video | Variant, media: MediaInfo, kinds: Collection[TextKind]
) -> OwnTexts:
    """What an upload has of its own; of a result, what it was made with, as far as that is known, else its file's
    chapters. `kinds`: those that are wanted."""
    if not kinds:
        return OwnTexts()
    read = NOTHING
    if isinstance(owner, Video):
        read = await embedded_subtitles.of_video(session, owner.id, media)
    elif not isinstance(plan := await plan_of(session, owner), str):
        return OwnTexts(tuple(track for track in plan.texts if track.kind in kinds))
    tracks: tuple[SubtitleTrack, ...] = ()
    warnings: tuple[str, ...] = ()
    left = msgspec.structs.replace(media, video=media.video[:1], programs=1, other=[], chapters=0)
    if "subtitles" in kinds:
        tracks, warnings = read.tracks, read.warnings
        unread = [stream for stream in media.other if stream.kind == "subtitle" and stream.index not in read.streams]
        left = msgspec.structs.replace(left, other=unread)
    if "chapters" in kinds:
        tracks += chapters.track_of(media.chapter_marks)
        left = msgspec.structs.replace(left, chapters=media.chapters - len(media.chapter_marks))
    return OwnTexts(tracks, (*warnings, *losses.of_others(left)))
