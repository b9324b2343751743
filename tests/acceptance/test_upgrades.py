"""From one release to the next: what earlier ones left behind is finished, and nobody notices the change of schema."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import subprocess
import uuid
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
import pytest
from alembic import command

from reelwright.db.connection_pool import create_engine
from reelwright.db.migrate import configuration, upgrade
from reelwright.db.revisions import known_revisions, newest_revision
from reelwright.edits.plan import VERSION, Plan
from reelwright.settings import Settings
from tests.conftest import execute, in_database
from tests.support.invariants import check, processes_about
from tests.support.needs import lacking
from tests.support.processes import PATIENCE_S, Process, standing_still
from tests.support.service import Service

ROOT = Path(__file__).parents[2]
LEFT_BEHIND = ROOT / "tests" / "upgrades"
"""By revision: database and MEDIA_ROOT as that release's own code left them (scripts/make_upgrade_fixture.py)."""

REVISIONS = sorted(path.name for path in LEFT_BEHIND.iterdir())


async def migrated(service: Service) -> str:
    """What `reelwright migrate` said, which ended well."""
    ended = await service.command("migrate")
    assert ended.status == 0, ended
    return ended.output + ended.errors


def test_every_revision_but_the_newest_is_tried() -> None:
    """A release that brings a revision brings what the one before left behind."""
    assert set(REVISIONS) >= known_revisions() - {newest_revision()}


READ = ("jobs", "job_inputs", "files", "videos", "publications", "reservations", "procrastinate_jobs", "projects")
"""Tables of which is read what there is to finish."""
VARIES = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64}|\\d{4}-\\d\\d-\\d\\d[ T][\\d:.+]+Z?")
"""Ids, sums and moments."""
NAMES = {"id", "job_id", "queue_job_id", "worker", "worker_id", "machine"}
"""Columns that name a row or a process."""


async def left_to_do(url: str) -> dict[str, list[str]]:
    """What is in the tables that are read to finish the jobs, but for what each run of a release calls otherwise."""
    connection = await asyncpg.connect(url)
    try:
        found = {}
        for table in READ:
            rows = await connection.fetch(f"SELECT to_jsonb(one)::text AS row FROM {table} one")
            told = [msgspec.json.decode(VARIES.sub("", one["row"])) for one in rows]
            kept = [{name: value for name, value in row.items() if name not in NAMES} for row in told]
            found[table] = sorted(msgspec.json.encode(row, order="sorted").decode() for row in kept)
        return found
    finally:
        await connection.close()


@asynccontextmanager
async def database_of(server_url: str, revision: str) -> AsyncIterator[str]:
    """What the release of that revision left behind, brought to the newest."""
    name = f"left_{uuid.uuid4().hex[:12]}"
    await execute(server_url, f"CREATE DATABASE {name}")
    url = in_database(server_url, name)
    try:
        await execute(url, (LEFT_BEHIND / revision / "database.dump").read_text())
        engine = create_engine(url, application_name="tests")
        await upgrade(engine)
        await engine.dispose()
        yield url
    finally:
        await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def is_as_before(server_url: str, revision: str, url: str) -> bool:
    """Whether the database, brought to the newest revision, holds what that of the release before does then."""
    if revision == REVISIONS[0]:
        return False
    before = REVISIONS[REVISIONS.index(revision) - 1]
    async with database_of(server_url, before) as other:
        return await left_to_do(url) == await left_to_do(other)


@pytest.mark.parametrize(
    "revision", [*(pytest.param(one, marks=pytest.mark.slow) for one in REVISIONS[:-1]), REVISIONS[-1]]
)
async def test_jobs_of_an_earlier_release_are_finished(
    revision: str, server_url: str, empty_database: str, settings: Settings, tmp_path: Path
) -> None:
    """Those that ran when the old worker was killed, and one of those that were queued, a kind in turn: migrated, they
    succeed under this one. The others, which it understands as well, are cancelled under it. Where nothing is left to
    do but what the release before left as well, row by row, that is what has to succeed."""
    await execute(empty_database, (LEFT_BEHIND / revision / "database.dump").read_text())
    if (left := LEFT_BEHIND / revision / "media").exists():
        shutil.copytree(left, settings.media_path)
    service = Service(msgspec.structs.replace(settings, database_url=empty_database), tmp_path)
    before = await service.sql("SELECT version_num FROM alembic_version")
    assert before == [{"version_num": revision}]
    assert f"revision {newest_revision()}" in await migrated(service)
    jobs = await service.sql("SELECT id::text, type, status, plan_json::text AS plan FROM jobs ORDER BY id")
    assert {job["status"] for job in jobs} == ({"PENDING", "STARTED"} if revision > "0001" else set())
    for job in jobs:
        assert msgspec.json.decode(job["plan"], type=Plan).version <= VERSION
    if await is_as_before(server_url, revision, empty_database):
        return
    kinds = sorted({job["type"] for job in jobs})
    chosen = {"STARTED": set(kinds), "PENDING": set(in_turn(kinds, int(revision) + 1))}
    run = {job["id"] for job in jobs if job["type"] in chosen[job["status"]]}
    async with service.running():
        for job in jobs:
            if job["id"] not in run:
                answer = await service.client.post(f"/jobs/{job['id']}/cancel")
                assert answer.status_code == 202
                assert answer.json()["status"] == "CANCELLED" or job["status"] == "STARTED"
        async with service.worker():
            assert (await service.client.get("/ready")).status_code == 200
            for job in jobs:
                if job["id"] in run:
                    await service.until(job["id"], "SUCCESS")
                    await service.result(job["id"])
                else:
                    await service.until(job["id"], "CANCELLED")
            await check(service)


