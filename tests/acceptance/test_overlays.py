"""Overlays and watermarks through a running service: the right pixels, at the right times, in one encode."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
import pyvips

from tests.support import frame_judge
from tests.support.media_files import ffmpeg
from tests.support.service import Service, problem

Picture = npt.NDArray[np.uint8]

PLAN_EXAMPLE: dict[str, Any] = {
    "source_variant_id": None,
    "overlays": [
        {
            "type": "text",
            "text": "नमस्ते दुनिया",
            "font": "NotoSansDevanagari-Regular.ttf",
            "font_size": 48,
            "color": "white@0.85",
            "x": "w-tw-20",
            "y": "h-th-20",
            "start": 1.5,
            "end": 5.0,
        },
        {
            "type": "image",
            "image_path": "/app/assets/logo.png",
            "x": 20,
            "y": 20,
            "start": 0,
            "end": 600,
            "opacity": 0.6,
        },
    ],
    "watermark": {"image_path": "/app/assets/wm.png", "x": "W-w-20", "y": "H-h-20", "opacity": 0.5},
}


@pytest.fixture(scope="module")
def gray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of even gray with a tone, ten frames a second: whatever is laid over it shows."""
    path = tmp_path_factory.mktemp("gray") / "gray.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=gray:size=640x360:rate=10:duration=6"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=6"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
    )
    return path


def frames(path: Path) -> list[Picture]:
    return frame_judge.colours(path)


def changed(picture: Picture, area: tuple[slice, slice]) -> float:
    """Share of the area's pixels that are not the background's gray."""
    return 1 - float(frame_judge.near(picture[area], (128, 128, 128), 24).mean())


async def overlaid(service: Service, video: dict[str, Any], **body: Any) -> dict[str, Any]:
    response = await service.client.post("/overlays", json={"video_id": video["id"], **body})
    assert response.status_code == 202, response.text
    return await service.until(response.json()["job_id"], "SUCCESS")


async def test_the_plans_example_unchanged(shared_service: Service, gray: Path) -> None:
    """Text from 1.5 to 5.0 s and not before or after, at the lower right; logo and watermark throughout."""
    video = await shared_service.upload(gray)
    job = await overlaid(shared_service, video, **PLAN_EXAMPLE)
    assert job["type"] == "overlay"
    assert len(job["commands"]) == 1
    made = frames(await shared_service.result(job["job_id"]))
    assert len(made) == 60
    logo, corner = (slice(20, 120), slice(20, 120)), (slice(280, 345), slice(330, 625))
    without, with_text = changed(made[0], corner), changed(made[24], corner)
    assert all(changed(picture, logo) > 0.3 for picture in made)
    assert without > 0.02, "the watermark"
    assert with_text > without + 0.02, "the text over it"
    shown = [changed(picture, corner) > (without + with_text) / 2 for picture in made]
    assert [number for number, there in enumerate(shown) if there] == list(range(15, 50))

    (variant,) = (await shared_service.client.get(f"/videos/{video['id']}/variants")).json()
    assert (variant["kind"], variant["quality"]) == ("overlay", "source")
    rows = await shared_service.sql(
        "SELECT type, payload_json FROM overlays WHERE variant_id = $1::uuid ORDER BY id", variant["id"]
    )
    assert [row["type"] for row in rows] == ["text", "image", "watermark"]


async def test_sound_is_copied(shared_service: Service, gray: Path) -> None:
    """Packet by packet: an overlay neither drops nor shortens it."""

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    video = await shared_service.upload(gray)
    job = await overlaid(shared_service, video, overlays=[{"type": "text", "text": "a", "end": 1}])
    assert packets(await shared_service.result(job["job_id"])) == packets(gray)


async def test_a_video_in_the_picture(shared_service: Service, gray: Path, tmp_path: Path) -> None:
    """Scaled, for its time, and gone when it ends; with `hold` its last frame stays, with `loop` it begins again."""
    red = tmp_path / "red.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=red:size=160x120:rate=10:duration=1", "-c:v", "libx264", "-pix_fmt", "yuv420p"),
        str(red),
    )
    inner, video = await shared_service.upload(red), await shared_service.upload(gray)
    area = (slice(110, 150), slice(110, 150))
    for at_end, until in (("stop", 20), ("hold", 30), ("loop", 30)):
        layer = {
            "type": "video",
            "video_path": f"video:{inner['id']}",
            "x": 100,
            "y": 100,
            "scale": 0.5,
            "start": 1,
            "end": 3,
            "at_end": at_end,
        }
        job = await overlaid(shared_service, video, overlays=[layer])
        made = frames(await shared_service.result(job["job_id"]))
        shown = [number for number, picture in enumerate(made) if changed(picture, area) > 0.9]
        assert (shown[0], shown[-1] + 1, len(made)) == (10, until, 60), at_end
    refused = await shared_service.client.delete(f"/videos/{inner['id']}")
    assert refused.status_code == 204, "its jobs have ended"


