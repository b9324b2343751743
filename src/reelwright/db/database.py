"""One process's way to the database: finds it, embedded or configured, and whether it is of a version to work with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from reelwright.cancellation import finished
from reelwright.db import embedded, unusable
from reelwright.db.connection import connect
from reelwright.db.connection_pool import close, create_engine
from reelwright.db.embedded import EmbeddedPostgres, acquire
from reelwright.db.outages import cause
from reelwright.db.sessions import Sessions
from reelwright.db.unusable import DatabaseUnusable
from reelwright.settings import Settings

MIN_MAJOR = 15
"""Oldest major version of PostgreSQL that is supported."""


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
    named = unusable.named(url)
    try:
        version = await _server_version(url)
        if version < MIN_MAJOR:
            raise DatabaseUnusable(
                f"{named}: the server is PostgreSQL {version}, {MIN_MAJOR} or newer is needed. Upgrade it, or name "
                "another one in DB_HOST or DATABASE_URL."
            )
        yield version
    except Exception as error:
        if (reason := unusable.reason(cause(error))) is None:
            raise
        raise DatabaseUnusable(f"{named}: {reason}") from error


async def _server_version(url: str) -> int:
    try:
        connection = await connect(url, application_name="reelwright-look")
    except (ValueError, OverflowError) as error:  # what they say may quote the password
        raise DatabaseUnusable(unusable.UNREADABLE) from error
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


@asynccontextmanager
async def connected(settings: Settings, *, application_name: str) -> AsyncIterator[Database]:
    """Yield the database of these settings, with an engine that is disposed of at the end."""
    async with located(settings, make=False) as url:
        engine = create_engine(url, application_name=application_name, pool_size=settings.db_pool_size)
        try:
            yield Database(url, engine, Sessions(engine))
        finally:
            await close(engine)
