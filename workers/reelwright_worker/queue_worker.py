"""procrastinate made fit for long work: survives Postgres restarts, keeps its heartbeat while it drains, fails loudly.

Overrides private methods of procrastinate 3.10, hence the narrow pin. Each override names what it mends.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, Literal

import msgspec
import procrastinate
import psycopg
from procrastinate import connector, exceptions, jobs, manager, utils, worker
from procrastinate.job_context import AbortReason

from reelwright.db.connection import STATEMENT_TIMEOUT_S, libpq_parameters
from reelwright.jobs.queue import SessionConnector
from reelwright.telemetry import metrics

logger = logging.getLogger(__name__)

DRAIN_SIDE_TASKS = frozenset({"update_heartbeats", "poll_jobs_to_abort", "listener"})
SIGNALS = (signal.SIGINT, signal.SIGTERM)
PERSIST_DELAYS_S = (1, 2, *[3] * 200)
"""An outage may last; after one the entry is ended at once."""
ANSWER_TIMEOUT_S = STATEMENT_TIMEOUT_S + 2
RECONNECT_S = 4.0
"""psycopg's pool tries a new connection ever less often, up to so many seconds apart, then whenever one is wanted."""


class SideTaskFailed(exceptions.ProcrastinateException):
    """A worker side task died: exit non-zero so that the supervisor restarts the worker."""


class Notice(msgspec.Struct):
    """What the queue's triggers and functions notify of."""

    type: Literal["job_inserted", "abort_job_requested"]
    job_id: int


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """One that waits for no answer for longer than ANSWER_TIMEOUT_S, and is closed then: libpq knows no such limit, and
    to a server that is mute the kernel at its side still speaks. Only what waits for notifications may wait."""

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - its signature
        if timeout is not None or gen.__name__ == "notifies":
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, ANSWER_TIMEOUT_S)
        except psycopg.errors._WaitTimeout as error:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the database did not answer for {ANSWER_TIMEOUT_S} s") from error


class LateConnector(SessionConnector):
    """A connector that learns its database when it is opened: importing the app reads no settings."""

    def connect_to(self, url: str) -> None:
        self._pool_args |= {
            "conninfo": url,
            "connection_class": BoundedConnection,
            "min_size": 1,
            "max_size": 4,
            "timeout": 5,
            "reconnect_timeout": RECONNECT_S,
            "kwargs": {"application_name": "reelwright-queue", **libpq_parameters()},
        }

    async def listen_notify(self, on_notification: connector.Notify, channels: Iterable[str]) -> None:
        """Reconnect: the stock listener ends for good when Postgres restarts, or when somebody, who needs no right for
        that, notifies its channels of nonsense."""

        async def heed(*, channel: str, payload: str) -> None:
            try:
                msgspec.json.decode(payload, type=Notice)
            except msgspec.DecodeError as error:
                logger.warning("a notification on %s is none of the queue's: %s", channel, error)
                return
            await on_notification(channel=channel, payload=payload)

        channels = list(channels)
        while True:
            try:
                await super().listen_notify(heed, channels)
            except exceptions.ConnectorException as error:
                if not isinstance(error.__cause__, psycopg.OperationalError):
                    raise
                logger.warning("LISTEN connection lost, reconnecting: %s", error.__cause__)
                await asyncio.sleep(1)


class DrainingWorker(worker.Worker):
    failure: BaseException | None = None
    ready = False

    def __init__(self, *, heartbeat_file: Path | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._heartbeat_file = heartbeat_file

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
        if notification["type"] != "abort_job_requested":
            await super()._handle_notification(channel=channel, notification=notification)
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
            metrics.HINDERED.labels("database").set(0)
        except exceptions.ConnectorException as error:
            metrics.HINDERED.labels("database").set(1)
            if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                logger.warning("this worker was silent and another one struck it off: registering again")
                self.worker_id = await self.app.job_manager.register_worker()
            elif isinstance(error.__cause__, psycopg.OperationalError):
                logger.warning("no jobs fetched, trying again: %s", error.__cause__)
            else:
                raise

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


class CarefulManager(manager.JobManager):
    """Fetches no job while the machine cannot work: `able` is asked before each."""

    able: Callable[[], Awaitable[bool]] | None = None

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        if self.able is not None and not await self.able():
            return None
        return await super().fetch_job(queues, worker_id)


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
        return DrainingWorker(app=self, **{**self._defaults(), **kwargs, "install_signal_handlers": False})

    async def run_worker_async(self, **kwargs: Any) -> None:
        async with self._resources(self.url) as resources:
            self.job_manager.able = resources["context"].machine.able
            await super().run_worker_async(additional_context=resources, **kwargs)
