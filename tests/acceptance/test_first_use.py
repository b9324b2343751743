"""What people write first: times, ids, names, words; each is taken, or refused with what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.frame_judge import read
from tests.support.media_files import ffmpeg
from tests.support.service import UNKNOWN, Service, problem


@pytest.fixture(scope="module")
async def video(shared_service: Service, clip: Path) -> dict[str, Any]:
    return await shared_service.upload(clip)


@pytest.fixture(scope="module")
async def variant(shared_service: Service, video: dict[str, Any]) -> dict[str, Any]:
    """The last two seconds, by a trim that has no end."""
    answer = await shared_service.client.post("/trim", json={"video_id": video["id"], "start": "0:02"})
    assert answer.status_code == 202, answer.text
    job = await shared_service.until(answer.json()["job_id"], "SUCCESS")
    assert len(read(await shared_service.result(job["job_id"]))) == 50
    found: dict[str, Any] = (await shared_service.client.get(f"/variants/{job['output_variant_id']}")).json()
    return found


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/trim", {"start": 0, "end": "1"}),
        ("/overlays", {"overlays": [{"type": "text", "text": "a", "position": "bottom-right"}]}),
        ("/watermark", {"image_path": "wm.png"}),
        ("/transcode/{id}", {"qualities": ["240p"]}),
        ("/api/v1/trim", {"start_time": 0, "end_time": 1}),
        ("/api/v1/quality", {"qualities": ["240p"]}),
    ],
)
async def test_a_variant_is_named_where_a_video_is(
    shared_service: Service, variant: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    """By its own id, on every route that edits: the job works on the variant."""
    body = body if "{id}" in path else {"video_id": variant["id"], **body}
    answer = await shared_service.client.post(path.replace("{id}", variant["id"]), json=body)
    assert answer.is_success, answer.text
    job = await shared_service.job(answer.json()["job_id"])
    assert (job["video_id"], job["input_variant_id"]) == (variant["video_id"], variant["id"])
    listed = (await shared_service.client.get("/jobs", params={"video_id": variant["id"]})).json()["items"]
    assert job["job_id"] in [one["job_id"] for one in listed]


async def test_either_kind_of_name_leads_to_a_laid_video(
    shared_service: Service, video: dict[str, Any], variant: dict[str, Any]
) -> None:
    """`video:` and `variant:` take the id of both."""
    names = [f"video:{variant['id']}", f"variant:{video['id']}"]
    layers = [{"type": "video", "video_path": name} for name in names]
    answer = await shared_service.client.post("/overlays", json={"video_id": video["id"], "overlays": layers})
    assert answer.status_code == 202, answer.text


async def test_the_other_kind_is_said_where_it_is(
    shared_service: Service, video: dict[str, Any], variant: dict[str, Any]
) -> None:
    """404 with the address that has it."""
    for path in ("", "/download", "/variants"):
        document = problem(await shared_service.client.get(f"/videos/{variant['id']}{path}"), 404, "not_found")
        assert document["detail"] == f"this is a variant: see /variants/{variant['id']}"
    document = problem(await shared_service.client.get(f"/variants/{video['id']}"), 404, "not_found")
    assert document["detail"] == f"this is a video: see /videos/{video['id']}"


@pytest.mark.parametrize("wrong", [UNKNOWN, "nonsense", "", "0199f0d2-7a51"])
async def test_an_id_that_nothing_has(shared_service: Service, video: dict[str, Any], wrong: str) -> None:
    """404 in paths and bodies alike, malformed or not; a body's field is named."""
    client = shared_service.client
    for path in (f"/videos/{wrong}x", f"/jobs/{wrong}x", f"/videos/{wrong or 'x'}", f"/transcode/{wrong or 'x'}"):
        send = client.post(path, json={}) if path.startswith("/transcode") else client.get(path)
        problem(await send, 404, "not_found")
    for field in ("video_id", "source_variant_id"):
        body = {"video_id": video["id"], "start": 0, field: wrong}
        document: Any = problem(await client.post("/trim", json=body), 404, "not_found")
        assert [error["pointer"] for error in document["errors"]] == [f"/{field}"]
    body = {"video_id": wrong, "start_time": 0, "end_time": 1}
    problem(await client.post("/api/v1/trim", json=body), 404, "not_found")


