"""What an operator is told where the database cannot be worked with: which one, what happened, what helps."""

from __future__ import annotations

import socket
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from reelwright.db.connection import CONNECT_TIMEOUT_S
from reelwright.db.outages import cause, is_away


class DatabaseUnusable(Exception):
    """The database cannot be worked with; the message says what was tried, what happened and what helps."""


UNREADABLE = (
    "The address of the database in DATABASE_URL (or DB_HOST) cannot be read. It looks like "
    "postgresql://user:password@host:5432/database; other characters than letters and digits in user and password are "
    "percent-encoded (@ is %40, / is %2F)."
)


def named(url: str) -> str:
    """Return what the URL leads to, in words, without the password. Raises DatabaseUnusable when it cannot be told
    apart."""
    try:
        conninfo_to_dict(url)  # libpq's reading, which is the worker's: a bare % is none
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
    except (ValueError, psycopg.ProgrammingError):
        raise DatabaseUnusable(UNREADABLE) from None  # what they say may quote the password
    account, _, server = parts.netloc.rpartition("@")
    if "@" in account or (server and not account and "@" in parts.path + parts.query + parts.fragment):
        raise DatabaseUnusable(UNREADABLE)  # a bare "@", "/", "?" or "#": pieces of the password are elsewhere
    server = server or ":".join(options[name] for name in ("host", "port") if name in options)
    user = unquote(account.partition(":")[0]) or options.get("user")
    name = unquote(parts.path.removeprefix("/")) or options.get("dbname") or options.get("database")
    return (
        f"The database {name or 'of that name'} at {unquote(server) or 'the default address'} cannot be used as user "
        f"{user or 'by default'}"
    )


def hopeless(url: str, error: Exception) -> DatabaseUnusable | None:
    """Return what to say of an error that waiting does not help: an unknown host, database or user; None for any
    other."""
    said = cause(error)
    looked_up = said.__cause__
    unknown = isinstance(looked_up, socket.gaierror) and looked_up.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
    if unknown or isinstance(
        said,
        asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InvalidCatalogNameError,
    ):
        return DatabaseUnusable(f"{named(url)}: {reason(said)}")
    return None


def reason(error: BaseException) -> str | None:
    """Return what happened and what helps, None where the error does not say that the database cannot be used."""
    match error:
        case TimeoutError() | PoolTimeoutError():
            message = f"no answer within {CONNECT_TIMEOUT_S} s"
        case OSError():
            message = error.strerror or str(error)
        case _:
            message = str(error.args[0]) if error.args else type(error).__name__
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
    return f"{message.rstrip('.')}. {helps}"
