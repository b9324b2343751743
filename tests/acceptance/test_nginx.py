"""nginx in front, with the configuration that compose uses: files come from nginx and are the same answers."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from reelwright.settings import Settings
from tests.support import needs
from tests.support.nginx import configured, nginx_before, running
from tests.support.npm import told
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, free_port, http_client, problem

ROOT = Path(__file__).parents[2]
SECURITY_PAGE = ROOT / "docs" / "security.md"

pytestmark = pytest.mark.needs("nginx")

OF_A_CONNECTION = {"date", "server", "connection", "x-request-id", "keep-alive"}
"""Headers that differ from one answer to the next, or that every server has for itself."""

PARTIAL = {("accept-ranges", "bytes")}
"""What nginx leaves out of partial answers, where it goes without saying."""

ORIGIN = "https://app.example"


@dataclass(frozen=True)
class Front:
    """nginx, and the API behind it."""

    service: Service
    client: httpx.AsyncClient
    video: str
    """The path of an upload's file."""

    async def get(
        self, method: str = "GET", headers: dict[str, str] | None = None, *, direct: bool = False
    ) -> tuple[httpx.Response, int]:
        """The answer to a request for the file, and how many bytes of it the API sent, as that one logs."""
        before = len(self._logged())
        client = self.service.client if direct else self.client
        answer = await client.request(method, self.video, headers=headers)
        async with asyncio.timeout(PATIENCE_S):
            while len(logged := self._logged()) == before:  # the line is written when all is sent
                await asyncio.sleep(0.01)
        return answer, logged[-1]["bytes"]

    def _logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.service.api.log.read_text().splitlines() if self.video in line]


@pytest.fixture
async def front(settings: Settings, tmp_path: Path, clip: Path) -> AsyncIterator[Front]:
    folder = tmp_path / "nginx"
    folder.mkdir()
    settings = msgspec.structs.replace(
        settings, accel_prefix="/stored", cors_origins=(ORIGIN,), max_upload_bytes=2 * clip.stat().st_size
    )
    async with (
        Service(settings, tmp_path).running() as service,
        nginx_before(service, folder) as url,
        http_client(url) as client,
    ):
        video = await service.upload(clip)
        yield Front(service, client, f"/{video['stored_path']}")


def facts(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_A_CONNECTION}


