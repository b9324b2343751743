"""Brings a database to the newest schema: ours and the queue's, one history. The service may run meanwhile.

A statement of a migration waits for a lock for LOCK_TIMEOUT_S at the most: whoever wants the same table queues behind
it for so long and no longer. Then that migration is undone, and tried again after a pause.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from reelwright import packaged_folders
from reelwright.db.connection_pool import create_engine
from reelwright.db.revisions import current_revision, known_revisions, newest_revision
from reelwright.db.server_version import usable
from reelwright.db.unusable import DatabaseUnusable

logger = logging.getLogger(__name__)

_LOCK = 0x5265656C  # any constant: concurrent migrations wait for one another
LOCK_TIMEOUT_S = 2
LOOK_AGAIN_S = 0.2
"""Between looks whether another migration has ended."""
PAUSES_S = (1, 2, 4, 8, 15, 30)
"""Between attempts at a table that is busy: after the last one, `upgrade` gives up."""
_BUSY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)

_OLDEST_TRANSACTION = (
    "SELECT format('the oldest transaction there is that of process %s (%s), open for %s s', pid,"
    " coalesce(nullif(application_name, ''), usename), round(extract(epoch FROM now() - xact_start)))"
    " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend' AND xact_start IS NOT NULL ORDER BY xact_start LIMIT 1"
)


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(packaged_folders.folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def bring_up_to_date(url: str, *, application_name: str) -> str | None:
    """Apply what is missing to the database of `url`. Returns the revision that it is at.

    The schema of a newer version is left as it is: this one works with it (docs/upgrades.md). Raises DatabaseUnusable.
    """
    async with usable(url):
        engine = create_engine(url, application_name=application_name, statement_timeout_s=0)
        try:
            revision = await current_revision(engine)
            if revision is None or revision in known_revisions():
                await upgrade(engine)
                return await current_revision(engine)
            logger.warning("the schema %s is a newer version's: it is left as it is", revision)
            return revision
        except CommandError as error:
            raise DatabaseUnusable(
                f"the schema of the database cannot be brought to {newest_revision()}: {error}"
            ) from error
        finally:
            await engine.dispose()


async def upgrade(engine: AsyncEngine, revision: str = "head", *, pauses_s: Sequence[float] = PAUSES_S) -> None:
    """Apply what is missing, each migration in a transaction. Safe to call from several processes at once.

    Raises DatabaseUnusable when a table stays busy: what was applied by then stays.
    """
    async with _alone(engine) as holder:
        for pause_s in (*pauses_s, None):
            try:
                async with engine.connect() as connection:
                    await connection.run_sync(lambda sync: command.upgrade(configuration(sync), revision))
                return
            except DBAPIError as error:
                if error.orig is None or not isinstance(error.orig.__cause__, _BUSY):
                    raise
                busy = await _busy(holder)
                if pause_s is None:
                    raise DatabaseUnusable(
                        f"The schema was not changed any further, a table is in use ({busy}). Run `reelwright migrate` "
                        "again when that has ended, or end it (SELECT pg_terminate_backend(...))."
                    ) from error
                logger.warning("a table is in use (%s); trying again in %g s", busy, pause_s)
            await asyncio.sleep(pause_s)


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """While no other migrates. An index that is made CONCURRENTLY waits for all that see the database as it was: so
    nobody holds a transaction or a statement open here, not to wait for the others either."""
    async with engine.connect() as connection:
        holder = await connection.execution_options(isolation_level="AUTOCOMMIT")
        while not (await holder.exec_driver_sql(f"SELECT pg_try_advisory_lock({_LOCK})")).scalar():  # noqa: ASYNC110 - the lock is another process's
            await asyncio.sleep(LOOK_AGAIN_S)
        try:
            yield holder
        finally:
            await holder.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")


async def _busy(holder: AsyncConnection) -> str:
    """Return what most likely holds the lock, in words: for the operator."""
    oldest = (await holder.exec_driver_sql(_OLDEST_TRANSACTION)).scalar()
    return str(oldest or "by a transaction that has ended since")
