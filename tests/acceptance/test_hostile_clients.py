"""Clients that send too much, too little or nothing, that read nothing, that come in crowds, that are pages of others:
each against a running service, through sockets."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from reelwright.settings_reader import parse
from tests.conftest import copy_database, execute, in_database
from tests.support.service import UNKNOWN, Service, http_client, problem

MOST_OF_AN_ADDRESS = 24
ASK = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
TRIM = b"POST /trim HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
async def hasty(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service with short clocks and little room. It has no worker."""
    folder = tmp_path_factory.mktemp("hasty")
    name = f"hasty_{os.getpid()}"
    await copy_database(server_url, template, name)
    settings = parse(
        {
            "APP_ENV": "test",
            "DATABASE_URL": in_database(server_url, name),
            "MEDIA_ROOT": str(folder / "media"),
            "DISK_RESERVE_BYTES": "1048576",
            "REQUEST_TIMEOUT_S": "1",
            "UPLOAD_IDLE_TIMEOUT_S": "1.5",
            "SEND_TIMEOUT_S": "2",
            "MAX_CONNECTIONS_PER_ADDRESS": str(MOST_OF_AN_ADDRESS),
            "ALLOWED_HOSTS": "video.example",
            "CORS_ORIGINS": "https://app.example",
        }
    )
    async with Service(settings, folder).running() as running:
        yield running
    await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def connected(service: Service) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.settings.app_port, limit=4096)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def everything(reader: asyncio.StreamReader, *, within_s: float = 10) -> bytes:
    """What comes until the service ends the connection; AssertionError when it does not."""
    received = b""
    try:
        async with asyncio.timeout(within_s):
            while data := await reader.read(65536):
                received += data
    except ConnectionResetError:
        pass
    except TimeoutError:
        raise AssertionError(f"still open after {within_s} s, came: {received[:200]!r}") from None
    return received


async def answers(service: Service, sent: bytes, *, within_s: float = 10) -> bytes:
    async with connected(service) as (reader, writer):
        writer.write(sent)
        return await everything(reader, within_s=within_s)


