"""Pictures, videos, sounds and subtitles that edits name by an address: fetched when the edit is planned."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.media_files import ffmpeg
from tests.support.remote import Answering, Call, Remote, head, saying
from tests.support.service import Service, problem

SECRET = "c0ffee-s3cret"
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"


@pytest.fixture(scope="module")
def sound(folder: Path) -> Path:
    path = folder / "music.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=330:duration=2", str(path))
    return path


def places(**served: Answering) -> Answering:
    """By the path, without its query."""

    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        await served.get(call.path.partition("?")[0].strip("/").replace(".", "_"), saying(404))(call, writer)

    return answer


async def endless(call: Call, writer: asyncio.StreamWriter) -> None:
    """Says nothing of its size."""
    writer.write(head(200))
    with suppress(ConnectionError):
        for _ in range(21):
            writer.write(b"x" * 2**20)
            await writer.drain()


async def test_whatever_a_step_names_may_be_at_an_address(
    shared_service: Service, clip: Path, patch: Path, sound: Path
) -> None:
    """Each is fetched once, stored by its content, and named by that from then on: edit, plan and log know no
    address. A look at the edit before fetches for the edit, too."""
    video = await shared_service.upload(clip)
    kept = {"logo_png": patch, "clip_mp4": clip, "music_mp3": sound}
    answers = {name: saying(200, path.read_bytes()) for name, path in kept.items()} | {"cues_vtt": saying(200, VTT)}
    async with Remote(places(**answers)).running() as remote:

        def at(path: str) -> str:
            return remote.url(f"/{path}?sig={SECRET}")

        steps: list[dict[str, Any]] = [
            {"type": "overlay", "layers": [
                {"type": "image", "image_path": at("logo.png")}, {"type": "watermark", "image_path": at("logo.png")},
                {"type": "video", "video_path": at("clip.mp4"), "scale": 0.3},
            ]},
            {"type": "audio", "mix": {"source": at("music.mp3"), "volume": 0.5}},
            {"type": "subtitles", "file": at("cues.vtt")},
            {"type": "concat", "after": [{"source": at("clip.mp4"), "end": 0.5},
                                         {"source": at("logo.png"), "duration": 0.5}]},
        ]  # fmt: skip
        edit = {"source": video["id"], "steps": steps, "outputs": ["mp4:240p"]}
        looked = await shared_service.client.post(
            "/edits/preview", json={"source": video["id"], "steps": steps, "t": 0.5}
        )
        assert looked.status_code == 200, looked.text
        accepted = await shared_service.client.post("/edits", json=edit)
        assert accepted.status_code == 202, accepted.text
        layers = [steps[0]["layers"][0], steps[0]["layers"][2]]
        overlaid = await shared_service.client.post(
            "/overlays",
            json={"video_id": video["id"], "overlays": layers, "watermark": {"image_path": at("logo.png")}},
        )
        assert overlaid.status_code == 202, overlaid.text
        assert sorted(call.path.partition("?")[0] for call in remote.calls) == [
            "/clip.mp4",
            "/clip.mp4",
            "/cues.vtt",
            "/logo.png",
            "/logo.png",
            "/music.mp3",
        ]  # fmt: skip  (once for each kind of thing that it is taken as)
        job = await shared_service.until(accepted.json()["job_id"], "SUCCESS")
    assert SECRET not in str(job) + shared_service.logs()
    assert str(remote.port) not in str(job["edit"]) + str(job["plan"])
    named = job["edit"]["steps"]
    for name in (named[0]["layers"][0]["image_path"], named[1]["mix"]["source"], named[2]["file"]):
        asset = await shared_service.client.get(f"/assets/{name.removeprefix('asset:')}")
        assert asset.status_code == 200, name
    laid_over = named[0]["layers"][2]["video_path"].removeprefix("video:")  # it is stored already, perhaps twice
    assert (await shared_service.client.get(f"/videos/{laid_over}")).json()["sha256"] == video["sha256"]
    logos = (await shared_service.client.get("/assets", params={"order": "-created_at"})).json()["items"]
    assert len([one for one in logos if one["name"] == "logo.png"]) == 1


async def test_what_is_wrong_with_an_address_is_said_at_its_field(shared_service: Service, clip: Path) -> None:
    """All of them at once, and without what may be secret in them."""
    video = await shared_service.upload(clip)
    async with Remote(
        places(
            page_html=saying(200, b"<html>"),
            big_png=saying(200, b"x" * 21 * 2**20),
            endless_png=endless,
            empty_png=saying(200),
        )
    ).running() as remote:
        layers = [
            {"type": "image", "image_path": f"http://10.0.0.1/logo.png?{SECRET}"},
            {"type": "image", "image_path": f"https://me:{SECRET}@example.org/"},
            {"type": "image", "image_path": remote.url("/missing.png")},
            {"type": "image", "image_path": remote.url("/page.html")},
            {"type": "image", "image_path": remote.url("/big.png")},
            {"type": "image", "image_path": remote.url("/endless.png")},
            {"type": "image", "image_path": remote.url("/empty.png")},
            {"type": "video", "video_path": remote.url("/page.html")},
        ]
        codes = ["address_refused", "address_refused", "remote_refused", "unsupported_media", "too_large"]
        codes += ["too_large", "remote_refused"]
        answer = await shared_service.client.post("/overlays", json={"video_id": video["id"], "overlays": layers})
        found = problem(answer, 422, "invalid_input")
        errors = [(error["pointer"], error["code"]) for error in found["errors"]]
        expected = [(f"/overlays/{number}/image_path", code) for number, code in enumerate(codes)]
        assert errors == [*expected, ("/overlays/7/video_path", "unsupported_media")]
        steps = [
            {"type": "subtitles", "file": remote.url("/page.html")},
            {"type": "audio", "replace": {"source": remote.url("/no.mp3")}},
            {"type": "concat", "before": [{"source": "http://[::ffff:127.0.0.1]/"}]},
        ]
        edit = {"source": video["id"], "steps": steps, "outputs": ["mp4"]}
        wrong = problem(await shared_service.client.post("/edits", json=edit), 422, "invalid_input")
        asked = len(remote.calls)
        many = [{"type": "concat", "before": [{"source": remote.url(f"/{number}.mp4")}]} for number in range(21)]
        edit |= {"steps": many}
        too_many = problem(await shared_service.client.post("/edits", json=edit), 422, "invalid_input")
    assert "more than 20 addresses" in str(too_many["errors"])
    assert len(remote.calls) == asked, "nothing is fetched then"
    assert [(error["pointer"], error["code"]) for error in wrong["errors"]] == [
        ("/steps/0/file", "unsupported_media"),
        ("/steps/1/replace/source", "remote_refused"),
        ("/steps/2/before/0/source", "address_refused"),
    ]
    assert SECRET not in str(found)
