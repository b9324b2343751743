"""An edit of a result is made of the original where that shows the same; else of the result, and it says why."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec

from reelwright.media.images.fonts import FontBook
from tests.support import frame_judge
from tests.support.footage import make
from tests.support.service import Service

TRIMMED = [{"type": "trim", "start": 0.4, "end": 1.6}]
TURNED = [{"type": "flip", "direction": "vertical"}, {"type": "flip", "direction": "vertical"}]


async def edited(service: Service, source: str, steps: list[dict[str, Any]], *outputs: Any) -> dict[str, Any]:
    return await made(service, "/edits", source=source, steps=steps, outputs=[*outputs] or ["mp4"])


async def made(service: Service, address: str, **body: Any) -> dict[str, Any]:
    """The job of a request, done."""
    answer = await service.client.post(address, json=body)
    assert answer.status_code == 202, answer.text
    job = await service.until(answer.json()["job_id"], "SUCCESS", "FAILURE")
    assert job["status"] == "SUCCESS", job["error_message"]
    return job


async def test_two_generations_are_one(shared_service: Service) -> None:
    """Read from the upload, at its time, and as large as the result was; each frame is the one that was to be seen."""
    service = shared_service
    video = await service.upload(make(size=(160, 90)).path)
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
    video = await service.upload(make(size=(160, 90)).path)
    trimmed = await service.until(await service.trim(video["id"], 0.4, 1.6), "SUCCESS")
    answer = await service.client.post(f"/transcode/{trimmed['output_variant_id']}", json={"qualities": ["240p"]})
    small = await service.until(answer.json()["job_id"], "SUCCESS")
    last = await edited(service, small["output_variant_id"], TURNED)
    assert last["plan"]["inputs"][0]["sha256"] == video["sha256"]
    frames = frame_judge.read(await service.result(last["job_id"]))
    assert [frame.number for frame in frames] == [*range(10, 40)]
    (await service.client.delete(f"/videos/{video['id']}")).raise_for_status()


async def test_every_route_goes_on_from_the_original(shared_service: Service) -> None:
    """But to copy: of that a file is the best source there is; what is made of the copy is of the original again. What
    is wrong is named where the request has it."""
    service = shared_service
    video = await service.upload(make(size=(160, 90)).path)
    trimmed = await service.until(await service.trim(video["id"], 0.4, 1.6), "SUCCESS")
    result = trimmed["output_variant_id"]
    again = await service.until(await service.trim(result, 0.2, 9), "SUCCESS")
    laid = await made(service, "/overlays", video_id=result, overlays=[{"type": "text", "text": "x", "end": 0.1}])
    small = await made(service, f"/transcode/{result}", qualities=["240p"])
    copied = await made(service, f"/transcode/{result}", qualities=["source"], copy_conforming=True)
    for job, numbers in ((again, range(15, 40)), (laid, range(10, 40)), (small, range(10, 40))):
        assert job["plan"]["inputs"][0]["sha256"] == video["sha256"]
        assert [frame.number for frame in frame_judge.read(await service.result(job["job_id"]))] == [*numbers]
    assert again["warnings"] == ["end 9 s is beyond the end of the video and became 1.2 s"]
    assert copied["plan"]["inputs"][0]["sha256"] != video["sha256"]
    asked = {"source": copied["output_variant_id"], "steps": TURNED}
    plan = (await service.client.post("/edits?validate_only=true", json=asked)).json()["plan"]
    opened = plan["steps"][0]
    assert (opened["start_s"], opened["end_s"], plan["inputs"][0]["sha256"]) == ("2/5", "8/5", video["sha256"])
    misplaced = {"video_id": result, "overlays": [{"type": "text", "text": "x", "x": "W-"}]}
    for address, body, pointer in (
        ("/trim", {"video_id": result, "start": 5}, "/start"),
        ("/trim", {"video_id": result, "start": "soon"}, "/start"),
        ("/overlays", misplaced, "/overlays/0/x"),
    ):
        refused = await service.client.post(address, json=body)
        assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    (await service.client.delete(f"/variants/{result}")).raise_for_status()
    alone = (await service.client.post("/edits?validate_only=true", json=asked)).json()
    assert alone["warnings"] == ["made of the variant's file, not of the original: the original was deleted"]
    (await service.client.delete(f"/videos/{video['id']}")).raise_for_status()


async def test_what_was_measured_on_the_result_is_kept(shared_service: Service) -> None:
    """Its loudness: the file is used, and a warning says so."""
    service = shared_service
    video = await service.upload(make(size=(160, 90)).path)
    loud = await edited(service, video["id"], TRIMMED, {"qualities": ["240p"], "audio": {"loudness": -16}})
    again = await edited(service, loud["output_variant_id"], TURNED)
    assert again["warnings"] == [
        "made of the variant's file, not of the original: its loudness was measured and set",
    ]
    (await service.client.delete(f"/videos/{video['id']}")).raise_for_status()


async def test_subtitles_whose_font_has_changed_stay_as_they_were_seen(shared_service: Service, tmp_path: Path) -> None:
    """An API that has another file for the font would lay them out, and have them drawn, otherwise: the file is used,
    and a warning says so. One that has the same goes on from the original."""
    service = shared_service
    video = await service.upload(make(size=(160, 90)).path)
    spoken = {"type": "subtitles", "cues": [{"start": 0.2, "end": 1, "text": "Said"}]}
    first = await edited(service, video["id"], [spoken])
    asked = {"source": first["output_variant_id"], "steps": TRIMMED}
    same = (await service.client.post("/edits?validate_only=true", json=asked)).json()
    assert (same["warnings"], same["plan"]["inputs"][0]["sha256"]) == ([], video["sha256"])
    shutil.copy(FontBook.scan(None, system=()).find(None).path, tmp_path / "own.ttf")
    settings = msgspec.structs.replace(service.settings, font_dir=str(tmp_path))
    async with Service(settings, tmp_path).running() as other:
        told = (await other.client.post("/edits?validate_only=true", json=asked)).json()
    assert told["warnings"] == [
        "made of the variant's file, not of the original: the fonts that its subtitles were drawn with have changed",
    ]
    assert told["plan"]["inputs"][0]["sha256"] != video["sha256"]
    assert [step["type"] for step in told["plan"]["steps"]] == ["trim"]
    (await service.client.delete(f"/videos/{video['id']}")).raise_for_status()
