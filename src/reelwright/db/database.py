"""One process's way to the database: finds it, embedded or configured, and connects to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from reelwright.cancellation import finished
from reelwright.db import embedded
from reelwright.db.connection_pool import close, create_engine
from reelwright.db.embedded import EmbeddedPostgres, acquire
from reelwright.db.sessions import Sessions
from reelwright.db.unusable import DatabaseUnusable
from reelwright.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    """`url` is a `postgresql://` URL that asyncpg and libpq take alike; `sessions` begin transactions."""

    url: str
    engine: AsyncEngine
    sessions: Sessions


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
