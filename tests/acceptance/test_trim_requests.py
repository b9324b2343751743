"""What POST /trim takes and refuses, case by case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import footage
from tests.support.service import UNKNOWN, Service, problem


@pytest.fixture(scope="module")
async def video(shared_service: Service, clip: Path) -> dict[str, Any]:
    return await shared_service.upload(clip)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"start": 2, "end": 1}, {"/end"}),
        ({"start": 1, "end": 1}, {"/end"}),
        ({"start": -1, "end": 1}, {"/start"}),
        ({"start": 4.5, "end": 6}, {"/start"}),
        ({"start": "1:2", "end": "00:00:61"}, {"/start", "/end"}),
        ({"start": "abc", "end": True, "x": 1}, {"/start", "/end", "/x"}),
        ({"end": 1}, {"/start"}),
        ({"start": 0, "end": 1, "speed": 2}, {"/speed"}),
        ({"start": None, "end": [1]}, {"/start", "/end"}),
        ({"start": 1e300, "end": 2e300}, {"/start", "/end"}),
        ({"start": 1.001, "end": 1.002}, {"/end"}),
        ({"video_id": "x", "start": 0, "end": "x\u0000"}, {"/video_id", "/end"}),
        ({"start": 0, "end": 1, "source_variant_id": 7}, {"/source_variant_id"}),
    ],
)
async def test_every_wrong_field_is_named(
    shared_service: Service, video: dict[str, Any], body: dict[str, Any], pointers: set[str]
) -> None:
    """422 with a pointer for each, and no job."""
    before = (await shared_service.client.get("/jobs")).json()["total"]
    answer = await shared_service.client.post("/trim", json={"video_id": video["id"], **body})
    document: Any = problem(answer, 422, "invalid_input")
    assert {error["pointer"] for error in document["errors"]} == pointers
    assert (await shared_service.client.get("/jobs")).json()["total"] == before


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b'{"start": ', "application/json", 400, "malformed"),
        (b'{"start": "\xff"}', "application/json", 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        (b"start=1", "application/x-www-form-urlencoded", 415, "unsupported_media"),
        (b'{"a": "' + b"x" * 2_000_000 + b'"}', "application/json", 413, "too_large"),
    ],
)
async def test_what_cannot_be_read_is_said(
    shared_service: Service, content: bytes, content_type: str, status: int, code: str
) -> None:
    """Broken JSON, bad UTF-8, absurd depth, nothing, another type, too much."""
    answer = await shared_service.client.post("/trim", content=content, headers={"content-type": content_type})
    problem(answer, status, code)


async def test_an_end_beyond_the_video_is_clamped_with_a_warning(
    shared_service: Service, video: dict[str, Any]
) -> None:
    """202, Location, and the warning says what it became."""
    answer = await shared_service.client.post("/trim", json={"video_id": video["id"], "start": 3, "end": 600})
    assert answer.status_code == 202
    accepted = answer.json()
    assert answer.headers["location"] == f"/jobs/{accepted['job_id']}"
    (warning,) = accepted["warnings"]
    assert "600 s" in warning
    job = await shared_service.until(accepted["job_id"], "SUCCESS")
    assert job["warnings"] == [warning]


async def test_unknown_sources(shared_service: Service, video: dict[str, Any], clip: Path) -> None:
    """404 for what does not exist; 422 for a variant of another video."""
    client = shared_service.client
    problem(await client.post("/trim", json={"video_id": UNKNOWN, "start": 0, "end": 1}), 404, "not_found")
    body = {"video_id": video["id"], "start": 0, "end": 1, "source_variant_id": UNKNOWN}
    problem(await client.post("/trim", json=body), 404, "not_found")
    other = await shared_service.upload(clip)
    job = await shared_service.until(await shared_service.trim(other["id"], 0, 1), "SUCCESS")
    body["source_variant_id"] = job["output_variant_id"]
    document: Any = problem(await client.post("/trim", json=body), 422, "invalid_input")
    assert document["errors"][0]["pointer"] == "/source_variant_id"


async def test_results_before_and_after(service: Service, clip: Path) -> None:
    """409 with Retry-After while it is unfinished, 404 with the reason when cancelled, the file when done."""
    video = await service.upload(clip)
    job_id = await service.trim(video["id"], 0, 1)
    early = await service.client.get(f"/result/{job_id}")
    problem(early, 409, "not_ready")
    assert int(early.headers["retry-after"]) > 0
    assert (await service.client.post(f"/jobs/{job_id}/cancel")).json()["status"] == "CANCELLED"
    problem(await service.client.get(f"/result/{job_id}"), 404, "job_cancelled")
    problem(await service.client.post(f"/jobs/{job_id}/cancel"), 409, "finished")
    answer = await service.client.post(f"/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")
    async with service.worker():
        await service.until(job_id, "SUCCESS")
    assert (await service.client.get(f"/result/{job_id}")).status_code == 200
    assert (await service.client.get(f"/result/{job_id}", params={"quality": "source"})).status_code == 200
    problem(await service.client.get(f"/result/{job_id}", params={"quality": "720p"}), 404, "result_deleted")
    problem(await service.client.post(f"/jobs/{job_id}/retry"), 409, "not_retryable")


async def test_jobs_are_listed_by_what_is_asked(service: Service, clip: Path) -> None:
    """Filters by status, type and video."""
    first, second = await service.upload(clip), await service.upload(clip)
    one, two = await service.trim(first["id"], 0, 1), await service.trim(second["id"], 0, 1)
    await service.client.post(f"/jobs/{one}/cancel")

    async def listed(**params: str) -> set[str]:
        page = (await service.client.get("/jobs", params=params)).json()
        return {job["job_id"] for job in page["items"]}

    assert await listed() == {one, two}
    assert await listed(status="CANCELLED") == {one}
    assert await listed(video_id=second["id"]) == {two}
    assert await listed(type="overlay") == set()
    problem(await service.client.get("/jobs", params={"status": "DONE"}), 422, "invalid_input")


async def test_what_is_missing_of_the_source_is_said_on_the_job(shared_service: Service, tmp_path: Path) -> None:
    """Found only while the video was made, and kept with what was known before."""
    whole = footage.make(container="avi", video="mpeg4", seconds=1, audio=0, b_frames=0)
    video = await shared_service.upload(footage.spoilt(whole.path, tmp_path / "spoilt.avi"))
    job = await shared_service.until(await shared_service.trim(video["id"], 0.2, 3))
    assert job["status"] == "SUCCESS"
    assert job["warnings"] == [
        "end 3 s is beyond the end of the video and became 1 s",
        "the last frame of the video is damaged and was left out",
    ]


@pytest.mark.parametrize(
    ("address", "pointers"),
    [
        ("/jobs?page_siz=5", {"?page_siz": "unknown query parameter, page_size perhaps?"}),
        (f"/result/{UNKNOWN}?qualty=480p", {"?qualty": "unknown query parameter, quality perhaps?"}),
        ("/jobs?size=5", {"?size": "unknown query parameter, page_size perhaps?"}),
        (
            "/jobs?limit=5&status=SUCCESS",
            {
                "?limit": "unknown query parameter; there is status, type, video_id, tag, external_id, metadata, "
                "error_code, created_after, created_before, finished_after, finished_before, expand, page, page_size, "
                "cursor"
            },
        ),
        (f"/videos/{UNKNOWN}?full=1", {"?full": "unknown query parameter: none is taken here"}),
        (f"/videos/{UNKNOWN}/download?quality=480p", {"?quality": "unknown query parameter: none is taken here"}),
        ("/health?x", {"?x": "unknown query parameter: none is taken here"}),
        ("/api/v1/videos?page=2", {"?page": "unknown query parameter; there is skip, limit"}),
        ("/videos?page=1&page=2", {"?page": "comes twice"}),
        (
            "/jobs?status=null&type=None",
            {"?status": "is no value; leave the parameter out", "?type": "is no value; leave the parameter out"},
        ),
    ],
)
async def test_unknown_query_parameters_are_refused(
    shared_service: Service, address: str, pointers: dict[str, str]
) -> None:
    """On every route, with what was perhaps meant or what there is: nothing that was asked for is passed over."""
    document: Any = problem(await shared_service.client.get(address), 422, "invalid_input")
    assert {error["pointer"]: error["detail"] for error in document["errors"]} == pointers


async def test_bodies_are_not_asked_for_in_the_query(shared_service: Service, video: dict[str, Any]) -> None:
    """A field of the body in the query would else be passed over."""
    body = {"video_id": video["id"], "start": 0, "end": 1}
    problem(await shared_service.client.post("/trim?start=0", json=body), 422, "invalid_input")


async def test_form_fields_beside_the_file_are_refused(shared_service: Service, clip: Path) -> None:
    """Whether they come before the file or after it; nothing is kept."""
    before = (await shared_service.client.get("/videos")).json()["total"]
    with clip.open("rb") as file:
        answer = await shared_service.client.post("/videos/upload", data={"name": "x"}, files={"file": ("a.mp4", file)})
    document: Any = problem(answer, 422, "invalid_input")
    known = "file, title, tags, external_id, metadata, keep_s"
    assert document["errors"] == [{"pointer": "/name", "detail": f"unknown form field; there is {known}"}]
    assert (await shared_service.client.get("/videos")).json()["total"] == before


@pytest.mark.parametrize(
    ("coding", "pointers"),
    [
        ({"codec": "h264", "container": "webm"}, {"/codec"}),
        ({"crf": 0}, {"/crf"}),
        ({"audio": {"codec": "copy"}}, {"/audio/codec"}),
        ({"audio": {"codec": "none", "channels": 2}}, {"/audio/channels"}),
        ({"quality": "8k"}, {"/quality"}),
    ],
)
async def test_coding_that_cannot_be_is_refused_by_field(
    shared_service: Service, video: dict[str, Any], coding: dict[str, Any], pointers: set[str]
) -> None:
    """As a transcode refuses it; a cut's sound is never copied."""
    body = {"video_id": video["id"], "start": 0, "end": 1, **coding}
    document: Any = problem(await shared_service.client.post("/trim", json=body), 422, "invalid_input")
    assert {error["pointer"] for error in document["errors"]} == pointers


async def test_a_trim_is_coded_as_is_asked_for(shared_service: Service, video: dict[str, Any]) -> None:
    """Codec, container, size and sound, seen in the result."""
    wanted = {"codec": "vp9", "container": "webm", "quality": "240p", "preset": "ultrafast", "audio": {"channels": 1}}
    job_id = await shared_service.trim(video["id"], 0, 1, **wanted)
    job = await shared_service.until(job_id, "SUCCESS")
    variant = (await shared_service.client.get(f"/variants/{job['output_variant_id']}")).json()
    assert variant["stored_path"].endswith(".webm")
    assert (variant["height"], variant["quality"]) == (240, "240p")
