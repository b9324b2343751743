"""Subtitles through a running service: burned in, drawn once, named where they are wrong."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from tests.support.media_files import ffmpeg
from tests.support.service import Service, problem

SRT = """1
00:00:00,500 --> 00:00:01,000
<b>नमस्ते</b> <font color="yellow">दुनिया</font> 😀

2
00:00:02,000 --> 00:00:09,000
{\\an8}السلام عليكم
"""


QUICK = {"qualities": ["source"], "preset": "ultrafast"}


@pytest.fixture(scope="module")
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of even gray."""
    path = tmp_path_factory.mktemp("gray") / "gray.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:size=320x180:rate=25:duration=3"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)),
    )
    return path


async def edited(service: Service, video: dict[str, Any], *steps: dict[str, Any]) -> dict[str, Any]:
    answer = await service.client.post("/edits", json={"source": video["id"], "steps": steps, "outputs": [QUICK]})
    assert answer.status_code == 202, answer.text
    return await service.until(answer.json()["job_id"], "SUCCESS")


async def written(service: Service, job: dict[str, Any]) -> list[tuple[bool, bool]]:
    """Of each frame: is there anything in its upper half, in its lower half?"""
    with av.open(str(await service.result(job["job_id"]))) as container:
        pictures = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    found = [np.abs(picture - 128).max(axis=-1) > 60 for picture in pictures]
    return [(bool(one[:90].any()), bool(one[90:].any())) for one in found]


async def test_subtitles_are_burned_in(shared_service: Service, gray: Path) -> None:
    """At their frames, at the bottom or where they say; the same again is not drawn again; a step behind them sees
    them, and an edit of the result goes on from there."""
    video = await shared_service.upload(gray)
    step = {"type": "subtitles", "text": SRT}
    pictures = shared_service.settings.media_path / "pictures"
    before = set(pictures.glob("*.mov"))
    job = await edited(shared_service, video, step)
    expected = [(frame >= 50, 0.5 <= frame / 25 < 1) for frame in range(75)]
    assert await written(shared_service, job) == expected
    kept = set(pictures.glob("*.mov"))
    assert len(kept - before) == 1
    behind = await edited(shared_service, video, step, {"type": "trim", "start": 0.6})
    assert await written(shared_service, behind) == expected[15:]
    assert set(pictures.glob("*.mov")) == kept
    on = {"type": "subtitles", "cues": [{"start": 0, "end": "0:00.2", "text": "x"}], "style": {"position": "top"}}
    result = {"id": behind["output_variant_id"]}
    again = await edited(shared_service, result, on)
    assert await written(shared_service, again) == [
        (frame < 5 or top, bottom) for frame, (top, bottom) in enumerate(expected[15:])
    ]


async def test_a_request_lays_out_and_whoever_needs_it_draws(service: Service, gray: Path) -> None:
    """Explaining and asking draw nothing; a preview does, or the worker; what one has drawn no other draws again."""
    video = await service.upload(gray)
    pictures = service.settings.media_path / "pictures"

    async def asked(text: str, path: str = "/edits", **more: Any) -> httpx.Response:
        step = {"type": "subtitles", "cues": [{"start": 0, "end": 1, "text": text}]}
        return await service.client.post(path, json={"source": video["id"], "steps": [step], **more})

    assert (await asked("one", "/edits?validate_only=true")).status_code == 200
    waiting = [(await asked(text)).json()["job_id"] for text in ("one", "two")]
    assert (len(list(pictures.glob("*.json"))), len(list(pictures.glob("*.mov")))) == (2, 0)
    assert (await asked("two", "/edits/preview", t=0.5)).status_code == 200
    (seen,) = pictures.glob("*.mov")
    drawn = seen.stat().st_ino
    async with service.worker():
        jobs = [await service.until(job_id, "SUCCESS") for job_id in waiting]
    assert len(list(pictures.glob("*.mov"))) == 2
    assert seen.stat().st_ino == drawn
    for job in jobs:
        assert await written(service, job) == [(False, frame < 25) for frame in range(75)]
    took = await service.sql("SELECT id::text, took::text, recipe_json::text FROM jobs ORDER BY id")
    assert ['"draw"' in row["took"] for row in took] == [True, False]
    assert ['"drawing_weight"' in row["recipe_json"] for row in took] == [True, False]


