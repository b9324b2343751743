"""Streams in the players that people have, by signed addresses, on a service that asks for keys: every quality,
language and track is found, and every frame shown is the right one."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import av
import msgspec
import numpy as np
import pytest

from reelwright.settings import Settings
from tests.acceptance.test_keys import guarded
from tests.support import footage, npm, vlc
from tests.support.browser import luma, page_server, reported
from tests.support.service import Service, free_port

pytestmark = pytest.mark.slow

PLAYERS = Path(__file__).parents[1] / "players"
PAGE = Path(__file__).with_name("players.html")
FRAMES = 150
SMALL, LARGE = footage.SIZE, (426, 240)
TEXTS = {"English": "One", "العربية": "السلام"}
STEPS = [
    {
        "type": "subtitles",
        "as": "track",
        "language": language,
        "label": label,
        "cues": [{"start": 0.5, "end": 5, "text": text}],
    }
    for (label, text), language in zip(TEXTS.items(), ("en", "ar"), strict=True)
]
SHOTS = [(SMALL[0], 0.5), (LARGE[0], 2.02), (SMALL[0], 4.02), (LARGE[0], 5.5)]
"""Which quality is chosen, and at which time it is looked at: on both sides of the borders of segments."""
WAYS = ["hls.js", "Shaka, HLS", "Shaka, DASH"]
WAY_WITHIN_S = 60
"""On a busy machine one takes as long as all of them on an idle one."""


@asynccontextmanager
async def streams(
    settings: Settings, folder: Path, codecs: Sequence[tuple[str, str]]
) -> AsyncIterator[tuple[Service, dict[str, dict[str, str]]]]:
    """A service with a stream of each codec of pictures and sound; their signed addresses, by the codec's name."""
    source = footage.make(audio=2, languages=("eng", "hin"), seconds=6)
    signed = {}
    async with guarded(settings, folder) as service, service.worker():
        video = await service.upload(source.path)
        for codec, sound in codecs:
            wanted = {"qualities": ["source", "240p"], "codec": codec, "audio": {"codec": sound}, "preset": "ultrafast"}
            output = {**wanted, "hls": True, "dash": True, "segment_s": 2}
            asked = {"source": video["id"], "steps": STEPS, "outputs": [output]}
            answer = await service.client.post("/edits", json=asked)
            assert answer.status_code == 202, answer.text
            job = await service.until(answer.json()["job_id"], "SUCCESS")
            asked = {"purpose": "play", "variant_id": job["output_variant_id"]}
            token = (await service.client.post("/tokens", json=asked)).json()
            signed[codec] = {"hls": service.url + token["hls_url"], "dash": service.url + token["dash_url"]}
        yield service, signed


@pytest.mark.timeout(480)
@pytest.mark.needs("chromium", "npm")
async def test_players_of_pages_play_them_from_another_site(settings: Settings, tmp_path: Path) -> None:
    """hls.js, and Shaka Player by HLS and by DASH, in Chromium, into a canvas of their page: they change to the quality
    that is chosen, show the frame of the time wherever they seek, have both texts, and play to the end."""
    modules = (await npm.installed("players", PLAYERS)) / "node_modules"
    scripts = {
        "hls.js": modules / "hls.js" / "dist" / "hls.min.js",
        "shaka.js": modules / "shaka-player" / "dist" / "shaka-player.compiled.js",
    }
    port = free_port()
    allowed = msgspec.structs.replace(settings, cors_origins=(f"http://127.0.0.1:{port}",))
    found: dict[str, Any] = {}
    async with streams(allowed, tmp_path / "service", [("h264", "aac"), ("vp9", "opus")]) as (service, signed):
        for codec, addresses in signed.items():
            wanted = {"stream": addresses, "reading": 1, "shots": SHOTS, "from": 3.5}
            query = urlencode({"asked": json.dumps(wanted | {"way_within_ms": WAY_WITHIN_S * 1000})})
            (profiles := tmp_path / codec).mkdir()
            async with page_server(PAGE, scripts, port=port) as (origin, report):
                within_s = len(WAYS) * WAY_WITHIN_S + 10
                found[codec] = await reported(f"{origin}/?{query}", report, profiles, within_s=within_s)
        assert "/signed/_/" in service.api.log.read_text()
        assert "rwt_" not in service.api.log.read_text()
    for codec, ways in found.items():
        assert list(ways) == WAYS, (codec, ways)
        for way, seen in ways.items():
            where = (codec, way)
            assert sorted(seen["widths"]) == [SMALL[0], LARGE[0]], where
            assert seen["languages"] == ["en", "hi"], where
            assert {label: " ".join(cues) for label, cues in seen["cues"].items()} == TEXTS, where
            shown = [(shot["width"], footage.read_number(luma(shot["png"]))) for shot in seen["shots"]]
            assert shown == [(width, time // 0.04) for width, time in SHOTS], where
            assert seen["ended_at"] == pytest.approx(6, abs=0.05), where


@pytest.mark.needs("vlc")
async def test_vlc_plays_them(settings: Settings, tmp_path: Path) -> None:
    """By HLS: every frame, in its order, of each quality; from where it seeks to; what is said in the language that is
    chosen; and the text over the frames of its time. Of DASH with an index it loses the end, whoever serves it."""
    async with streams(settings, tmp_path, [("h264", "aac"), ("hevc", "aac"), ("av1", "aac")]) as (service, signed):
        for codec, addresses in signed.items():
            for number, (size, choice) in enumerate(((SMALL, "lowest"), (LARGE, "highest"))):
                shown = await vlc.pictures(addresses["hls"], size, f"--adaptive-logic={choice}")
                file = (await service.client.get(addresses["hls"].replace("master.m3u8", f"v{number}.mp4"))).content
                with av.open(io.BytesIO(file), "r") as container:
                    decoded = [frame.to_ndarray()[: size[1]] for frame in container.decode(video=0)]
                assert len(decoded) == FRAMES
                assert np.array_equal(shown, decoded), (codec, size)
        address = signed["h264"]["hls"]
        sought = await vlc.pictures(address, LARGE, "--adaptive-logic=highest", "--start-time=3.02")
        assert [*map(footage.read_number, sought)] == list(range(50, FRAMES))  # from the key frame before
        for language, hz in (("en", footage.BURST_HZ), ("hi", footage.BURST_HZ + 500)):
            assert await vlc.pitch_hz(address, f"--audio-language={language}") == pytest.approx(hz, abs=1)
        written = await vlc.pictures(address, LARGE, "--adaptive-logic=highest", "--sub-language=en")
        plain = await vlc.pictures(address, LARGE, "--adaptive-logic=highest")
        changed = np.abs(written.astype(int) - plain).max(axis=(1, 2)) > 60
        assert np.flatnonzero(changed).tolist() == list(range(13, 125))
