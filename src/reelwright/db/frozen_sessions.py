"""Ends sessions whose process stands still in the middle of a statement: no timeout of the server's sees them.

A statement is told to the server in parts: it is parsed, then bound and executed. A process that is frozen in between
(SIGSTOP, a machine that was put to sleep) leaves a session that is `active` and waits for its client: it is neither
idle in its transaction nor running a statement. What it has locked would stay so for as long as the process does.

Source: PostgreSQL, "Extended Query" of the protocol, and pg_stat_activity.
"""

from __future__ import annotations

import logging

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.connection import SILENCE_S

logger = logging.getLogger(__name__)

_END = text(
    "SELECT application_name, pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user AND application_name LIKE 'reelwright-%'"
    " AND state = 'active' AND wait_event = 'ClientRead' AND state_change < now() - make_interval(secs => :silence_s)"
)


async def end_frozen_sessions(session: AsyncSession, *, silence_s: float = SILENCE_S) -> None:
    """End those of the service's own of which nothing was heard for so long."""
    for name, _ in (await session.execute(_END, {"silence_s": silence_s})).all():
        logger.warning("a session of %s stood still for %s s amid a statement, and is ended", name, silence_s)
