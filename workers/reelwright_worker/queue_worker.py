"""procrastinate made fit for long work: survives Postgres restarts, keeps its heartbeat while it drains, fails loudly.

Overrides private methods of procrastinate 3.10, hence the narrow pin. Each override names what it mends.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import procrastinate
import psycopg
from procrastinate import exceptions, jobs, utils, worker
from procrastinate.job_context import AbortReason, JobContext

from reelwright.cancellation import set_within
from reelwright.jobs.queue_choice import LIGHT, taken_with
from reelwright.telemetry import metrics
from reelwright_worker.queue_connector import LateConnector
from reelwright_worker.queue_fetching import CarefulManager

logger = logging.getLogger(__name__)

DRAIN_SIDE_TASKS = frozenset({"update_heartbeats", "poll_jobs_to_abort", "listener"})
SIGNALS = (signal.SIGINT, signal.SIGTERM)
PERSIST_DELAYS_S = (1, 2, *[3] * 200)
"""An outage may last; after one the entry is ended at once."""
CLAIM_FIRST_S = 0.5
"""So long at most the next fetch waits until the job before it is claimed: both would share one processor, and whoever
waits for that job would wait for both."""
CLOCK_GRAIN_S = 0.002
"""So much later than a job is due it is looked for: clocks round."""


class SideTaskFailed(exceptions.ProcrastinateException):
    """A worker side task died: exit non-zero so that the supervisor restarts the worker."""


class DrainingWorker(worker.Worker):
    """`concurrency`: of jobs at once; `light_beside`: so many light ones more, where others are taken as well."""

    app: WorkerApp
    failure: BaseException | None = None
    ready = False

    def __init__(
        self, *, concurrency: int, light_beside: int = 0, heartbeat_file: Path | None = None, **arguments: Any
    ) -> None:
        more = light_beside if self._takes_others_beside_light(arguments["queues"]) else 0
        super().__init__(concurrency=concurrency + more, **arguments)
        metrics.SLOTS.set(self.concurrency)
        self._heartbeat_file = heartbeat_file
        self._most_others = concurrency if more else None
        self._is_narrowed = False
        self._news, self._news_at_fetch = 0, 0
        self._claimed = asyncio.Event()
        self._claimed.set()
        self._due: asyncio.TimerHandle | None = None
        self.app.job_manager.queues = arguments["queues"]
        self.app.job_manager.open_queues = self._open_queues

    @staticmethod
    def _takes_others_beside_light(queues: Sequence[str] | None) -> bool:
        return queues is None or (LIGHT in queues and len(queues) > 1)

    async def _open_queues(self) -> Iterable[str] | None:
        """Return of which queues a job may be taken, once the one before it is claimed: what is kept for light jobs is
        for no others."""
        await set_within(self._claimed, CLAIM_FIRST_S)
        if self._stop_event.is_set():  # while it waited: a worker that ends begins nothing more
            return []
        self._news_at_fetch = self._news
        others = sum(context.job.queue != LIGHT for context in self._running_jobs.values())
        self._is_narrowed = self._most_others is not None and others >= self._most_others
        return [LIGHT] if self._is_narrowed else self.queues

    def _look(self) -> None:
        """Have it looked whether there is a job to take."""
        self._news += 1
        self._new_job_event.set()

    async def _process_job(self, context: JobContext) -> None:
        """Have the next fetch wait until this job is claimed. Look for another one when it has ended: the stock worker,
        which has a place free already, would not."""
        self._claimed = claimed = asyncio.Event()
        context.additional_context.update(claimed=claimed.set, plan=self.app.job_manager.plan)

        def ended(_: object) -> None:
            claimed.set()
            if self._is_narrowed:
                self._look()

        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(ended)
        await super()._process_job(context)

    async def _show_life(self) -> None:
        if self._heartbeat_file is not None:
            await asyncio.to_thread(self._heartbeat_file.touch)

    async def run(self) -> None:
        """Run until stopped. Raises SideTaskFailed: the stock worker exits with 0 after such a failure.

        The first signal lets jobs end, any further one hands them back at once: the stock worker dies of it.
        """
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._heed)
        try:
            await super().run()  # type: ignore[no-untyped-call]
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)
        if self.failure is not None:
            raise SideTaskFailed from self.failure

    async def _update_heartbeat(self) -> None:
        """Keep trying: the stock heartbeat dies with the first lost connection, and tells nobody but the database."""
        while True:
            await asyncio.sleep(self.update_heartbeat_interval)
            assert self.worker_id is not None
            try:
                await self.app.job_manager.update_heartbeat(self.worker_id)
                await self._show_life()
            except exceptions.ConnectorException as error:
                logger.warning("heartbeat not written, retrying: %s", error.__cause__)

    async def _handle_notification(self, *, channel: str, notification: jobs.Notification) -> None:
        """Look whether a job is to be aborted: the stock worker believes whoever notifies it."""
        if notification["type"] == "job_inserted":
            self._look()
            return
        try:
            asked = await self.app.job_manager.list_jobs_to_abort_async()
        except exceptions.ConnectorException as error:
            logger.warning("what is to be aborted is not known yet: %s", error.__cause__)  # the poll comes to it
        else:
            self._handle_abort_jobs_requested(asked)

    async def _fetch_and_process_jobs(self) -> None:
        """Keep trying: the stock worker ends when one fetch fails, and takes its jobs along."""
        if not self.ready:
            self.ready = True
            await self._show_life()
            logger.info("worker ready")  # the stock worker speaks before it heeds signals
        try:
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]
            if self._news != self._news_at_fetch:  # they came while it was fetched: the stock worker forgets them
                self._new_job_event.set()
            self._await_due()
            metrics.HINDERED.labels("database").set(0)
        except exceptions.ConnectorException as error:
            metrics.HINDERED.labels("database").set(1)
            if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                logger.warning("this worker was silent and another one struck it off: registering again")
                self.worker_id = await self.app.job_manager.register_worker()
                self._look()
            elif isinstance(error.__cause__, psycopg.OperationalError):
                logger.warning("no jobs fetched, trying again: %s", error.__cause__)
            else:
                raise

    def _await_due(self) -> None:
        """Look again when the next job becomes due: the stock worker comes to it with its next poll. Whoever queues one
        that is due before notifies of it."""
        if not self.app.job_manager.fetched:
            return
        due_s = self.app.job_manager.due_s
        if self._due is not None:
            self._due.cancel()
        self._due = None if due_s is None else asyncio.get_running_loop().call_later(due_s + CLOCK_GRAIN_S, self._look)

    async def _monitor_side_tasks(self, side_tasks: list[asyncio.Task[Any]]) -> None:
        """Watch all side tasks: the stock monitor ends with the first that does."""
        pending = set(side_tasks)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled() and (error := task.exception()):
                    logger.error("side task %s failed, stopping the worker", task.get_name(), exc_info=error)
                    self.failure = error
                    self.stop()  # type: ignore[no-untyped-call]
                    return

    async def _shutdown(self, side_tasks: list[asyncio.Task[Any]]) -> None:
        """Let heartbeat and abort requests go on while jobs drain: the stock worker looks dead then."""
        kept = [task for task in side_tasks if task.get_name() in DRAIN_SIDE_TASKS]
        try:
            if self._due is not None:
                self._due.cancel()
            await utils.cancel_and_capture_errors([task for task in side_tasks if task not in kept])
            await super()._shutdown(side_tasks=[])
        finally:
            await utils.cancel_and_capture_errors(kept)

    def _log_job_outcome(self, **outcome: Any) -> None:  # type: ignore[override]
        """Log no fault of a job that was cancelled or handed back: the stock worker logs a traceback.

        That a task has returned says nothing of what became of the job, which has told of itself.
        """
        if outcome["status"] is jobs.Status.SUCCEEDED:
            return
        if isinstance(outcome.get("exc_info"), asyncio.CancelledError):
            outcome["exc_info"] = False
        super()._log_job_outcome(**outcome)

    def _heed(self) -> None:
        if not self._stop_event.is_set():
            self.stop()  # type: ignore[no-untyped-call]
            return
        for task, context in self._running_jobs.items():
            self._abort_job(task, context, AbortReason.SHUTDOWN)

    async def _persist_job_status(self, *args: Any, **kwargs: Any) -> None:
        """Outlast a database outage: the stock worker leaves the entry `doing` for ever."""
        for delay_s in PERSIST_DELAYS_S:
            try:
                await super()._persist_job_status(*args, **kwargs)
            except exceptions.ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    logger.info("another worker's maintenance has ended this queue entry already")
                elif not isinstance(error.__cause__, psycopg.OperationalError):
                    raise
                elif not self._stop_event.is_set():
                    logger.warning("queue status not written, retrying: %s", error.__cause__)
                    await asyncio.sleep(delay_s)
                    continue
                else:
                    logger.warning("queue status not written, left to the maintenance: %s", error.__cause__)
            return
        await super()._persist_job_status(*args, **kwargs)


class WorkerApp(procrastinate.App):
    """An App whose `database` gives the URL when it opens, and whose `resources` live as long as a worker runs."""

    connector: LateConnector
    job_manager: CarefulManager

    def __init__(
        self,
        *,
        database: Callable[[], AbstractAsyncContextManager[str]],
        resources: Callable[[str], AbstractAsyncContextManager[dict[str, Any]]],
        defaults: Callable[[], dict[str, Any]],
    ) -> None:
        super().__init__(connector=LateConnector())
        self.job_manager = CarefulManager(self.connector)
        self._database = database
        self._resources = resources
        self._defaults = defaults
        self._stack = AsyncExitStack()
        self.url = ""

    def open_async(self, pool: Any = None) -> utils.AwaitableContext[procrastinate.App]:
        async def open_() -> None:
            self.url = await self._stack.enter_async_context(self._database())
            self.connector.connect_to(self.url)
            await self.connector.open_async(pool)

        async def close() -> None:
            try:
                await self.connector.close_async()
            finally:
                await self._stack.aclose()

        return utils.AwaitableContext(open_coro=open_, close_coro=close, return_value=self)

    def _worker(self, **kwargs: Any) -> worker.Worker:
        asked = {**self._defaults(), **kwargs, "install_signal_handlers": False}
        queues = None if asked["queues"] is None else taken_with(asked["queues"])
        return DrainingWorker(app=self, **{**asked, "queues": queues})

    async def run_worker_async(self, **kwargs: Any) -> None:
        async with self._resources(self.url) as resources:
            machine = resources["context"].machine
            self.job_manager.able, self.job_manager.name = machine.able, machine.name
            await super().run_worker_async(additional_context=resources, **kwargs)
