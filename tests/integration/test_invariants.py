"""The oracle of the fault tests sees what is wrong: each row that should not be there is named."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import asyncpg
import pytest

from reelwright.settings import Settings
from tests.support.invariants import LEFT_ROWS, complaints, left_rows
from tests.support.job_database import World
from tests.support.service import Service

NOTHING = re.compile("$^")
ENDPOINT = (
    "INSERT INTO webhooks (id, url, events, secret, due_at, leased_until)"
    " VALUES (gen_random_uuid(), 'http://a', '{}', 's', "
)
BREAKAGES: dict[str, tuple[str, ...]] = {
    "publication of a job that has ended": (
        "INSERT INTO publications (folder, job_id, attempt) SELECT 'processed/x', id, 1 FROM jobs",
    ),
    "hindrance of a worker that can work": (
        "INSERT INTO hindrances (worker, code, detail) VALUES ('w', 'no_space', 'full')",
    ),
    "wait of a job that has ended": (
        "INSERT INTO job_waits (job_id, code, detail, times) SELECT id, 'no_space', '', 1 FROM jobs",
    ),
    "lease of a job that nobody works at": ("UPDATE jobs SET lease_until = now()",),
    "secrets of an import that has ended": (
        "INSERT INTO imports (job_id, url, has_secrets) SELECT id, 'http://a', true FROM jobs",
        "INSERT INTO import_secrets (job_id, query, headers) SELECT id, '', '{}' FROM jobs",
    ),
    "queue entry of a job that has ended": ("UPDATE procrastinate_jobs SET status = 'todo', abort_requested = false",),
    "upload that nobody takes up": (
        "INSERT INTO uploads (id, filename, client_metadata, is_part, expires_at)"
        " VALUES (gen_random_uuid(), 'a', '', false, now())",
    ),
    "delivery that nobody makes": (
        f"{ENDPOINT} NULL, NULL)",
        "INSERT INTO webhook_deliveries (id, webhook_id, event_seq, event_id, subject_id, state, attempts, next_at)"
        " SELECT gen_random_uuid(), id, 1, id, id, 'pending', 0, now() FROM webhooks",
    ),
    "lease of an endpoint that is over": (f"{ENDPOINT} now(), now() - interval '1 hour')",),
}


@pytest.fixture
async def at_rest(world: World, settings: Settings, tmp_path: Path) -> Service:
    """A service that nobody runs, whose one job was cancelled."""
    job_id = await world.job()
    service = Service(settings, tmp_path)
    await service.sql("SELECT cancel_job($1)", job_id)
    await service.sql("DELETE FROM files")  # there are none on the disk
    return service


@pytest.mark.parametrize("left", LEFT_ROWS)
async def test_rows_of_work_that_is_over_are_named(
    at_rest: Service, operator: asyncpg.Connection[asyncpg.Record], left: str
) -> None:
    assert await left_rows(at_rest) == []
    for statement in BREAKAGES[left]:
        await operator.execute(statement)
    assert [complaint.partition(": ")[0] for complaint in await left_rows(at_rest)] == [left]


async def test_whatever_lies_about_is_named(at_rest: Service, world: World) -> None:
    """Files, folders, rows, log lines: nothing at first, then each under its invariant."""
    whole = await complaints(at_rest, declared=NOTHING, within_s=0)
    assert not any(whole.values()), whole
    media = at_rest.settings.media_path
    for stray in ("uploads/x/a.mp4", f"work/{uuid.uuid4()}/a", "incoming/y/0"):
        (media / stray).parent.mkdir(parents=True)
        (media / stray).touch()
    (at_rest.folder / "api.log").write_text("Traceback (most recent call last):\n  File\nValueError: a\n")
    lost = await world.job()
    await at_rest.sql("UPDATE procrastinate_jobs SET status = 'failed' WHERE args ->> 'job_id' = $1", str(lost))
    found = await complaints(at_rest, declared=NOTHING, within_s=0)
    assert "nobody will look" in found["jobs and results agree"][0]
    assert found["no work is left behind"][0].startswith("work folder left: ")
    assert found["every file has its row"] == ["uploads/x/a.mp4 has no row", "incoming/y has no upload"]
    assert "has a row and no file" in found["every row has its file"][0]
    assert "ValueError: a" in found["nothing unforeseen is logged"][0]
