"""Webhooks: from the commit of an event to its arrival, alone and beside a thousand endpoints that hang."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import statistics
import time
import uuid
from pathlib import Path

import asyncpg

from benchmarks.processes import own_s
from benchmarks.report import Figure
from benchmarks.running import Running, running
from tests.support.remote import Call, Remote, head

ENDPOINTS, HANGING = 10_000, 1000
ALONE, ROUNDS, A_ROUND = 100, 3, 60
HANG_S = 8
"""WEBHOOK_TIMEOUT_S: a round of those that hang is over when the next one begins."""
LIMIT_MS = 50
PATIENCE_S = 120
SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


class Receivers:
    """All endpoints, on one port: which is in the path, as the number of its project."""

    def __init__(self) -> None:
        self.remote = Remote(self._answer)
        self.hanging = 0
        self._awaited: dict[int, asyncio.Future[float]] = {}

    def awaited(self, number: int) -> asyncio.Future[float]:
        """When the next message comes to that endpoint, on the clock of `time.perf_counter`."""
        return self._awaited.setdefault(number, asyncio.get_running_loop().create_future())

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        came, number = time.perf_counter(), int(call.path.removeprefix("/"))
        json.loads(call.body)
        if number <= HANGING:
            self.hanging += 1
            try:
                await asyncio.sleep(2 * HANG_S)
            finally:
                self.hanging -= 1
            return
        writer.write(head(204))
        self._awaited.pop(number).set_result(came)


def _project(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


async def measure(folder: Path) -> list[Figure]:
    receivers = Receivers()
    allowed = {"OUTBOUND_ALLOWED": "127.0.0.1", "OUTBOUND_PORTS": "1024-65535", "WEBHOOK_TIMEOUT_S": str(HANG_S)}
    async with receivers.remote.running(), running(folder, **allowed) as live:
        connection = await asyncpg.connect(live.service.settings.configured_database_url)
        try:
            await _endpoints(connection, receivers)
            return await _measured(live, connection, receivers)
        finally:
            await connection.close()


async def _measured(
    live: Running, connection: asyncpg.Connection[asyncpg.Record], receivers: Receivers
) -> list[Figure]:
    chance = random.Random(1)
    good = range(HANGING + 1, ENDPOINTS + 1)
    await _lags_ms(connection, receivers, [good[0]] * 10)
    before_s = own_s(live.worker.pid)
    alone = await _lags_ms(connection, receivers, [good[0]] * ALONE)
    cost_ms = 1000 * (own_s(live.worker.pid) - before_s) / ALONE
    quiet, beside = [], []
    for _ in range(ROUNDS):
        quiet += await _lags_ms(connection, receivers, chance.sample(good, A_ROUND))
        await _hang(connection, receivers)
        beside += await _lags_ms(connection, receivers, chance.sample(good, A_ROUND))
        async with asyncio.timeout(PATIENCE_S):
            while receivers.hanging:
                await asyncio.sleep(0.1)
    worst = [_percentile(lags, 99) for lags in (quiet, beside)]
    return [
        Figure.median("one endpoint: commit to arrival", alone, "ms", limit=LIMIT_MS),
        Figure("  99 of 100 within", _percentile(alone, 99), "ms"),
        Figure("  processor time of the worker, a message", cost_ms, "ms"),
        Figure.median(f"of {ENDPOINTS} endpoints, one at a time", quiet, "ms", limit=LIMIT_MS),
        Figure("  99 of 100 within", worst[0], "ms"),
        Figure.median(f"the same while {HANGING} of them hang", beside, "ms", limit=LIMIT_MS),
        Figure("  99 of 100 within", worst[1], "ms"),
        Figure("  the medians: beside / quiet", statistics.median(beside) / statistics.median(quiet), "", 2),
    ]


async def _endpoints(connection: asyncpg.Connection[asyncpg.Record], receivers: Receivers) -> None:
    await connection.executemany(
        "INSERT INTO webhooks (id, project_id, url, events, secret, last_success_at)"
        " VALUES (gen_random_uuid(), $1, $2, '{all}', $3, CASE WHEN $4 THEN now() END)",
        [  # those that answer have done so before
            (_project(number), receivers.remote.url(f"/{number}"), SECRET, number > HANGING)
            for number in range(1, ENDPOINTS + 1)
        ],
    )
    await connection.execute("ANALYZE webhooks")


async def _lags_ms(
    connection: asyncpg.Connection[asyncpg.Record], receivers: Receivers, numbers: list[int]
) -> list[float]:
    """Of one event of each project, one after the other."""
    found = []
    for number in numbers:
        arrival = receivers.awaited(number)
        await _record(connection, number)
        committed = time.perf_counter()
        async with asyncio.timeout(PATIENCE_S):
            found.append(1000 * max(await arrival - committed, 0.0))
    return found


async def _hang(connection: asyncpg.Connection[asyncpg.Record], receivers: Receivers) -> None:
    """Tell all that hang something, and wait until most of them are at it."""
    await connection.execute("UPDATE webhooks SET rests_until = NULL")  # they are patient otherwise, and rest
    await connection.execute(
        "SELECT record_event(project, 'job.failed', gen_random_uuid(), '{}') FROM unnest($1::uuid[]) AS project",
        [_project(number) for number in range(1, HANGING + 1)],
    )
    async with asyncio.timeout(PATIENCE_S):
        while receivers.hanging < HANGING / 2:
            await asyncio.sleep(0.02)


async def _record(connection: asyncpg.Connection[asyncpg.Record], number: int) -> None:
    await connection.execute("SELECT record_event($1, 'job.failed', gen_random_uuid(), '{}')", _project(number))


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
