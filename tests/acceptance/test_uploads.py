"""Uploads that come in several requests: over broken connections, killed processes, to two processes of one storage."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.cutting_proxy import cutting_proxy
from tests.support.processes import PATIENCE_S
from tests.support.service import UNKNOWN, Service, http_client, problem

BYTES = {"Content-Type": "application/offset+octet-stream"}
TUS = {"Tus-Resumable": "1.0.0"}


class Tus:
    """A client of tus, by hand, of one process of the service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.client = service.client

    async def begin(self, size_bytes: int | None, content: bytes = b"", /, **more: str) -> httpx.Response:
        length = {"Upload-Defer-Length": "1"} if size_bytes is None else {"Upload-Length": str(size_bytes)}
        headers = {**TUS, **length, **more, **(BYTES if content else {})}
        return await self.client.post("/uploads", headers=headers, content=content)

    async def begun(self, size_bytes: int | None, /, **more: str) -> str:
        answer = await self.begin(size_bytes, **more)
        assert answer.status_code == 201, answer.text
        assert answer.content == b""
        return answer.headers["location"]

    async def add(self, place: str, at: int, content: Any, **more: str) -> httpx.Response:
        headers = {**TUS, **BYTES, "Upload-Offset": str(at), **more}
        return await self.client.patch(place, headers=headers, content=content)

    async def offset(self, place: str) -> int:
        answer = await self.client.head(place, headers=TUS)
        assert answer.status_code == 200, answer.headers
        assert answer.headers["cache-control"] == "no-store"
        return int(answer.headers["upload-offset"])

    async def state(self, place: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(place)).json()
        return found

    async def until(self, place: str, state: str) -> dict[str, Any]:
        """The upload, once it has the state, as its events tell."""
        async with asyncio.timeout(PATIENCE_S), self.client.stream("GET", f"{place}/events") as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    found: dict[str, Any] = json.loads(line[6:])
                    if found["state"] == state:
                        return found
        raise AssertionError(f"never {state}: {await self.state(place)}\n{self.service.logs()}")


@asynccontextmanager
async def second(service: Service) -> AsyncIterator[Tus]:
    """Another process of the API, on the same database and storage."""
    folder = service.folder / "second"
    folder.mkdir()
    async with Service(service.settings, folder).running() as running:
        yield Tus(running)


