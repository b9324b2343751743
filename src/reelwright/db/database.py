"""One process's way to the database: finds it (embedded or configured), keeps the engine, hands out sessions."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from reelwright.cancellation import finished
from reelwright.db import embedded, outages
from reelwright.db.connection import STATEMENT_TIMEOUT_S, connect
from reelwright.db.embedded import EmbeddedPostgres, acquire
from reelwright.db.outages import DatabaseUnusable, is_away
from reelwright.db.sessions import Sessions
from reelwright.settings import Settings

MIN_MAJOR = 15
"""Oldest major version of PostgreSQL that is supported."""
PING_TIMEOUT_S = 3
ANSWERED_S = 1.0
"""A connection that answered so lately, and that the server has not closed since, is not asked whether it still
does."""
CLOSE_TIMEOUT_S = 3


@dataclass(frozen=True, slots=True)
class Database:
    """`url` is a `postgresql://` URL that asyncpg and libpq take alike; `sessions` begin transactions."""

    url: str
    engine: AsyncEngine
    sessions: Sessions


@asynccontextmanager
async def usable(url: str) -> AsyncIterator[int]:
    """Try the database, then let the caller work with it; gives the server's major version.

    Raises DatabaseUnusable when it cannot be reached, refuses us or is too old; now, or while the caller works.
    """
    named = outages.named(url)
    try:
        version = await _server_version(url)
        if version < MIN_MAJOR:
            raise DatabaseUnusable(
                f"{named}: the server is PostgreSQL {version}, {MIN_MAJOR} or newer is needed. Upgrade it, or name "
                "another one in DB_HOST or DATABASE_URL."
            )
        yield version
    except Exception as error:
        if (reason := outages.reason(outages.cause(error))) is None:
            raise
        raise DatabaseUnusable(f"{named}: {reason}") from error


async def _server_version(url: str) -> int:
    try:
        connection = await connect(url, application_name="reelwright-look")
    except (ValueError, OverflowError) as error:  # what they say may quote the password
        raise DatabaseUnusable(outages.UNREADABLE) from error
    try:
        return connection.get_server_version().major
    finally:
        connection.terminate()


@asynccontextmanager
async def located(settings: Settings, *, make: bool = True) -> AsyncIterator[str]:
    """Yield the database's `postgresql://` URL; an embedded server runs at least as long as the context.

    `make`: where there is no embedded server yet, one is made. Who only joins a service would make a second one when
    started in the wrong folder. Raises DatabaseUnusable then, EmbeddedPostgresError.
    """
    if not settings.uses_embedded_database:
        yield settings.configured_database_url
        return
    if not make and not embedded.is_there(settings.database_path):
        raise DatabaseUnusable(await asyncio.to_thread(_no_server, settings.database_path))
    acquiring: asyncio.Task[EmbeddedPostgres] = asyncio.create_task(
        asyncio.to_thread(acquire, settings.database_path), name="embedded database"
    )
    try:
        await finished(acquiring)
        yield acquiring.result().url
    finally:
        if acquiring.exception() is None:
            await finished(asyncio.to_thread(acquiring.result().release))


def _no_server(home: Path) -> str:
    missing = f"There is no database in {home}"
    if others := embedded.running():
        where = ", ".join(str(other) for other in others)
        return (
            f"{missing}; one runs in {where}. Start this in the same folder as that service, or with its MEDIA_ROOT "
            f"and DATABASE_DIR (DATABASE_DIR={others[0]})."
        )
    return (
        f"{missing}: `reelwright up` and `reelwright migrate` make one there. Another folder's is named by "
        "DATABASE_DIR, any other PostgreSQL by DATABASE_URL."
    )


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


@asynccontextmanager
async def connected(settings: Settings, *, application_name: str) -> AsyncIterator[Database]:
    """Yield the database of these settings, with an engine that is disposed of at the end."""
    async with located(settings, make=False) as url:
        engine = create_engine(url, application_name=application_name, pool_size=settings.db_pool_size)
        try:
            yield Database(url, engine, Sessions(engine))
        finally:
            await close(engine)
