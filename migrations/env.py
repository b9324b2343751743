"""Runs the migrations on asyncpg, each in a transaction of its own, none of which waits long for a lock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from reelwright.db.connection_pool import create_engine
from reelwright.db.database import located
from reelwright.db.migrate import LOCK_TIMEOUT_S
from reelwright.db.models import Base
from reelwright.settings_reader import load

LEAVING = {("jobs", "parent_job_id")}
"""Columns that the models name no more: a release of which the one before does not name them either drops them."""


LIMITS_OF_OTHERS = ("statement_timeout", "idle_in_transaction_session_timeout")
"""That an index of a large table needs longer for; where a pooler keeps what a connection asks for, the role's hold."""


def include_name(name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
    """The queue's tables come from its own vendored schema, not from our models; the schema `ops` has no tables."""
    if kind == "column":
        return (parents.get("table_name"), name) not in LEAVING
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def run(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'")
    for limit in LIMITS_OF_OTHERS:
        connection.exec_driver_sql(f"SET {limit} = 0")
    connection.commit()  # it stays for the session; each migration begins a transaction
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    for setting in ("lock_timeout", *LIMITS_OF_OTHERS):
        connection.exec_driver_sql(f"RESET {setting}")
    connection.commit()


async def migrate(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


async def migrate_configured_database() -> None:
    async with located(load()) as url:
        await migrate(create_engine(url, application_name="reelwright-migrate", statement_timeout_s=0))


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    asyncio.run(migrate_configured_database())