@asynccontextmanager
async def silent(
    service: Service, place: str, content: bytes, at: int, length: int
) -> AsyncIterator[asyncio.StreamReader]:
    """A client that has sent some of its bytes, and neither sends more nor hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.settings.app_port)
    head = f"PATCH {place} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
    head += f"Content-Type: {BYTES['Content-Type']}\r\nContent-Length: {length}\r\n\r\n"
    writer.write(head.encode() + content)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.transport.abort()


async def on_disk(service: Service, place: str, size_bytes: int) -> None:
    """Wait until so much of an upload has been written."""
    folder = service.settings.media_path / "incoming" / place.rpartition("/")[2]
    async with asyncio.timeout(PATIENCE_S):
        while sum(path.stat().st_size for path in folder.glob("*")) < size_bytes:
            await asyncio.sleep(0.02)


async def stored(tus: Tus, video_id: str, content: bytes) -> None:
    """The video is these bytes, and nothing of the upload is left on the disk."""
    video = (await tus.client.get(f"/videos/{video_id}")).json()
    assert video["sha256"] == hashlib.sha256(content).hexdigest()
    assert (await tus.client.get(video["url"])).content == content
    assert list((tus.service.settings.media_path / "incoming").iterdir()) == []


def padded(clip: Path, size_bytes: int) -> bytes:
    """The clip, a valid video, with random bytes in a box that readers pass over."""
    video = clip.read_bytes()
    box_bytes = size_bytes - len(video)
    return video + box_bytes.to_bytes(4, "big") + b"free" + os.urandom(box_bytes - 8)


@pytest.mark.api(UPLOAD_IDLE_TIMEOUT_S="60")
async def test_an_upload_goes_on_at_another_process_and_after_kills(service: Service, clip: Path) -> None:
    """A dead connection keeps nobody from going on; what a killed process had written counts; what was whole when its
    process was killed is taken up by another, once."""
    content = padded(clip, 4_000_000)
    first = Tus(service)
    async with second(service) as other:
        place = await first.begun(
            len(content), **{"Upload-Metadata": "filename " + base64.b64encode(b"a/b.mp4").decode()}
        )
        async with silent(service, place, content[:2_000_000], 0, len(content)) as dead:
            await on_disk(service, place, 1_000_000)
            offset = await other.offset(place)
            assert 1_000_000 <= offset <= 2_000_000
            half = await other.add(place, offset, content[offset:2_500_000])
            assert (half.status_code, half.headers["upload-offset"]) == (204, "2500000")
            assert b"409 Conflict" in await asyncio.wait_for(dead.readline(), PATIENCE_S)  # it was told, and let go
        service.api.send(signal.SIGKILL)
        await service.api.process.wait()
        service.api = await service.start_api(REELWRIGHT_FAULTS="resumable: appended, not released=kill")
        with pytest.raises(httpx.TransportError):
            await first.add(place, 2_500_000, content[2_500_000:3_000_000])
        assert await other.offset(place) == 3_000_000
        service.api = await service.start_api(REELWRIGHT_FAULTS="upload stored, not inserted=kill")
        with pytest.raises(httpx.TransportError):
            await first.add(place, 3_000_000, content[3_000_000:])
        assert (await other.state(place))["offset"] == len(content)
        upload = await other.until(place, "stored")
        again = await other.client.head(place, headers=TUS)
        assert again.headers["reelwright-video-id"] == upload["video_id"]
        await stored(other, upload["video_id"], content)
        assert (await other.client.get("/videos")).json()["total"] == 1
        assert (await other.client.get(upload["video_url"])).json()["original_filename"] == "b.mp4"
        assert (await other.client.delete(place, headers=TUS)).status_code == 204
        problem(await other.client.get(place), 404, "not_found")
        assert (await other.client.get(upload["video_url"])).status_code == 200


@pytest.mark.parametrize("fault", ["rendered, not renamed", "upload stored, not inserted"])
async def test_parts_are_put_together_by_another_process_when_the_one_that_did_is_killed(
    service: Service, clip: Path, fault: str
) -> None:
    """Whatever it had made of them: what it began with the first part is nobody's."""
    content = padded(clip, 3_000_000)
    cuts = (0, 1_000_000, 1_000_001, len(content))
    tus = Tus(service)
    parts = []
    for start, end in itertools.pairwise(cuts):
        parts.append(await tus.begun(end - start, **{"Upload-Concat": "partial"}))
        assert (await tus.add(parts[-1], 0, content[start:end])).status_code == 204
    await service.api.end()
    service.api = await service.start_api(REELWRIGHT_FAULTS=f"{fault}=kill")
    with pytest.raises(httpx.TransportError):
        await tus.client.post("/uploads", headers={**TUS, "Upload-Concat": f"final;{' '.join(parts)}"})
    async with second(service) as other:
        async with asyncio.timeout(PATIENCE_S):
            while not (videos := (await other.client.get("/videos")).json()["items"]):
                await asyncio.sleep(0.1)
        await stored(other, videos[0]["id"], content)
        problem(await other.client.get(parts[0]), 404, "not_found")


async def test_of_two_writers_one_wins(service: Service, clip: Path) -> None:
    """Whoever comes last to where the upload is; the other is told. Never is there a mixture, and a process that stood
    still, and wakes up, changes nothing."""
    content, others = padded(clip, 3_000_000), os.urandom(3_000_000)
    first = Tus(service)
    async with second(service) as other:
        for round_ in range(4):
            place = await first.begun(len(content))
            mine, theirs = await asyncio.gather(first.add(place, 0, content), other.add(place, 0, others))
            assert {mine.status_code, theirs.status_code} & {204, 415}, (round_, mine.text, theirs.text)
            for answer in (mine, theirs):
                assert answer.status_code in (204, 409, 415), answer.text
            end = await first.state(place)
            assert end["state"] == ("stored" if mine.status_code == 204 else "refused"), end
            if mine.status_code == 204:
                await stored(first, end["video_id"], content)
        place = await first.begun(len(content))
        async with silent(service, place, others[:2_000_000], 0, len(content)) as late:
            await on_disk(service, place, 1_000_000)
            service.api.send(signal.SIGSTOP)
            try:
                offset = await other.offset(place)  # of the wrong bytes: they are what came first
                answer = await other.add(place, offset, content[offset:])
                assert answer.status_code == 415, answer.text
            finally:
                service.api.send(signal.SIGCONT)
            assert b" 4" in await asyncio.wait_for(late.readline(), PATIENCE_S)
        assert (await first.state(place))["state"] == "refused"


