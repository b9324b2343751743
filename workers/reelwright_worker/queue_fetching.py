"""What a worker asks of the queue, and says of itself there: its next job, when another one is due, who it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from procrastinate import jobs, manager

_INTRODUCE = "UPDATE procrastinate_workers SET name = %(name)s, queues = %(queues)s WHERE id = %(worker_id)s"
_NEXT_DUE = (
    "SELECT extract(epoch FROM min(scheduled_at) - clock_timestamp())::float AS due_s FROM procrastinate_jobs"
    " WHERE status = 'todo' AND scheduled_at IS NOT NULL"
)


class CarefulManager(manager.JobManager):
    """Fetches no job while the machine cannot work: `able` is asked before each; and of those queues alone that
    `open_queues` then names. Says of its worker who it is, and of which `queues` it takes jobs."""

    able: Callable[[], Awaitable[bool]] | None = None
    open_queues: Callable[[], Iterable[str] | None] | None = None
    name: str | None = None
    queues: Sequence[str] | None = None

    async def register_worker(self) -> int:
        worker_id = await super().register_worker()
        queues = None if self.queues is None else list(self.queues)
        await self.connector.execute_query_async(_INTRODUCE, name=self.name, queues=queues, worker_id=worker_id)
        return worker_id

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        if self.open_queues is not None:
            queues = self.open_queues()
        if self.able is not None and not await self.able():
            return None
        return await super().fetch_job(queues, worker_id)

    async def next_due_s(self) -> float | None:
        """Return in how many seconds the next entry becomes due, of whichever queue; None: there is none."""
        row = await self.connector.execute_query_one_async(_NEXT_DUE)
        return None if row["due_s"] is None else max(float(row["due_s"]), 0.0)
