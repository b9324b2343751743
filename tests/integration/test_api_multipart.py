"""Uploads arrive in a stream, through a real server and a raw socket: right, cut, slow, too large, of wrong shape."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from litestar import Litestar, Request, post

from reelwright.api.http.access_log import AccessLog
from reelwright.api.http.closing_answers import LINGER_S
from reelwright.api.http.json_body import StrictRequest
from reelwright.api.http.multipart import MAX_PARTS, MAX_TEXT_BYTES, incoming_file
from reelwright.api.http.paced_body import MIN_BYTES_PER_S
from reelwright.api.http.problems import EXCEPTION_HANDLERS
from reelwright.errors import NoSpace
from reelwright.library.display_names import display_name
from tests.support.service import http_client

MAX_FILE_BYTES = 6 * 2**20
IDLE_TIMEOUT_S = 0.5
TEXTS = ("title", "note", "a", *(f"f{number}" for number in range(MAX_PARTS + 1)))


@post("/upload", request_max_body_size=None)
async def upload(request: Request[Any, Any, Any]) -> dict[str, Any]:
    async with incoming_file(
        request, texts=TEXTS, max_file_bytes=MAX_FILE_BYTES, idle_timeout_s=IDLE_TIMEOUT_S
    ) as incoming:
        if incoming.filename == "refuse.mp4":
            raise NoSpace("The storage is full.")
        digest, size_bytes = hashlib.sha256(), 0
        async for chunk in incoming.chunks():
            digest.update(chunk)
            size_bytes += len(chunk)
        return {
            "filename": incoming.filename,
            "fields": incoming.fields,
            "size_bytes": size_bytes,
            "sha256": digest.hexdigest(),
        }


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[int]:
    """A real server on a free port of this machine."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    app = Litestar(
        [upload],
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=StrictRequest,
        openapi_config=None,
        logging_config=None,
    )
    async with serving(AccessLog(app)) as port:
        yield port


@pytest.fixture
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with http_client(f"http://127.0.0.1:{port}") as client:
        yield client


BOUNDARY = "a-boundary"


def part(disposition: str, content: bytes, *more: str) -> bytes:
    headers = "\r\n".join([f"Content-Disposition: form-data; {disposition}", *more])
    return f"--{BOUNDARY}\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


