"""An edit of a result is made of the original where that shows the same; else of the result, and it says why."""

from __future__ import annotations

from typing import Any

from tests.support import frame_judge
from tests.support.footage import make
from tests.support.service import Service

TRIMMED = [{"type": "trim", "start": 0.4, "end": 1.6}]
TURNED = [{"type": "flip", "direction": "vertical"}, {"type": "flip", "direction": "vertical"}]


async def edited(service: Service, source: str, steps: list[dict[str, Any]], *outputs: Any) -> dict[str, Any]:
    body = {"source": source, "steps": steps, "outputs": [*outputs] or ["mp4"]}
    answer = await service.client.post("/edits", json=body)
    assert answer.status_code == 202, answer.text
    job = await service.until(answer.json()["job_id"], "SUCCESS", "FAILURE")
    assert job["status"] == "SUCCESS", job["error_message"]
    return job


async def test_two_generations_are_one(shared_service: Service) -> None:
    """Read from the upload, at its time, and as large as the result was; each frame is the one that was to be seen."""
    service = shared_service
    video = await service.upload(make().path)
    first = await edited(service, video["id"], TRIMMED, "mp4:240p")
    second = await edited(service, first["output_variant_id"], [{"type": "trim", "start": 0.2, "end": 0.8}, *TURNED])
    assert second["warnings"] == []
    assert second["input_variant_id"] == first["output_variant_id"]
    assert [step["type"] for step in second["plan"]["steps"]] == ["open", "fit", "flip", "flip"]
    frames = frame_judge.read(await service.result(second["job_id"]))
    assert [frame.number for frame in frames] == [*range(15, 30)]
    assert frames[0].picture.shape == (240, 426)
    (await service.client.delete(f"/videos/{video['id']}")).raise_for_status()


async def test_three_generations_by_older_routes(shared_service: Service) -> None:
    """What /trim and /transcode made counts as well."""
    service = shared_service
    video = await service.upload(make().path)
    trimmed = await service.until(await service.trim(video["id"], 0.4, 1.6), "SUCCESS")
    answer = await service.client.post(f"/transcode/{trimmed['output_variant_id']}", json={"qualities": ["240p"]})
    small = await service.until(answer.json()["job_id"], "SUCCESS")
    last = await edited(service, small["output_variant_id"], TURNED)
    assert last["plan"]["inputs"][0]["sha256"] == video["sha256"]
    frames = frame_judge.read(await service.result(last["job_id"]))
    assert [frame.number for frame in frames] == [*range(10, 40)]
    (await service.client.delete(f"/videos/{video['id']}")).raise_for_status()


async def test_what_was_measured_on_the_result_is_kept(shared_service: Service) -> None:
    """Its loudness: the file is used, and a warning says so."""
    service = shared_service
    video = await service.upload(make().path)
    loud = await edited(service, video["id"], TRIMMED, {"qualities": ["240p"], "audio": {"loudness": -16}})
    again = await edited(service, loud["output_variant_id"], TURNED)
    assert again["warnings"] == [
        "made of the variant's file, not of the original: its loudness was measured and set",
    ]
    (await service.client.delete(f"/videos/{video['id']}")).raise_for_status()
