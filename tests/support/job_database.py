"""Videos and jobs as rows of a real database, and every transition of a job as one call: no files, no processes."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File, Job, JobEvent, Variant, Video, new_id
from reelwright.db.sessions import Sessions
from reelwright.edits.kinds_and_states import FileRole, JobType, VariantKind
from reelwright.jobs import claims, creation, lifecycle, queries
from reelwright.jobs.fencing import Claim
from reelwright.jobs.queue_choice import MEDIA
from reelwright.jobs.timing import AT_ONCE, Timing
from tests.support.media_info import media

LEASE_S = 60.0


class World:
    """A database with videos and jobs to work on."""

    def __init__(self, sessions: Sessions, url: str) -> None:
        self.sessions = sessions
        self.url = url

    async def video(self) -> tuple[uuid.UUID, uuid.UUID]:
        """A video's id and its file's."""
        async with self.sessions.begin() as session:
            video = Video(
                id=new_id(),
                original_filename="holiday.mp4",
                stored_path="x",
                size_bytes=1,
                width=2,
                height=2,
                format="mp4",
                mime_type="video/mp4",
                sha256="0",
                media_info=msgspec.to_builtins(media()),
            )
            session.add(video)
            await session.flush()
            file = File(
                video_id=video.id,
                role=FileRole.MAIN,
                name="source.mp4",
                key=f"uploads/{video.id}/source.mp4",
                size_bytes=1,
                sha256="0",
                content_type="video/mp4",
            )
            session.add(file)
            await session.flush()
            return video.id, file.id

    async def job(self, **more: Any) -> uuid.UUID:
        video_id, file_id = await self.video()
        async with self.sessions.begin() as session:
            return (await self.create(session, video_id, file_id, **more)).id

    async def create(
        self,
        session: AsyncSession,
        video_id: uuid.UUID,
        file_id: uuid.UUID,
        *,
        max_failures: int = 3,
        timing: Timing = AT_ONCE,
        queue: str = MEDIA,
    ) -> Job:
        new = creation.NewJob(
            video_id=video_id,
            type=JobType.TRIM,
            edit_json={},
            plan_json={"inputs": [{}]},
            input_file_ids=(file_id,),
            max_failures=max_failures,
            timing=timing,
            queue=queue,
        )
        return await creation.create(session, new)

    async def do(self, work: Callable[..., Awaitable[Any]], *arguments: Any, **more: Any) -> Any:
        """One transition in a transaction of its own."""
        async with self.sessions.begin() as session:
            return await work(session, *arguments, **more)

    async def claim(self, job_id: uuid.UUID, *, worker: str = "w", lease_s: float = LEASE_S) -> Claim | None:
        taken = await self.do(claims.claim, job_id, worker=worker, lease_s=lease_s)
        return None if taken is None else taken[0]

    async def claimed(self, job_id: uuid.UUID, **more: Any) -> Claim:
        claim = await self.claim(job_id, **more)
        assert claim is not None
        return claim

    async def expire(self, job_id: uuid.UUID) -> None:
        """Let the holder's lease be over."""
        past = func.now() - datetime.timedelta(seconds=1)
        async with self.sessions.begin() as session:
            await session.execute(update(Job).where(Job.id == job_id).values(lease_until=past))

    async def look(self, job_id: uuid.UUID) -> Job:
        async with self.sessions() as session:
            return await queries.find(session, job_id)

    async def events(self, job_id: uuid.UUID) -> list[tuple[int, str, int]]:
        async with self.sessions() as session:
            rows = await session.execute(
                select(JobEvent.seq, JobEvent.type, JobEvent.attempt)
                .where(JobEvent.job_id == job_id)
                .order_by(JobEvent.seq)
            )
            return [(seq, kind, attempt) for seq, kind, attempt in rows]

    async def entries(self) -> list[tuple[int, str, str]]:
        """The queue: id, status and job of each entry."""
        async with self.sessions() as session:
            rows = await session.execute(
                text("SELECT id, status::text, args->>'job_id' FROM procrastinate_jobs ORDER BY id")
            )
            return [(number, status, job_id) for number, status, job_id in rows]

    async def publish(self, claim: Claim, job_id: uuid.UUID) -> uuid.UUID:
        """Succeed, with a variant, as a worker does."""
        job = await self.look(job_id)
        async with self.sessions.begin() as session:
            variant = Variant(
                id=new_id(),
                video_id=job.video_id,
                job_id=job_id,
                kind=VariantKind.TRIM,
                stored_path="x",
                size_bytes=1,
                width=2,
                height=2,
                config_json={},
                edit_json={},
                media_info={},
                checks={},
            )
            await lifecycle.succeed(session, claim, output_variant_id=variant.id)
            session.add(variant)
        return variant.id
