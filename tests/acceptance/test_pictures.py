"""Pictures beside renditions through a running service: made, found, fetched; all or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pyvips

from tests.support.media_files import ffmpeg
from tests.support.service import Service

RENDITION = {"qualities": ["240p"], "preset": "ultrafast", "audio": {"codec": "none"}}
PICTURES: dict[str, Any] = {
    "poster": {},
    "thumbnails": {"at": [1, "00:00:00.5"], "width": 96},
    "sprite": {"every": 0.25, "width": 64, "columns": 3},
    "preview": {"duration": 1},
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds."""
    path = tmp_path_factory.mktemp("pictures") / "source.mp4"
    graph = "testsrc2=size=320x180:rate=25:duration=2"
    ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path))
    return path


async def test_all_pictures_come_with_the_rendition(shared_service: Service, source: Path) -> None:
    """By one decode; each a file of the variant with its role and type, and indexes that name the others."""
    video = await shared_service.upload(source)
    client = shared_service.client
    response = await client.post(f"/transcode/{video['id']}", json=RENDITION | PICTURES)
    job = await shared_service.until(response.json()["job_id"], "SUCCESS")
    assert len(job["commands"]) == 1
    variant = (await client.get(f"/variants/{job['output_variant_id']}")).json()
    assert [(file["name"], file["role"], file["content_type"]) for file in variant["files"]] == [
        ("240p.mp4", "main", "video/mp4"),
        ("poster.jpg", "poster", "image/jpeg"),
        ("preview.webp", "preview", "image/webp"),
        ("sprite-1.jpg", "sprite", "image/jpeg"),
        ("sprite.vtt", "vtt", "text/vtt; charset=utf-8"),
        ("thumbnail-0001.jpg", "thumbnail", "image/jpeg"),
        ("thumbnail-0002.jpg", "thumbnail", "image/jpeg"),
        ("thumbnails.vtt", "vtt", "text/vtt; charset=utf-8"),
    ]
    fetched = {}
    for file in variant["files"]:
        response = await client.get(f"/variants/{variant['id']}/files/{file['name']}")
        assert response.headers["content-type"] == file["content_type"]
        fetched[file["name"]] = response.content
    sizes = {}
    for name in ("poster.jpg", "preview.webp", "sprite-1.jpg", "thumbnail-0001.jpg", "thumbnail-0002.jpg"):
        picture = pyvips.Image.new_from_buffer(fetched[name], "")
        sizes[name] = picture.width, picture.height
    assert sizes == {
        "poster.jpg": (320, 180),
        "preview.webp": (320, 180),
        "sprite-1.jpg": (192, 108),
        "thumbnail-0001.jpg": (96, 54),
        "thumbnail-0002.jpg": (96, 54),
    }
    assert fetched["thumbnails.vtt"].decode() == (
        "WEBVTT\n\n"
        "00:00:00.500 --> 00:00:01.000\nthumbnail-0001.jpg\n\n"
        "00:00:01.000 --> 00:00:02.000\nthumbnail-0002.jpg\n"
    )
    cues = fetched["sprite.vtt"].decode().split("\n\n")
    assert (cues[0], len(cues)) == ("WEBVTT", 9)
    assert cues[5] == "00:00:01.000 --> 00:00:01.250\nsprite-1.jpg#xywh=64,36,64,36"
    assert (await client.delete(f"/variants/{variant['id']}")).status_code == 204
    assert not any(variant["id"] in key for key in shared_service.stored())


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"thumbnails": {"at": [1, 2]}}, {"/thumbnails/at/1"}),
        (
            {"thumbnails": {"at": [1, "x", 1]}, "poster": {"at": 3}},
            {"/thumbnails/at/1", "/thumbnails/at/2", "/poster/at"},
        ),
        ({"thumbnails": {}}, {"/thumbnails/at"}),
        ({"thumbnails": {"every": 0}}, {"/thumbnails/every"}),
        ({"thumbnails": {"every": 0.001}}, {"/thumbnails/every"}),
        ({"thumbnails": {"at": [1], "width": 5}}, {"/thumbnails/width"}),
        ({"thumbnails": {"at": [0.001] * 501}}, {"/thumbnails/at"}),
        ({"sprite": {"every": 1, "count": 2}}, {"/sprite/count"}),
        ({"sprite": {"columns": 0}}, {"/sprite/columns"}),
        ({"preview": {"at": "00:00:02"}}, {"/preview/at"}),
        ({"preview": {"duration": 11}}, {"/preview/duration"}),
        ({"preview": {"loop": True}}, {"/preview/loop"}),
    ],
)
async def test_every_wrong_wish_is_named(
    shared_service: Service, source: Path, body: dict[str, Any], pointers: set[str]
) -> None:
    """At the client's own field, whatever else is asked for."""
    video = await shared_service.upload(source)
    assert await shared_service.refused(f"/transcode/{video['id']}", body) == pointers


UNLIKE = {
    "thumbnail-0001.jpg is not what was planned: it is 96x54": ("companions,0,files,0,picture,width", "98"),
    "thumbnail-0003.jpg was not made": ("companions,0,files,1,name", '"thumbnail-0003.jpg"'),
    "it lasts 1000 ms, expected 900 ms": ("companions,1,files,0,picture,duration_ms", "900"),
}
"""What is said of a promise that is changed: where in the plan, and into what."""


async def test_a_picture_that_is_not_as_promised_takes_all_with_it(service: Service, source: Path) -> None:
    """No rendition, no other picture: no row and no file."""
    video = await service.upload(source)
    stored = service.stored()
    wishes = {name: PICTURES[name] for name in ("thumbnails", "preview")}
    jobs: dict[str, str] = {}
    for said, (promise, value) in UNLIKE.items():
        answer = await service.client.post(f"/transcode/{video['id']}", json=RENDITION | wishes)
        jobs[said] = answer.json()["job_id"]
        await service.sql(
            "UPDATE jobs SET plan_json = jsonb_set(plan_json, $2::text[], $3::jsonb) WHERE id = $1::uuid",
            jobs[said],
            promise.split(","),
            value,
        )
    async with service.worker():
        for said, job_id in jobs.items():
            job = await service.until(job_id, "FAILURE")
            assert job["error"]["code"] == "verify_failed"
            assert said in job["error"]["detail"]
            assert "Cut out a part" in job["error_message"]
    assert service.stored() == stored
    assert (await service.client.get(f"/videos/{video['id']}/variants")).json() == []
