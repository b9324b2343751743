"""The database: reachable, of a version that is known, at the newest schema, carries notifications, tells the time."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from reelwright.cancellation import set_within
from reelwright.db.database import located
from reelwright.db.embedded import EmbeddedPostgresError, binaries, elsewhere
from reelwright.db.schema_version import seen
from reelwright.db.server_version import MIN_MAJOR, NEWEST_MAJOR, usable
from reelwright.db.unusable import DatabaseUnusable
from reelwright.doctor.finding import Finding, failed, ok, warning
from reelwright.settings import Settings

CHANNEL = "reelwright_doctor"
HEARD_WITHIN_S = 3
MAX_SKEW_S = 1.0
CONNECTIONS_OF_A_WORKER = 8
"""Besides its pool: the queue's own, LISTEN, and some to look with."""


async def database(settings: Settings) -> list[Finding]:
    try:
        if settings.uses_embedded_database and not settings.database_path.exists():
            found = await asyncio.to_thread(binaries.find, settings.database_path)
            return [ok("database", f"the first start makes an embedded PostgreSQL {found.major}")]
        async with located(settings) as url, usable(url):
            return await _looked(url, settings)
    except EmbeddedPostgresError as error:
        return [failed("database", str(error), "Do what this says, or set DATABASE_URL to a server of yours.")]
    except DatabaseUnusable as error:
        said, _, advice = str(error).rpartition(". ")
        return [failed("database", said or str(error), advice or "Correct DATABASE_URL.")]


async def _looked(url: str, settings: Settings) -> list[Finding]:
    connection = await _connect(url)
    other = await _connect(url)
    try:
        return [
            _version(connection, settings),
            await _schema(connection, settings),
            await _notifications(connection, other),
            await _clock(connection),
            await _room(connection, settings),
        ]
    finally:
        connection.terminate()
        other.terminate()


async def _connect(url: str) -> asyncpg.Connection[asyncpg.Record]:
    """Without prepared statements by name, lest a pooler between confuses them before it is found."""
    named = {"application_name": "reelwright-doctor"}
    return await asyncpg.connect(url, timeout=10, command_timeout=10, statement_cache_size=0, server_settings=named)


def _version(connection: asyncpg.Connection[asyncpg.Record], settings: Settings) -> Finding:
    major = connection.get_server_version().major
    if major > NEWEST_MAJOR:
        return warning("database", f"PostgreSQL {major}", f"Use {MIN_MAJOR} to {NEWEST_MAJOR}: this was not tested.")
    folder = elsewhere(settings.database_path) if settings.uses_embedded_database else None
    return ok("database", f"PostgreSQL {major}" + (f", embedded, in {folder}" if folder else ""))


async def _schema(connection: asyncpg.Connection[asyncpg.Record], settings: Settings) -> Finding:
    revision = None
    if await connection.fetchval("SELECT to_regclass('alembic_version')"):
        revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    schema = await asyncio.to_thread(seen, revision)
    if schema.is_behind and not settings.uses_embedded_database:
        return failed("schema", f"{revision or 'none'}, needed {schema.newest}", "Run `reelwright migrate`.")
    if schema.is_behind:
        advice = "Run `reelwright up`, which brings it up to date, or `reelwright migrate`."
        return warning("schema", f"{revision or 'none'}, needed {schema.newest}", advice)
    if schema.is_ahead:
        return warning("schema", f"{revision}, made by a newer version", "Upgrade the program as well.")
    return ok("schema", f"{revision}, the newest")


async def _notifications(
    listener: asyncpg.Connection[asyncpg.Record], sender: asyncpg.Connection[asyncpg.Record]
) -> Finding:
    """Tried: through a pooler that lends connections for a transaction only, what is listened for never comes."""
    advice = "Connect to PostgreSQL itself, or set the pooler (pgbouncer) to pool_mode=session."
    heard = asyncio.Event()
    said = "what is sent with NOTIFY does not arrive"
    try:
        await listener.add_listener(CHANNEL, lambda *_: heard.set())
        await sender.execute(f"NOTIFY {CHANNEL}")
        await set_within(heard, HEARD_WITHIN_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        said = str(error)
    if not heard.is_set():
        return failed("notifications", f"{said}: jobs and live pages would wait", advice)
    return ok("notifications", "LISTEN and NOTIFY work")


async def _clock(connection: asyncpg.Connection[asyncpg.Record]) -> Finding:
    """Leases go by the database's clock, sweeps of old files by this machine's."""
    before = time.time()
    theirs = float(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())"))
    after = time.time()
    skew_s = max(before - theirs, theirs - after, 0.0)
    if skew_s > MAX_SKEW_S:
        said = f"{skew_s:.1f} s between this machine and the database"
        return warning("clock", said, "Set both by NTP (timedatectl set-ntp true).")
    return ok("clock", f"agrees with the database's within {max(skew_s, after - before):.3f} s")


async def _room(connection: asyncpg.Connection[asyncpg.Record], settings: Settings) -> Finding:
    most = int(await connection.fetchval("SELECT current_setting('max_connections')"))
    used = int(await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))
    needed = 2 * settings.db_pool_size + CONNECTIONS_OF_A_WORKER
    said = f"{used} of {most} are in use, one API and one worker take {needed} at most"
    if most < needed:
        return warning("connections", said, "Raise max_connections of the server, or lower DB_POOL_SIZE.")
    return ok("connections", said)
