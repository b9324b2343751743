"""What a worker asks of the queue, and says of itself there: its next job, when another one is due, who it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from procrastinate import jobs, manager

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


class CarefulManager(manager.JobManager):
    """Fetches no job while the machine cannot work: `able` is asked before each; and of those queues alone that
    `open_queues` then names. Says of its worker who it is, and of which `queues` it takes jobs. `due_s`: in how many
    seconds the next entry becomes due, of whichever queue, after a fetch that found none; None: there is none."""

    able: Callable[[], Awaitable[bool]] | None = None
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
        self.due_s, self.plan, self.fetched = None, None, False
        if self.open_queues is not None:
            queues = await self.open_queues()
        if self.able is not None and not await self.able():
            return None
        row = await self.connector.execute_query_one_async(_FETCH, queues=queues, worker_id=worker_id)
        self.fetched = True
        if row["id"] is not None:
            self.plan = row["plan"]
            return jobs.Job.from_row(row)
        self.due_s = None if row["due_s"] is None else max(float(row["due_s"]), 0.0)
        return None
