"""The queue's connections to the database: spared round trips, bounded waits, a listener that outlasts restarts.

Overrides private methods of procrastinate 3.10 and psycopg, hence the narrow pins. Each override names what it mends.
"""

from __future__ import annotations

import asyncio
import logging
import select
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
import procrastinate
import psycopg
import psycopg_pool
from procrastinate import connector, exceptions

from reelwright.db.connection import STATEMENT_TIMEOUT_S, libpq_parameters

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = STATEMENT_TIMEOUT_S + 2
RECONNECT_S = 4.0
"""psycopg's pool tries a new connection ever less often, up to so many seconds apart, then whenever one is wanted."""


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


async def still_there(connection: psycopg.AsyncConnection[Any]) -> None:
    """Ask a connection of the pool whether it works only where something has come on it that nobody asked for: the end
    of it, mostly. What is mute shows with the statement. Raises psycopg.OperationalError."""
    news = select.poll()
    news.register(connection.fileno(), select.POLLIN)
    if news.poll(0):
        await psycopg_pool.AsyncConnectionPool.check_connection(connection)


async def each_by_itself(connection: psycopg.AsyncConnection[Any]) -> None:
    """Have each statement be a transaction: the queue's are single ones."""
    await connection.set_autocommit(True)


class LateConnector(procrastinate.PsycopgConnector):
    """A connector that learns its database when it is opened: importing the app reads no settings."""

    def connect_to(self, url: str) -> None:
        self._pool_args |= {
            "conninfo": url,
            "connection_class": BoundedConnection,
            "configure": each_by_itself,
            "min_size": 1,
            "max_size": 4,
            "timeout": 5,
            "reconnect_timeout": RECONNECT_S,
            "kwargs": {"application_name": "reelwright-queue", **libpq_parameters()},
        }

    async def _create_pool(self, pool_args: dict[str, Any]) -> psycopg_pool.AsyncConnectionPool[Any]:
        """Spare a round trip for each statement: the stock pool asks every connection before."""
        return psycopg_pool.AsyncConnectionPool(**pool_args, open=False, check=still_there)

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