def in_turn(kinds: list[str], number: int) -> list[str]:
    """One of the kinds, if there is any."""
    return kinds[number % len(kinds) :][:1] if kinds else []


@pytest.fixture(scope="session")
def release_before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which the code of the release before the newest revision runs, as the repository has it."""

    def git(*argv: str) -> bytes:
        return subprocess.run(["git", *argv], cwd=ROOT, capture_output=True, check=True).stdout

    if not (ROOT / ".git").exists() or git("rev-parse", "--is-shallow-repository").strip() != b"false":
        lacking("the repository's history is not here")
    migration = f"migrations/versions/{newest_revision()}_*.py"
    added = git("log", "-1", "--diff-filter=A", "--format=%H^", "--", migration).decode().strip()
    folder = tmp_path_factory.mktemp("release")
    packed = git("archive", "--format=zip", added or "HEAD", "src", "workers", "migrations")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder)
    folder.chmod(0o755)
    assert not list(folder.glob(migration))
    return {"PYTHONPATH": f"{folder / 'src'}:{folder / 'workers'}"}


@pytest.mark.slow
async def test_the_release_before_runs_on_while_the_schema_changes(
    settings: Settings, release_before: dict[str, str], tmp_path: Path, long_clip: Path
) -> None:
    """The newest migration is applied amid a running job of the code that was written before it: every request is
    answered, the job finishes, so do later ones, on the processes that ran before."""
    service = Service(msgspec.structs.replace(settings, stall_timeout_s=PATIENCE_S), tmp_path)
    engine = create_engine(settings.configured_database_url, application_name="tests")
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "-1"))
    await engine.dispose()
    async with service.running(**release_before), service.worker(**release_before):
        video = await service.upload(long_clip)
        job_id = await service.trim(video["id"], 0, 10)
        with standing_still(await ffmpeg_of(service, job_id)):  # the worker goes on renewing its lease
            migrating = asyncio.create_task(migrated(service))
            answered = 0
            while not migrating.done():
                for path in (f"/status/{job_id}", f"/videos/{video['id']}", "/jobs", "/videos"):
                    assert (await service.client.get(path)).status_code == 200, service.logs()
                    answered += 1
            assert f"revision {newest_revision()}" in await migrating
            assert answered > 0
            assert (await service.job(job_id))["status"] == "STARTED"
        job = await service.until(job_id, "SUCCESS")
        assert job["attempt"] == 1
        await service.until(await service.trim(video["id"], 1, 2), "SUCCESS")
        await check(service)


async def ffmpeg_of(service: Service, job_id: str) -> list[int]:
    """The processes that encode the job, once there are any."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := processes_about(service.settings.work_path / job_id)):
            await asyncio.sleep(0.02)
    return found


@pytest.mark.slow
async def test_an_older_release_goes_on_with_a_newer_schema(service: Service, clip: Path) -> None:
    """Started before or after the migration: API and worker work, `migrate` changes nothing, and all say so."""
    await service.sql("UPDATE alembic_version SET version_num = '9999'")
    await service.api.end()
    service.api = await service.start_api()
    async with service.worker() as worker:
        await service.until(await service.trim((await service.upload(clip))["id"], 1, 2), "SUCCESS")
        answer = await service.client.get("/ready")
        assert answer.status_code == 200, answer.text
        (database,) = (part for part in answer.json()["checks"] if part["name"] == "database")
        for said in (database["detail"], worker.log.read_text(), service.api.log.read_text()):
            assert "is at schema 9999, which a newer version made" in said
        assert "the database is at revision 9999" in await migrated(service)


@pytest.mark.parametrize("revision", [None, "0001"])
async def test_a_newer_release_says_that_the_schema_is_old(
    revision: str | None, empty_database: str, settings: Settings, tmp_path: Path
) -> None:
    """API and worker end with status 1 and one sentence that names the command."""
    if revision:
        await execute(empty_database, (LEFT_BEHIND / revision / "database.dump").read_text())
    service = Service(msgspec.structs.replace(settings, database_url=empty_database), tmp_path)
    worker = ("-m", "procrastinate", "--app=reelwright_worker.app.app", "worker")
    started: list[Process] = [
        await service.start("api", "-m", "reelwright", "serve"),
        await service.start("worker", *worker),
    ]
    at = f"is at schema {revision}" if revision else "has no schema yet"
    for process in started:
        assert await asyncio.wait_for(process.process.wait(), PATIENCE_S) == 1
        said = process.log.read_text()
        assert "Traceback" not in said
        assert said.splitlines()[-1] == (
            f"Error: The database {at}, this version needs {newest_revision()}: run `reelwright migrate`."
        )
