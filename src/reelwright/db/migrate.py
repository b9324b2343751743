"""Brings a database to the newest schema: ours and the queue's, one history."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from reelwright import packaged
from reelwright.db.database import DatabaseUnusable, create_engine, usable

_LOCK = 0x5265656C  # any constant: concurrent migrations wait for one another


def configuration(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(packaged.folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def bring_up_to_date(url: str, *, application_name: str) -> str | None:
    """Apply what is missing to the database of `url`. Returns the revision that it is at. Raises DatabaseUnusable."""
    async with usable(url):
        engine = create_engine(url, application_name=application_name, statement_timeout_s=0)
        try:
            await upgrade(engine)
            return await current_revision(engine)
        except CommandError as error:
            raise DatabaseUnusable(
                f"the schema of the database cannot be brought to {newest_revision()}: {error}. Was it made by a newer "
                "Reelwright? Then run that one."
            ) from error
        finally:
            await engine.dispose()


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Apply what is missing. Safe to call from several processes at once."""
    async with engine.connect() as holder:
        await holder.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: command.upgrade(configuration(sync), revision))


def newest_revision() -> str:
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision that the database is at, None when it was never migrated."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
