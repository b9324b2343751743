"""docs/operations.md on a busy service: each of its statements is run, and does or says what the document promises."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.invariants import check, gone, processes_about
from tests.support.processes import PATIENCE_S
from tests.support.service import UNKNOWN, Service

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
HEADING = re.compile(r"^### (\d+)\. .+\?$|^## (\w.*)$", re.MULTILINE)
STATEMENT = re.compile(r"^```sql\n(.+?)^```$", re.DOTALL | re.MULTILINE)
NO_POLLING = {"PROCRASTINATE_WORKER_FETCH_JOB_POLLING_INTERVAL": "600"}


def statements() -> dict[str, list[str]]:
    """The document's statements by their question's number, or their section's title."""
    pieces = HEADING.split(DOCUMENT.read_text())
    titled = zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
    return {number or title: STATEMENT.findall(piece) for number, title, piece in titled}


QUESTIONS = statements()


class Prompt:
    """A session of the owner of the database, as with psql."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection
        self.asked: set[int] = set()

    async def ask(self, number: int, about: str = UNKNOWN) -> list[asyncpg.Record]:
        """The answer to a question; `about` takes the place of the example's id."""
        self.asked.add(number)
        (statement,) = QUESTIONS[str(number)]
        assert statement.count(";") == 1
        assert about == UNKNOWN or UNKNOWN in statement
        rows: list[asyncpg.Record] = await self.connection.fetch(statement.replace(UNKNOWN, about))
        return rows

    async def ask_one(self, number: int, about: str = UNKNOWN) -> Any:
        (row,) = await self.ask(number, about)
        return row


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, max_concurrent_jobs=1)


@pytest.fixture
def prompt(operator: asyncpg.Connection[asyncpg.Record]) -> Prompt:
    return Prompt(operator)


async def rendering(service: Service, job_id: str) -> None:
    """Until the job's ffmpeg has made some progress."""
    async with asyncio.timeout(PATIENCE_S):
        while True:  # what /jobs shows is of newer schemas, too
            progress = (await service.client.get(f"/status/{job_id}")).json()["progress"]
            if progress >= 1 and processes_about(service.settings.work_path / job_id):
                return
            await asyncio.sleep(0.05)


async def drained(service: Service) -> None:
    """Run a worker that ends when it gets no more jobs."""
    arguments = ("-m", "procrastinate", "--app=reelwright_worker.app.app", "worker", "--one-shot")
    worker = await service.start("one-shot", *arguments)
    assert await asyncio.wait_for(worker.process.wait(), PATIENCE_S) == 0


def ids(rows: list[asyncpg.Record], column: str = "job_id") -> set[str]:
    return {str(row[column]) for row in rows}


