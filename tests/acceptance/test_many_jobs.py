"""Many jobs at once: found by what they are, cancelled, retried and deleted in parts, and each refusal told."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path
from typing import Any

from tests.support.service import UNKNOWN, Service, problem


async def done(service: Service, what: str, **which: Any) -> dict[str, Any]:
    answer = await service.client.post(f"/jobs/{what}", json=which)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


async def listed(service: Service, **query: Any) -> list[str]:
    """The ids of the jobs that the list has, oldest first."""
    answer = await service.client.get("/jobs", params=query)
    assert answer.status_code == 200, answer.text
    return [job["job_id"] for job in reversed(answer.json()["items"])]


async def test_many_jobs_are_found_cancelled_retried_and_deleted(service: Service, clip: Path) -> None:
    """By tag, state, time and code; in parts that go on where the one before ended; others are not touched."""
    unlike = service.folder / "other.mp4"
    unlike.write_bytes(clip.read_bytes() + b"\0\0\0\x08free")  # else it would share the first one's file
    video, other = (await service.upload(clip))["id"], (await service.upload(unlike))["id"]
    campaign = [await service.trim(video, 0, 0.5 + number / 10, tags=["campaign"]) for number in range(5)]
    middle = (await service.job(campaign[2]))["created_at"]
    kept = await service.trim(video, 1, 2, tags=["kept"])
    doomed = await service.trim(other, 0, 1, tags=["doomed"], reuse=False)

    assert await listed(service, tag="campaign", created_before=middle) == campaign[:2]
    assert await listed(service, tag="campaign", created_after=middle) == campaign[2:]
    part = await done(service, "cancel", tags=["campaign"], limit=3)
    assert (part["matched"], part["done"], part["refused"]) == (5, 3, [])
    assert await listed(service, status="CANCELLED") == campaign[:3]
    part = await done(service, "cancel", tags=["campaign"], limit=3, cursor=part["next_cursor"])
    assert (part["done"], part["next_cursor"]) == (2, None)
    assert await done(service, "cancel", tags=["campaign"]) == {
        "matched": 0,
        "done": 0,
        "refused": [],
        "next_cursor": None,
    }

    (service.settings.media_path / f"uploads/{other}/source.mp4").unlink()
    before = service.stored()
    async with service.worker():
        result = await service.until(kept, "SUCCESS")
        assert (await service.until(doomed))["error"]["code"] == "file_missing"
        assert await listed(service, error_code="file_missing") == [doomed]
        assert await done(service, "retry", error_code="file_missing") == {
            "matched": 1,
            "done": 1,
            "refused": [],
            "next_cursor": None,
        }
        while (await service.job(doomed))["attempt"] < 2 or await service.status(doomed) != "FAILURE":
            await asyncio.sleep(0.05)
    await service.client.delete(f"/videos/{other}")
    ended = result["finished_at"]
    assert await listed(service, finished_after=ended) == [kept, doomed]
    assert await listed(service, finished_before=ended) == campaign

    part = await done(service, "retry", created_before="2100-01-01T00:00:00Z")
    assert (part["matched"], part["done"]) == (6, 5)
    assert part["refused"] == [
        {"job_id": doomed, "code": "input_gone", "detail": "what the job works on was deleted"},
    ]
    assert await listed(service, status="PENDING") == campaign
    await done(service, "cancel", video_id=video)

    part = await done(service, "delete", video_id=video)
    assert part["done"] == 5
    assert [(one["job_id"], one["code"]) for one in part["refused"]] == [(kept, "has_results")]
    assert await listed(service) == [kept, doomed]
    assert (await service.client.get(f"/jobs/{campaign[0]}")).status_code == 404
    assert service.stored() != before
    assert (await done(service, "delete", status=["SUCCESS"], finished_after=ended, with_results=True))["done"] == 1
    assert service.stored() == before
    assert (await service.client.get(f"/variants/{result['output_variant_id']}")).status_code == 404
    assert await listed(service) == [doomed]


REFUSED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("cancel", {}, ""),
    ("cancel", {"limit": 10}, ""),
    ("delete", {"with_results": True}, ""),
    ("cancel", {"status": ["SUCCESS"]}, "/status"),
    ("delete", {"status": ["STARTED"]}, "/status"),
    ("retry", {"error_code": "no_such"}, "/error_code"),
    ("retry", {"video_id": UNKNOWN, "cursor": "nonsense"}, "/cursor"),
    ("cancel", {"video_id": UNKNOWN, "limit": 1001}, "/limit"),
    ("cancel", {"created_before": "2026-11-21T10:15:30"}, "/created_before"),
)


async def test_lists_have_what_is_large_when_it_is_asked_for(service: Service, clip: Path) -> None:
    """Neither edit, plan nor commands by default. What says nothing of which jobs, or what cannot be, is refused by
    name."""
    job_id = await service.trim((await service.upload(clip))["id"], 0, 1)
    (lean,) = (await service.client.get("/jobs")).json()["items"]
    (whole,) = (await service.client.get("/jobs", params={"expand": ["edit", "plan", "recipe"]})).json()["items"]
    job = await service.job(job_id)
    assert {"edit", "plan", "commands"}.isdisjoint(lean)
    assert {name: job[name] for name in ("edit", "plan", "commands")} == {
        name: whole[name] for name in whole if name not in lean
    }
    for what, body, pointer in REFUSED:  # nothing is done to all jobs by mistake
        document = problem(await service.client.post(f"/jobs/{what}", json=body), 422, "invalid_input")
        assert [error["pointer"] for error in document["errors"]] == [pointer], document
    now = datetime.datetime.now(datetime.UTC).isoformat()
    refused: list[tuple[dict[str, str | int], str]] = [
        ({"expand": "plan", "page_size": 21}, "?page_size"),
        ({"expand": "everything"}, "?expand"),
        ({"error_code": "no_such"}, "?error_code"),
        ({"created_after": "yesterday"}, "?created_after"),
        ({"finished_before": now.partition("+")[0]}, "?finished_before"),
    ]
    for query, parameter in refused:
        document = problem(await service.client.get("/jobs", params=query), 422, "invalid_input")
        assert [error["pointer"] for error in document["errors"]] == [parameter], document
