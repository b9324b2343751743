"""Turns an edit into a queued job: source, facts, draft, plan, rows and queue entry, in the caller's transaction."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.job_admission import admit_job
from reelwright.access.keep_rules import AS_SHIPPED, KeepRules
from reelwright.db.models import File, Job, Variant, Video
from reelwright.db.ownership import project_of_new
from reelwright.edits import ladder
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.edit import Edit, transcode, trim
from reelwright.edits.enums import FileRole, JobType
from reelwright.edits.labels import NO_LABELS, Labels
from reelwright.edits.ladder import TRIM_CRF
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput, Ladder
from reelwright.edits.plan import Facts, LineageBase, Plan, resolve
from reelwright.edits.plan.splicing import spliced
from reelwright.edits.pointers import Pointer
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.splice_structs import CutMode, Splice, Survey
from reelwright.edits.timecode import Time
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.events import webhooks
from reelwright.jobs import reuse, room
from reelwright.jobs.calibrated_forecast import foretold
from reelwright.jobs.creation import NewJob
from reelwright.jobs.forecast import work_of
from reelwright.jobs.past_jobs import PastOf, past
from reelwright.jobs.queue_choice import queue_of
from reelwright.jobs.timing import AT_ONCE, Timing
from reelwright.library import retention
from reelwright.library.named_sources import NO_VIDEO_IN_IMAGE, NO_VIDEO_IN_SOUND
from reelwright.storage.local import LocalStorage
from reelwright.telemetry import metrics


@dataclass(frozen=True, slots=True)
class Source:
    """What an edit works on: a stored file, the video that it belongs to, and the variant that it is, if any."""

    file: File
    video_id: uuid.UUID
    variant_id: uuid.UUID | None
    facts: Facts


async def find_source(
    session: AsyncSession, source_id: uuid.UUID, variant_id: uuid.UUID | None = None, *, pointer: str = "/video_id"
) -> Source:
    """The upload or the variant that has the id, or the named variant of it. It is locked against deletion until the
    transaction ends. `pointer`: where the request has the id.

    Raises NotFound; InvalidInput when the variant is another video's, or a result without a moving picture.
    """
    owner: Video | Variant | None = await session.get(Video, source_id) or await session.get(Variant, source_id)
    if owner is None:
        raise NotFound("no such video or variant", pointer=pointer)
    video_id = owner.video_id if isinstance(owner, Variant) else owner.id
    if variant_id is not None:
        named = await session.get(Variant, variant_id)
        if named is None:
            raise NotFound("no such variant", pointer="/source_variant_id")
        if named.video_id != video_id:
            raise InvalidInput([FieldError("/source_variant_id", "is a variant of another video")])
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
        at = pointer if variant_id is None else "/source_variant_id"
        raise InvalidInput([FieldError(at, NO_VIDEO_IN_SOUND if media.audio else NO_VIDEO_IN_IMAGE)])
    return Source(file, video_id, own_variant_id, Facts(sha256=file.sha256, media=media))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edit with all that it is planned from: it can be queued, explained or shown. `layer_files`: the videos that it
    reads beside the source; `pointers`, `base`, `texts`: as for `resolve`; `remarks`: warnings beside the plan's;
    `survey`: what the source's packets say of a cut that is not `exact`."""

    edit: Edit
    source: Source
    type: JobType
    layer_files: tuple[File, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    base: LineageBase | None = None
    texts: tuple[SubtitleTrack, ...] = ()
    remarks: tuple[str, ...] = ()
    survey: Survey | None = None

    def resolved(self) -> Plan:
        """What it will make, all of it coded anew. Raises InvalidInput."""
        return resolve(self.edit, self.source.facts, self.pointers, self.base, self.texts)

    def plan(self) -> Plan:
        """What it will make. Raises InvalidInput."""
        plan, mode = self.resolved(), self.edit.cut_mode
        return plan if mode == "exact" else spliced(plan, mode, self.survey, self.texts)


def draft_trim(
    source: Source,
    start: Time,
    end: Time | None,
    *,
    coding: Ladder | None = None,
    pointer: Pointer,
    mode: CutMode = "exact",
) -> Draft:
    """A cut of the source. `coding`: how the result is coded, None: as usual; `pointer`: where the request has `start`
    and `end`; `mode`: how it is cut."""
    size = source.facts.media.main_video.display_size
    output = FileOutput() if coding is None else ladder.single(coding, size, usual_crf=TRIM_CRF)
    edit = in_mode(trim(start, end, output), mode)
    return Draft(edit=edit, source=source, type=JobType.TRIM, pointers=(pointer,))


def in_mode(edit: Edit, mode: CutMode) -> Edit:
    """The edit, made in a mode: what is `exact` says nothing of it."""
    return edit if mode == "exact" else msgspec.structs.replace(edit, mode=mode)


def draft_transcode(
    source: Source, renditions: Ladder, sidecars: tuple[AnySidecar, ...] = (), *, pointers: Sequence[Pointer] = ()
) -> Draft:
    """Renditions of the source, with what goes beside them. `pointers`: where the request has each sidecar.

    Raises InvalidInput.
    """
    outputs = ladder.outputs(renditions, source.facts.media.main_video.display_size)
    edit = transcode(outputs, sidecars, renditions.streaming)
    return Draft(edit=edit, source=source, type=JobType.TRANSCODE_MULTI, pointers=tuple(pointers))


async def submit(
    session: AsyncSession,
    draft: Draft,
    *,
    max_failures: int,
    labels: Labels = NO_LABELS,
    reuse_from: LocalStorage | None = None,
    webhook_url: str | None = None,
    keep_s: int | None = None,
    keep_rules: KeepRules = AS_SHIPPED,
    timing: Timing = AT_ONCE,
    past_of: PastOf = past,
) -> Job:
    """Queue an edit, planned: what cannot be done is refused now, not in the worker. `labels`: what the client says of
    it; `reuse_from`: where the results lie that may be taken instead of making them again, None: it is made anew;
    `webhook_url`: is told how it goes; `keep_s`: so long its results are kept, 0: for good, None: as the project's rule
    says; `keep_rules`: of the settings; `timing`: when it is made; `past_of`: tells what earlier jobs
    took.

    Raises InvalidInput, ExceedsMachines; RateLimited, QuotaExceeded: no more jobs are taken of whoever asks.
    """
    plan, source = await asyncio.to_thread(draft.plan), draft.source  # thousands of cues take a second
    if isinstance(plan.splice, Splice) and plan.splice.refused is not None:
        metrics.NOT_SPLICED.labels(plan.splice.refused.reason).inc()
    inputs = {file.sha256: file.id for file in (*draft.layer_files, source.file)}
    new = NewJob(
        video_id=source.video_id,
        input_variant_id=source.variant_id,
        type=draft.type,
        edit_json=msgspec.to_builtins(draft.edit),
        plan_json=msgspec.to_builtins(plan),
        plan_digest=plan.digest,
        warnings=(*plan.warnings, *draft.remarks),
        labels=labels.stored,
        input_file_ids=tuple(inputs.values()),
        max_failures=max_failures,
        webhook_id=None if webhook_url is None else await webhooks.of_request(session, webhook_url),
        result_keep_s=await retention.keep_s(session, "results_s", keep_s, keep_rules),
        fingerprint=reuse.fingerprint(plan, project_of_new()),
        timing=timing,
        queue=queue_of(plan),
    )
    await room.require_possible(session, plan)
    await admit_job(session)

    async def foretell() -> dict[str, Any]:
        known = await past_of(session, project_of_new())
        forecast: dict[str, Any] = msgspec.to_builtins(foretold(work_of(draft.type, plan), known))
        return forecast

    return await reuse.create(session, new, None if timing.is_planned else reuse_from, foretell)
