"""The second surface: its own shapes and codes over the same jobs."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.support.service import UNKNOWN, Service, problem

JOB_FIELDS = {"job_id", "status", "progress", "created_at", "error_message"}


async def test_upload_trim_and_download(shared_service: Service, clip: Path) -> None:
    """The way of a v1 client, shape by shape."""
    client = shared_service.client
    with clip.open("rb") as file:
        answer = await client.post("/api/v1/upload", files={"file": ("a.mp4", file)})
    assert answer.status_code == 200, answer.text
    uploaded = answer.json()
    assert uploaded.keys() == JOB_FIELDS | {"video_id"}
    assert (uploaded["status"], uploaded["progress"]) == ("completed", 100)
    video_id = uploaded["video_id"]

    video = (await client.get(f"/api/v1/videos/{video_id}")).json()
    assert video.keys() == {
        "id", "filename", "original_filename", "file_size", "duration", "width", "height", "format", "mime_type",
        "upload_time",
    }  # fmt: skip
    assert (video["original_filename"], video["file_size"]) == ("a.mp4", clip.stat().st_size)
    assert (await client.get(f"/api/v1/videos/{video_id}/download")).content == clip.read_bytes()
    listed = (await client.get("/api/v1/videos", params={"skip": 0, "limit": 1})).json()
    assert listed.keys() == {"videos", "total", "page", "limit"}
    assert (listed["page"], listed["limit"], len(listed["videos"])) == (1, 1, 1)

    answer = await client.post("/api/v1/trim", json={"video_id": video_id, "start_time": 0.5, "end_time": 1.5})
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert job.keys() == JOB_FIELDS
    assert job["status"] in ("pending", "processing")
    await shared_service.until(job["job_id"], "SUCCESS")
    status = (await client.get(f"/api/v1/jobs/status/{job['job_id']}")).json()
    assert (status["status"], status["progress"]) == ("completed", 100)
    result = (await client.get(f"/api/v1/jobs/result/{job['job_id']}")).json()
    assert result.keys() == {"job_id", "status", "result_file_path", "processed_video_id", "error_message"}
    download = await client.get(f"/api/v1/jobs/download/{job['job_id']}")
    assert download.content == (await client.get(f"/{result['result_file_path']}")).content


async def test_refusals(shared_service: Service, clip: Path) -> None:
    """400 where v1 says 400; validation errors are 422 as everywhere."""
    client = shared_service.client
    problem(await client.post("/api/v1/upload", files={"file": ("a.mp4", b"no video")}), 400, "unsupported_media")
    video = await shared_service.upload(clip)

    async def trim(start: object, end: object, video_id: object = video["id"]) -> httpx.Response:
        return await client.post("/api/v1/trim", json={"video_id": video_id, "start_time": start, "end_time": end})

    for start, end in ((2, 1), (1, 60)):
        (error,) = problem(await trim(start, end), 400, "invalid_input")["errors"]
        assert error["pointer"] == "/end_time"
    problem(await trim(-1, 0), 422, "invalid_input")
    problem(await trim("1", 2), 422, "invalid_input")
    problem(await trim(0, 1, UNKNOWN), 404, "not_found")


async def test_what_is_laid_over_has_to_be_there(shared_service: Service, clip: Path) -> None:
    """A picture or a video that is not there is a 404; one that is there and no picture is a 422."""
    video = await shared_service.upload(clip)

    async def lay(path: str, **more: object) -> httpx.Response:
        return await shared_service.client.post(f"/api/v1/{path}", json={"video_id": video["id"], **more})

    problem(await lay("overlay", overlay_type="image", content="none.png"), 404, "asset_missing")
    problem(await lay("overlay", overlay_type="video", content=f"video:{UNKNOWN}"), 404, "asset_missing")
    problem(await lay("overlay", overlay_type="video", content="video:nonsense"), 404, "asset_missing")
    problem(await lay("watermark", watermark_path="../secret.png"), 404, "asset_missing")
    problem(await lay("overlay", overlay_type="text", content="a", font_color="no such colour"), 422, "invalid_input")


async def test_unfinished_and_cancelled_jobs(service: Service, clip: Path) -> None:
    """The result is JSON in any state; the download of an unfinished job is a 400; cancelled is failed."""
    video = await service.upload(clip)
    job_id = await service.trim(video["id"], 0, 1)
    result = (await service.client.get(f"/api/v1/jobs/result/{job_id}")).json()
    assert (result["status"], result["result_file_path"]) == ("pending", None)
    unfinished = await service.client.get(f"/api/v1/jobs/download/{job_id}")
    problem(unfinished, 400, "not_ready")
    assert int(unfinished.headers["retry-after"]) > 0
    await service.client.post(f"/jobs/{job_id}/cancel")
    cancelled = await service.client.get(f"/api/v1/jobs/download/{job_id}")
    problem(cancelled, 400, "job_cancelled")
    assert "retry-after" not in cancelled.headers
    status = (await service.client.get(f"/api/v1/jobs/status/{job_id}")).json()
    assert (status["status"], status["error_message"]) == ("failed", "cancelled")
