"""The oracle of the fault tests: what must hold of a service at rest, whatever was done to it before."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from tests.support.processes import PATIENCE_S
from tests.support.service import Service

OUTAGE = re.compile(r"psycopg|procrastinate\.exceptions\.|sqlalchemy\.exc\.|asyncpg\.|Connection\w*Error|TimeoutError")
"""Last lines of the tracebacks that a test which takes the database away declares."""

_TRACEBACK = re.compile(r"^(?: *[+|] *)*Traceback \(most recent call last\):\n(?:[ +|].*\n|\n)*(.*)$", re.MULTILINE)


def processes_about(text: str | Path) -> list[int]:
    """Living processes whose argv or working folder has the text: with a work folder, its attempts' media processes."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - pathlib takes several times as long
        about = ""
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            with open(f"/proc/{name}/cmdline", "rb") as argv:  # noqa: PTH123
                about = os.fsdecode(argv.read())
            about += os.readlink(f"/proc/{name}/cwd")  # noqa: PTH115
        if str(text) in about:
            found.append(int(name))
    return found


def descendants(pid: int) -> list[int]:
    """The process and all that it started, as far as they live and have not been given away."""
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - as above
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as told:  # noqa: PTH123
                state, parent = told.read().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            parents[int(name)] = int(parent)
    found = [pid] if pid in parents else []
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if descendants(pid)]


