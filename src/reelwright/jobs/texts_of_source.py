"""Subtitles and chapters that the source of an edit has of its own, taken along: what is kept of them, or not wanted,
is not listed as left out."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.edits.cues import chapters
from reelwright.edits.cues.track import of_kind
from reelwright.edits.media_info import OtherStream
from reelwright.jobs.draft import Draft
from reelwright.jobs.source_of_edit import Source
from reelwright.library import embedded_subtitles
from reelwright.library.lineage import making_of


def with_chapters(draft: Draft) -> Draft:
    """The draft with the chapters that the file which it is made of has of its own: what is kept of them, or not
    wanted, is not listed as left out."""
    media = draft.source.facts.media
    wanted = draft.edit.source_chapters != "drop" and bool(draft.edit.outputs)
    found = chapters.track_of(media.chapter_marks) if wanted else ()
    if found or not wanted:
        left = media.chapters - len(media.chapter_marks) if wanted else 0
        media = msgspec.structs.replace(media.without_chapters(), chapters=left)
    facts = msgspec.structs.replace(draft.source.facts, media=media)
    return replace(draft, source=replace(draft.source, facts=facts), texts=(*draft.texts, *found))


async def with_chapters_of_result(session: AsyncSession, draft: Draft) -> Draft:
    """The same of a copy of a result: where its file has more chapters than are read of it, those that it was made
    with, as far as that is known."""
    source = draft.source
    media = source.facts.media
    if draft.edit.source_chapters == "drop" or media.chapters == len(media.chapter_marks):
        return with_chapters(draft)
    assert source.variant_id is not None
    known = await making_of(session, source.variant_id)
    texts = () if isinstance(known, str) else of_kind("chapters", known[1].texts)
    if not texts:
        return with_chapters(draft)
    facts = msgspec.structs.replace(source.facts, media=media.without_chapters())
    return replace(draft, source=replace(source, facts=facts), texts=(*draft.texts, *texts))


async def with_texts(session: AsyncSession, draft: Draft) -> Draft:
    """The draft with the tracks of text that its source, an upload, has of its own: what is kept of them is not listed
    as left out."""
    media = draft.source.facts.media
    if draft.edit.source_subtitles == "drop" or not draft.edit.outputs:
        return replace(draft, source=without_text(draft.source))
    known = await embedded_subtitles.of_video(session, draft.source.video_id, media)
    others = [stream for stream in media.other if stream.index not in known.streams]
    source = _listing(draft.source, others)
    return replace(draft, source=source, texts=known.tracks, remarks=(*draft.remarks, *known.warnings))


def without_text(source: Source) -> Source:
    """The source without the tracks of subtitles that its file lists: they are known otherwise, or not wanted."""
    return _listing(source, [stream for stream in source.facts.media.other if stream.kind != "subtitle"])


def _listing(source: Source, others: list[OtherStream]) -> Source:
    media = msgspec.structs.replace(source.facts.media, other=others)
    facts = msgspec.structs.replace(source.facts, media=media)
    return replace(source, facts=facts)
