"""Finds what a result was made of, so that an edit of it can be made of the original, without a second generation."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TypeAlias

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File, Variant
from reelwright.edits.edit import SourceChapters, SourceSubtitles
from reelwright.edits.facts import Facts
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import LineageBase, Plan
from reelwright.edits.plan.steps_of_result import base_of, itself, on
from reelwright.jobs.draft import Draft
from reelwright.jobs.source_of_edit import Source
from reelwright.jobs.texts_of_source import with_chapters, with_chapters_of_result, with_texts, without_text
from reelwright.library.drawn_files import prepared_key
from reelwright.library.lineage import making_of
from reelwright.library.overlay_images import OverlayImages

Traced: TypeAlias = tuple[File, Facts, LineageBase, tuple[File, ...]]
"""An original's file and facts, the steps that made something of it, and what else they read."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What an edit of a result is made of. `source`: with the original's file and facts; `base`: the steps that made
    the result of it; `files`: what else those read. `reason`: why it is made of the result's own file instead: then the
    base is that file, where it has tracks of subtitles, which are known."""

    source: Source
    base: LineageBase | None = None
    files: tuple[File, ...] = ()
    reason: str | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the client is told of it."""
        return (f"made of the variant's file, not of the original: {self.reason}",) if self.reason else ()


async def of_original(
    session: AsyncSession,
    draft: Draft,
    images: OverlayImages,
    source_subtitles: SourceSubtitles = "keep",
    source_chapters: SourceChapters = "keep",
) -> Draft:
    """Return the draft, made of the original where its source is a result whose making is known: but for what is only
    copied of the result, in which nothing is lost; that of an upload, with its own tracks of text and its chapters.
    `source_subtitles`, `source_chapters`: whether such are kept. Raises InvalidInput."""
    if source_subtitles == "drop":
        draft = replace(draft, edit=msgspec.structs.replace(draft.edit, source_subtitles="drop"))
    if source_chapters == "drop":
        draft = replace(draft, edit=msgspec.structs.replace(draft.edit, source_chapters="drop"))
    if draft.source.variant_id is None:
        return with_chapters(await with_texts(session, draft))
    if not draft.edit.steps and all(output.copied for output in draft.plan().outputs):
        return await with_chapters_of_result(session, draft)
    origin = await origin_of(session, draft.source, images)
    facts = msgspec.structs.replace(origin.source.facts, layers=draft.source.facts.layers)
    base = origin.base
    if base is not None:
        dropped = {"subtitles": source_subtitles == "drop", "chapters": source_chapters == "drop"}
        base = replace(base, subtitles=tuple(track for track in base.subtitles if not dropped[track.kind]))
        if origin.reason or dropped["chapters"]:
            facts = msgspec.structs.replace(facts, media=facts.media.without_chapters())
    made = replace(
        draft,
        source=replace(origin.source, facts=facts),
        layer_files=(*draft.layer_files, *origin.files),
        base=base,
        remarks=origin.remarks,
    )
    return made if base is not None else with_chapters(made)


async def origin_of(session: AsyncSession, source: Source, images: OverlayImages) -> Origin:
    """Return the original of a source, locked as the source is; of an upload, itself."""
    if source.variant_id is None:
        return Origin(source)
    known = await making_of(session, source.variant_id)
    found = known if isinstance(known, str) else await _traced(session, *known, source.facts.media, images)
    if isinstance(found, str):
        base = None if isinstance(known, str) else itself(source.facts.media, known[1])
        return Origin(source if base is None else without_text(source), base, reason=found)
    file, facts, base, files = found
    return Origin(replace(source, file=file, facts=facts), base, files)


async def _traced(
    session: AsyncSession, variant: Variant, plan: Plan, media: MediaInfo, images: OverlayImages
) -> Traced | str:
    """What an edit of a result is made of, or why it is not made of its original. `variant`, `plan`, `media`: the
    result, how it was made, and what its file is."""
    base = base_of(plan, variant.output_index, media)
    if isinstance(base, str):
        return base
    wanted = {source.sha256 for source in plan.sources if prepared_key(source) is None}
    rows = await session.scalars(
        select(File)
        .where(File.sha256.in_(wanted), File.role == FileRole.MAIN, File.trashed_at.is_(None))
        .order_by(File.key, File.id)  # as who deletes: else two might wait for each other
        .with_for_update(read=True)
    )
    files = {file.sha256: file for file in rows}
    if plan.inputs[0].sha256 not in files:
        return "the original was deleted"
    if wanted - files.keys():
        return "a video that lies in it was deleted"
    if changed := await images.changed(plan.sources):
        return changed
    original = files.pop(plan.inputs[0].sha256)
    if original.variant_id is not None:
        further = await _traced_of_result(session, original.variant_id, base, images)
        if further is not None:
            file, facts, steps, others = further
            return file, facts, steps, (*others, *files.values())
    return original, msgspec.structs.replace(plan.inputs[0], layers=()), base, tuple(files.values())


async def _traced_of_result(
    session: AsyncSession, variant_id: uuid.UUID, base: LineageBase, images: OverlayImages
) -> Traced | None:
    """As `_traced`, of steps whose source is a result itself; None: it can only be made of that one's file."""
    known = await making_of(session, variant_id)
    if isinstance(known, str):
        return None
    earlier = await _traced(session, *known, msgspec.convert(known[0].media_info, MediaInfo), images)
    if isinstance(earlier, str):
        return None
    file, facts, steps, files = earlier
    composed = on(steps, base)
    return None if isinstance(composed, str) else (file, facts, composed, files)