SENTENCES: list[tuple[str, dict[str, Any], str, str]] = [
    ("/transcode/{id}", {"poster": True}, "/poster", "is an object: {} takes the usual; there is at, width"),
    ("/transcode/{id}", {"qualities": "720p"}, "/qualities", "is a list: write it in [ ]"),
    (
        *("/transcode/{id}", {"preview": {"format": "webp"}}, "/preview/format"),
        "unknown field; there is at, duration, width, frame_rate",
    ),
    ("/overlays", {"watermark": "wm.png"}, "/watermark", "is an object with image_path"),
    (
        *("/overlays", {"overlays": [{"type": "text", "text": "a", "position": "below"}]}, "/overlays/0/position"),
        "is one of: top-left, top, top-right, left, center, right, bottom-left, bottom, bottom-right;"
        " or is an object with anchor",
    ),
    (
        *("/overlays", {"overlays": [{"type": "text", "text": "a", "shadow_blur": 21}]}, "/overlays/0/shadow_blur"),
        "Expected `int` <= 20",
    ),
    (
        *("/watermark", {"image_path": "lgo.png"}, "/image_path"),
        "there is no picture 'lgo.png' in the assets folder; logo.png perhaps?"
        " POST /assets takes your own, asset:<id> names it",
    ),
    (
        *("/watermark", {"image_path": "/app/assets/brand.svg"}, "/image_path"),
        "there is no picture 'brand.svg' in the assets folder; there is logo.png, wm.png."
        " POST /assets takes your own, asset:<id> names it",
    ),
    (
        *("/watermark", {"image_path": f"asset:{UNKNOWN}"}, "/image_path"),
        "no such asset; GET /assets lists those that there are",
    ),
    (
        *("/overlays", {"overlays": [{"type": "video", "video_path": "intro.mp4"}]}, "/overlays/0/video_path"),
        "there is no video 'intro.mp4'; name one by video:<id>, variant:<id>, its stored_path, or a file of the assets"
        " folder by its name",
    ),
    ("/trim", {"start": "1:2"}, "/start", 'a time is a number of seconds, or text like "1.5", "1:30" or "0:01:30.5"'),
]


@pytest.mark.parametrize(("path", "body", "pointer", "sentence"), SENTENCES)
async def test_a_refusal_says_what_to_write(
    shared_service: Service, video: dict[str, Any], path: str, body: dict[str, Any], pointer: str, sentence: str
) -> None:
    """At the field, in a sentence that lets one go on at once."""
    body = body if "{id}" in path else {"video_id": video["id"], **body}
    answer = await shared_service.client.post(path.replace("{id}", video["id"]), json=body)
    document: Any = problem(answer, 422, "invalid_input")
    assert [(error["pointer"], error["detail"]) for error in document["errors"]] == [(pointer, sentence)]


async def test_v1_names_its_own_fields(shared_service: Service, video: dict[str, Any]) -> None:
    """A position beyond all pictures is wrong at `position_x`, not at a field that v1 does not have."""
    body = {"video_id": video["id"], "overlay_type": "text", "content": "a", "position_x": 1_000_000}
    document: Any = problem(await shared_service.client.post("/api/v1/overlay", json=body), 422, "invalid_input")
    assert [error["pointer"] for error in document["errors"]] == ["/position_x"]


@pytest.mark.slow
async def test_a_video_of_the_assets_folder_is_laid_over(settings: Settings, clip: Path, tmp_path: Path) -> None:
    """By its name or as the plans call it, on both surfaces; it is stored once, and jobs keep it. So is a tune."""
    folder = tmp_path / "assets"
    (folder / "intros").mkdir(parents=True)
    ffmpeg(
        *("-f", "lavfi", "-i", "color=red:size=64x64:rate=25:duration=1", "-c:v", "libvpx-vp9"),
        *("-deadline", "realtime", str(folder / "intros" / "clip.webm")),
    )
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", str(folder / "tune.mp3"))
    (folder / "notes.txt").write_text("no video")
    async with Service(msgspec.structs.replace(settings, assets_dir=str(folder)), tmp_path).running() as service:
        await laid_over(service, folder, await service.upload(clip))


async def laid_over(service: Service, folder: Path, video: dict[str, Any]) -> None:
    async def lay(path: str) -> httpx.Response:
        layer = {"type": "video", "video_path": path, "x": 0, "y": 0, "at_end": "hold"}
        return await service.client.post("/overlays", json={"video_id": video["id"], "overlays": [layer]})

    body = {"video_id": video["id"], "overlay_type": "video", "content": "intros/clip.webm"}
    answers = [
        await lay("/app/assets/intros/clip.webm"),
        await lay("intros/clip.webm"),
        await service.client.post("/api/v1/overlay", json=body),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 200], [answer.text for answer in answers]
    names = [item["original_filename"] for item in (await service.client.get("/videos")).json()["items"]]
    assert sorted(names) == ["clip.mp4", "intros/clip.webm"]
    document: Any = problem(await lay("notes.txt"), 422, "invalid_input")
    assert document["errors"][0]["pointer"] == "/overlays/0/video_path"
    for tune in ("tune.mp3", "/app/assets/tune.mp3"):
        edit = {"source": video["id"], "steps": [{"type": "audio", "replace": {"source": tune}}]}
        answer = await service.client.post("/edits", json=edit, params={"validate_only": "true"})
        assert answer.status_code == 200, answer.text
    stored = (await service.client.get("/assets")).json()["items"]
    assert [(item["name"], item["kind"]) for item in stored] == [("tune.mp3", "audio")]
    (folder / "intros" / "clip.webm").unlink()
    async with service.worker():
        await service.until(answers[0].json()["job_id"], "SUCCESS")
    first = read(await service.result(answers[0].json()["job_id"]))[0]
    assert first.picture[8:56, 8:56].std() < 4  # plain red where the video lies
    assert first.picture[70:170, 70:300].std() > 20
