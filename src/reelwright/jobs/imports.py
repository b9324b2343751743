"""Imports: a video that a job fetches from an address, instead of a client that sends it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.job_admission import admit_job
from reelwright.access.keep_rules import AS_SHIPPED, KeepRules
from reelwright.db.models import Import, ImportSecrets, Job
from reelwright.edits.kinds_and_states import JobType
from reelwright.errors import JobFailed
from reelwright.jobs import creation, fencing
from reelwright.jobs.fencing import Claim
from reelwright.jobs.timing import AT_ONCE, Timing
from reelwright.library import retention
from reelwright.library.resumed_fetching import Representation
from reelwright.library.uploads import SaidOfVideo
from reelwright.outbound.url import Target


@dataclass(frozen=True, slots=True)
class WantedImport:
    """What is fetched. `filename`: what the video will be called; None: as the other side calls it. `known`: of the
    bytes that an earlier attempt left."""

    target: Target
    headers: Mapping[str, str] = field(default_factory=dict)
    filename: str | None = None
    known: Representation = field(default_factory=Representation)


def transfer(shown: str, received_bytes: int, size_bytes: int | None, bytes_per_s: float | None) -> dict[str, Any]:
    """How far an import is, as the job's row holds it beside the commands, of which it has none."""
    told = {"url": shown, "received_bytes": received_bytes, "size_bytes": size_bytes, "bytes_per_s": bytes_per_s}
    return {"commands": [], "transfer": told}


async def submit_import(
    session: AsyncSession,
    wanted: WantedImport,
    *,
    said: SaidOfVideo,
    max_failures: int,
    keep_rules: KeepRules = AS_SHIPPED,
    timing: Timing = AT_ONCE,
) -> Job:
    """Queue a job that imports. `said`: of the video; `keep_rules`: of the settings; `timing`: when it begins. Raises
    RateLimited, QuotaExceeded: no more jobs are taken of whoever asks."""
    target = wanted.target
    new = creation.NewJob(
        video_id=None,
        type=JobType.IMPORT,
        labels=said.labels.stored,
        recipe_json=transfer(target.shown, 0, None, None),
        max_failures=max_failures,
        timing=timing,
    )
    await admit_job(session)
    job = await creation.create(session, new)
    secret = bool(target.query or wanted.headers)
    url = f"{target.scheme}://{target.authority}{target.path}"
    session.add(
        Import(
            job_id=job.id,
            url=url,
            has_secrets=secret,
            filename=wanted.filename,
            keep_s=await retention.keep_s(session, "videos_s", said.keep_s, keep_rules),
            project_id=job.project_id,
        )
    )
    await session.flush()
    if secret:
        session.add(ImportSecrets(job_id=job.id, query=target.query, headers=dict(wanted.headers)))
    return job


async def wanted_by(session: AsyncSession, job_id: uuid.UUID) -> WantedImport:
    """Return what the job imports. Raises JobFailed where that is not known any more."""
    row = await session.get(Import, job_id)
    secrets = await session.get(ImportSecrets, job_id)
    if row is None or (row.has_secrets and secrets is None):
        raise JobFailed(
            "the headers of the import, or the query of its address, are not kept any more: ask for it anew",
            code="input_gone",
            stage="fetch",
        )
    url = row.url if secrets is None or not secrets.query else f"{row.url}?{secrets.query}"
    headers: dict[str, str] = {} if secrets is None else secrets.headers
    known = Representation(validator=row.validator, size_bytes=row.size_bytes)
    return WantedImport(Target.read(url), headers, row.filename, known)


async def kept_s(session: AsyncSession, job_id: uuid.UUID) -> int | None:
    """Return for how long the video is kept, seconds; None: for good."""
    row = await session.get(Import, job_id)
    return None if row is None else row.keep_s


async def note(session: AsyncSession, claim: Claim, new: Representation, filename: str | None) -> None:
    """Write down what the bytes are of that are about to come. Raises LeaseLost."""
    job = await fencing.owned(session, claim)
    values = {"validator": new.validator, "size_bytes": new.size_bytes, "filename": filename}
    await session.execute(update(Import).where(Import.job_id == job.id).values(**values))
