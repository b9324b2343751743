"""Several qualities through a running service: made by one decode, all or none, each to be had by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest
import pyvips

from tests.support.media_files import ffmpeg
from tests.support.service import Service, problem


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 720p with a tone, ten frames a second: how large they are is what matters here."""
    path = tmp_path_factory.mktemp("ladder") / "source.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=10:duration=2"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
    )
    return path


async def made(service: Service, video: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    response = await service.client.post(f"/transcode/{video['id']}", json=body)
    assert response.status_code == 202, response.text
    return await service.until(response.json()["job_id"], "SUCCESS")


def size(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        return stream.width, stream.height


@pytest.mark.slow
async def test_the_usual_qualities_are_those_not_above_the_source(shared_service: Service, source: Path) -> None:
    """One process and one decode; a row each; the best is the job's result, each is there by its name."""
    video = await shared_service.upload(source)
    job = await made(shared_service, video, {})
    assert (job["type"], len(job["commands"])) == ("transcode_multi", 1)
    assert job["commands"][0].count("-i") == 1
    assert [(one["quality"], one["width"], one["height"], one["state"]) for one in job["outputs"]] == [
        ("720p", 1280, 720, "done"),
        ("480p", 854, 480, "done"),
    ]
    variants = (await shared_service.client.get(f"/videos/{video['id']}/variants")).json()
    by_quality = {variant["quality"]: variant for variant in variants}
    assert {one["quality"]: one["variant_id"] for one in job["outputs"]} == {
        quality: variant["id"] for quality, variant in by_quality.items()
    }
    assert job["output_variant_id"] == by_quality["720p"]["id"]
    assert by_quality["480p"]["stored_path"] == f"variants/{video['id']}/{by_quality['480p']['id']}/480p.mp4"
    assert size(await shared_service.result(job["job_id"])) == (1280, 720)
    for quality, wanted in (("720p", (1280, 720)), ("480p", (854, 480))):
        path = await shared_service.result(job["job_id"], quality=quality)
        assert size(path) == wanted
        assert by_quality[quality]["size_bytes"] == path.stat().st_size
    problem(
        await shared_service.client.get(f"/result/{job['job_id']}", params={"quality": "240p"}), 404, "result_deleted"
    )


async def test_what_is_named_is_made(shared_service: Service, source: Path) -> None:
    """Above the source too, with a warning; of a variant as well as of an upload; in other codecs and containers."""
    video = await shared_service.upload(source)
    wanted = {"qualities": ["1080p", "240p"], "preset": "ultrafast", "audio": {"codec": "none"}}
    job = await made(shared_service, video, wanted)
    assert job["warnings"] == ["1080p is larger than the video (1280x720): it is upscaled"]
    small = next(one for one in job["outputs"] if one["quality"] == "240p")
    again = await made(
        shared_service,
        {"id": small["variant_id"]},
        {"qualities": ["source"], "codec": "vp9", "container": "webm", "preset": "ultrafast"},
    )
    assert again["input_variant_id"] == small["variant_id"]
    response = await shared_service.client.get(f"/result/{again['job_id']}")
    assert response.headers["content-type"] == "video/webm"
    assert 'filename="source-transcode.webm"' in response.headers["content-disposition"]


@pytest.mark.slow
async def test_a_poster_comes_with_the_best_rendition(shared_service: Service, source: Path) -> None:
    """Of a given time, or a typical one; from the same decode, as a file of the variant."""
    video = await shared_service.upload(source)
    for poster, wanted in (({"at": 1.0, "width": 320}, (320, 180)), ({}, (1280, 720))):
        job = await made(shared_service, video, {"qualities": ["240p", "360p"], "poster": poster})
        assert len(job["commands"]) == 1
        variant = (await shared_service.client.get(f"/variants/{job['output_variant_id']}")).json()
        assert variant["quality"] == "360p"
        assert [(file["name"], file["role"]) for file in variant["files"]] == [
            ("360p.mp4", "main"),
            ("poster.jpg", "poster"),
        ]
        response = await shared_service.client.get(f"/variants/{variant['id']}/files/poster.jpg")
        assert response.headers["content-type"] == "image/jpeg"
        picture = pyvips.Image.new_from_buffer(response.content, "")
        assert (picture.width, picture.height) == wanted
    deleted = await shared_service.client.delete(f"/variants/{variant['id']}")
    assert deleted.status_code == 204
    assert not any(variant["id"] in key for key in shared_service.stored())


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"qualities": []}, {"/qualities"}),
        ({"qualities": ["720p", "480p", "720p"]}, {"/qualities/2"}),
        ({"qualities": ["999p"]}, {"/qualities/0"}),
        ({"container": "webm"}, {"/codec"}),
        ({"container": "webm", "codec": "vp9", "audio": {"codec": "aac"}}, {"/audio/codec"}),
        ({"crf": 60}, {"/crf"}),
        ({"crf": 0}, {"/crf"}),
        ({"poster": {"at": 2}}, {"/poster/at"}),
        ({"poster": {"at": "x"}}, {"/poster/at"}),
        ({"crf": 64}, {"/crf"}),
        ({"preset": "placebo"}, {"/preset"}),
        ({"audio": {"bit_rate": 1}}, {"/audio/bit_rate"}),
        ({"quality": ["720p"]}, {"/quality"}),
        ({"crf": 20, "video_bitrate": 1_000_000}, {"/video_bitrate"}),
        ({"two_pass": True}, {"/two_pass"}),
        ({"profile": "cinema"}, {"/profile"}),
        ({"profile": "web", "audio": {"codec": "copy"}}, {"/audio/loudness"}),
        ({"audio": {"codec": "copy", "loudness": -16}}, {"/audio/loudness"}),
        ({"audio": {"loudness": -7}}, {"/audio/loudness"}),
        ({"two_pass": True, "video_bitrate": 1_000_000, "codec": "av1"}, {"/two_pass"}),
        ({"copy_conforming": True, "codec": "hevc"}, {"/copy_conforming"}),
        ({"copy_conforming": True, "container": "mkv"}, {"/copy_conforming"}),
        ({"copy_conforming": True, "hls": True}, {"/copy_conforming"}),
        ({"segment_s": 4}, {"/segment_s"}),
        ({"audio": {"codec": "copy", "bit_rate": 128_000}}, {"/audio/bit_rate"}),
        ({"audio": {"codec": "none", "bit_rate": 64_000}, "segment_s": 5}, {"/audio/bit_rate", "/segment_s"}),
        ({"profile": "archive-hevc", "audio": {"bit_rate": 256_000}}, {"/audio/bit_rate"}),
    ],
)
async def test_every_wrong_wish_is_named(
    shared_service: Service, source: Path, body: dict[str, Any], pointers: set[str]
) -> None:
    """422, and no job."""
    video = await shared_service.upload(source)
    assert await shared_service.refused(f"/transcode/{video['id']}", body) == pointers