async def test_subtitles_that_an_older_release_has_drawn_are_burned_in(service: Service, gray: Path) -> None:
    """Its plans name the drawn video by its content; edits of what it made go on from there."""
    video = await service.upload(gray)
    body = {
        "source": video["id"],
        "steps": [{"type": "subtitles", "cues": [{"start": 0, "end": 1, "text": "drawn"}]}],
    }
    assert (await service.client.post("/edits/preview", json={**body, "t": 0})).status_code == 200
    (drawn,) = (service.settings.media_path / "pictures").glob("*.mov")
    sha256 = hashlib.sha256(drawn.read_bytes()).hexdigest()
    job_id = (await service.client.post("/edits", json=body)).json()["job_id"]
    (row,) = await service.sql("SELECT plan_json::text AS plan FROM jobs")
    plan = json.loads(row["plan"])
    facts = plan["steps"][1]["facts"]
    assert (plan["version"], facts["kind"], drawn.stem) == (5, "laid_subtitles", facts["sha256"])
    drawn.rename(drawn.with_stem(sha256))
    for laid in drawn.parent.glob("*.json"):
        laid.unlink()
    del facts["cues"]
    older = {**plan, "version": 2}
    older["steps"][1]["facts"] = {**facts, "kind": "subtitles", "sha256": sha256}
    await service.sql("UPDATE jobs SET plan_json = $1::jsonb", json.dumps(older))
    async with service.worker():
        job = await service.until(job_id, "SUCCESS")
        assert await written(service, job) == [(False, frame < 25) for frame in range(75)]
        behind = await edited(service, {"id": job["output_variant_id"]}, {"type": "trim", "start": 0.6})
        assert (behind["warnings"], await written(service, behind)) == (
            [],
            [(False, frame < 10) for frame in range(60)],
        )


@pytest.mark.parametrize(
    ("step", "pointer", "sentence"),
    [
        ({}, "/steps/0/cues", "is required"),
        ({"text": "hello"}, "/steps/0/text", "no cue in it"),
        ({"text": SRT.replace("00:00:02", "00:00:x")}, "/steps/0/text", "line 6"),
        ({"text": SRT.replace("नमस्ते", "\ue000")}, "/steps/0/text", "no font here has"),
        ({"cues": [{"start": 1, "end": 2, "text": "a"}, {"start": 0, "end": 1, "text": "\ue000"}]},
         "/steps/0/cues/1/text", "no font here has"),
        ({"cues": [{"start": 2, "end": 1, "text": "a"}]}, "/steps/0/cues/0/end", "ends before it begins"),
        ({"text": SRT, "style": {"font": "Nobody's"}}, "/steps/0/style/font", "no such font"),
        ({"text": SRT, "style": {"font_size": "60%"}}, "/steps/0/style/font_size", "third of the shorter side"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    step: dict[str, Any], pointer: str, sentence: str, shared_service: Service, gray: Path
) -> None:
    """By the field, and by the line of a file."""
    video = await shared_service.upload(gray)
    answer = await shared_service.client.post(
        "/edits", json={"source": video["id"], "steps": [{"type": "subtitles", **step}]}
    )
    errors = problem(answer, 422, "invalid_input")["errors"]
    assert isinstance(errors, list)
    assert [error["pointer"] for error in errors] == [pointer]
    assert sentence in errors[0]["detail"]


async def test_a_file_of_subtitles_is_an_asset(shared_service: Service, gray: Path) -> None:
    """By its content, whatever it is called; a step names it, an overlay cannot; one that cannot be read is refused."""
    client = shared_service.client

    async def sent(content: bytes) -> httpx.Response:
        return await client.post("/assets", files={"file": ("notes.txt", content)})

    asset = (await sent(("WEBVTT\n\n" + SRT).encode("utf-16"))).json()
    assert (asset["kind"], asset["content_type"], asset["width"]) == ("subtitles", "text/vtt; charset=utf-8", None)
    assert (await sent(SRT.encode())).json()["content_type"] == "application/x-subrip"
    refused = problem(await sent(SRT.replace("00:00:02", "00:00:x").encode()), 422, "unreadable_media")
    assert 'line 6: "00:00:x,000' in str(refused["detail"])
    problem(await sent(b"<svg><!-- 1 --></svg>"), 415, "unsupported_media")
    video = await shared_service.upload(gray)
    job = await edited(shared_service, video, {"type": "subtitles", "file": f"asset:{asset['id']}"})
    assert [lower for _, lower in await written(shared_service, job)].index(True) == 13
    image = {"type": "overlay", "layers": [{"type": "image", "image_path": f"asset:{asset['id']}"}]}
    for step, sentence in ((image, "is a file of subtitles"), ({"type": "subtitles", "file": "x.srt"}, "POST /assets")):
        answer = await client.post("/edits", json={"source": video["id"], "steps": [step]})
        assert sentence in str(problem(answer, 422, "invalid_input")["errors"])
