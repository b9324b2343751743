"""Jobs for later, and jobs that are of no use later: as clients ask for them."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path

from tests.support.service import Service, problem


def ahead(seconds: float) -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)).isoformat()


async def test_a_job_waits_for_its_time_or_ends_when_it_is_too_late(service: Service, clip: Path) -> None:
    """It says what it waits for, begins not before, and is told as expired when nobody has begun it in time."""
    video = await service.upload(clip)
    run_at = ahead(3)
    waits = await service.trim(video["id"], 0, 0.3, priority=3, run_at=run_at)
    late = await service.trim(video["id"], 0, 0.4, expires_at=ahead(1))
    job = await service.job(waits)
    assert (job["priority"], job["expires_at"], job["waiting_for"]["code"]) == (3, None, "schedule")
    wanted = datetime.datetime.fromisoformat(run_at)
    assert datetime.datetime.fromisoformat(job["run_at"]) == wanted
    deadline = datetime.datetime.fromisoformat((await service.job(late))["expires_at"])
    while (left := deadline - datetime.datetime.now(datetime.UTC)) >= datetime.timedelta(0):
        await asyncio.sleep(left.total_seconds() + 0.001)
    async with service.worker():
        failed = await service.until(late, "FAILURE")
        assert (failed["error"]["code"], failed["attempt"], failed["started_at"]) == ("expired", 0, None)
        done = await service.until(waits)
        assert done["status"] == "SUCCESS"
        assert datetime.datetime.fromisoformat(done["started_at"]) >= wanted


async def test_every_request_that_makes_a_job_takes_the_fields(service: Service, clip: Path) -> None:
    """Whole edits, batches, ladders, imports; what makes no sense is refused with the field's name."""
    video = await service.upload(clip)
    times = {"priority": -4, "run_at": ahead(3600), "expires_at": ahead(7200)}
    cut = [{"type": "trim", "start": 0, "end": 0.5}]
    requests = [
        ("/edits", {"source": video["id"], "steps": cut}),
        (f"/transcode/{video['id']}", {"qualities": ["240p"]}),
        ("/videos/import", {"url": "https://media.example.org/holiday.mp4"}),
        ("/edits/batch", {"steps": cut, "items": [{"source": video["id"]}]}),
    ]
    for path, body in requests:
        answer = await service.client.post(path, json={**body, **times})
        assert answer.status_code == 202, answer.text
        made = answer.json()["items"][0]["job"] if path.endswith("batch") else answer.json()
        job = await service.job(made["job_id"])
        assert (job["priority"], job["status"], job["waiting_for"]["code"]) == (-4, "PENDING", "schedule"), path
        assert job["run_at"] < job["expires_at"]
        for wrong, pointer in (
            ({"priority": 11}, "/priority"),
            ({"run_at": "2026-12-24T02:00:00"}, "/run_at"),
            ({"expires_at": ahead(-1)}, "/expires_at"),
            ({"run_at": ahead(60), "expires_at": ahead(30)}, "/expires_at"),
            ({"run_at": ahead(91 * 24 * 3600)}, "/run_at"),
        ):
            refused = problem(await service.client.post(path, json={**body, **wrong}), 422, "invalid_input")
            assert pointer in str(refused["errors"]), (path, refused)