async def test_a_profile_is_made_with_everything_that_it_asks_for(shared_service: Service, source: Path) -> None:
    """Loudness measured, the picture looked at, then made: three commands, one percentage; as GET /profiles says."""
    video = await shared_service.upload(source)
    listed = {one["name"]: one["settings"] for one in (await shared_service.client.get("/profiles")).json()}
    assert (await shared_service.client.get("/presets")).json() == (await shared_service.client.get("/profiles")).json()
    jobs = [
        await made(shared_service, video, {"qualities": ["240p"], "preset": "ultrafast", **body})
        for body in ({"profile": "broadcast-proxy"}, {**listed["broadcast-proxy"], "qualities": ["240p"]})
    ]
    for job in jobs:
        assert len(job["commands"]) == 3
        assert (job["progress"], job["edit"]["outputs"][0]["video"]["bit_rate"]) == (100, 2_000_000)


async def test_a_rendition_that_fails_takes_all_with_it(service: Service, source: Path) -> None:
    """None of the others appears: no row, no file, and the job says which it was."""
    video = await service.upload(source)
    stored = service.stored()
    job_id = (await service.client.post(f"/transcode/{video['id']}", json={})).json()["job_id"]
    assert {one["state"] for one in (await service.job(job_id))["outputs"]} == {"waiting"}
    await service.sql(  # what was promised of the second is made wrong
        "UPDATE jobs SET plan_json = jsonb_set(plan_json, '{outputs,1,frame_count}', '999') WHERE id = $1::uuid", job_id
    )
    async with service.worker():
        job = await service.until(job_id, "FAILURE")
    assert job["error"]["code"] == "verify_failed"
    assert "the rendition 480p" in job["error"]["detail"]
    assert [one["state"] for one in job["outputs"]] == ["cancelled", "failed"]
    assert service.stored() == stored
    assert (await service.client.get(f"/videos/{video['id']}/variants")).json() == []


async def test_an_output_that_is_deleted_leaves_the_others(shared_service: Service, source: Path) -> None:
    """The job says which is gone; what is left is found by either surface."""
    client, video = shared_service.client, await shared_service.upload(source)
    job = await made(shared_service, video, {"qualities": ["360p", "240p"], "preset": "ultrafast"})
    best, other = (one["variant_id"] for one in job["outputs"])
    assert (await client.delete(f"/variants/{best}")).status_code == 204
    listed = (await client.get("/jobs", params={"video_id": video["id"], "type": "transcode_multi"})).json()["items"]
    for told in (await shared_service.job(job["job_id"]), *listed):
        assert (told["status"], told["output_variant_id"]) == ("SUCCESS", None)
        assert [(one["state"], one["variant_id"]) for one in told["outputs"]] == [("deleted", None), ("done", other)]
    problem(await client.get(f"/result/{job['job_id']}"), 404, "result_deleted")
    problem(await client.get(f"/result/{job['job_id']}", params={"quality": "360p"}), 404, "result_deleted")
    assert size(await shared_service.result(job["job_id"], quality="240p")) == (426, 240)
    result = (await client.get(f"/api/v1/jobs/result/{job['job_id']}")).json()
    assert (result["result_file_path"], result["processed_video_id"]) == (None, None)
    assert [(one["quality"], one["processed_video_id"]) for one in result["results"]] == [("240p", other)]


@pytest.mark.slow
async def test_v1_makes_all_that_are_named(shared_service: Service, source: Path) -> None:
    """The result lists them, best first asked for; a bad one is a 400."""
    client, video = shared_service.client, await shared_service.upload(source)
    answer = (
        await client.post("/api/v1/quality", json={"video_id": video["id"], "qualities": ["720p", "360p"]})
    ).json()
    await shared_service.until(answer["job_id"], "SUCCESS")
    result = (await client.get(f"/api/v1/jobs/result/{answer['job_id']}")).json()
    assert [one["quality"] for one in result["results"]] == ["720p", "360p"]
    assert result["processed_video_id"] == result["results"][0]["processed_video_id"]
    bad = {"video_id": video["id"], "qualities": ["720p", "720x"]}
    problem(await client.post("/api/v1/quality", json=bad), 400, "invalid_input")
