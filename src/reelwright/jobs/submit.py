"""Turns a draft into a queued job: plan, rows and queue entry, in the caller's transaction."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.job_admission import admit_job
from reelwright.access.keep_rules import AS_SHIPPED, KeepRules
from reelwright.db.models import Job
from reelwright.db.ownership import project_of_new
from reelwright.edits.labels import NO_LABELS, Labels
from reelwright.edits.splice_structs import Splice
from reelwright.events import webhooks
from reelwright.jobs import reuse, room
from reelwright.jobs.calibrated_forecast import foretold
from reelwright.jobs.creation import NewJob
from reelwright.jobs.draft import Draft
from reelwright.jobs.forecast import work_of
from reelwright.jobs.past_jobs import PastOf, past
from reelwright.jobs.queue_choice import queue_of
from reelwright.jobs.timing import AT_ONCE, Timing
from reelwright.library import retention
from reelwright.storage.local import LocalStorage
from reelwright.telemetry import metrics


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
