"""Downloads and event streams through a real server: bytes, headers, clients that leave, and a shutdown."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn
from litestar import Litestar, get, route
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.params import FromQuery

from reelwright.api.http.access_log import AccessLog
from reelwright.api.http.event_stream import EventStream, encode_event
from reelwright.api.http.file_response import CONTENT_POLICY, LARGE_CHUNK_BYTES, FileDownload
from reelwright.api.http.nginx_accel import Accel
from reelwright.api.http.problems import EXCEPTION_HANDLERS
from reelwright.telemetry import logs
from tests.support.service import http_client

CONTENT = os.urandom(3 * LARGE_CHUNK_BYTES + 17)


class Progress(msgspec.Struct):
    percent: int
    note: str = ""


@route("/file", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def download(
    state: State, kind: FromQuery[str] = "video/mp4", inline: FromQuery[bool] = False, accel: FromQuery[bool] = False
) -> FileDownload:
    return FileDownload(
        state.path,
        size_bytes=len(CONTENT),
        etag="abc",
        filename="clip.mp4",
        content_type=kind,
        inline=inline,
        last_modified=datetime(2026, 11, 1, 12, 0, 0, 5, tzinfo=UTC),
        accel=Accel("/stored", "uploads/1/a.mp4") if accel else None,
    )


@get("/events")
async def events(state: State, count: FromQuery[int], pause_s: FromQuery[float] = 0.0) -> EventStream:
    async def follow() -> AsyncGenerator[bytes, None]:
        state.watchers += 1
        try:
            for number in range(count):
                await asyncio.sleep(pause_s)
                event_id = str(number) if number % 2 == 0 else None
                yield encode_event("progress", Progress(number, "line\nbreak"), event_id)
        finally:
            state.watchers -= 1

    return EventStream(follow(), closing=state.closing, heartbeat_s=0.1)


@get("/id")
async def request_id() -> str:
    return logs.request_id() or ""


@get("/explode")
async def explode() -> None:
    raise RuntimeError("boom")


@asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    server = uvicorn.Server(
        uvicorn.Config(AccessLog(app), host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        app.state.closing.set()
        server.should_exit = True
        await task


def make_app(path: Path) -> Litestar:
    return Litestar(
        [download, events, request_id, explode],
        exception_handlers=EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
        state=State({"path": path, "closing": asyncio.Event(), "watchers": 0}),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "source.mp4"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def app(path: Path) -> Litestar:
    return make_app(path)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app) as (_, port), http_client(f"http://127.0.0.1:{port}") as client:
        yield client


async def test_a_whole_file_comes_with_all_that_protects_and_resumes_it(client: httpx.AsyncClient) -> None:
    """The bytes, their validators, and the headers that keep a stranger's bytes from running."""
    answer = await client.get("/file")
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert {
        name: answer.headers[name] for name in answer.headers if name not in ("date", "server", "x-request-id")
    } == {
        "content-type": "video/mp4",
        "content-length": str(len(CONTENT)),
        "content-disposition": "attachment; filename=\"clip.mp4\"; filename*=UTF-8''clip.mp4",
        "etag": '"abc"',
        "last-modified": "Sun, 01 Nov 2026 12:00:00 GMT",
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
        "content-security-policy": CONTENT_POLICY,
        "cross-origin-resource-policy": "same-origin",
    }


async def test_head_is_get_without_the_bytes(client: httpx.AsyncClient) -> None:
    """The same headers, nothing else; also for a missing range and an unchanged file."""
    got, headed = await client.get("/file"), await client.head("/file")
    hop = ("date", "x-request-id")
    assert {k: v for k, v in headed.headers.items() if k not in hop} == {
        k: v for k, v in got.headers.items() if k not in hop
    }
    assert headed.content == b""
    assert (await client.head("/file", headers={"If-None-Match": '"abc"'})).status_code == 304


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=1000000-2999999", 1000000, 3000000), ("bytes=-17", -17, None)],
)
async def test_a_range_is_exactly_those_bytes(
    client: httpx.AsyncClient, wanted: str, start: int, stop: int | None
) -> None:
    """206 with Content-Range, over chunk borders too."""
    answer = await client.get("/file", headers={"Range": wanted, "If-Range": '"abc"'})
    expected = CONTENT[start:stop]
    first = start % len(CONTENT)
    assert answer.status_code == 206
    assert answer.content == expected
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(expected) - 1}/{len(CONTENT)}"