async def test_a_database_that_dies_may_forget_how_far_an_upload_is_and_no_byte_is_lost(
    service: Service, clip: Path
) -> None:
    """That a writer has ended is not on the disk of the database yet when its request is answered: without it the bytes
    are there as those of one that was given up, for the same process and for another."""
    content = padded(clip, 3_000_000)
    tus = Tus(service)
    async with second(service) as other:
        place = await tus.begun(len(content))
        as_claimed = (
            "UPDATE uploads SET writing = 'plain',"
            " pieces = jsonb_set(pieces, '{-1,2}', to_jsonb((pieces -> -1 ->> 2)::bigint - 700000))"
        )
        offset = 0
        for goes_on in (tus, tus, other):
            answer = await goes_on.add(place, offset, content[offset : offset + 700_000])
            offset += 700_000
            assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(offset))
            await service.sql(as_claimed)
            assert (await other.state(place))["offset"] == offset
        answer = await tus.add(place, offset, content[offset:])
        assert answer.status_code == 204, answer.text
        await stored(tus, answer.headers["reelwright-video-id"], content)


async def test_room_is_reserved_from_one_request_to_the_next(service: Service) -> None:
    """Once for the whole upload, until it is there, or given up."""
    size = 64 * 2**20
    tus = Tus(service)
    held = "SELECT holder::text, amount, created_at FROM reservations WHERE until > now()"
    place = await tus.begun(size)
    assert await service.sql(held) == []
    assert (await tus.add(place, 0, bytes(1000))).status_code == 204
    (reserved,) = await service.sql(held)
    assert (reserved["holder"], reserved["amount"]) == (place.rpartition("/")[2], size)
    assert (await tus.add(place, 1000, bytes(1000))).status_code == 204
    assert await service.sql(held) == [reserved]
    async with second(service) as other:
        assert (await other.add(place, 2000, bytes(1000))).status_code == 204
        assert await service.sql(held) == [reserved]
    assert (await tus.client.delete(place, headers=TUS)).status_code == 204
    assert await service.sql(held) == []
    place = await tus.begun(size)
    assert (await tus.add(place, 0, bytes(1000))).status_code == 204
    problem(await tus.add(place, 1000, bytes(size - 1000)), 415, "unsupported_media")
    assert await service.sql(held) == []