def form(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> bytes:
    return b"".join(parts) + end


FILE = part('name="file"; filename="clip.mp4"', b"frames", "Content-Type: video/mp4; codecs=avc1")


async def send(client: httpx.AsyncClient, content: Any, kind: str | None = None) -> httpx.Response:
    kind = kind or f"multipart/form-data; boundary={BOUNDARY}"
    return await client.post("/upload", content=content, headers={"Content-Type": kind})


async def test_a_file_and_its_fields_arrive_whole(client: httpx.AsyncClient) -> None:
    """Bytes, name and the text fields before and after the file."""
    content = bytes(range(256)) * 8192
    answer = await send(
        client,
        form(part('name="title"', "Ein Fähnchen".encode()), FILE.replace(b"frames", content), part('name="note"', b"")),
    )
    assert answer.status_code == 201
    assert answer.json() == {
        "filename": "clip.mp4",
        "fields": {"title": ["Ein Fähnchen"], "note": [""]},
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


async def test_what_http_clients_send_is_taken(client: httpx.AsyncClient) -> None:
    """The form that a common library makes, with a name beyond ASCII and an empty file."""
    answer = await client.post("/upload", files={"file": ("क्लिप.mp4", b"", "video/mp4")})
    assert (answer.json()["filename"], answer.json()["size_bytes"]) == ("क्लिप.mp4", 0)


async def test_a_form_may_come_byte_by_byte(client: httpx.AsyncClient) -> None:
    """Wherever the network cuts a form into pieces, also within its boundaries, the file is the same."""

    async def bytewise() -> AsyncIterator[bytes]:
        for byte in form(part('name="title"', b"x"), FILE) + b"an epilogue, to be ignored\r\n":
            yield bytes([byte])
            await asyncio.sleep(0)

    answer = await send(client, bytewise())
    assert (answer.status_code, answer.json()["size_bytes"]) == (201, 6)


WRONG: dict[str, tuple[bytes, int, str]] = {
    "no file": (form(part('name="title"', b"x")), 422, "/file"),
    "an empty form": (form(), 422, "/file"),
    "a file under another name": (form(part('name="video"; filename="a.mp4"', b"x")), 422, "/video"),
    "the file as text": (form(part('name="file"', b"x")), 422, "/file"),
    "no file chosen": (form(part('name="file"; filename=""', b"")), 422, "/file"),
    "two files": (form(FILE, FILE), 422, "/file"),
    "a second file under another name": (form(FILE, part('name="more"; filename="b.mp4"', b"x")), 422, "/more"),
    "a text field twice": (form(part('name="a"', b"1"), part('name="a"', b"2"), FILE), 422, "/a"),
    "an unknown text field": (form(part('name="tite"', b"x"), FILE), 422, "/tite"),
    "an unknown text field after the file": (form(FILE, part('name="quality"', b"x")), 422, "/quality"),
    "a NUL in a text": (form(part('name="a"', b"x\0y"), FILE), 422, "/a"),
    "bad UTF-8 in a text": (form(part('name="a"', b"\xff"), FILE), 400, ""),
    "bad UTF-8 in a name": (form(part('name="a"', b"x").replace(b'"a"', b'"\xff"')), 400, ""),
    "no last boundary": (form(FILE, end=b""), 400, ""),
    "cut in the file": (form(FILE)[:90], 400, ""),
    "cut in the part's headers": (form(FILE)[:40], 400, ""),
    "cut in a text after the file": (form(FILE, part('name="a"', b"x"))[:-20], 400, ""),
    "nothing at all": (b"", 400, ""),
    "no form at all": (b"\x00\x00\x00\x18ftypmp42" * 99, 400, ""),
    "a part that is no form data": (form(b"--a-boundary\r\nContent-Type: text/plain\r\n\r\nx\r\n"), 400, ""),
    "too long a text": (form(part('name="a"', b"x" * (MAX_TEXT_BYTES + 1)), FILE), 413, ""),
    "too long a text after the file": (form(FILE, part('name="a"', b"x" * (MAX_TEXT_BYTES + 1))), 413, ""),
    "too many parts": (form(*(part(f'name="f{n}"', b"") for n in range(MAX_PARTS + 1)), FILE), 413, ""),
    "too long a part header": (form(part('name="a"', b"x", "X-Long: " + "x" * 9000)), 413, ""),
    "too large a file": (form(FILE.replace(b"frames", b"x" * (MAX_FILE_BYTES + 1))), 413, ""),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
async def test_a_wrong_form_is_refused(client: httpx.AsyncClient, case: str, declared: bool) -> None:
    """Every way to be wrong has its status, whether the length is declared or not."""
    content, status, pointer = WRONG[case]

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 2**18):
            yield content[start : start + 2**18]

    answer = await send(client, content if declared else chunks())
    assert answer.status_code == status, answer.text
    assert [error["pointer"] for error in answer.json().get("errors", [])] == ([pointer] if pointer else [])


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 415),
        ("video/mp4", 415),
        ("multipart/mixed; boundary=x", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=" + "x" * 71, 400),
    ],
)
async def test_what_is_not_a_form_is_refused(client: httpx.AsyncClient, kind: str, status: int) -> None:
    """The content type decides before a byte is read."""
    assert (await send(client, form(FILE), kind)).status_code == status


