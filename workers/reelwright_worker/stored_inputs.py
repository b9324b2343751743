"""What a job works on: whether it is all there, and whether the disk still gives it.

ffmpeg reports a sector that cannot be read as a damaged video. Nothing that it says tells the two apart (a read that
failed ends a packet early, and the decoder complains of that), so the files are read once, from start to end, before a
video is called damaged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from reelwright.cancellation import finished
from reelwright.db.models import File, JobInput
from reelwright.edits.plan import Plan
from reelwright.errors import JobFailed, MediaProcessFailed, VerifyFailed
from reelwright.jobs.fencing import Claim
from reelwright.library.drawn_files import drawn_key, prepared_key
from reelwright.machine_faults import hindered
from reelwright_worker.context import WorkerContext

CHUNK_BYTES = 8 << 20
SEEM_DAMAGED = frozenset({MediaProcessFailed.code, VerifyFailed.code, "source_damaged", "crashed"})
"""Codes of failures that a file which cannot be read causes as well."""


async def found(ctx: WorkerContext, claim: Claim, plan: Plan) -> dict[str, Path]:
    """Return the local paths of all inputs by slot. Raises JobFailed when one is not what the plan was made for."""
    async with ctx.sessions() as session:
        files = await session.scalars(
            select(File)
            .join(JobInput, JobInput.file_id == File.id)
            .where(JobInput.job_id == claim.job_id, File.trashed_at.is_(None))
        )
        keys = {file.sha256: file.key for file in files}
    slots: dict[str, Path] = {}
    for number, facts in enumerate(plan.sources):
        key = prepared_key(facts) or keys.get(facts.sha256)
        if key is None:
            raise JobFailed("the video that the job works on was deleted", code="input_gone", stage="fetch")
        if not await asyncio.to_thread(ctx.storage.path(key).is_file):
            raise JobFailed("a stored file that the job needs is missing", code="file_missing", stage="fetch")
        slots[f"in{number}"] = ctx.storage.path(drawn_key(facts) or key)
    return slots


async def demand_readable(paths: Iterable[Path]) -> None:
    """Read the files through, in constant memory. Raises JobFailed, of the machine, where the disk refuses."""
    for path in paths:
        try:
            with path.open("rb", buffering=0) as file:
                while await finished(asyncio.to_thread(file.read, CHUNK_BYTES)):
                    pass
        except OSError as error:
            if (failure := hindered(error, at="a stored file")) is None:
                raise
            raise failure from error
