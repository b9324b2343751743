"""Which versions of PostgreSQL are supported, and whether a server can be worked with: it is reached, and of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reelwright.db import unusable
from reelwright.db.connection import connect
from reelwright.db.outages import cause
from reelwright.db.unusable import DatabaseUnusable

MIN_MAJOR = 15
"""Oldest major version of PostgreSQL that is supported."""
NEWEST_MAJOR = 18
"""The newest that was tested: with a later one the service runs, and `reelwright doctor` says so."""


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
