"""`?validate_only=true`: what is shown is what runs, byte for byte, and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.media_files import ffmpeg
from tests.support.service import Service, problem

TEXT = {"type": "text", "text": "Hello", "position": "top"}

ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "trim": ("/trim", {"start": 0.5, "end": 2.5}),
    "trim as hevc": ("/trim", {"start": "0:01", "codec": "hevc", "preset": "ultrafast", "audio": {"codec": "none"}}),
    "overlay": ("/overlays", {"overlays": [{**TEXT, "start": 1, "end": 2, "fade_in": 0.2}]}),
    "watermark": ("/watermark", {"image_path": "wm.png"}),
    "ladder": ("/transcode/{id}", {"qualities": ["240p"], "hls": True, "poster": {}, "preset": "ultrafast"}),
    "two passes": ("/transcode/{id}", {"qualities": ["240p"], "video_bitrate": 100_000, "two_pass": True}),
    "loudness": ("/transcode/{id}", {"qualities": ["240p"], "audio": {"loudness": -16}}),
    "copy": ("/transcode/{id}", {"qualities": ["source"], "copy_conforming": True, "audio": {"codec": "copy"}}),
    "edit": (
        "/edits",
        {
            "steps": [
                {"type": "keep", "intervals": [{"start": 0.2, "end": 1}, {"start": 2, "end": 3.5}]},
                {"type": "speed", "factor": 1.5},
                {"type": "fit", "aspect": "vertical", "fill": "blur"},
                {"type": "overlay", "layers": [TEXT, {"type": "image", "image_path": "logo.png"}]},
                {"type": "fade", "in": 0.2, "out": 0.2},
            ],
            "outputs": ["mp4:240p", "webm:240p", "jpg:poster"],
        },
    ),
    "subtitles": (
        "/edits",
        {
            "steps": [
                {"type": "trim", "start": 0.5},
                {"type": "subtitles", "cues": [{"start": 0.2, "end": 1, "text": "नमस्ते <i>दुनिया</i>"}]},
            ]
        },
    ),
    "turned": (
        "/edits",
        {"steps": [{"type": "rotate", "degrees": 90}, {"type": "crop", "width": 100, "height": 100, "x": 0, "y": 0}]},
    ),
}


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    """Four seconds of moving picture and sound, ten frames a second: it is how they are made that is compared."""
    picture, sound = "testsrc2=size=320x180:rate=10:duration=4", "sine=frequency=440:duration=4"
    made = folder / "clip.mp4"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-preset", "ultrafast", "-c:a", "aac", str(made))
    return made


def place(asked: tuple[str, dict[str, Any]], video_id: str) -> tuple[str, dict[str, Any]]:
    path, body = asked
    if "{id}" in path:
        return path.format(id=video_id), {**body, "reuse": False}
    return path, {"reuse": False, ("source" if path == "/edits" else "video_id"): video_id, **body}


@pytest.mark.few(4)
@pytest.mark.parametrize("name", ASKED)
async def test_what_is_shown_is_what_runs(shared_service: Service, clip: Path, name: str) -> None:
    """The commands, the plan, the warnings, the files; and asking leaves no job behind."""
    video = await shared_service.upload(clip)
    path, body = place(ASKED[name], video["id"])
    response = await shared_service.client.post(path, json=body, params={"validate_only": "true"})
    assert response.status_code == 200, response.text
    explained = response.json()
    assert (await shared_service.client.get("/jobs", params={"video_id": video["id"]})).json()["total"] == 0

    accepted = await shared_service.client.post(path, json=body)
    assert accepted.status_code == 202, accepted.text
    assert accepted.json()["warnings"] == explained["warnings"]
    job = await shared_service.until(accepted.json()["job_id"], "SUCCESS")
    assert [command["argv"] for command in explained["commands"]] == job["commands"]
    assert (explained["edit"], explained["plan"]) == (job["edit"], job["plan"])
    assert explained["plan_digest"] == job["plan_digest"]
    assert job["worker"] in explained["toolchain"]["workers"]

    (recipe,) = await shared_service.sql("SELECT recipe_json::text FROM jobs WHERE id = $1::uuid", job["job_id"])
    for command in explained["commands"]:
        for graph in filter(None, command["graph"].split("\n")):
            assert graph.replace("\\", "\\\\") in recipe["recipe_json"]
        assert command["mermaid"].startswith("flowchart LR\n")
    assert str(shared_service.settings.media_path) not in response.text
    assert [(made["width"], made["height"]) for made in explained["outputs"]] == [
        (made["width"], made["height"]) for made in job["outputs"]
    ]
    named = {file["name"] for made in job["outputs"] for file in made["files"] if file["role"] != "main"}
    assert {file["name"] for file in explained["files"]} == named


async def test_what_cannot_be_is_refused_as_ever(shared_service: Service, clip: Path) -> None:
    video = await shared_service.upload(clip)
    body = {"source": video["id"], "steps": [{"type": "trim", "start": 9}]}
    asked = await shared_service.client.post("/edits", json=body, params={"validate_only": "true"})
    document = problem(asked, 422, "invalid_input")
    assert problem(await shared_service.client.post("/edits", json=body), 422, "invalid_input") == document


@pytest.mark.slow
async def test_without_a_worker_nobody_can_say_how(service: Service, clip: Path) -> None:
    """The plan is there all the same; with a worker, its commands; without it again, none."""
    video = await service.upload(clip)
    body = {"video_id": video["id"], "start": 1, "end": 2}

    async def explained() -> dict[str, Any]:
        response = await service.client.post("/trim", json=body, params={"validate_only": "true"})
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    without = await explained()
    assert (without["toolchain"], without["commands"]) == (None, [])
    assert "no worker is alive" in without["why_no_commands"]
    assert without["outputs"][0]["frame_count"] == 10
    assert without["seconds"]["expected"] is None
    assert "nothing can be said yet" in without["seconds"]["reason"]
    async with service.worker():
        with_one = await explained()
        assert with_one["toolchain"]["alive"] == 1
        assert with_one["why_no_commands"] is None
        assert len(with_one["commands"]) == 1
        for start in (0, 0.2, 0.4):  # what follows is foretold from them
            await service.until(await service.trim(video["id"], start, start + 1))
        foretold = await explained()
        for forecast in (foretold["seconds"], foretold["outputs"][0]["size_bytes"]):
            assert forecast["cases"] == 3
            assert forecast["low"] < forecast["expected"] < forecast["high"]
        job = await service.until(await service.trim(video["id"], 1, 2))
        (variant,) = await service.sql(
            "SELECT size_bytes FROM video_variants WHERE id = $1::uuid", job["output_variant_id"]
        )
        size = foretold["outputs"][0]["size_bytes"]
        assert size["low"] <= variant["size_bytes"] <= size["high"]
    assert (await explained())["toolchain"] is None