async def test_a_file_is_the_same_answer_through_nginx(front: Front) -> None:
    """Status, headers and bytes, for whole files, ranges and conditions; nginx sends the bytes, where it can."""
    whole, _ = await front.get(direct=True)
    etag, date = whole.headers["etag"], whole.headers["last-modified"]
    sent_by_nginx = [
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"Origin": ORIGIN}),
        ("GET", {"Origin": "https://other.example"}),
        ("GET", {"Range": "bytes=5-90"}),
        ("GET", {"Range": "bytes=-100"}),
        ("GET", {"Range": "bytes=100-"}),
        ("GET", {"Range": "bytes=5-90", "If-Range": etag}),
        ("GET", {"Range": "bytes=5-90", "If-Range": date}),
        ("GET", {"If-None-Match": '"other"'}),
        ("GET", {"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}),
    ]
    sent_by_the_api = [
        ("GET", {"If-None-Match": etag}),
        ("GET", {"If-Modified-Since": date}),
        ("GET", {"If-Match": etag}),
        ("GET", {"If-Match": '"other"'}),
        ("GET", {"If-Unmodified-Since": date}),
        ("GET", {"Range": "bytes=5-90", "If-Range": '"other"'}),
        ("GET", {"Range": "bytes=99999999-"}),
        ("GET", {"Range": "bytes=9-5"}),
        ("GET", {"Range": "bytes=0-1,5-6"}),
    ]
    for method, asked in sent_by_nginx + sent_by_the_api:
        ours, _ = await front.get(method, asked, direct=True)
        through, sent_bytes = await front.get(method, asked)
        assert through.status_code == ours.status_code, (method, asked)
        assert facts(through).items() ^ facts(ours).items() <= PARTIAL, (method, asked)
        assert through.content == ours.content
        assert "x-accel-redirect" not in through.headers
        if (method, asked) in sent_by_nginx:
            assert sent_bytes == 0, asked


async def test_a_client_cannot_choose_a_file(front: Front) -> None:
    """The internal location is none for clients, whatever they call themselves."""
    place = urlsplit(front.video).path
    for path in (f"/stored{place}", "/stored/", "/stored/../stored" + place, "/%73tored" + place):
        answer = await front.client.get(path, headers={"X-Accel-Redirect": f"/stored{place}"})
        assert answer.status_code == 404, path
    answer, sent_bytes = await front.get(headers={"X-Accel-Prefix": "/elsewhere"})
    assert (answer.status_code, sent_bytes) == (200, 0)


async def test_figures_are_not_for_strangers(front: Front) -> None:
    """/metrics is not passed on, however it is written, though the API answers it there."""
    for path in ("/metrics", "/metrics/", "/metrics//", "//metrics", "/metrics%2f", "/%6detrics/", "/docs/../metrics/"):
        address = urlsplit(str(front.client.base_url))
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            async with asyncio.timeout(PATIENCE_S):
                said = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
        assert said.startswith(b"HTTP/1.1 404 "), path
        assert b"reelwright_" not in said, path
    answer = await front.service.client.get("/metrics/")
    assert (answer.status_code, "reelwright_" in answer.text) == (200, True)


async def test_uploads_flow_through(front: Front, clip: Path) -> None:
    """An upload arrives; one that is too large is refused by the API before any of it is sent."""
    with clip.open("rb") as file:
        answer = await front.client.post("/videos/upload", files={"file": ("again.mp4", file)})
    assert answer.status_code == 201

    address = urlsplit(str(front.client.base_url))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(
            b"POST /videos/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        async with asyncio.timeout(PATIENCE_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
    finally:
        writer.close()
        await writer.wait_closed()
    assert head.startswith("HTTP/1.1 413 ")
    assert "application/problem+json" in head


async def test_events_are_not_held_back(front: Front) -> None:
    """A stream's first event arrives while the stream goes on."""
    video_id = front.video.split("/")[2]
    job_id = await front.service.trim(video_id, 0, 1)
    await front.service.hear(job_id, front.client)


async def test_a_service_that_is_away_is_said_as_the_service_would(front: Front) -> None:
    """503 and a problem document, not a page of nginx'."""
    await front.service.api.end(signal.SIGKILL)
    answer = await front.client.get("/videos")
    problem(answer, 503, "busy")
    assert answer.headers["retry-after"] == "5"


@pytest.mark.needs("openssl")
async def test_tls_as_the_page_has_it(front: Front, tmp_path: Path) -> None:
    """The lines of docs/security.md, with a certificate made here: nginx takes them, answers by https, says so to the
    service, and tells browsers to come by nothing else."""
    (lines,) = re.findall(r"^```nginx\n(.*?)^```$", SECURITY_PAGE.read_text(), re.DOTALL | re.MULTILINE)
    folder, port = tmp_path / "tls", free_port()
    folder.mkdir()
    key, cert = folder / "key.pem", folder / "cert.pem"
    names = {"/etc/ssl/video.example.org.pem": cert, "/etc/ssl/video.example.org.key": key}
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    alternative = ("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    await told(needs.program("openssl"), *made, *alternative, "-keyout", key, "-out", cert, cwd=folder)
    path = configured(folder, port=free_port(), api=front.service.url, media=front.service.settings.media_path)
    for name, file in {**names, "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;"}.items():
        assert name in lines
        lines = lines.replace(name, str(file))
    text = path.read_text()
    path.write_text(text.replace("        resolver ", f"{lines}\n        resolver ", 1))
    await told(needs.program("nginx"), "-e", "stderr", "-t", "-c", path, cwd=folder)
    trusting = ssl.create_default_context(cafile=str(cert))
    url = f"https://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, verify=trusting, trust_env=False) as client, running(path, client):
        answer = await client.get("/videos")
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