async def test_a_range_outside_of_the_file_is_a_problem_with_its_size(client: httpx.AsyncClient) -> None:
    """416 tells how long the file is."""
    answer = await client.get("/file", headers={"Range": f"bytes={len(CONTENT)}-"})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unchanged_file_is_not_sent_again(client: httpx.AsyncClient) -> None:
    """304 without a body, with the validators; 412 where another file was expected."""
    answer = await client.get("/file", headers={"If-None-Match": '"abc"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"abc"')
    assert "content-length" not in answer.headers
    answer = await client.get("/file", headers={"If-Match": '"other"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")


async def test_what_could_run_in_a_page_is_bytes_to_save(client: httpx.AsyncClient) -> None:
    """A type outside of our table is neither named nor shown inline."""
    answer = await client.get("/file", params={"kind": "text/html", "inline": True})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    answer = await client.get("/file", params={"inline": True})
    assert answer.headers["content-disposition"].startswith("inline")


@pytest.mark.parametrize(
    "asked",
    [{}, {"Range": "bytes=5-9"}, {"If-Range": '"abc"', "Range": "bytes=5-9"}, {"If-None-Match": '"other"'}],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_behind_nginx_only_the_place_is_sent(
    client: httpx.AsyncClient, method: str, asked: dict[str, str]
) -> None:
    """X-Accel-Redirect names the file in nginx, the validators go along, and no byte goes through us."""
    if method == "HEAD":  # which ranges have no say in
        asked = {name: value for name, value in asked.items() if name != "Range"}
    plain = await client.request(method, "/file", headers=asked)
    answer = await client.request(
        method, "/file", params={"accel": True}, headers={**asked, "X-Accel-Prefix": "/stored"}
    )
    assert answer.headers["x-accel-redirect"] == "/stored/uploads/1/a.mp4"
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    ours = {"content-length", "content-range", "accept-ranges", "x-request-id"}
    assert {
        name: value for name, value in answer.headers.items() if name != "x-accel-redirect" and name not in ours
    } == {name: value for name, value in plain.headers.items() if name not in ours}


@pytest.mark.parametrize(
    "asked",
    [
        {"X-Accel-Prefix": ""},
        {"X-Accel-Prefix": "/etc"},
        {"X-Accel-Prefix": "/stored/.."},
        {"If-None-Match": '"abc"'},
        {"If-Match": '"other"'},
        {"If-Match": '"abc"'},
        {"If-Unmodified-Since": "Sun, 01 Nov 2026 12:00:00 GMT"},
        {"If-Range": '"other"', "Range": "bytes=5-9"},
        {"Range": f"bytes={len(CONTENT)}-"},
        {"Range": "bytes=9-5"},
        {"Range": "bytes=0-1,3-4"},
        {"Range": "lines=1-2"},
    ],
    ids=str,
)
async def test_what_nginx_would_answer_otherwise_is_answered_here(
    client: httpx.AsyncClient, asked: dict[str, str]
) -> None:
    """Preconditions, odd ranges, and requests that nginx has not marked: the same answer as without nginx."""
    plain = await client.get("/file", headers=asked)
    answer = await client.get("/file", params={"accel": True}, headers={"X-Accel-Prefix": "/stored", **asked})
    assert (answer.status_code, answer.content) == (plain.status_code, plain.content)
    assert "x-accel-redirect" not in answer.headers


async def test_a_file_that_is_gone_is_said_before_anything_is_sent(client: httpx.AsyncClient, path: Path) -> None:
    """404 file_missing, without its path."""
    path.unlink()
    answer = await client.get("/file")
    assert (answer.status_code, answer.json()["code"]) == (404, "file_missing")
    assert str(path.parent) not in answer.text


async def test_a_file_of_another_size_is_not_sent(client: httpx.AsyncClient, path: Path) -> None:
    """Bytes that are not what the record says are a fault of ours, in the log with its id."""
    path.write_bytes(CONTENT[:-1])
    assert (await client.get("/file")).status_code == 500


async def test_a_reader_that_leaves_ends_the_reading(app: Litestar, caplog: pytest.LogCaptureFixture) -> None:
    """The rest of a file is not read for nobody, and nothing complains."""
    caplog.set_level(logging.INFO, "reelwright.api.http.access_log")
    app.state.path.write_bytes(CONTENT)
    async with serving(app) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET /file HTTP/1.1\r\nHost: test\r\n\r\n")
        await reader.readexactly(100)
        writer.transport.abort()
        async with asyncio.timeout(10):
            while not (lines := [record for record in caplog.records if record.name.endswith("access_log")]):
                await asyncio.sleep(0.01)
    line: Any = lines[0]
    assert line.status == 200
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


async def collect(response: httpx.Response, until: int) -> list[str]:
    """So many blocks of an event stream."""
    blocks: list[str] = []
    lines: list[str] = []
    async for line in response.aiter_lines():
        if line:
            lines.append(line)
        else:
            blocks.append("\n".join(lines))
            lines = []
            if len(blocks) == until:
                break
    return blocks


async def test_events_arrive_in_the_format_of_browsers(client: httpx.AsyncClient) -> None:
    """Name, JSON on one line, id where there is one; the stream ends with the events."""
    answer = await client.get("/events?count=2")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text.split("\n\n") == [
        "retry: 2000",
        'id: 0\nevent: progress\ndata: {"percent":0,"note":"line\\nbreak"}',
        'event: progress\ndata: {"percent":1,"note":"line\\nbreak"}',
        "",
    ]


async def test_silence_is_filled_with_heartbeats_and_loses_no_event(client: httpx.AsyncClient) -> None:
    """Comments keep the connection alive until the next event."""
    async with client.stream("GET", "/events?count=1&pause_s=0.35") as response:
        blocks = await collect(response, 10)
    assert blocks[1:-1] == [": still here"] * len(blocks[1:-1])
    assert len(blocks) >= 4
    assert "event: progress" in blocks[-1]


async def test_a_watcher_that_leaves_is_let_go(app: Litestar, client: httpx.AsyncClient) -> None:
    """The generator is closed soon after its client went."""
    async with client.stream("GET", "/events?count=9&pause_s=30") as response:
        await collect(response, 1)
        async with asyncio.timeout(10):
            while app.state.watchers == 0:
                await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        while app.state.watchers:
            await asyncio.sleep(0.01)


async def test_a_shutdown_ends_the_streams_cleanly(app: Litestar) -> None:
    """With `closing` set an open stream ends as if it were over, and the server stops without waiting."""
    async with serving(app) as (server, port), http_client(f"http://127.0.0.1:{port}") as client:
        watching = asyncio.create_task(client.get("/events?count=9&pause_s=600"))
        async with asyncio.timeout(10):
            while app.state.watchers == 0:
                await asyncio.sleep(0.01)
        server.should_exit = True
        app.state.closing.set()
        answer = await asyncio.wait_for(watching, 10)
    assert (answer.status_code, app.state.watchers) == (200, 0)
    assert set(answer.text.split("\n\n")) <= {"retry: 2000", ": still here", ""}


async def test_every_request_is_one_line_in_the_log(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Unknown paths and failures too; with what is needed to find it again, without the query."""
    caplog.set_level(logging.INFO, "reelwright.api.http.access_log")
    for path in ("/id?token=secret", "/nowhere%0A", "/explode"):
        await client.get(path, headers={"X-Request-ID": "from-a-proxy.1"})
    lines: list[Any] = [record for record in caplog.records if record.name == "reelwright.api.http.access_log"]
    assert [(r.path, r.status, r.method, r.request_id) for r in lines] == [
        ("/id", 200, "GET", "from-a-proxy.1"),
        ("/nowhere%0A", 404, "GET", "from-a-proxy.1"),
        ("/explode", 500, "GET", "from-a-proxy.1"),
    ]
    assert lines[0].bytes == len("from-a-proxy.1")
    assert all(record.duration_ms >= 0 for record in lines)
    assert "secret" not in caplog.text


@pytest.mark.parametrize("sent", [None, "", "x" * 129, "a b", 'a"b', "é"])
async def test_a_request_without_a_sane_id_gets_one(client: httpx.AsyncClient, sent: str | None) -> None:
    """The id is answered, and visible to whatever logs on the way."""
    headers = {} if sent is None else {b"X-Request-ID": sent.encode("latin-1")}
    answer = await client.get("/id", headers=headers)
    assert answer.headers["x-request-id"] == answer.text
    assert len(answer.text) == 32
    assert answer.text.isalnum()
