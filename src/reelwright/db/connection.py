"""One connection to the server: how long it may take, and how a peer that has fallen silent is found out."""

from __future__ import annotations

import os
import socket
import ssl

import asyncpg

CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 8
"""A statement of the service's takes milliseconds: one that takes so long waits for what is in its way."""
SILENCE_S = 5
"""A transaction of which nothing is heard for so long is ended by the server: a process that stands still in the middle
of one (a frozen machine, SIGSTOP) would keep everybody from what it has locked. Who waits for that gets it before
STATEMENT_TIMEOUT_S."""

TCP_OPTIONS = {
    socket.TCP_KEEPIDLE: 10,
    socket.TCP_KEEPINTVL: 5,
    socket.TCP_KEEPCNT: 3,
    socket.TCP_USER_TIMEOUT: 10_000,
}
"""Seconds, and milliseconds: a peer that is silent for 10 s is asked; one that confirms nothing for 10 s is gone."""


async def connect(
    url: str, *, application_name: str, statement_timeout_s: int = STATEMENT_TIMEOUT_S
) -> asyncpg.Connection[asyncpg.Record]:
    """Connect to the server. `statement_timeout_s` 0 means that neither a statement nor a silence is ended.

    Raises ConnectionError for every way in which the server can be out of reach, TimeoutError, asyncpg's errors.
    """
    try:
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=statement_timeout_s + 2 if statement_timeout_s else None,
            server_settings={
                "application_name": application_name,
                "statement_timeout": f"{statement_timeout_s}s",
                "idle_in_transaction_session_timeout": f"{SILENCE_S if statement_timeout_s else 0}s",
            },
        )
    except TimeoutError:
        raise
    except asyncpg.ObjectNotInPrerequisiteStateError as error:  # ALTER DATABASE ... ALLOW_CONNECTIONS false
        raise ConnectionError(str(error)) from error
    except OSError as error:
        has_words = error.errno is None or isinstance(error, socket.gaierror | ssl.SSLError)
        message = error.strerror or str(error) if has_words else os.strerror(error.errno or 0)
        raise ConnectionError(error.errno, message) from error
    watch_over(connection)
    return connection


def watch_over(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Let the kernel find out when nobody is at the other end any more, also while nothing is asked."""
    transport = connection._transport  # type: ignore[attr-defined]  # asyncpg has no parameter for it
    if (ours := transport.get_extra_info("socket")) is None or ours.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with socket.socket(fileno=os.dup(ours.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in TCP_OPTIONS.items():
            same.setsockopt(socket.IPPROTO_TCP, option, value)


def libpq_parameters() -> dict[str, str | int]:
    """Return the same limits for connections of libpq, which are procrastinate's."""
    return {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": TCP_OPTIONS[socket.TCP_KEEPIDLE],
        "keepalives_interval": TCP_OPTIONS[socket.TCP_KEEPINTVL],
        "keepalives_count": TCP_OPTIONS[socket.TCP_KEEPCNT],
        "tcp_user_timeout": TCP_OPTIONS[socket.TCP_USER_TIMEOUT],
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c idle_in_transaction_session_timeout={SILENCE_S}s",
    }