async def test_a_watermark_in_each_corner(shared_service: Service, gray: Path) -> None:
    """At its margin, and nowhere else."""
    video = await shared_service.upload(gray)
    corners = {
        "top-left": (slice(0, 100), slice(0, 320)),
        "bottom-right": (slice(260, 360), slice(320, 640)),
    }
    for position, area in corners.items():
        body = {"video_id": video["id"], "image_path": "wm.png", "position": position}
        response = await shared_service.client.post("/watermark", json=body)
        job = await shared_service.until(response.json()["job_id"], "SUCCESS")
        assert job["type"] == "watermark"
        picture = frames(await shared_service.result(job["job_id"]))[10]
        assert changed(picture, area) > 0.03
        (other,) = (other for name, other in corners.items() if name != position)
        assert changed(picture, other) == 0


async def test_a_fade_grows_and_goes(shared_service: Service, gray: Path) -> None:
    """Opacity rises over the first second and falls over the last."""
    video = await shared_service.upload(gray)
    layer = {"type": "image", "image_path": "logo.png", "fade_in": 1, "fade_out": 1, "start": 1, "end": 4}
    job = await overlaid(shared_service, video, overlays=[layer])
    made = frames(await shared_service.result(job["job_id"]))
    strength = [float(np.abs(picture[20:120, 20:120].astype(int) - 128).mean()) for picture in made]
    assert max(strength[:10]) < 2
    assert strength[12] < strength[15] < strength[18] < strength[24]
    assert strength[32] > strength[36] > strength[39]
    assert max(strength[40:]) < 2


@pytest.mark.parametrize(
    ("overlays", "pointers"),
    [
        ([{"type": "text", "text": "a", "font": "No Such Font"}], {"/overlays/0/font"}),
        ([{"type": "text", "text": "\U0001343f"}], {"/overlays/0/text"}),
        ([{"type": "text", "text": "a", "color": "white:box=1"}], {"/overlays/0/color"}),
        ([{"type": "text", "text": "a", "x": "while(1,0)"}], {"/overlays/0/x"}),
        ([{"type": "text", "text": "a", "y": "h-" * 40}], {"/overlays/0/y"}),
        ([{"type": "text", "text": "a", "start": 9}], {"/overlays/0/start"}),
        ([{"type": "text", "text": "a", "start": 2, "end": 1}], {"/overlays/0/end"}),
        ([{"type": "text", "text": ""}], {"/overlays/0/text"}),
        ([{"type": "image", "image_path": "../../etc/passwd"}], {"/overlays/0/image_path"}),
        ([{"type": "image", "image_path": "/etc/passwd"}], {"/overlays/0/image_path"}),
        ([{"type": "image", "image_path": "README.md"}], {"/overlays/0/image_path"}),
        ([{"type": "video", "video_path": "video:x"}], {"/overlays/0/video_path"}),
        ([{"type": "video", "video_path": "/data/uploads/../x"}], {"/overlays/0/video_path"}),
        ([{"type": "sound"}], {"/overlays/0/type"}),
        ([], {"/overlays"}),
    ],
)
async def test_every_wrong_layer_is_named(
    shared_service: Service, gray: Path, overlays: list[dict[str, Any]], pointers: set[str]
) -> None:
    """422, and no job."""
    video = await shared_service.upload(gray)
    response = await shared_service.client.post("/overlays", json={"video_id": video["id"], "overlays": overlays})
    document: Any = problem(response, 422, "invalid_input")
    assert {error["pointer"] for error in document["errors"]} == pointers


