"""Videos that are fetched from addresses: by real servers that behave, and by such as do not."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.remote import Answering, Call, Remote, head, saying
from tests.support.service import Service, problem

SECRET = "c0ffee-s3cret"


@pytest.fixture(scope="module")
def large(clip: Path, folder: Path) -> Path:
    """A video with 20 MB of noise behind it that players pass over."""
    path = folder / "large.mp4"
    noise = random.Random(7).randbytes(20_000_000)
    path.write_bytes(clip.read_bytes() + (len(noise) + 8).to_bytes(4, "big") + b"free" + noise)
    return path


def file_server(content: bytes, *, tag: str = '"v1"', until: Any = lambda call: None, **headers: object) -> Answering:
    """Serves a file, parts of it too; `until`: the byte before which the connection is cut."""

    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        first = call.first_byte if call.headers.get("if-range") == tag else 0
        size = len(content)
        said: dict[str, object] = {"ETag": tag, "Content_Length": size - first, **headers}
        if first:
            said["Content_Range"] = f"bytes {first}-{size - 1}/{size}"
        writer.write(head(206 if first else 200, **said))
        end = until(call)
        writer.write(content[first : size if end is None else end])

    return answer


async def submitted(service: Service, url: str, **more: Any) -> str:
    answer = await service.client.post("/videos/import", json={"url": url, **more})
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    assert answer.headers["location"] == f"/jobs/{job_id}"
    return job_id


async def test_a_video_is_imported_as_if_it_had_been_uploaded(shared_service: Service, clip: Path) -> None:
    """Over a redirect, behind a key; the video is the same in all that is known of it. What was secret is nowhere."""
    uploaded = await shared_service.upload(clip)
    store = Remote(file_server(clip.read_bytes(), Content_Disposition='attachment; filename="../käse.mp4"'))
    async with store.running():
        front = Remote(saying(302, Location=store.url(f"/store/4711?sig={SECRET}")))
        async with front.running():
            said = {"title": "Holiday", "tags": ["sea"], "headers": {"X-Key": SECRET}}
            job_id = await submitted(shared_service, front.url(f"/a?key={SECRET}"), **said)
            job = await shared_service.until(job_id, "SUCCESS")
    assert job["type"] == "import"
    size = clip.stat().st_size
    assert {**job["transfer"], "bytes_per_s": None} == {
        "url": front.url("/a?..."), "received_bytes": size, "size_bytes": size, "bytes_per_s": None,
    }  # fmt: skip
    video = (await shared_service.client.get(f"/videos/{job['video_id']}")).json()
    own = {"id", "upload_time", "stored_path", "url", "download_url", "original_filename", "title", "tags"}
    assert {name: value for name, value in video.items() if name not in own and "url" not in name} == {
        name: value for name, value in uploaded.items() if name not in own and "url" not in name
    }
    assert (video["original_filename"], video["title"], video["tags"]) == ("käse.mp4", "Holiday", ["sea"])
    for path in (f"/result/{job_id}", f"/videos/{video['id']}/download"):
        assert (await shared_service.client.get(path)).content == clip.read_bytes()
    events = (await shared_service.client.get(f"/jobs/{job_id}/events")).text
    assert '"video_id":"' + job["video_id"] in events
    assert f'"received_bytes":{size}' in events
    asked: dict[str, int | list[str]] = {"type": ["video.created", "video.imported"], "limit": 1000}
    log = (await shared_service.client.get("/events", params=asked)).json()["items"]
    told = [event for event in log if event["data"]["video_id"] == video["id"]]
    assert [event["type"] for event in told] == ["video.created", "video.imported"]
    assert (told[1]["data"]["job_id"], told[1]["data"]["title"]) == (job_id, "Holiday")
    assert front.calls[0].headers["x-key"] == SECRET
    assert (front.calls[0].path, "x-key" in store.calls[0].headers) == (f"/a?key={SECRET}", False)
    rows = await shared_service.sql(
        "SELECT j, i FROM jobs j JOIN imports i ON i.job_id = j.id WHERE j.id = $1", job["job_id"]
    )
    said_of_it = [str(rows), str(job), events, str(log), str(await shared_service.job(job_id)), shared_service.logs()]
    assert [SECRET in text for text in said_of_it] == [False] * len(said_of_it)
    assert await shared_service.sql("SELECT FROM import_secrets") == []
    trimmed = await shared_service.trim(video["id"], 0, 0.2)
    await shared_service.until(trimmed, "SUCCESS")


async def test_what_breaks_off_goes_on_where_it_broke(shared_service: Service, large: Path) -> None:
    """A server that cuts each connection somewhere: all bytes are right, and none comes twice."""
    content, dice = large.read_bytes(), random.Random(3)
    sent: list[tuple[int, int]] = []

    def until(call: Call) -> int:
        end = min(call.first_byte + dice.randrange(100_000, 4_000_000), len(content))
        sent.append((call.first_byte, end))
        return end

    async with Remote(file_server(content, until=until)).running() as remote:
        job = await shared_service.until(await submitted(shared_service, remote.url("/large.mp4")), "SUCCESS")
    video = (await shared_service.client.get(f"/videos/{job['video_id']}")).json()
    assert (video["sha256"], job["attempt"]) == (hashlib.sha256(content).hexdigest(), 1)
    assert len(sent) > 5
    assert [first for first, _ in sent[1:]] == [end for _, end in sent[:-1]]
    assert {call.headers.get("if-range") for call in remote.calls[1:]} == {'"v1"'}


@pytest.mark.slow
async def test_a_dead_workers_import_is_gone_on_with(service: Service, large: Path) -> None:
    """The next worker asks for what is not on the disk yet, and hashes what is. A file that has changed since comes
    anew."""
    content = large.read_bytes()
    half, arrived = len(content) // 2, asyncio.Event()

    async def stuck(call: Call, writer: asyncio.StreamWriter) -> None:
        await file_server(content, until=lambda _: half)(call, writer)
        await writer.drain()
        arrived.set()
        await writer.wait_closed()

    async with Remote(stuck).running() as remote:
        job_ids = [await submitted(service, remote.url("/same")), await submitted(service, remote.url("/changed"))]
        worker = await service.start_worker(LEASE_S="2")
        for job_id in job_ids:
            async with asyncio.timeout(60):
                while ((await service.job(job_id))["transfer"]["received_bytes"]) < half - 2**21:
                    await asyncio.sleep(0.05)
        worker.process.kill()
        await worker.process.wait()
        other = content[:-1] + bytes([content[-1] ^ 1])

        async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
            same = call.path == "/same"
            await file_server(content if same else other, tag='"v1"' if same else '"v2"')(call, writer)

        remote.answering = answer
        remote.calls.clear()
        async with service.worker():
            jobs = [await service.until(job_id, "SUCCESS") for job_id in job_ids]
    asked = {call.path: call.first_byte for call in remote.calls}
    assert half - 2**21 <= asked["/same"] <= half
    assert asked["/changed"] > 0
    for job, expected in zip(jobs, (content, other), strict=True):
        video = (await service.client.get(f"/videos/{job['video_id']}")).json()
        assert video["sha256"] == hashlib.sha256(expected).hexdigest()
        assert job["failures"] == 1
    assert service.stored() == {f"uploads/{job['video_id']}/source.mp4" for job in jobs}


async def _ignoring_range(content: bytes, call: Call, writer: asyncio.StreamWriter, cuts: list[int]) -> None:
    writer.write(head(200, ETag='"x"', Content_Length=len(content)) + content[: cuts.pop(0) if cuts else len(content)])


async def _endless(call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200))
    while not writer.is_closing():
        writer.write(b"\0" * 2**16)
        await writer.drain()


async def _dripping(call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(head(200, Content_Length=10**6))
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.api(MAX_FAILURES="1")
@pytest.mark.slow
async def test_whatever_the_other_side_does_the_job_says_what_can_be_done(service: Service, clip: Path) -> None:
    """And nothing of it stays. Servers that are only odd are put up with."""
    content, cuts = clip.read_bytes(), [1000, 50_000]
    packed, chunked = gzip.compress(content), b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
    short, long = len(content) // 2, len(content) * 2
    served: dict[str, tuple[Answering, str, str]] = {
        "/packed": (saying(200, packed, Content_Encoding="gzip", ETag='"x"'), "", ""),
        "/no-range": (lambda call, writer: _ignoring_range(content, call, writer, cuts), "", ""),
        "/no-length": (_raw(head(200) + content), "", ""),
        "/chunked": (_raw(head(200, Transfer_Encoding="chunked") + chunked), "", ""),
        "/too-little": (_raw(head(200, Content_Length=long) + content), "remote_unavailable", "cut the connection"),
        "/too-much": (_raw(head(200, Content_Length=short) + content), "unreadable_media", "not played|damaged|broken"),
        "/404": (saying(404), "remote_refused", r"answered 404 \(Not Found\)"),
        "/403": (saying(403), "remote_refused", "credentials, which go into `headers`"),
        "/503": (saying(503), "remote_unavailable", r"answered 503"),
        "/drip": (_dripping, "remote_stalled", "less than 1024 bytes a second"),
        "/endless": (_endless, "too_large", "larger than 3000000 bytes"),
        "/announced": (saying(200, b"x" * 3_000_001), "too_large", "larger than 3000000 bytes"),
        "/bomb": (saying(200, gzip.compress(b"\0" * 10**7), Content_Encoding="gzip"), "too_large", "3000000"),
        "/page": (saying(200, b"<html>Log in", Content_Type="text/html; charset=utf-8"), "unsupported_media", "a page"),
        "/empty": (saying(200), "unreadable_media", "empty"),
        "/inside": (saying(302, Location="http://169.254.169.254/latest/"), "address_refused", "not on the public"),
        "/loop": (saying(302, Location="/loop"), "remote_refused", "more than 5 redirects"),
        "/zipped-odd": (saying(200, b"x", Content_Encoding="br"), "remote_refused", "Content-Encoding"),
    }  # fmt: skip

    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        await served[call.path][0](call, writer)

    more = {"IMPORT_STALL_TIMEOUT_S": "5", "MAX_UPLOAD_BYTES": "3000000", "MAX_CONCURRENT_JOBS": "20"}
    async with Remote(answer).running() as remote, service.worker(**more):
        ids = {path: await submitted(service, remote.url(path)) for path in served}
        jobs = {path: await service.until(job_id, "SUCCESS", "FAILURE") for path, job_id in ids.items()}
    for path, (_, code, said) in served.items():
        job = jobs[path]
        if not code:
            assert job["status"] == "SUCCESS", (path, job["error"])
            video = (await service.client.get(f"/videos/{job['video_id']}")).json()
            assert video["sha256"] == hashlib.sha256(content).hexdigest(), path
        else:
            assert job["status"] == "FAILURE", path
            assert job["error"]["code"] == code, (path, job["error"])
            assert re.search(said, job["error_message"]), (path, job["error_message"])
    rows = await service.sql("SELECT stored_path FROM videos")
    assert service.stored() == {row["stored_path"] for row in rows}


def _raw(answer: bytes) -> Answering:
    async def answering(_: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return answering


@pytest.mark.slow
async def test_an_import_is_cancelled_and_started_again(service: Service, clip: Path) -> None:
    """Cancelled, it lets go of the connection and of what had come. What had a secret cannot be started again: that is
    forgotten; what had none can."""
    waiting, left = asyncio.Event(), asyncio.Event()

    async def stuck(call: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, Content_Length=10**6) + b"x" * 1000)
        await writer.drain()
        waiting.set()
        await writer.wait_closed()
        left.set()

    async with Remote(stuck).running() as remote, service.worker():
        with_secret = await submitted(service, remote.url("/x?sig=1"))
        await asyncio.wait_for(waiting.wait(), 60)
        assert (await service.client.post(f"/jobs/{with_secret}/cancel")).status_code == 202
        remote.answering = file_server(clip.read_bytes())
        async with asyncio.timeout(30):
            while service.stored():
                await asyncio.sleep(0.05)
        refused = problem(await service.client.post(f"/jobs/{with_secret}/retry"), 409, "input_gone")
        assert "ask for it anew" in str(refused["detail"])
        assert await service.sql("SELECT FROM import_secrets") == []
        remote.answering = saying(404)
        plain = await submitted(service, remote.url("/plain.mp4"))
        await service.until(plain, "FAILURE")
        remote.answering = file_server(clip.read_bytes())
        assert (await service.client.post(f"/jobs/{plain}/retry")).status_code == 202
        job = await service.until(plain, "SUCCESS")
    video = (await service.client.get(f"/videos/{job['video_id']}")).json()
    assert video["original_filename"] == "plain.mp4"


async def test_what_is_wrong_with_a_request_is_said_at_once(shared_service: Service) -> None:
    """At its field, and without what may be secret in it."""
    for body, pointers in (
        ({"url": f"ftp://x/{SECRET}"}, ["/url"]),
        ({"url": f"https://me:{SECRET}@example.org/"}, ["/url"]),
        ({"url": "https://[::1"}, ["/url"]),
        ({"url": "x" * 9000}, ["/url"]),
        (
            {"url": "https://example.org/", "headers": {"Host": SECRET, "X/y": SECRET}},
            ["/headers/Host", "/headers/X~1y"],
        ),
        ({"url": "https://example.org/", "headers": {"X": f"{SECRET}\r\nY: 1"}}, ["/headers/X"]),
        ({"url": "https://example.org/", "tags": ["a\x00"]}, ["/tags/0"]),
        ({}, ["/url"]),
    ):
        found = problem(await shared_service.client.post("/videos/import", json=body), 422, "invalid_input")
        assert [error["pointer"] for error in found["errors"]] == pointers, found
        assert SECRET not in str(found)
