"""The connections that a process keeps open, as an engine: asked whether they still answer before they are used again,
given up where they do not."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from reelwright.db.connection import STATEMENT_TIMEOUT_S, connect
from reelwright.db.outages import is_away

PING_TIMEOUT_S = 3
ANSWERED_S = 1.0
"""A connection that answered so lately, and that the server has not closed since, is not asked whether it still
does."""
CLOSE_TIMEOUT_S = 3


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def create_engine(
    url: str, *, application_name: str, pool_size: int = 5, statement_timeout_s: int = STATEMENT_TIMEOUT_S
) -> AsyncEngine:
    """Return an engine on asyncpg, which reads the URL itself: every form that it knows works (sslmode, several hosts).

    `statement_timeout_s` 0 means none. A connection that does not answer is given up 2 s after that, and found out
    within PING_TIMEOUT_S when it is taken from the pool: nobody waits for a mute database for long.
    """

    async def open_one() -> asyncpg.Connection[asyncpg.Record]:
        return await connect(url, application_name=application_name, statement_timeout_s=statement_timeout_s)

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=open_one,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=8,
        pool_use_lifo=True,  # those that few need at once stay warm, with what they have prepared
        json_serializer=_json,
        json_deserializer=msgspec.json.decode,
    )
    event.listen(engine.sync_engine, "connect", _note_new)
    event.listen(engine.sync_engine, "checkout", _ping)
    event.listen(engine.sync_engine, "checkin", _note_answer)
    event.listen(engine.sync_engine, "handle_error", _give_up)
    return engine


def _note_new(_: object, record: ConnectionPoolEntry) -> None:
    record.info["new"] = True


def _note_answer(_: object, record: ConnectionPoolEntry) -> None:
    in_doubt = record.info.pop("in_doubt", False)
    record.info["answered"] = -math.inf if in_doubt else time.monotonic()


def _ping(dbapi_connection: Any, record: ConnectionPoolEntry, _: object) -> None:
    """Find out whether a pooled connection still answers. SQLAlchemy's own ping takes three round trips, and would
    wait for each as long as a statement may take."""
    if record.info.pop("new", False):
        return
    answered_s = time.monotonic() - record.info.get("answered", -math.inf)
    if answered_s < ANSWERED_S and not dbapi_connection.driver_connection.is_closed():
        return
    try:
        dbapi_connection.run_async(lambda driver: driver.execute("SELECT", timeout=PING_TIMEOUT_S))
    except Exception as error:
        if not is_away(error):
            raise
        dbapi_connection.driver_connection.terminate()
        raise InvalidatePoolError("the database does not answer") from error  # the others are no better


def _give_up(context: ExceptionContext) -> None:
    """A connection that ran into our own timeout waits for its answer still: nothing can be asked on it. One with any
    other error is asked whether it answers before it is used again.

    What is raised in here would be raised instead of the error, also instead of a cancellation: then whoever goes on
    after errors never ends."""
    if not isinstance(context.original_exception, Exception):
        return  # the pool lets go of a connection whose query is cancelled
    if context.connection is not None:
        with suppress(NotImplementedError):  # it is not the pool's yet: the engine's first is looked at
            context.connection.info["in_doubt"] = True
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
        if context.connection is not None and (driver := context.connection.connection.driver_connection) is not None:
            driver.terminate()


async def close(engine: AsyncEngine) -> None:
    """Close all connections; those of a mute server would take for ever, and end with the process."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await engine.dispose()
