"""One process's way to the database: finds it (embedded or configured), keeps the engine, hands out sessions."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from reelwright.db.embedded import EmbeddedPostgres, acquire
from reelwright.settings import Settings
from reelwright.uninterrupted import finished

OLDEST_MAJOR = 15
"""Oldest major version of PostgreSQL that is supported."""
CONNECT_TIMEOUT_S = 10


class DatabaseUnusable(Exception):
    """The database cannot be worked with; the message says what was tried, what happened and what helps."""


@dataclass(frozen=True, slots=True)
class Database:
    """`url` is a `postgresql://` URL that asyncpg and libpq take alike; `sessions` begin transactions."""

    url: str
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached now, rather than that a statement was wrong.

    A transaction that had to give way to another one (a deadlock) counts too: the same may succeed later.
    An OSError of the disk says neither: what fails while a connection is made is a ConnectionError.
    """
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_away(_cause(error))
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # asyncpg's word for an argument that it cannot encode
    return isinstance(
        error,
        ConnectionError
        | socket.gaierror
        | TimeoutError
        | PoolTimeoutError
        | asyncpg.PostgresConnectionError
        | asyncpg.OperatorInterventionError
        | asyncpg.InsufficientResourcesError
        | asyncpg.TransactionRollbackError,
    )


def _cause(error: BaseException) -> BaseException:
    """The driver's own exception below SQLAlchemy's."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or error.orig


@asynccontextmanager
async def usable(url: str) -> AsyncIterator[None]:
    """Try the database, then let the caller work with it.

    Raises DatabaseUnusable when it cannot be reached, refuses us or is too old; now, or while the caller works.
    """
    target = _target(url)
    try:
        version = await server_version(url)
        if version < OLDEST_MAJOR:
            raise DatabaseUnusable(
                f"{target}: the server is PostgreSQL {version}, {OLDEST_MAJOR} or newer is needed. Upgrade it, or name "
                "another one in DB_HOST or DATABASE_URL."
            )
        yield
    except Exception as error:
        if (reason := _reason(_cause(error))) is None:
            raise
        raise DatabaseUnusable(f"{target}: {reason}") from error


async def server_version(url: str) -> int:
    """The server's major version. Raises DatabaseUnusable when the URL cannot be read, and what connecting raises."""
    try:
        connection = await _connect(url, application_name="reelwright-look")
    except (ValueError, OverflowError) as error:  # what they say may quote the password
        raise DatabaseUnusable(_UNREADABLE) from error
    try:
        return connection.get_server_version().major
    finally:
        connection.terminate()


_UNREADABLE = (
    "The address of the database in DATABASE_URL (or DB_HOST) cannot be read. It looks like "
    "postgresql://user:password@host:5432/database; other characters than letters and digits in user and password are "
    "percent-encoded (@ is %40, / is %2F)."
)


def _target(url: str) -> str:
    """What the URL leads to, in words, without the password. Raises DatabaseUnusable when it cannot be told apart."""
    try:
        conninfo_to_dict(url)  # libpq's reading, which is the worker's: a bare % is none
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
    except (ValueError, psycopg.ProgrammingError):
        raise DatabaseUnusable(_UNREADABLE) from None  # what they say may quote the password
    account, _, server = parts.netloc.rpartition("@")
    if "@" in account or (server and not account and "@" in parts.path + parts.query + parts.fragment):
        raise DatabaseUnusable(_UNREADABLE)  # a bare "@", "/", "?" or "#": pieces of the password are elsewhere
    server = server or ":".join(options[name] for name in ("host", "port") if name in options)
    user = unquote(account.partition(":")[0]) or options.get("user")
    name = unquote(parts.path.removeprefix("/")) or options.get("dbname") or options.get("database")
    return (
        f"The database {name or 'of that name'} at {unquote(server) or 'the default address'} cannot be used as user "
        f"{user or 'by default'}"
    )


def _reason(error: BaseException) -> str | None:
    """What happened and what helps, None where the error does not say that the database cannot be used."""
    match error:
        case TimeoutError() | PoolTimeoutError():
            said = f"no answer within {CONNECT_TIMEOUT_S} s"
        case OSError():
            said = error.strerror or str(error)
        case _:
            said = str(error.args[0]) if error.args else type(error).__name__
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            helps = "Correct DB_USER and DB_PASSWORD (or DATABASE_URL), or what the server's pg_hba.conf allows."
        case asyncpg.InvalidCatalogNameError():
            helps = "Create it (CREATE DATABASE), or correct DB_NAME (or DATABASE_URL)."
        case asyncpg.InsufficientPrivilegeError():
            helps = "Let the user own the database (ALTER DATABASE ... OWNER TO ...)."
        case (
            asyncpg.OperatorInterventionError()
            | asyncpg.InsufficientResourcesError()
            | asyncpg.TransactionRollbackError()
        ):
            helps = "Try again in a moment."
        case _ if is_away(error):
            helps = "Start the server, or correct DB_HOST and DB_PORT (or DATABASE_URL)."
        case _:
            return None
    return f"{said.rstrip('.')}. {helps}"


@asynccontextmanager
async def located(settings: Settings) -> AsyncIterator[str]:
    """The database's `postgresql://` URL; an embedded server runs at least as long as the context."""
    if not settings.uses_embedded_database:
        yield settings.configured_database_url
        return
    acquiring: asyncio.Task[EmbeddedPostgres] = asyncio.create_task(
        asyncio.to_thread(acquire, settings.database_path), name="embedded database"
    )
    try:
        await finished(acquiring)
        yield acquiring.result().url
    finally:
        if acquiring.exception() is None:
            await finished(asyncio.to_thread(acquiring.result().release))


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def _connect(
    url: str, *, application_name: str, statement_timeout_s: int = 30
) -> asyncpg.Connection[asyncpg.Record]:
    """Raises ConnectionError for every way in which the server can be out of reach, TimeoutError, asyncpg's errors."""
    try:
        return await asyncpg.connect(
            url,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=max(60, 2 * statement_timeout_s) if statement_timeout_s else None,
            server_settings={
                "application_name": application_name,
                "statement_timeout": f"{statement_timeout_s}s",
            },
        )
    except TimeoutError:
        raise
    except asyncpg.ObjectNotInPrerequisiteStateError as error:  # ALTER DATABASE ... ALLOW_CONNECTIONS false
        raise ConnectionError(str(error)) from error
    except OSError as error:
        has_words = error.errno is None or isinstance(error, socket.gaierror | ssl.SSLError)
        said = error.strerror or str(error) if has_words else os.strerror(error.errno or 0)
        raise ConnectionError(error.errno, said) from error


def create_engine(url: str, *, application_name: str, pool_size: int = 5, statement_timeout_s: int = 30) -> AsyncEngine:
    """An engine on asyncpg, which reads the URL itself: every form that it knows works (sslmode, several hosts).

    `statement_timeout_s` 0 means none. A connection that stops answering is given up after a minute.
    """

    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        return await _connect(url, application_name=application_name, statement_timeout_s=statement_timeout_s)

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
