"""What the steps of an edit bring in, named by requests: music as an asset, or of another video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import footage, frame_judge, odd_files
from tests.support.media_files import ffmpeg
from tests.support.service import UNKNOWN, Service, problem


def music(path: Path, *, seconds: float = 1.5) -> Path:
    ffmpeg("-f", "lavfi", "-i", f"sine=frequency=300:duration={seconds}", str(path))
    return path


async def post_asset(service: Service, path: Path) -> httpx.Response:
    return await service.client.post("/assets", files={"file": (path.name, path.read_bytes())})


async def edit(service: Service, video_id: str, *steps: dict[str, Any]) -> httpx.Response:
    request = {"source": video_id, "steps": list(steps), "outputs": ["mp4:240p"]}
    return await service.client.post("/edits", json=request)


def pointers(refused: httpx.Response) -> set[str]:
    errors: Any = problem(refused, 422, "invalid_input")["errors"]
    return {error["pointer"] for error in errors}


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.m4a", "a.ogg", "a.flac"])
async def test_a_sound_is_an_asset(shared_service: Service, tmp_path: Path, name: str) -> None:
    """Known by its content; its length is measured."""
    path = music(tmp_path / name)
    response = await post_asset(shared_service, path)
    asset = response.json()
    assert response.status_code == 201
    assert (asset["kind"], asset["width"], asset["height"]) == ("audio", None, None)
    assert asset["content_type"].startswith("audio/")
    assert asset["duration_s"] == pytest.approx(1.5, abs=0.06)
    download = await shared_service.client.get(asset["url"])
    assert download.content == path.read_bytes()
    assert download.headers["content-type"] == asset["content_type"]
    assert asset["id"] in {item["id"] for item in (await shared_service.client.get("/assets")).json()["items"]}


async def test_what_is_no_asset_is_refused_with_what_is(shared_service: Service, tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("no sound at all\n" * 99)
    refused = problem(await post_asset(shared_service, text), 415, "unsupported_media")
    for kinds in (
        "picture (PNG, JPEG, WebP or GIF)",
        "sound (MP3, WAV, M4A, Ogg or FLAC)",
        "subtitles (SRT or WebVTT)",
    ):
        assert kinds in str(refused["detail"])
    refused = problem(await post_asset(shared_service, footage.make().path), 415, "unsupported_media")
    assert "POST /videos" in str(refused["detail"])


@pytest.mark.slow
async def test_music_from_everywhere_that_it_is_named(shared_service: Service, tmp_path: Path) -> None:
    """A video without sound has a track then. An asset that an unfinished job reads stays."""
    service = shared_service
    silent = await service.upload(footage.make(audio=0).path)
    loud = await service.upload(footage.make(seconds=3).path)
    asset = (await post_asset(service, music(tmp_path / "a.mp3"))).json()
    jobs = []
    for source in (f"asset:{asset['id']}", f"video:{loud['id']}"):
        accepted = await edit(service, silent["id"], {"type": "audio", "mix": {"source": source, "at_end": "loop"}})
        assert accepted.status_code == 202, accepted.text
        jobs.append(accepted.json()["job_id"])
    in_use = problem(await service.client.delete(f"/assets/{asset['id']}"), 409, "in_use")
    assert in_use["job_ids"] == [jobs[0]]
    async with service.worker():
        for job_id in jobs:
            await service.until(job_id, "SUCCESS")
            result = await service.result(job_id)
            ffmpeg("-i", str(result), "-map", "0:a", "-f", "null", "-")
    assert (await service.client.delete(f"/assets/{asset['id']}")).status_code == 204


async def test_what_cannot_be_heard_is_named(shared_service: Service) -> None:
    """Each with the place in the request."""
    service = shared_service
    video = await service.upload(footage.make(audio=0).path)
    refused = await edit(
        service,
        video["id"],
        {"type": "flip", "direction": "horizontal"},
        {"type": "audio", "mix": {"source": f"asset:{UNKNOWN}"}, "replace": {"source": "no such file.mp3"}},
    )
    assert pointers(refused) == {"/steps/1/replace/source", "/steps/1/mix/source"}
    silent = await edit(service, video["id"], {"type": "audio", "mix": {"source": f"video:{video['id']}"}})
    assert pointers(silent) == {"/steps/0/mix/source"}
    picture = await edit(service, video["id"], {"type": "audio", "mix": {"source": "wm.png"}})
    assert pointers(picture) == {"/steps/0/mix/source"}
    assert "is a picture" in picture.text


async def test_a_title_card_before_and_the_video_again_behind_it(shared_service: Service, tmp_path: Path) -> None:
    """A picture that is an asset, and the edited video's own file; what is no picture is refused at its place."""
    service = shared_service
    video = await service.upload(footage.make().path)
    card = tmp_path / "card.png"
    ffmpeg("-f", "lavfi", "-i", "color=navy:size=200x100", "-frames:v", "1", str(card))
    picture = (await post_asset(service, card)).json()
    sound = (await post_asset(service, music(tmp_path / "a.mp3"))).json()
    step: dict[str, Any] = {
        "type": "concat",
        "before": [{"source": f"asset:{picture['id']}", "duration": 1}],
        "after": [{"source": f"video:{video['id']}", "start": 1}],
        "transition": "fade",
    }
    refused = await edit(service, video["id"], step | {"before": [{"source": f"asset:{sound['id']}", "duration": 1}]})
    assert pointers(refused) == {"/steps/0/before/0/source"}
    refused = await edit(service, video["id"], step | {"transition": {"duration": 1.5}})
    assert pointers(refused) == {"/steps/0/transition/duration"}
    refused = await edit(service, video["id"], step | {"before": [{"source": f"asset:{picture['id']}"}]})
    assert pointers(refused) == {"/steps/0/before/0/duration"}
    refused = await edit(service, video["id"], step | {"before": [{"source": "wm.png"}]})
    assert pointers(refused) == {"/steps/0/before/0/duration"}, "a picture of the assets folder is one, too"
    accepted = await edit(service, video["id"], step | {"transition": {"duration": 0.5}})
    assert accepted.status_code == 202, accepted.text
    async with service.worker():
        await service.until(accepted.json()["job_id"], "SUCCESS")
        result = await service.result(accepted.json()["job_id"])
    numbers = [frame.number for frame in frame_judge.read(result)]
    assert len(numbers) == 25 + 50 + 25 - 2 * round(0.5 * 25)
    assert numbers[25:51] == list(range(12, 38))
    assert numbers[63:] == list(range(37, 50))


async def test_a_video_that_cannot_be_shown_is_named_as_each_route_has_it(
    shared_service: Service, tmp_path: Path
) -> None:
    dolby = odd_files.make("Dolby Vision without a base layer for others", tmp_path)
    video_id = (await shared_service.upload(dolby))["id"]
    assert pointers(await edit(shared_service, video_id, {"type": "flip", "direction": "vertical"})) == {"/source"}
    assert pointers(await edit(shared_service, video_id)) == {"/source"}
    trimmed = await shared_service.client.post("/trim", json={"video_id": video_id, "start": 0.1})
    assert pointers(trimmed) == {"/video_id"}
