"""One process's way to the database: finds it (embedded or configured), keeps the engine, hands out sessions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from reelwright.db.embedded import EmbeddedPostgres, acquire
from reelwright.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    """`url` is a `postgresql://` URL that asyncpg and libpq take alike; `sessions` begin transactions."""

    url: str
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached now, rather than that a statement was wrong."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or not isinstance(
            error, IntegrityError | ProgrammingError | DataError | NotSupportedError | InternalError
        )
    return isinstance(
        error,
        OSError
        | TimeoutError
        | PoolTimeoutError
        | asyncpg.PostgresConnectionError
        | asyncpg.OperatorInterventionError
        | asyncpg.InsufficientResourcesError
        | asyncpg.InterfaceError,
    )


@asynccontextmanager
async def located(settings: Settings) -> AsyncIterator[str]:
    """The database's `postgresql://` URL; an embedded server runs at least as long as the context."""
    if not settings.uses_embedded_database:
        yield settings.configured_database_url
        return
    server: EmbeddedPostgres = await asyncio.to_thread(acquire, settings.database_path)
    try:
        yield server.url
    finally:
        await asyncio.to_thread(server.release)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def create_engine(url: str, *, application_name: str, pool_size: int = 5, statement_timeout_s: int = 30) -> AsyncEngine:
    """An engine on asyncpg, which reads the URL itself: every form that it knows works (sslmode, several hosts).

    `statement_timeout_s` 0 means none. A connection that stops answering is given up after a minute.
    """

    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(
            url,
            timeout=10,
            command_timeout=max(60, 2 * statement_timeout_s) if statement_timeout_s else None,
            server_settings={
                "application_name": application_name,
                "statement_timeout": f"{statement_timeout_s}s",
            },
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        json_serializer=_json,
        json_deserializer=msgspec.json.decode,
    )


@asynccontextmanager
async def connected(settings: Settings, *, application_name: str) -> AsyncIterator[Database]:
    """The database of these settings, with an engine that is disposed of at the end."""
    async with located(settings) as url:
        engine = create_engine(url, application_name=application_name, pool_size=settings.db_pool_size)
        try:
            yield Database(url, engine, async_sessionmaker(engine, expire_on_commit=False))
        finally:
            await engine.dispose()
