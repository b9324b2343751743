"""Webhooks that ask for it are told how far a job is: every few seconds, the newest alone, each message once.

Progress is no event: nothing of it is stored, and what an endpoint does not take is dropped. The worker that runs the
job tells, and of those jobs too that share its encode. An endpoint that is slow hears less, one that fails nothing.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Sequence

import msgspec
from sqlalchemy import any_, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import Job, Webhook
from reelwright.db.models.jobs import UNFINISHED
from reelwright.errors import ReelwrightError
from reelwright.events import webhook_request
from reelwright.events.event import PROGRESS, ProgressMessage
from reelwright.events.signing_secrets import secrets_of
from reelwright.jobs.progress_message import message_of
from reelwright.outbound.client import OutboundClient

logger = logging.getLogger(__name__)

EVERY_S = 5.0
AT_ONCE = 100
"""Messages of one job."""


class ProgressMessages:
    """`timeout_s`: so long an endpoint is waited for; `every_s`: at most one of a job in so many seconds."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        client: OutboundClient,
        *,
        timeout_s: float,
        every_s: float = EVERY_S,
    ) -> None:
        self._every_s = every_s
        self._sessions = sessions
        self._client = client
        self._timeout_s = timeout_s

    async def tell(self, job_id: uuid.UUID) -> None:
        """Tell of a job until cancelled. What is under way then is dropped: the job has ended, or is another's."""
        under_way: dict[tuple[uuid.UUID, uuid.UUID], asyncio.Task[None]] = {}
        told: dict[tuple[uuid.UUID, uuid.UUID], tuple[int, str | None]] = {}
        try:
            while True:
                await asyncio.sleep(self._every_s)
                under_way = {of: task for of, task in under_way.items() if not task.done()}
                for job, webhook, secrets in await self._wanted(job_id):
                    of, reached = (webhook.id, job.id), (job.progress, job.stage)
                    if of not in under_way and told.get(of) != reached and len(under_way) < AT_ONCE:
                        told[of] = reached
                        under_way[of] = asyncio.create_task(self._send(webhook.url, secrets, message_of(job)))
        finally:
            for task in under_way.values():
                task.cancel()
            await asyncio.gather(*under_way.values(), return_exceptions=True)

    async def _wanted(self, job_id: uuid.UUID) -> Sequence[tuple[Job, Webhook, tuple[str, ...]]]:
        """The job, and those that share its encode, with the endpoints of their projects that want to know; nothing
        when the database cannot say so now."""
        wanted = (
            select(Job, Webhook)
            .join(Webhook, Webhook.project_id == Job.project_id)
            .where(
                or_(Job.id == job_id, Job.reused_from_job_id == job_id),
                UNFINISHED,
                literal(PROGRESS) == any_(Webhook.events),
                Webhook.disabled_at.is_(None),
                Webhook.failing_since.is_(None),
            )
            .limit(AT_ONCE)
        )
        try:
            async with self._sessions() as session:
                rows = (await session.execute(wanted)).all()
                return [(job, webhook, await secrets_of(session, webhook)) for job, webhook in rows]
        except Exception as error:  # noqa: BLE001 - the job goes on, whatever becomes of this
            logger.info("nobody is told how far job %s is: %r", job_id, error)
            return []

    async def _send(self, url: str, secrets: tuple[str, ...], told: ProgressMessage) -> None:
        try:
            await webhook_request.send(
                self._client,
                url,
                message_id=told.id,
                body=msgspec.json.encode(told),
                secrets=secrets,
                timestamp_s=int(told.timestamp.timestamp()),
                timeout_s=self._timeout_s,
            )
        except ReelwrightError as error:
            logger.info("progress of job %s was not taken: %s", told.data.job_id, error.detail)