def wanting_each_core() -> float:
    """How many processes want each core, of late; one at the least."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


async def until_none(complain: Callable[[], Awaitable[list[str]]], *, within_s: float) -> None:
    """Wait until `complain` has nothing to say any more. `within_s`: on an idle machine; on a busy one, which many
    tests share, as many times that as processes want each core."""
    deadline = time.monotonic() + within_s * wanting_each_core()
    while complaints := await complain():
        if time.monotonic() > deadline:
            raise AssertionError("\n".join(complaints))
        await asyncio.sleep(0.1)


async def gone(text: str | Path, *, within_s: float = 2) -> None:
    """Wait until no process is about the text any more."""

    async def complain() -> list[str]:
        return [f"process {pid} still runs: {text}" for pid in processes_about(text)]

    await until_none(complain, within_s=within_s)


LEFT_ROWS = {
    "publication of a job that has ended": "SELECT p.folder FROM publications p JOIN jobs j ON j.id = p.job_id"
    " WHERE j.status NOT IN ('PENDING', 'STARTED')",
    "hindrance of a worker that can work": "SELECT worker || ': ' || detail FROM hindrances"
    " WHERE seen_at > now() - interval '10 seconds'",
    "wait of a job that has ended": "SELECT w.job_id || ': ' || w.code FROM job_waits w JOIN jobs j ON j.id = w.job_id"
    " WHERE j.status NOT IN ('PENDING', 'STARTED')",
    "lease of a job that nobody works at": "SELECT id FROM jobs WHERE lease_until IS NOT NULL AND status <> 'STARTED'",
    "secrets of an import that has ended": "SELECT s.job_id FROM import_secrets s JOIN jobs j ON j.id = s.job_id"
    " WHERE j.status NOT IN ('PENDING', 'STARTED')",
    "queue entry of a job that has ended": "SELECT q.id || ' ' || q.status FROM procrastinate_jobs q"
    " JOIN jobs j ON j.id::text = q.args ->> 'job_id'"
    " WHERE q.status IN ('todo', 'doing') AND j.status NOT IN ('PENDING', 'STARTED')",
    "upload that nobody takes up": "SELECT id || ' ' || state FROM uploads WHERE state IN ('receiving', 'whole')",
    "delivery that nobody makes": "SELECT d.id FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id"
    " WHERE d.state = 'pending' AND (w.due_at IS NULL OR d.next_at < now() - interval '1 minute')",
    "lease of an endpoint that is over": "SELECT id FROM webhooks WHERE leased_until < now() - interval '1 minute'",
}
"""What no row says of a service at rest: what it would be, and where it is found."""


async def left_rows(service: Service) -> list[str]:
    """Nothing in the database is about work that is over."""
    return [
        f"{what}: {row['found']}"
        for what, query in LEFT_ROWS.items()
        for row in await service.sql(f"SELECT found::text FROM ({query}) AS rows (found)")
    ]


async def complaints(service: Service, *, declared: re.Pattern[str], within_s: float) -> dict[str, list[str]]:
    """All that is wrong with a service at rest, by the invariant; waits until nothing is, or the time is over."""
    deadline = time.monotonic() + within_s
    while True:
        found = {
            "jobs and results agree": await _rows(service),
            "no rows are left behind": await left_rows(service),
            "no work is left behind": await asyncio.to_thread(_left_behind, service),
            "every file has its row": await _strays(service),
        }
        if not any(found.values()) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.5)
    tracebacks = await asyncio.to_thread(_tracebacks, service, declared)
    return {**found, "every row has its file": await _files(service), "nothing unforeseen is logged": tracebacks}


async def check(service: Service, *, declared: re.Pattern[str] | None = None, within_s: float = PATIENCE_S) -> None:
    """Every invariant of a service at rest: it may take a moment (sweeps, last writes), then nothing may be wrong.

    Needs a running worker that sweeps where faults left strays. `declared`: last lines of tracebacks that the logs may
    have.
    """

    async def complain() -> list[str]:
        return [*await _rows(service), *await asyncio.to_thread(_left_behind, service)]

    await until_none(complain, within_s=within_s)
    assert not (wrong := await _files(service)), "\n".join(wrong)
    assert not (seen := _tracebacks(service, declared)), "\n".join(seen)


async def _rows(service: Service) -> list[str]:
    """Every job has ended or lives; what it tells of itself agrees."""
    jobs = await service.sql(
        "SELECT j.*, j.lease_until > now() AS leased, q.status AS queued,"
        " (SELECT count(*) FROM video_variants v WHERE v.job_id = j.id) AS variants,"
        " (SELECT count(*) FROM files f JOIN video_variants v ON v.id = f.variant_id WHERE v.job_id = j.id"
        " AND f.role = 'main') AS files,"
        " (SELECT json_agg(json_build_array(seq, type, attempt) ORDER BY seq) FROM job_events e WHERE e.job_id = j.id)"
        " AS events FROM jobs j LEFT JOIN procrastinate_jobs q ON q.id = j.queue_job_id"
    )
    wrong = []
    for job in jobs:
        name, status, events = f"job {job['id']}", job["status"], json.loads(job["events"] or "[]")
        if status == "STARTED" and not job["leased"]:
            wrong.append(f"{name} is STARTED without a live lease")
        if status == "PENDING" and job["queued"] not in ("todo", "doing"):
            wrong.append(f"{name} is PENDING and nobody will look: its queue entry is {job['queued']}")
        # images alone are one result
        outputs = len(json.loads(job["plan_json"])["outputs"]) or 1 if job["plan_json"] and status == "SUCCESS" else 0
        if (job["variants"], job["files"]) != (outputs, outputs):
            wrong.append(f"{name} is {status} with {job['variants']} variants and {job['files']} files, not {outputs}")
        if (job["progress"] == 100) != (status == "SUCCESS"):
            wrong.append(f"{name} is {status} at {job['progress']} %")
        if [seq for seq, _, _ in events] != list(range(1, len(events) + 1)):
            wrong.append(f"{name} has holes in its events: {events}")
        if [kind for _, kind, _ in events][-1:] != [status]:
            wrong.append(f"{name} is {status}, its last event says {events[-1:]}")
        started = [attempt for _, kind, attempt in events if kind == "STARTED"]
        if started != list(range(1, job["attempt"] + 1)):
            wrong.append(f"{name} had {job['attempt']} attempts, its events say {started}")
    held = await service.sql(
        "SELECT q.id, q.status FROM procrastinate_jobs q LEFT JOIN procrastinate_workers w ON w.id = q.worker_id"
        " WHERE q.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - interval '90 seconds')"
    )
    wrong += [f"queue entry {entry['id']} is held by a dead worker" for entry in held]
    asleep = await service.sql(
        "SELECT pid, query FROM pg_stat_activity WHERE datname = current_database()"
        " AND state LIKE 'idle in transaction%' AND state_change < now() - interval '5 seconds'"
    )
    return wrong + [f"session {session['pid']} sleeps in a transaction: {session['query']}" for session in asleep]


def _left_behind(service: Service) -> list[str]:
    """Nothing runs and nothing lies about that only an attempt needs."""
    work = service.settings.work_path
    kept = {work / "drawing", work / "drawing" / "fonts"}  # of whoever draws: what fontconfig knows
    lying = {*work.glob("*"), *work.glob("drawing/*")} - kept
    wrong = [f"work folder left: {path.relative_to(work)}" for path in sorted(lying)]
    return wrong + [f"media process left: {pid}" for pid in processes_about(work)]


async def _files(service: Service) -> list[str]:
    """Every row has its file as it was made, every file its row."""
    rows = await service.sql(
        "SELECT f.key, f.size_bytes, f.sha256, v.sha256 AS uploaded, v.id::text AS video_id FROM files f"
        " LEFT JOIN videos v ON v.id = f.video_id"
    )
    wrong = []
    root = service.settings.media_path
    for row in rows:
        path = root / row["key"]
        if not path.is_file():
            wrong.append(f"{row['key']} has a row and no file")
            continue
        digest = await asyncio.to_thread(_sha256, path)
        if (path.stat().st_size, digest) != (row["size_bytes"], row["sha256"]):
            wrong.append(f"{row['key']} is not what its row says")
        if row["video_id"] and service.uploaded.get(row["video_id"], digest) != digest:
            wrong.append(f"{row['key']} is not what was uploaded")
    return wrong


async def no_strays(service: Service, *, within_s: float = PATIENCE_S) -> None:
    """Wait until every stored file has a row: after its grace time a running worker has swept the others."""

    await until_none(lambda: _strays(service), within_s=within_s)


async def _strays(service: Service) -> list[str]:
    known = {row["key"] for row in await service.sql("SELECT key FROM files")}
    incoming = service.settings.media_path / "incoming"
    coming = sorted(path.name for path in incoming.iterdir()) if incoming.exists() else []
    return [f"{key} has no row" for key in sorted(service.stored() - known)] + [
        f"incoming/{name} has no upload"
        for name in coming
        if not await service.sql("SELECT FROM uploads WHERE id::text = $1", name)
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tracebacks(service: Service, declared: re.Pattern[str] | None) -> list[str]:
    seen = []
    for log in service.folder.glob("*.log"):
        text = log.read_text(errors="replace")
        seen += [
            f"{log.name}: {found[0]}"
            for found in _TRACEBACK.finditer(text)
            if declared is None or not declared.search(found[1])
        ]
    return seen
