"""The tables of docs for uploads, lists and downloads, case by case, against a running service."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.support.media_files import ffmpeg
from tests.support.service import UNKNOWN, Service, problem


async def post(service: Service, content: bytes, filename: str = "v.mp4") -> httpx.Response:
    return await service.client.post("/videos/upload", files={"file": (filename, content, "video/mp4")})


@pytest.fixture
async def nothing_left(shared_service: Service) -> AsyncIterator[None]:
    """Whatever the test does leaves no file and no row behind."""
    before = shared_service.stored(), (await shared_service.client.get("/videos")).json()["total"]
    yield
    assert (shared_service.stored(), (await shared_service.client.get("/videos")).json()["total"]) == before
    folders = [path for path in (shared_service.settings.media_path / "uploads").iterdir() if not any(path.iterdir())]
    assert folders == []


@pytest.mark.usefixtures("nothing_left")
class TestRefusedUploads:
    """Each says what is wrong, and nothing of it stays."""

    async def test_text(self, shared_service: Service) -> None:
        problem(await post(shared_service, b"hello " * 1000), 415, "unsupported_media")

    async def test_a_playlist_that_names_other_files(self, shared_service: Service) -> None:
        problem(await post(shared_service, b"ffconcat version 1.0\nfile source.mp4\n"), 415, "unsupported_media")

    async def test_an_empty_file(self, shared_service: Service) -> None:
        problem(await post(shared_service, b""), 422, "unreadable_media")

    async def test_a_picture_named_as_a_video(self, shared_service: Service, tmp_path: Path) -> None:
        picture = tmp_path / "p.png"
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=1", "-frames:v", "1", str(picture))
        problem(await post(shared_service, picture.read_bytes()), 415, "unsupported_media")

    async def test_sound_alone(self, shared_service: Service, tmp_path: Path) -> None:
        sound = tmp_path / "s.m4a"
        ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", str(sound))
        problem(await post(shared_service, sound.read_bytes()), 422, "no_video_stream")

    async def test_a_video_cut_short(self, shared_service: Service, clip: Path) -> None:
        content = clip.read_bytes()
        problem(await post(shared_service, content[: len(content) // 2]), 422, "unreadable_media")

    async def test_not_multipart(self, shared_service: Service, clip: Path) -> None:
        answer = await shared_service.client.post(
            "/videos/upload", content=clip.read_bytes(), headers={"content-type": "video/mp4"}
        )
        problem(answer, 415, "unsupported_media")

    async def test_another_field(self, shared_service: Service, clip: Path) -> None:
        answer = await shared_service.client.post("/videos/upload", files={"video": ("v.mp4", clip.read_bytes())})
        document = problem(answer, 422, "invalid_input")
        assert document["errors"]

    async def test_a_cut_body(self, shared_service: Service) -> None:
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nabc'
        answer = await shared_service.client.post(
            "/videos/upload", content=body, headers={"content-type": "multipart/form-data; boundary=x"}
        )
        problem(answer, 400, "malformed")


@pytest.mark.api(MAX_UPLOAD_BYTES="10000")
async def test_too_large_is_refused_before_it_is_read(service: Service, clip: Path) -> None:
    """413 by Content-Length, and 413 while the bytes arrive when there is none."""
    problem(await post(service, clip.read_bytes()), 413, "too_large")

    async def chunks() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        for _ in range(100):
            yield bytes(1000)

    answer = await service.client.post(
        "/videos/upload", content=chunks(), headers={"content-type": "multipart/form-data; boundary=x"}
    )
    problem(answer, 413, "too_large")
    assert service.stored() == set()


@pytest.mark.api(DISK_RESERVE_BYTES=str(2**60))
async def test_no_room_on_the_disk_is_said(service: Service, clip: Path) -> None:
    """507 while the reserve would be touched."""
    problem(await post(service, clip.read_bytes()), 507, "no_space")
    ready = await service.client.get("/ready")
    assert ready.status_code == 503
    assert [check["name"] for check in ready.json()["checks"] if not check["ok"]] == ["storage"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\videos\\a b.mp4", "a b.mp4"),
        ("नमस्ते.mp4", "नमस्ते.mp4"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("...", "unnamed"),
    ],
)
async def test_a_file_name_is_only_a_label(shared_service: Service, clip: Path, sent: str, kept: str) -> None:
    """It is shown and used for downloads, made harmless; the file lies under a name of ours."""
    video = await shared_service.upload(clip, filename=sent)
    assert video["original_filename"] == kept
    assert video["stored_path"] == f"uploads/{video['id']}/source.mp4"
    disposition = (await shared_service.client.head(f"/videos/{video['id']}/download")).headers["content-disposition"]
    assert quote(kept) in disposition
    assert disposition.isascii()


async def test_the_list_has_pages(service: Service, clip: Path) -> None:
    """Newest first; page, page_size, order and total; wrong parameters are all named."""
    uploads = await asyncio.gather(*(service.upload(clip, filename=f"{number}.mp4") for number in range(5)))
    page = (await service.client.get("/videos", params={"page": 2, "page_size": 2})).json()
    assert (page["total"], page["page"], page["page_size"], len(page["items"])) == (5, 2, 2, 2)
    newest = (await service.client.get("/videos")).json()["items"]
    assert [video["upload_time"] for video in newest] == sorted((v["upload_time"] for v in uploads), reverse=True)
    by_name = (await service.client.get("/videos", params={"order": "original_filename"})).json()["items"]
    assert [video["original_filename"] for video in by_name] == [f"{number}.mp4" for number in range(5)]
    answer = await service.client.get("/videos", params={"page": 0, "page_size": 201, "order": "id;--"})
    pointers = {error["pointer"] for error in problem(answer, 422, "invalid_input")["errors"]}
    assert pointers == {"?page", "?page_size", "?order"}


@pytest.mark.parametrize(
    "path",
    [
        f"/videos/{UNKNOWN}",
        f"/videos/{UNKNOWN}/variants",
        f"/videos/{UNKNOWN}/download",
        f"/variants/{UNKNOWN}",
        f"/variants/{UNKNOWN}/download",
        f"/variants/{UNKNOWN}/lineage",
        f"/variants/{UNKNOWN}/files/x.mp4",
        f"/status/{UNKNOWN}",
        f"/result/{UNKNOWN}",
        f"/jobs/{UNKNOWN}",
        f"/jobs/{UNKNOWN}/events",
        "/videos/not-an-id",
        "/status/1%00",
        "/uploads/../../etc/passwd",
        "/uploads/%2e%2e/%2e%2e/etc/passwd",
        f"/uploads/{UNKNOWN}/source.mp4",
        f"/processed/{UNKNOWN}/trim.mp4",
        f"/api/v1/videos/{UNKNOWN}",
        f"/api/v1/jobs/status/{UNKNOWN}",
        f"/api/v1/jobs/result/{UNKNOWN}",
        f"/api/v1/jobs/download/{UNKNOWN}",
        "/nothing/here",
    ],
)
async def test_what_is_not_there_is_404(shared_service: Service, path: str) -> None:
    """Unknown and malformed ids alike."""
    problem(await shared_service.client.get(path), 404, "not_found")


async def test_downloads_answer_ranges_and_validators(shared_service: Service, clip: Path) -> None:
    """206, 416, suffix, If-Range, HEAD, ETag, 304."""
    content = clip.read_bytes()
    video = await shared_service.upload(clip)
    client, path = shared_service.client, f"/videos/{video['id']}/download"
    whole = await client.get(path)
    assert whole.content == content
    etag = whole.headers["etag"]
    assert etag == f'"{hashlib.sha256(content).hexdigest()}"'
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in whole.headers["content-security-policy"]

    part = await client.get(path, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
    assert (await client.get(path, headers={"range": "bytes=-50"})).content == content[-50:]
    beyond = await client.get(path, headers={"range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(content)}"
    changed = await client.get(path, headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, len(content))
    assert (await client.get(path, headers={"range": "bytes=0-9", "if-range": etag})).status_code == 206
    same = await client.get(path, headers={"if-none-match": etag})
    assert (same.status_code, same.content) == (304, b"")
    head = await client.head(path)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(content)), b"")
    static = await client.get(f"/{video['stored_path']}")
    assert static.content == content
    assert static.headers["content-disposition"].startswith("inline")


async def test_delete_takes_rows_and_files(service: Service, clip: Path) -> None:
    """204, and nothing is left; while a job waits for the video it is 409 with the job's id."""
    video = await service.upload(clip)
    job_id = await service.trim(video["id"], 0, 1)
    refused = await service.client.delete(f"/videos/{video['id']}")
    assert problem(refused, 409, "in_use")["job_ids"] == [job_id]
    async with service.worker():
        job = await service.until(job_id, "SUCCESS")
    variant = job["output_variant_id"]
    assert (await service.client.get(f"/variants/{variant}")).json()["job_id"] == job_id
    assert (await service.client.delete(f"/variants/{variant}")).status_code == 204
    problem(await service.client.get(f"/result/{job_id}"), 404, "result_deleted")
    assert (await service.client.delete(f"/videos/{video['id']}")).status_code == 204
    assert service.stored() == set()
    problem(await service.client.delete(f"/videos/{video['id']}"), 404, "not_found")


async def test_uploads_at_once_do_not_mix(shared_service: Service, clip: Path) -> None:
    """Eight at the same time: each its own bytes."""
    base = clip.read_bytes()
    contents = [base + uuid.uuid4().bytes for _ in range(8)]
    answers = await asyncio.gather(*(post(shared_service, content) for content in contents))
    assert [answer.status_code for answer in answers] == [201] * 8
    for answer, content in zip(answers, contents, strict=True):
        assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
