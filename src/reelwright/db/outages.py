"""Which errors say that the database is away for now, so that the same may succeed later.

What an operator is told where it cannot be worked with: unusable.py.
"""

from __future__ import annotations

import socket

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


def is_away(error: BaseException) -> bool:
    """Return whether an error says that the database cannot be reached now, rather than that a statement was wrong.

    A transaction that had to give way to another one (a deadlock) counts too, and so do a server that takes no writes
    (one that stands by, after a switch) and one whose disk fails it: the same may succeed later.
    An OSError of the disk says neither: what fails while a connection is made is a ConnectionError.
    asyncpg raises InternalClientError where it is asked between a server's last word and the end of the connection.
    """
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_away(cause(error))
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # asyncpg's word for an argument that it cannot encode
    return isinstance(
        error,
        ConnectionError
        | socket.gaierror
        | TimeoutError
        | PoolTimeoutError
        | asyncpg.InternalClientError
        | asyncpg.PostgresConnectionError
        | asyncpg.OperatorInterventionError
        | asyncpg.InsufficientResourcesError
        | asyncpg.TransactionRollbackError
        | asyncpg.ReadOnlySQLTransactionError
        | asyncpg.PostgresSystemError,
    )


def cause(error: BaseException) -> BaseException:
    """Return the driver's own exception below SQLAlchemy's."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or error.orig