async def test_all_that_is_wrong_is_named_at_once(shared_service: Service, gray: Path) -> None:
    """Of every layer and of every kind: fonts, glyphs, pictures, videos, places, times."""
    video = await shared_service.upload(gray)
    body = {
        "video_id": video["id"],
        "overlays": [
            {"type": "text", "text": "a\U0001343f", "font": "No Such Font", "color": "whit", "y": "t"},
            {"type": "text", "text": "a", "x": "1/0", "y": "2/(w-w)", "start": 60},
            {"type": "image", "image_path": "no.png", "x": 1},
            {"type": "video", "video_path": f"video:{uuid.uuid4()}"},
            {"type": "video", "video_path": "video:y"},
        ],
        "watermark": {"image_path": "none.png"},
    }
    document: Any = problem(await shared_service.client.post("/overlays", json=body), 422, "invalid_input")
    assert sorted(error["pointer"] for error in document["errors"]) == [
        "/overlays/0/color",
        "/overlays/0/font",
        "/overlays/0/text",
        "/overlays/0/y",
        "/overlays/1/start",
        "/overlays/1/x",
        "/overlays/1/y",
        "/overlays/2/image_path",
        "/overlays/3/video_path",
        "/overlays/4/video_path",
        "/watermark/image_path",
    ]
    body["overlays"] = [{"type": "text", "text": "a", "color": "whit", "x": "t", "start": -1, "zz": 1}]
    body["watermark"] = {"image_path": "", "y": "1e3"}
    document = problem(await shared_service.client.post("/overlays", json=body), 422, "invalid_input")
    assert sorted(error["pointer"] for error in document["errors"]) == [
        "/overlays/0/color",
        "/overlays/0/start",
        "/overlays/0/x",
        "/overlays/0/zz",
        "/watermark/image_path",
        "/watermark/y",
    ]


async def test_edges_have_no_dark_rim(shared_service: Service, tmp_path: Path) -> None:
    """White on white is not seen: drawn small or at its own size, as text or as a picture with black transparency."""
    white, disc = tmp_path / "white.mp4", tmp_path / "disc.png"
    ffmpeg(*("-f", "lavfi", "-i", "color=white:size=320x240:rate=10:duration=1"), "-pix_fmt", "yuv420p", str(white))
    picture = pyvips.Image.black(300, 300, bands=4).draw_circle([255] * 4, 150, 150, 140, fill=True)
    picture.cast("uchar").copy(interpretation="srgb").pngsave(str(disc))
    with disc.open("rb") as file:
        asset = (await shared_service.client.post("/assets", files={"file": ("disc.png", file)})).json()
    video = await shared_service.upload(white)
    layers = [
        {"type": "image", "image_path": f"asset:{asset['id']}", "width": 100, "x": 10, "y": 10},
        {"type": "image", "image_path": f"asset:{asset['id']}", "x": 150, "y": 0},
        {"type": "text", "text": "white", "x": 21, "y": 161, "font_size": 40},
    ]
    job = await overlaid(shared_service, video, overlays=layers)
    darkest = min(int(frame.min()) for frame in frames(await shared_service.result(job["job_id"])))
    assert darkest > 245


async def test_fonts_are_listed(shared_service: Service) -> None:
    """The bundled ones at least."""
    families = {font["family"] for font in (await shared_service.client.get("/fonts")).json()}
    assert {"Noto Sans", "Noto Sans Devanagari", "Noto Sans Tamil"} <= families


async def test_v1_overlays(shared_service: Service, gray: Path) -> None:
    """Text in the language's font, a watermark; a missing picture is a 404."""
    client = shared_service.client
    video = await shared_service.upload(gray)
    text = {"video_id": video["id"], "overlay_type": "text", "content": "नमस्ते", "language": "hi"}
    job = (await client.post("/api/v1/overlay", json=text)).json()
    assert job["status"] in ("pending", "processing")
    await shared_service.until(job["job_id"], "SUCCESS")
    mark = {"video_id": video["id"], "watermark_path": "nothing.png"}
    problem(await client.post("/api/v1/watermark", json=mark), 404, "asset_missing")
    picture = {"video_id": video["id"], "overlay_type": "image", "content": "nothing.png"}
    problem(await client.post("/api/v1/overlay", json=picture), 404, "asset_missing")
    problem(await client.post("/api/v1/watermark", json={**mark, "opacity": 0.05}), 422, "invalid_input")


async def test_what_is_cut_off_is_told_by_field(shared_service: Service, gray: Path) -> None:
    """In the request's own words; what would lose its shape is refused."""
    video = await shared_service.upload(gray)
    text = {"type": "text", "text": "far away", "x": "W-10"}
    body = {"video_id": video["id"], "overlays": [text], "watermark": {"image_path": "logo.png", "x": -5000}}
    answer = await shared_service.client.post("/overlays", json=body)
    assert answer.status_code == 202, answer.text
    first, second = answer.json()["warnings"]
    assert first.startswith('/overlays/0: the text "far away" is ')
    assert "pixels at the right are cut off" in first
    assert second.startswith("/watermark: the picture logo.png lies outside of the picture")
    await shared_service.client.post(f"/jobs/{answer.json()['job_id']}/cancel")
    body["overlays"] = [{"type": "image", "image_path": "logo.png", "scale": 100}]
    document: Any = problem(await shared_service.client.post("/overlays", json=body), 422, "invalid_input")
    assert [error["pointer"] for error in document["errors"]] == ["/overlays/0/scale"]
