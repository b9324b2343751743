"""Upload, trim, follow live, download: through real processes, as a client sees it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import pytest

from tests.support.service import Service


@pytest.mark.from_nothing
async def test_a_video_goes_the_whole_way(service: Service, clip: Path) -> None:
    """What is downloaded is the wanted interval, and every state on the way was told."""
    video = await service.upload(clip, filename="holiday.mov")
    assert video["sha256"] == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert (video["width"], video["height"], video["duration_sec"]) == (320, 180, pytest.approx(4, abs=0.05))

    async with service.worker():
        job_id = await service.trim(video["id"], 1, "00:00:02.500")
        events = [event async for event in follow(service, job_id)]
    states = [data["status"] for name, data in events if name == "state"]
    assert states == ["PENDING", "STARTED", "SUCCESS"]
    assert [data["type"] for _, data in events] == [name for name, _ in events]
    assert events[-1][0] == "state"  # nothing follows the job's end
    percentages = [data["progress"] for name, data in events if name == "progress"]
    assert percentages == sorted(percentages)
    assert percentages[-1] == 100

    response = await service.client.get(f"/result/{job_id}")
    assert response.headers["content-type"] == "video/mp4"
    assert 'filename="holiday-trim.mp4"' in response.headers["content-disposition"]
    path = service.folder / "result.mp4"
    path.write_bytes(response.content)
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert None not in times
    assert len(times) == 38  # frames 25 to 62: 1.00 <= t < 2.50
    assert times[0] == 0


async def follow(service: Service, job_id: str, **headers: str) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async with service.client.stream("GET", f"/jobs/{job_id}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                yield name, json.loads(value)


async def test_the_event_stream_resumes_where_it_broke(shared_service: Service, clip: Path) -> None:
    """With Last-Event-ID a client gets only the transitions that it has not seen."""
    video = await shared_service.upload(clip)
    job_id = await shared_service.trim(video["id"], 0, 1)
    await shared_service.until(job_id, "SUCCESS")
    whole = [data["status"] async for name, data in follow(shared_service, job_id) if name == "state"]
    rest = [
        data["status"]
        async for name, data in follow(shared_service, job_id, **{"Last-Event-ID": "2"})
        if name == "state"
    ]
    assert whole == ["PENDING", "STARTED", "SUCCESS"]
    assert rest == ["SUCCESS"]


async def test_who_has_seen_all_of_an_ended_job_is_told_not_to_come_back(shared_service: Service, clip: Path) -> None:
    """204 stops a browser's EventSource for good; as long as something is left to tell, the stream tells it."""
    video = await shared_service.upload(clip)
    job_id = await shared_service.trim(video["id"], 0, 1)
    async with shared_service.client.stream("GET", f"/jobs/{job_id}/events") as stream:
        ids = [line.removeprefix("id: ") async for line in stream.aiter_lines() if line.startswith("id: ")]
    answers = {
        last: await shared_service.client.get(f"/jobs/{job_id}/events", headers={"Last-Event-ID": last})
        for last in (ids[-1], ids[-2], "nonsense")
    }
    assert (answers[ids[-1]].status_code, answers[ids[-1]].content) == (204, b"")
    assert answers[ids[-2]].text.count("event: state") == 1
    assert answers["nonsense"].text.count("event: state") == len(ids)


async def test_a_result_can_be_trimmed_again(shared_service: Service, clip: Path) -> None:
    """Times then refer to the result, and the new variant knows its whole history."""
    video = await shared_service.upload(clip)
    first = await shared_service.until(await shared_service.trim(video["id"], 1, 3), "SUCCESS")
    second_id = await shared_service.trim(video["id"], 0.5, 1.5, source_variant_id=first["output_variant_id"])
    second = await shared_service.until(second_id, "SUCCESS")
    rows = await shared_service.sql("SELECT * FROM video_variants WHERE id = $1::uuid", second["output_variant_id"])
    assert str(rows[0]["source_variant_id"]) == first["output_variant_id"]
    steps = json.loads(rows[0]["edit_json"])["steps"]
    assert [(step["start"], step["end"]) for step in steps] == [(1, 3), (0.5, 1.5)]
    variants = (await shared_service.client.get(f"/videos/{video['id']}/variants")).json()
    assert [variant["duration_sec"] for variant in variants] == [pytest.approx(1, abs=0.03), pytest.approx(2, abs=0.03)]