def refused(answer: bytes) -> tuple[int, str]:
    """Status and code of a problem document."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert "content-type: application/problem+json" in lines
    assert "x-content-type-options: nosniff" in lines
    assert "connection: close" in lines
    document = json.loads(body)
    assert lines[0].startswith(f"http/1.1 {document['status']} ")
    assert document["detail"]
    return document["status"], document["code"]


def processor_s(service: Service) -> float:
    fields = Path(f"/proc/{service.api.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class TestHeads:
    """What comes before a request is known."""

    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "uri_too_long"),
            (b"GET /" + b"a" * 40_000, 414, "uri_too_long"),
            (ASK + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431, "head_too_large"),
            (ASK + b"X: " + b"a" * 40_000, 431, "head_too_large"),
            (ASK + b"a" * 40_000, 431, "head_too_large"),
            (ASK + b"a:b\r\n" * 10_000 + b"\r\n", 431, "head_too_large"),
            (b"\r\n" * 20_000, 431, "head_too_large"),
            (
                TRIM + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 400_000,
                431,
                "head_too_large",
            ),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed"),
            (b"GET / HTTP/1.1\nHost localhost\n\n", 400, "malformed"),
            (b"FETCH / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "malformed"),
            (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "malformed"),
            (ASK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "malformed"),
            (b"GET /health HTTP/1.1\r\n\r\n", 400, "malformed"),
            (b"GET /health HTTP/1.0\r\n\r\n", 400, "malformed"),
            (ASK + b"Host: localhost\r\n\r\n", 400, "malformed"),
            (b"GET /health HTTP/1.1\r\nHost: local host\r\n\r\n", 400, "malformed"),
            (b"GET /health HTTP/1.1\r\nHost: evil.test\r\n\r\n", 421, "misdirected"),
            (b"GET http://evil.test/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 421, "misdirected"),
            (ASK.replace(b"localhost", b"evil.test") + b"X-Forwarded-Host: localhost\r\n\r\n", 421, "misdirected"),
        ],
    )
    async def test_what_is_refused_says_why(self, hasty: Service, sent: bytes, status: int, code: str) -> None:
        """A problem document, and the end of the connection."""
        assert refused(await answers(hasty, sent)) == (status, code)

    async def test_what_has_its_answer_gets_no_second_one(self, hasty: Service) -> None:
        """A client, or a proxy, would take it for the answer to the next request."""
        async with connected(hasty) as (reader, writer):
            writer.write(ASK.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n")
            answer = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"0\r\nX: " + b"a" * 400_000)
            answer += await everything(reader)
        assert answer.startswith(b"HTTP/1.1 405 ")
        assert answer.count(b"HTTP/1.1 ") == 1

    async def test_a_large_head_is_taken(self, hasty: Service) -> None:
        """31 KiB of cookies and what else proxies add."""
        answer = await answers(hasty, ASK + b"Cookie: " + b"a" * 31_000 + b"\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")

    async def test_an_endless_head_costs_nothing(self, hasty: Service) -> None:
        """Forty megabytes are not read into memory, and nobody waits for them."""
        before_s = processor_s(hasty)
        async with connected(hasty) as (reader, writer):
            writer.write(ASK + b"X: ")
            block = b"a" * 2**20
            try:
                for _ in range(40):
                    writer.write(block)
                    await writer.drain()
            except ConnectionError:
                pass
            assert refused(await everything(reader)) == (431, "head_too_large")
        assert processor_s(hasty) - before_s < 1

    async def test_the_name_in_the_address_counts(self, hasty: Service) -> None:
        """RFC 9112, 3.2.2."""
        sent = b"GET http://video.example:99/health HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n"
        assert (await answers(hasty, sent)).startswith(b"HTTP/1.1 200 ")

    async def test_pipelined_requests_are_answered_in_order(self, hasty: Service) -> None:
        """And what follows a broken one is not."""
        sent = ASK + b"\r\n" + ASK.replace(b"/health", b"/nothing") + b"\r\n" + ASK + b"Connection: close\r\n\r\n"
        answer = await answers(hasty, sent)
        assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]

    async def test_more_pipelined_requests_than_may_wait_end_the_connection(self, hasty: Service) -> None:
        """What one client keeps here is bounded; what was asked before may be answered."""
        answer = await answers(hasty, (ASK + b"\r\n") * 500)
        assert answer.count(b"HTTP/1.1 200 ") <= 100
        assert answer.count(b"HTTP/1.1 ") == answer.count(b"HTTP/1.1 200 ")
        assert (await hasty.client.get("/health")).status_code == 200

    @pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
    async def test_an_offer_of_another_protocol_is_not_taken(self, hasty: Service, protocol: bytes) -> None:
        """As Java's HttpClient and curl's --http2 make it: the request is answered in this one, with its body, and so
        is the next."""
        offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %b\r\nHTTP2-Settings: AAMAAABk\r\n" % protocol
        body = b'{"video_id": "x", "start": 0, "end": 1}'
        length, chunked = b"Content-Length: %d\r\n" % len(body), b"Transfer-Encoding: chunked\r\n"
        requests = [
            ASK + offer + b"\r\n",
            TRIM + offer + length + b"\r\n" + body,
            TRIM + offer + chunked + b"\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
            ASK + b"Connection: close\r\n\r\n",
        ]
        sent = b"".join(requests)
        for pieces in [sent], [sent[at : at + 50] for at in range(0, len(sent), 50)]:
            async with connected(hasty) as (reader, writer):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                answer = await everything(reader)
            parts = answer.split(b"HTTP/1.1 ")[1:]
            assert [part[:3] for part in parts] == [b"200", b"404", b"404", b"200"]
            assert all(b"video_id" in part for part in parts[1:3]), "the body was not read"


class TestTime:
    """Whoever waits, or lets wait, is let go."""

    @pytest.mark.parametrize("sent", [b"", b"GET", ASK, ASK + b"X: a"])
    async def test_silence_and_half_heads_end(self, hasty: Service, sent: bytes) -> None:
        """408, or nothing where nothing came."""
        answer = await answers(hasty, sent)
        assert not answer if not sent else refused(answer) == (408, "request_timeout")

    async def test_who_was_refused_and_says_on_is_cut_off(self, hasty: Service) -> None:
        """After a while in which the answer can be read."""
        async with connected(hasty) as (reader, writer):
            writer.write(b"FETCH / HTTP/1.1\r\n\r\n")
            assert refused(await everything(reader)) == (400, "malformed")
            async with asyncio.timeout(10):
                with suppress(ConnectionError):
                    while True:
                        writer.write(b"more")
                        await writer.drain()
                        await asyncio.sleep(0.1)

    async def test_a_head_in_drops_ends(self, hasty: Service) -> None:
        """A byte now and then does not prolong it."""
        began = time.monotonic()
        async with connected(hasty) as (reader, writer):
            ended = asyncio.create_task(everything(reader))
            for byte in ASK * 100:
                writer.write(bytes([byte]))
                if (await asyncio.wait([ended], timeout=0.1))[0]:
                    break
            assert refused(await ended) == (408, "request_timeout")
        assert time.monotonic() - began < 4

    @pytest.mark.parametrize("every_s", [None, 0.1])
    async def test_a_body_that_stalls_or_drips_ends(self, hasty: Service, every_s: float | None) -> None:
        """JSON: 408 after REQUEST_TIMEOUT_S, however the bytes are spread."""
        head = (
            b"POST /trim HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
        )
        assert refused(await _dripping(hasty, head, every_s)) == (408, "request_timeout")

    @pytest.mark.parametrize("every_s", [None, 0.1])
    async def test_an_upload_that_stalls_or_drips_ends(self, hasty: Service, every_s: float | None) -> None:
        """408 after UPLOAD_IDLE_TIMEOUT_S of silence or of next to nothing; nothing of it stays."""
        head = (
            b"POST /videos/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b'Content-Length: 50000\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        )
        assert refused(await _dripping(hasty, head, every_s)) == (408, "request_timeout")
        assert not hasty.stored()

    async def test_a_slow_honest_upload_is_taken(self, hasty: Service, clip: Path) -> None:
        """For longer than any of the clocks, with pauses."""
        content = clip.read_bytes()
        pieces = [content[at : at + len(content) // 12 + 1] for at in range(0, len(content), len(content) // 12 + 1)]

        async def body() -> AsyncIterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
            for piece in pieces:
                yield piece
                await asyncio.sleep(0.3)
            yield b"\r\n--x--\r\n"

        answer = await hasty.client.post(
            "/videos/upload", content=body(), headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code == 201, answer.text
        assert (await hasty.client.delete(f"/videos/{answer.json()['id']}")).status_code == 204

    async def test_a_body_that_nobody_wants_does_not_hold_the_connection(self, hasty: Service) -> None:
        """The answer is there; the rest of the request may come for a while."""
        head = f"POST /jobs/{UNKNOWN}/cancel HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n".encode()
        assert (await _dripping(hasty, head, 0.1)).startswith(b"HTTP/1.1 404 ")

    async def test_readers_that_stall_give_back_files_and_memory(self, hasty: Service, clip: Path) -> None:
        """After SEND_TIMEOUT_S; till then each costs a chunk."""
        padded = hasty.folder / "padded.mp4"
        size_bytes = 24 * 2**20
        padded.write_bytes(clip.read_bytes() + size_bytes.to_bytes(4, "big") + b"free" + bytes(size_bytes - 8))
        video = await hasty.upload(padded)

        def files() -> int:
            count = 0
            for opened in Path(f"/proc/{hasty.api.pid}/fd").iterdir():
                with suppress(FileNotFoundError):  # it was closed meanwhile
                    count += str(video["id"]) in str(opened.readlink())
            return count

        async with AsyncExitStack() as readers:
            for _ in range(20):
                reader, writer = await readers.enter_async_context(connected(hasty))
                writer.write(f"GET /videos/{video['id']}/download HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            assert files() == 20
            async with asyncio.timeout(15):
                while files():
                    await asyncio.sleep(0.1)
        assert (await hasty.client.get(f"/videos/{video['id']}/download")).content == padded.read_bytes()
        assert (await hasty.client.delete(f"/videos/{video['id']}")).status_code == 204


async def test_without_descriptors_a_download_says_when_to_come_again(hasty: Service, clip: Path) -> None:
    """503 with Retry-After, not 500; afterwards all is as before."""
    video = await hasty.upload(clip)
    address = f"/videos/{video['id']}/download"
    before = resource.prlimit(hasty.api.pid, resource.RLIMIT_NOFILE)
    async with http_client(hasty.url) as client:
        assert (await client.get(address)).status_code == 200  # this connection stays
        resource.prlimit(hasty.api.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        try:
            refused = await client.get(address)
        finally:
            resource.prlimit(hasty.api.pid, resource.RLIMIT_NOFILE, before)
        problem(refused, 503, "busy")
        assert refused.headers["retry-after"] == "5"
        assert (await client.get(address)).status_code == 200
        assert (await client.delete(f"/videos/{video['id']}")).status_code == 204


async def test_without_descriptors_an_upload_says_when_to_come_again(hasty: Service, clip: Path) -> None:
    """503 with Retry-After, and nothing of it stays; afterwards all is as before."""
    before = resource.prlimit(hasty.api.pid, resource.RLIMIT_NOFILE)
    async with http_client(hasty.url) as client:
        assert (await client.get("/health")).status_code == 200  # this connection stays
        resource.prlimit(hasty.api.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        try:
            refused = await client.post("/videos/upload", files={"file": ("a.mp4", clip.read_bytes())})
        finally:
            resource.prlimit(hasty.api.pid, resource.RLIMIT_NOFILE, before)
        assert not hasty.stored()
    problem(refused, 503, "busy")
    assert refused.headers["retry-after"] == "5"
    video = await hasty.upload(clip)
    assert (await hasty.client.delete(f"/videos/{video['id']}")).status_code == 204


async def _dripping(service: Service, head: bytes, every_s: float | None) -> bytes:
    """The answer to a request whose body comes a byte at a time, or not at all."""
    async with connected(service) as (reader, writer):
        writer.write(head)
        ended = asyncio.create_task(everything(reader))
        while every_s is not None and not ended.done():
            writer.write(b" ")
            await asyncio.wait([ended], timeout=every_s)
        return await ended


class TestCrowds:
    """MAX_CONNECTIONS_PER_ADDRESS is reached."""

    async def test_those_that_ask_for_nothing_make_room(self, hasty: Service) -> None:
        """The oldest first: whoever asks is served at once."""
        async with AsyncExitStack() as crowd:
            readers = [(await crowd.enter_async_context(connected(hasty)))[0] for _ in range(MOST_OF_AN_ADDRESS + 10)]
            async with http_client(hasty.url) as newcomer:
                assert (await newcomer.get("/health", timeout=0.9)).status_code == 200
            assert await everything(readers[0], within_s=0.5) == b""

    async def test_where_all_are_served_one_more_is_told_to_come_back(self, hasty: Service) -> None:
        """429 with Retry-After; others' addresses are not touched; afterwards all is as before."""
        job_id = await _job(hasty)
        async with AsyncExitStack() as crowd:
            for _ in range(MOST_OF_AN_ADDRESS):
                reader, writer = await crowd.enter_async_context(connected(hasty))
                writer.write(f"GET /jobs/{job_id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            answer = await answers(hasty, ASK + b"\r\n")
            assert refused(answer) == (429, "rate_limited")
            assert b"retry-after: " in answer
            other = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
            async with httpx.AsyncClient(base_url=hasty.url, transport=other) as elsewhere:
                assert (await elsewhere.get("/health")).status_code == 200
        async with http_client(hasty.url) as newcomer:
            async with asyncio.timeout(10):
                while (await newcomer.get("/health")).status_code != 200:
                    await asyncio.sleep(0.05)

    async def test_behind_a_proxy_its_clients_are_counted(self, hasty: Service) -> None:
        """By X-Forwarded-For, which 127.0.0.1 is believed; the proxy itself has no limit."""
        job_id = await _job(hasty)
        follow = f"GET /jobs/{job_id}/events HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ".encode()
        async with AsyncExitStack() as crowd:
            statuses = []
            for number in range(MOST_OF_AN_ADDRESS + 6):
                reader, writer = await crowd.enter_async_context(connected(hasty))
                client = b"203.0.113.%d" % (number < MOST_OF_AN_ADDRESS + 3)
                writer.write(follow + client + b"\r\n\r\n")
                statuses.append((await reader.readline())[9:12])
        assert statuses == [b"200"] * MOST_OF_AN_ADDRESS + [b"429"] * 3 + [b"200"] * 3


async def _job(service: Service) -> str:
    """A job that waits, for there is no worker."""
    found = await service.sql("INSERT INTO jobs (id, type) VALUES (gen_random_uuid(), 'trim') RETURNING id")
    return str(found[0]["id"])


class TestPages:
    """What a browser sends for a page of another site."""

    @pytest.mark.parametrize(
        ("method", "path", "sent"),
        [
            ("POST", "/videos/upload", {"files": {"file": ("a.mp4", b"a" * 300_000)}}),
            ("POST", "/assets", {"files": {"file": ("a.png", b"a")}}),
            ("POST", "/api/v1/upload", {"files": {"file": ("a.mp4", b"a")}}),
            ("POST", f"/jobs/{UNKNOWN}/cancel", {}),
            ("POST", f"/jobs/{UNKNOWN}/retry", {}),
            ("POST", "/trim", {"content": b"{}", "headers": {"content-type": "text/plain"}}),
            ("DELETE", f"/videos/{UNKNOWN}", {}),
            ("PUT", "/nothing", {}),
        ],
    )
    async def test_a_page_of_another_origin_changes_nothing(
        self, hasty: Service, method: str, path: str, sent: dict[str, Any]
    ) -> None:
        """403, whatever it sends and however."""
        for extra in ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            answer = await hasty.client.request(
                method, path, **{**sent, "headers": {**sent.get("headers", {}), **extra}}
            )
            problem(answer, 403, "cross_origin")
        assert not hasty.stored()

    async def test_pages_that_may_and_programs_are_let_in(self, hasty: Service) -> None:
        """To what there is: here nothing."""
        for extra in (
            {},
            {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"},
            {"Origin": hasty.url, "Sec-Fetch-Site": "same-origin"},
            {"Origin": "https://video.example", "Host": "video.example"},
        ):
            problem(await hasty.client.post(f"/jobs/{UNKNOWN}/cancel", headers=extra), 404, "not_found")

    async def test_reading_is_for_the_browser_to_forbid(self, hasty: Service) -> None:
        """A page cannot read what comes without CORS headers; a link may lead here."""
        answer = await hasty.client.get(
            "/jobs", headers={"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