async def test_what_tus_asks_for(service: Service, clip: Path) -> None:
    """Abilities, versions, offsets, checksums, lengths that come later, parts, ends; each refusal in its own words."""
    tus, content = Tus(service), clip.read_bytes()
    half = len(content) // 2
    abilities = await tus.client.options("/uploads")
    assert abilities.headers["tus-version"] == "1.0.0"
    assert set(abilities.headers["tus-extension"].split(",")) >= {"creation", "checksum", "concatenation", "expiration"}
    assert int(abilities.headers["tus-max-size"]) == service.settings.max_upload_bytes
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        refused = await tus.client.post("/uploads", headers={**headers, "Upload-Length": "5"})
        problem(refused, 412, "tus_version")
        assert (refused.headers["tus-version"], refused.headers["tus-resumable"]) == ("1.0.0", "1.0.0")
    problem(await tus.client.post("/uploads", headers=TUS), 400, "malformed")
    problem(await tus.begin(2**40), 413, "too_large")
    problem(await tus.begin(0), 422, "unreadable_media")
    problem(await tus.begin(5, **{"Upload-Metadata": "filename ?"}), 400, "malformed")
    problem(
        await tus.begin(5, **{"Upload-Metadata": "metadata " + base64.b64encode(b"[]").decode()}), 422, "invalid_input"
    )
    problem(await tus.add(f"/uploads/{UNKNOWN}", 0, b"a"), 404, "not_found")

    again = [await tus.begin(500, **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert again[0].headers["location"] == again[1].headers["location"]
    once = {"Idempotency-Key": "twice", "Upload-Checksum": f"sha256 {hashlib.sha256(content).hexdigest()}"}
    problem(await tus.begin(len(content), content, **once), 422, "invalid_input")

    title = "title " + base64.b64encode(b"Ferien, Tag 1").decode()
    begun = await tus.begin(None, content[:1000], **{"Upload-Metadata": title})
    place = begun.headers["location"]
    assert begun.headers["upload-offset"] == "1000"
    head = await tus.client.head(place, headers=TUS)
    assert (head.headers["upload-defer-length"], head.headers["upload-metadata"]) == ("1", title)
    assert "upload-expires" in head.headers
    problem(await tus.add(place, 999, content[999:2000]), 409, "offset_mismatch")
    wrong = {"Upload-Checksum": "sha1 " + base64.b64encode(bytes(20)).decode()}
    problem(await tus.add(place, 1000, content[1000:half], **wrong), 460, "upload_checksum_mismatch")
    for said in ("crc32 AAAA", "sha1 AAA"):
        problem(await tus.add(place, 1000, content[1000:half], **{"Upload-Checksum": said}), 400, "malformed")
    gzipped = {"Content-Encoding": "gzip"}
    problem(await tus.add(place, 1000, content[1000:half], **gzipped), 415, "unsupported_media")
    problem(await tus.client.patch(place, headers={**TUS, **BYTES}, content=b"a"), 400, "malformed")
    problem(await tus.client.patch(place, headers={**TUS, "Upload-Offset": "1000"}), 415, "unsupported_media")
    assert await tus.offset(place) == 1000
    right = {"Upload-Checksum": "sha1 " + base64.b64encode(hashlib.sha1(content[1000:half]).digest()).decode()}
    assert (await tus.add(place, 1000, content[1000:half], **right)).status_code == 204
    problem(
        await tus.client.patch(place, headers={**TUS, "Upload-Offset": str(half)}, content=b"a"),
        415,
        "unsupported_media",
    )
    problem(await tus.add(place, half, content[half:], **{"Upload-Length": str(half + 1)}), 413, "too_large")
    problem(await tus.add(place, half, b"", **{"Upload-Length": str(half + 2)}), 409, "conflict")
    place = await tus.begun(len(content), **{"Upload-Metadata": title})
    posted = {**TUS, **BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    answer = await tus.client.post(place, headers=posted, content=content)
    assert answer.status_code == 204, answer.text
    video = (await tus.client.get(f"/videos/{answer.headers['reelwright-video-id']}")).json()
    assert video["title"] == "Ferien, Tag 1"
    assert (await tus.add(place, len(content), b"")).headers["reelwright-video-id"] == video["id"]  # said once more

    parts = [await tus.begun(size, **{"Upload-Concat": "partial"}) for size in (half, len(content) - half)]
    assert (await tus.client.head(parts[0], headers=TUS)).headers["upload-concat"] == "partial"
    final = {**TUS, "Upload-Concat": f"final;{' '.join(parts)}"}
    problem(await tus.client.post("/uploads", headers=final), 409, "conflict")
    assert (await tus.add(parts[1], 0, content[half:])).status_code == 204
    assert (await tus.add(parts[0], 0, content[:half])).status_code == 204
    joined = await tus.client.post("/uploads", headers=final)
    assert joined.status_code == 201, joined.text
    assert (await tus.client.head(joined.headers["location"], headers=TUS)).headers["upload-concat"] == final[
        "Upload-Concat"
    ]
    problem(await tus.client.get(parts[0]), 404, "not_found")
    video_id = joined.headers["reelwright-video-id"]
    video = (await tus.client.get(f"/videos/{video_id}")).json()
    assert video["sha256"] == hashlib.sha256(content).hexdigest()

    place = await tus.begun(5000)
    refusal = problem(await tus.add(place, 0, os.urandom(5000)), 415, "unsupported_media")
    told = await tus.state(place)
    assert (told["state"], told["problem"]["detail"]) == ("refused", refusal["detail"])
    problem(await tus.add(place, 5000, b""), 415, "unsupported_media")
    assert (await tus.client.head(place, headers=TUS)).status_code == 415
    answer = await tus.client.put(
        "/videos", params={"filename": "x/y.mp4", "title": "put", "tags": ["a", "b"]}, content=content
    )
    assert answer.status_code == 201, answer.text
    assert [answer.json()[name] for name in ("original_filename", "title", "tags")] == ["y.mp4", "put", ["a", "b"]]
    problem(await tus.client.put("/videos", content=content), 422, "invalid_input")
    problem(await tus.client.put("/videos?filename=a", content=os.urandom(5000)), 415, "unsupported_media")


async def test_there_are_not_too_many_and_what_is_left_behind_goes(settings: Settings, tmp_path: Path) -> None:
    """Of one project; no more than the disk has room for. A worker removes what has expired, with its bytes, and the
    log tells of that; of what the client gave up it does not."""
    short = msgspec.structs.replace(settings, max_unfinished_uploads=2, upload_expiry_s=2.0, orphan_grace_s=2.0)
    async with Service(short, tmp_path).running() as service:
        tus = Tus(service)
        places = [await tus.begun(100), await tus.begun(100)]
        assert (await tus.add(places[0], 0, b"some")).status_code == 204
        refused = await tus.begin(100)
        problem(refused, 429, "too_many_uploads")
        assert refused.headers["retry-after"]
        assert (await tus.client.delete(places[1], headers=TUS)).status_code == 204
        async with service.worker(), asyncio.timeout(PATIENCE_S):
            while await service.sql("SELECT FROM uploads"):
                await asyncio.sleep(0.1)
            while list((short.media_path / "incoming").iterdir()):
                await asyncio.sleep(0.1)
        assert (await tus.client.head(places[0], headers=TUS)).status_code == 404
        (event,) = (await tus.client.get("/events")).json()["items"]
        assert (event["type"], event["data"]["upload_id"]) == ("upload.expired", places[0].rpartition("/")[2])
        assert event["data"]["length_bytes"] == 100
    full = msgspec.structs.replace(settings, disk_reserve_bytes=2**60)
    async with Service(full, tmp_path).running() as service:
        problem(await Tus(service).begin(100), 507, "no_space")


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_every_byte_is_right_after_three_kills_on_a_road_that_breaks(service: Service, clip: Path) -> None:
    """In the memory that a small upload needs, and in no more time than the pieces of it take."""
    content = padded(clip, 120_000_000)
    await stored_at_once(service, clip)
    before = service.api.peak_bytes()
    road = cutting_proxy(service.settings.app_port, most_bytes=24_000_000, seed=7)
    async with road as proxy, http_client(f"http://127.0.0.1:{proxy.port}") as client:
        tus = Tus(service)
        tus.client = client
        place, offset, kills = await tus.begun(len(content)), 0, 0
        while offset < len(content):
            with contextlib.suppress(httpx.HTTPError):
                sending = asyncio.create_task(tus.add(place, offset, slices(content, offset)))
                if kills < 3 and offset > kills * 32_000_000:
                    await on_disk(service, place, min(len(content), offset + 5_000_000))
                    kills += 1
                    assert service.api.peak_bytes() - before < 32 * 2**20
                    service.api.send(signal.SIGKILL)
                    await service.api.process.wait()
                    service.api = await service.start_api()
                await sending
            with contextlib.suppress(httpx.HTTPError):
                offset = await tus.offset(place)
        assert (kills, proxy.cuts > 3) == (3, True)
    end = await Tus(service).until(place, "stored")
    await stored(Tus(service), end["video_id"], content)


async def stored_at_once(service: Service, clip: Path) -> None:
    content = clip.read_bytes()
    answer = await Tus(service).begin(len(content), content)
    assert answer.status_code == 201, answer.text


async def slices(content: bytes, at: int) -> AsyncIterator[bytes]:
    for start in range(at, len(content), 1 << 18):
        yield content[start : start + (1 << 18)]