@pytest.mark.slow
async def test_every_question_is_answered(service: Service, prompt: Prompt, clip: Path, long_clip: Path) -> None:
    """With waiting, running, failed, cancelled and finished jobs: cancel ends a running job, a requeued one succeeds, a
    pause holds and its end is heard at once."""
    ask, ask_one = prompt.ask, prompt.ask_one
    short, long, lost = [await service.upload(path) for path in (clip, long_clip, clip)]
    (file,) = [service.settings.media_path / name for name in service.stored() if lost["id"] in name]
    away = file.rename(file.with_name("away"))
    async with service.worker(**NO_POLLING) as worker:
        done = await service.trim(short["id"], 1, 2)
        failed = [await service.trim(lost["id"], 1, 2) for _ in range(2)]
        await service.until(done, "SUCCESS")
        for job_id in failed:
            await service.until(job_id, "FAILURE")
        running = await service.trim(long["id"], 0, 55, preset="slow")  # it runs until it is cancelled
        await rendering(service, running)
        waiting = [await service.trim(video["id"], 1, 2) for video in (short, long, long)]
        cancelled = await service.trim(short["id"], 1, 2)
        await service.client.post(f"/jobs/{cancelled}/cancel")

        assert dict(await ask_one(1)) == {
            "workers_alive": 1,
            "waiting": 3,
            "running": 1,
            "stuck": 0,
            "failed_last_hour": 2,
            "paused_queues": None,
        }
        assert [(row["place"], str(row["job_id"])) for row in await ask(2)] == list(enumerate(waiting, 1))
        queues = {row["queue"]: row for row in await ask(3)}
        assert set(queues) == {"render", "light", "media"}
        media = queues["media"]
        assert (media["waiting"], media["due"], media["running"], media["workers"]) == (3, 3, 1, 1)
        now = await ask_one(4)
        assert (str(now["job_id"]), now["attempt"], now["stage"]) == (running, 1, "render")
        assert 1 <= now["progress_percent"] <= 99
        assert now["worker"].endswith(f":{worker.pid}")
        assert now["lease_left_s"] > 0
        assert await ask(5) == []
        alive = await ask_one(6)
        assert (alive["alive"], alive["worker"], [str(one) for one in alive["job_ids"]]) == (
            True,
            now["worker"],
            [running],
        )
        assert [row["state"] for row in await ask(7, done)] == ["PENDING", "STARTED", "SUCCESS"]

        assert {row["cancel"] for row in await ask(9, long["id"])} == {"CANCELLED"}
        assert {(await service.job(job_id))["status"] for job_id in waiting[1:]} == {"CANCELLED"}
        assert (await ask_one(8, running))["cancel"] == "CANCELLED"
        await gone(service.settings.work_path / running, within_s=2)
        await service.until(waiting[0], "SUCCESS")

        why = await ask_one(10, failed[0])
        assert (why["code"], why["can_requeue"]) == ("file_missing", True)
        assert why["message"] == (await service.job(failed[0]))["error_message"]
        most = await ask_one(11)
        assert (most["kind"], most["code"], most["jobs"], most["last_message"]) == (
            "trim",
            "file_missing",
            2,
            why["message"],
        )
        away.rename(file)
        assert (await ask_one(12, failed[0]))["requeue"] == "PENDING"
        await service.until(failed[0], "SUCCESS")
        assert ids(await ask(13)) == {failed[1]}
        await service.until(failed[1], "SUCCESS")

        last = await service.trim(long["id"], 0, 5)
        await service.until(last, "STARTED")
        await ask(14)
        held = await service.trim(short["id"], 1, 2)
        await service.until(last, "SUCCESS")
        assert (await ask_one(15))["running"] == 0
        await drained(service)
        assert (await service.job(held))["status"] == "PENDING"
        assert (await ask_one(1))["paused_queues"] == "light, media, render"
        ready = await service.client.get("/ready")
        assert ready.status_code == 200
        assert "render is paused" in ready.text
        assert (await ask_one(16))["resume"] == 1
        await service.until(held, "SUCCESS")
        await check(service)

    done_today = await ask(17)
    totals = [sum(row[name] for row in done_today) for name in ("succeeded", "failed", "cancelled")]
    assert totals == [6, 0, 4]
    took = await ask_one(18)
    assert (took["kind"], took["days_ago"], took["jobs"]) == ("trim", 0, 6)
    assert took["run_p90_s"] >= took["run_p50_s"] > 0
    stored = {(row["owner"], row["kind"], row["role"]): row for row in await ask(19)}
    assert stored["video", None, "main"]["stored_bytes"] == sum(path.stat().st_size for path in (clip, long_clip, clip))
    assert stored["variant", "trim", "main"]["files"] == 6
    videos = {str(row["video_id"]): row["variants"] for row in await ask(20)}
    assert videos == {short["id"]: 3, long["id"]: 1, lost["id"]: 2}
    assert await ask(21) == await ask(22) == []  # nothing runs, nothing waits
    assert prompt.asked == set(range(1, 23)) == {int(name) for name in QUESTIONS if name.isdigit()}


@pytest.mark.slow
async def test_a_worker_is_not_moved_by_what_strangers_notify(
    service: Service, operator: asyncpg.Connection[asyncpg.Record], long_clip: Path
) -> None:
    """NOTIFY needs no right: nonsense is passed over, and a job is aborted only when its row says so."""
    video = await service.upload(long_clip)
    async with service.worker(**NO_POLLING) as worker:
        job_id = await service.trim(video["id"], 0, 4, preset="slow")
        await rendering(service, job_id)
        (entry,) = await service.sql("SELECT queue_job_id AS id FROM jobs")
        abort = json.dumps({"type": "abort_job_requested", "job_id": entry["id"]})
        for said in ("garbage", "5", "{}", abort):
            await operator.execute("SELECT pg_notify('procrastinate_queue_v1#render', $1)", said)
        await service.until(job_id, "SUCCESS")
        assert (await service.job(job_id))["attempt"] == 1
        await service.until(await service.trim(video["id"], 1, 2), "SUCCESS")  # heard without polling
        assert worker.log.read_text().count("is none of the queue's") == 3


async def test_the_roles_of_the_document_can_be_made(prompt: Prompt) -> None:
    """Its statements under "Rights" run as they stand, the operator's after the reader's."""
    names = ("reelwright_reader", "reelwright_operator")
    unique = {name: f"{name}_{uuid.uuid4().hex[:8]}" for name in names}
    for statement in QUESTIONS["Rights"]:
        await prompt.connection.execute(re.sub("|".join(names), lambda name: unique[name[0]], statement))
    may = [
        [
            await prompt.connection.fetchval("SELECT has_function_privilege($1, 'ops.pause(text)', 'EXECUTE')", role),
            await prompt.connection.fetchval("SELECT has_table_privilege($1, 'ops.queue', 'SELECT')", role),
            await prompt.connection.fetchval("SELECT has_table_privilege($1, 'jobs', 'SELECT')", role),
        ]
        for role in unique.values()
    ]
    assert may == [[False, True, False], [True, True, False]]
    for role in unique.values():
        await prompt.connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