async def exchange(port: int, pieces: Iterable[bytes], pause_s: float = 0.0) -> tuple[int, dict[str, str], Any]:
    """Writes the pieces to a socket, then reads one answer to the end of its body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, json.loads(body)
    finally:
        writer.close()


def request_head(length: int | str, *more: str) -> bytes:
    lines = [
        "POST /upload HTTP/1.1",
        "Host: test",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {length}",
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_silence_ends_an_upload(port: int) -> None:
    """A client that declares more than it sends gets 408 when nothing came for the idle timeout."""
    began = asyncio.get_running_loop().time()
    status, headers, problem = await exchange(port, [request_head(1000), FILE[:-10]])
    assert (status, problem["code"], headers["connection"]) == (408, "request_timeout", "close")
    assert asyncio.get_running_loop().time() - began >= IDLE_TIMEOUT_S


async def test_a_slow_upload_is_no_silent_one(port: int) -> None:
    """Bytes that keep coming, each well within the timeout, may take longer than it altogether."""
    content = form(part('name="file"; filename="clip.mp4"', bytes(8 * MIN_BYTES_PER_S), "Content-Type: video/mp4"))
    each = MIN_BYTES_PER_S  # ten times a second: what sends is not in time on a busy machine
    pieces = [request_head(len(content)), *(content[start : start + each] for start in range(0, len(content), each))]
    assert len(pieces) * 0.1 > IDLE_TIMEOUT_S
    status, _, _ = await exchange(port, pieces, pause_s=0.1)
    assert status == 201


async def test_an_error_does_not_wait_for_the_rest_of_a_huge_body(port: int) -> None:
    """A form that is wrong from its first part on is answered while the client still sends, which gets the answer."""
    wrong = part('name="video"; filename="a.mp4"', b"x")
    flood = [b"x" * 2**18] * 8
    status, headers, _ = await exchange(port, [request_head(MAX_FILE_BYTES), wrong, *flood])
    assert (status, headers["connection"]) == (422, "close")


async def test_a_client_that_never_stops_is_cut_off(port: int) -> None:
    """After an error the rest is read for two seconds at most."""
    wrong = part('name="video"; filename="a.mp4"', b"x")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = asyncio.get_running_loop().time()
    writer.write(request_head(MAX_FILE_BYTES) + wrong)
    answer = await reader.read()
    assert b" 422 " in answer.partition(b"\r\n")[0]
    assert LINGER_S <= asyncio.get_running_loop().time() - began < LINGER_S + 5
    writer.close()


async def test_a_declared_length_over_the_limit_is_refused_unread(port: int) -> None:
    """With `Expect: 100-continue` the client is told 413 without having sent a byte of the body."""
    status, headers, problem = await exchange(port, [request_head(10 * 2**30, "Expect: 100-continue")])
    assert (status, problem["code"], headers["connection"]) == (413, "too_large", "close")


async def test_a_refusal_of_the_handler_is_answered_whatever_is_unread(port: int) -> None:
    """An error that the route raises while the file is still coming."""
    content = form(FILE.replace(b"clip.mp4", b"refuse.mp4").replace(b"frames", b"x" * 2**20))
    status, _, problem = await exchange(port, [request_head(len(content)), content])
    assert (status, problem["code"]) == (507, "no_space")


async def test_a_client_that_hangs_up_is_no_error(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """The upload ends, is logged at INFO as 499, and nothing is logged above that."""
    caplog.set_level(logging.INFO, "reelwright")
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_head(1000) + FILE)
    await writer.drain()
    writer.close()
    async with asyncio.timeout(10):
        while not any(getattr(record, "status", None) == 499 for record in caplog.records):
            await asyncio.sleep(0.01)
    assert {record.levelname for record in caplog.records if record.name.startswith("reelwright")} == {"INFO"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\videos\\clip.mp4", "clip.mp4"),
        ("a\r\nSet-Cookie: x\0.mp4", "aSet-Cookie: x.mp4"),
        ("gpj.\u202egnp.exe", "gpj.gnp.exe"),
        ("मराठी क्\u200dष.mp4", "मराठी क्\u200dष.mp4"),
        ("e\u0301.mp4", "\u00e9.mp4"),
        ("", "unnamed"),
        ("..", "unnamed"),
        ("\U0001f3ac" * 100, "\U0001f3ac" * 63),
    ],
)
def test_a_name_is_made_fit_to_show(name: str, shown: str) -> None:
    """No folders, line breaks or reversed text; what scripts need to be written stays."""
    assert display_name(name) == shown
