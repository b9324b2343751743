"""Adaptive streaming through a running service: asked for, served with the right types, played by ffmpeg and by a real
browser."""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from reelwright.settings import Settings
from tests.support import footage
from tests.support.browser import luma, page_server, reported
from tests.support.service import Service, problem

PAGE = Path(__file__).with_name("player.html")
ASKED = {"qualities": ["source", "240p"], "preset": "ultrafast", "hls": True, "dash": True, "segment_s": 2}


@pytest.fixture(scope="module")
def source() -> footage.Footage:
    """Six seconds whose every frame tells its number, with sound in two languages."""
    return footage.make(audio=2, languages=("eng", "hin"), seconds=6, size=(160, 90))


async def streamed(service: Service, source: Path) -> dict[str, Any]:
    """The best variant of a job that was asked to stream."""
    video = await service.upload(source)
    response = await service.client.post(f"/transcode/{video['id']}", json=ASKED)
    assert response.status_code == 202, response.text
    job = await service.until(response.json()["job_id"], "SUCCESS")
    variant: dict[str, Any] = (await service.client.get(f"/variants/{job['output_variant_id']}")).json()
    return variant


async def test_players_find_everything_beside_the_best_rendition(
    shared_service: Service, source: footage.Footage
) -> None:
    """Every file has its role and type; names in the manifests are names beside them; ffmpeg plays all frames of both
    through HTTP, and seeks."""
    variant = await streamed(shared_service, source.path)
    files = {file["name"]: (file["role"], file["content_type"]) for file in variant["files"]}
    playlist, media = ("hls", "application/vnd.apple.mpegurl"), ("hls", "video/mp4")
    assert files == {
        "240p.mp4": ("main", "video/mp4"),
        "master.m3u8": playlist,
        **{f"{name}.m3u8": playlist for name in ("v0", "v1", "a0", "a1")},
        "manifest.mpd": ("dash", "application/dash+xml"),
        **{f"{name}.mp4": media for name in ("v0", "v1")},
        **{f"{name}.mp4": ("hls", "audio/mp4") for name in ("a0", "a1")},
    }
    folder = f"/variants/{variant['id']}/files"
    for name, (_, content_type) in files.items():
        response = await shared_service.client.get(f"{folder}/{name}", headers={"Range": "bytes=0-9"})
        assert (response.status_code, response.headers["content-type"]) == (206, content_type)
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    for manifest in ("master.m3u8", "manifest.mpd"):
        url = f"{shared_service.url}{folder}/{manifest}"
        assert await decoded_frames(url) == [150, 150]
        assert await decoded_frames(url, "-ss", "4.5") == [38, 38]


async def decoded_frames(url: str, *options: str) -> list[int]:
    """How many frames ffmpeg decodes of each picture stream."""
    counts = []
    for number in range(2):
        argv = [get_ffmpeg_exe(), "-v", "info", "-xerror", *options, "-i", url, "-map", f"0:v:{number}"]
        done = await asyncio.to_thread(
            subprocess.run, [*argv, "-f", "null", "-"], capture_output=True, text=True, timeout=60, check=True
        )
        counts.append(int(re.findall(r"frame=\s*(\d+)", done.stderr)[-1]))
    return counts


async def test_one_kind_is_made_without_the_other(shared_service: Service, source: footage.Footage) -> None:
    """DASH alone has no playlists."""
    video = await shared_service.upload(source.path)
    body = {"qualities": ["240p"], "dash": True, "audio": {"codec": "none"}}
    accepted = (await shared_service.client.post(f"/transcode/{video['id']}", json=body)).json()
    job = await shared_service.until(accepted["job_id"], "SUCCESS")
    variant = (await shared_service.client.get(f"/variants/{job['output_variant_id']}")).json()
    assert {(file["name"], file["role"]) for file in variant["files"]} == {
        ("240p.mp4", "main"),
        ("manifest.mpd", "dash"),
        ("v0.mp4", "dash"),
    }


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"hls": True, "container": "webm", "codec": "vp9"}, {"/container"}),
        ({"dash": True, "container": "mkv"}, {"/container"}),
        ({"hls": True, "segment_s": 1}, {"/segment_s"}),
        ({"hls": True, "segment_s": 11}, {"/segment_s"}),
        ({"hls": {"segment_s": 4}}, {"/hls"}),
    ],
)
async def test_every_wrong_wish_is_named(
    shared_service: Service, source: footage.Footage, body: dict[str, Any], pointers: set[str]
) -> None:
    """422, and no job."""
    video = await shared_service.upload(source.path)
    response = await shared_service.client.post(f"/transcode/{video['id']}", json=body)
    document: Any = problem(response, 422, "invalid_input")
    assert {error["pointer"] for error in document["errors"]} == pointers


@pytest.mark.needs("chromium")
@pytest.mark.slow
async def test_a_browser_plays_it_from_another_site(
    settings: Settings, tmp_path: Path, source: footage.Footage
) -> None:
    """It takes the codecs by their declared names, shows the right frame wherever it seeks, over changes of rendition
    too, and plays to the end without a gap."""
    async with page_server(PAGE) as (origin, report):
        allowed = msgspec.structs.replace(settings, cors_origins=(origin,))
        async with Service(allowed, tmp_path).running() as service, service.worker():
            variant = await streamed(service, source.path)
            url = f"{service.url}/variants/{variant['id']}/files/master.m3u8"
            assert (await service.client.get(url)).headers["vary"] == "Origin"  # kept, it serves no other site
            found = await reported(f"{origin}/?{url}", report, tmp_path)
    assert found["errors"] == []
    assert found["duration"] == pytest.approx(6, abs=0.03)
    assert found["gaps"] == 1  # one range is buffered
    assert found["ended"]
    for shot in found["shots"]:
        assert footage.read_number(luma(shot["png"])) == shot["time"] // 0.04
    assert [shot["width"] for shot in found["shots"]] == [160, 426, 160]
