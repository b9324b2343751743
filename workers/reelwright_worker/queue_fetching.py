"""What a worker asks of the queue, and says of itself there: its next job, when another one is due, who it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol

from procrastinate import jobs, manager

from reelwright.errors import JobFailed

_INTRODUCE = "UPDATE procrastinate_workers SET name = %(name)s, queues = %(queues)s WHERE id = %(worker_id)s"
_FETCH = (
    "SELECT f.id, f.status, f.task_name, f.priority, f.lock, f.queueing_lock, f.args, f.scheduled_at, f.queue_name,"
    " f.attempts, f.worker_id, CASE WHEN f.id IS NULL THEN ("
    " SELECT extract(epoch FROM min(scheduled_at) - clock_timestamp())::float FROM procrastinate_jobs"
    " WHERE status = 'todo' AND scheduled_at IS NOT NULL"
    ") END AS due_s,"
    " CASE WHEN f.id IS NOT NULL THEN ("
    " SELECT j.plan_json::text FROM jobs j WHERE j.id = (f.args->>'job_id')::uuid"
    ") END AS plan"
    # nobody waits for the disk: what a server forgets as it dies was not claimed either, for claims come after it
    " FROM procrastinate_fetch_job_v2(%(queues)s::varchar[], %(worker_id)s) AS f,"
    " set_config('synchronous_commit', 'off', true)"
)
_PUT_BACK = (
    "WITH back AS (UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL"
    " WHERE id = %(entry)s AND status = 'doing' AND worker_id = %(worker_id)s RETURNING id, queue_name)"
    " SELECT pg_notify(channel, json_build_object('type', 'job_inserted', 'job_id', id)::text)"
    " FROM back, unnest(ARRAY['procrastinate_queue_v1#' || queue_name, 'procrastinate_any_queue_v1']) AS channel"
)


class Looked(Protocol):
    """A machine as far as the queue asks about it: what is known to keep it from work, and a look at it."""

    trouble: JobFailed | None

    async def able(self) -> bool: ...


class CarefulManager(manager.JobManager):
    """Fetches no job while the `machine` cannot work, and of those queues alone that `open_queues` names. Says of its
    worker who it is, and of which `queues` it takes jobs. `due_s`: in how many seconds the next entry becomes due, of
    whichever queue, after a fetch that found none; None: there is none."""

    machine: Looked | None = None
    open_queues: Callable[[], Awaitable[Iterable[str] | None]] | None = None
    name: str | None = None
    queues: Sequence[str] | None = None
    due_s: float | None = None
    plan: str | None = None
    """Of the job that the last fetch found, as it is stored: what the job takes is known before it is claimed."""
    fetched: bool = False
    """Whether the last fetch asked the database: otherwise nothing is known of what is due."""

    async def register_worker(self) -> int:
        worker_id = await super().register_worker()
        queues = None if self.queues is None else list(self.queues)
        await self.connector.execute_query_async(_INTRODUCE, name=self.name, queues=queues, worker_id=worker_id)
        return worker_id

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        """Look at the machine while the database is asked: whoever waits for the job waits for one of both. A job that
        is found by a machine which then turns out not to be able goes back, and all workers hear of it."""
        self.due_s, self.plan, self.fetched = None, None, False
        if self.open_queues is not None:
            queues = await self.open_queues()
        if self.machine is not None and self.machine.trouble is not None:
            return None
        row, able = await asyncio.gather(
            self.connector.execute_query_one_async(_FETCH, queues=queues, worker_id=worker_id), self._able()
        )
        if row["id"] is not None and not able:
            await self.connector.execute_query_async(_PUT_BACK, entry=row["id"], worker_id=worker_id)
            return None
        return self._found(row)

    async def _able(self) -> bool:
        return self.machine is None or await self.machine.able()

    def _found(self, row: dict[str, Any]) -> jobs.Job | None:
        self.fetched = True
        if row["id"] is not None:
            self.plan = row["plan"]
            return jobs.Job.from_row(row)
        self.due_s = None if row["due_s"] is None else max(float(row["due_s"]), 0.0)
        return None
