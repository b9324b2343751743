"""Cuts that copy, through the service: exact to the frame, told in numbers, and coded anew where they cannot be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from tests.support import footage, frame_judge
from tests.support.footage import Footage
from tests.support.service import Service, problem


@pytest.fixture
def source() -> Footage:
    return footage.make(seconds=5, keyframe_every=25)


async def explained(service: Service, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = await service.client.post(path, json=body, params={"validate_only": "true"})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_smart_trim_is_exact_and_says_what_was_copied(shared_service: Service, source: Footage) -> None:
    """What is explained is what is made; the frames at its edges alone are coded."""
    video = await shared_service.upload(source.path)
    body = {"video_id": video["id"], "start": 0.717, "end": 3.333, "mode": "smart"}
    shown = await explained(shared_service, "/trim", body)
    assert (shown["cut"]["asked"], shown["cut"]["chosen"], shown["cut"]["sound"]) == ("smart", "smart", "copied")
    assert [piece["what"] for piece in shown["cut"]["pieces"]] == ["encoded", "copied", "encoded"]
    coded = sum(piece["frames"] for piece in shown["cut"]["pieces"] if piece["what"] == "encoded")

    job = await shared_service.until(await shared_service.trim(video["id"], 0.717, 3.333, mode="smart"), "SUCCESS")
    assert job["warnings"] == []
    assert job["frames"] == {"copied": 66 - coded, "encoded": coded}
    assert 0 < coded < 20
    assert (job["plan"], job["commands"]) == (shown["plan"], [command["argv"] for command in shown["commands"]])
    (check,) = [one for one in job["outputs"][0]["checks"] if one["name"] == "splice"]
    assert check["outcome"] == "ok"
    result = await shared_service.result(job["job_id"])
    frame_judge.judge_cut(source, result, Fraction("0.717"), Fraction("3.333"))
    frame_judge.judge_sync(source, result, Fraction("0.717"), Fraction("3.333"), within_s=0.0015)

    exact = await shared_service.until(await shared_service.trim(video["id"], 0.717, 3.333), "SUCCESS")
    assert exact["frames"] is None
    assert "splice" not in exact["plan"]


async def test_a_cut_that_copies_keeps_the_codec_of_its_source(shared_service: Service) -> None:
    """Where none is named. By itself, a cut is H.264."""
    source = footage.make(video="hevc", seconds=5, keyframe_every=25, open_gop=True)
    video = await shared_service.upload(source.path)
    job = await shared_service.until(await shared_service.trim(video["id"], 0.717, 4.333, mode="smart"), "SUCCESS")
    assert job["warnings"] == []
    assert job["frames"]["copied"] > 2 * job["frames"]["encoded"]
    result = await shared_service.result(job["job_id"])
    with av.open(str(result)) as opened:
        assert opened.streams.video[0].codec_context.codec_tag == "hvc1"
    frame_judge.judge_cut(source, result, Fraction("0.717"), Fraction("4.333"))
    asked = {"video_id": video["id"], "start": 0.7, "end": 4.3, "mode": "auto"}
    shown = await explained(shared_service, "/trim", asked)
    assert shown["cut"]["reason"] == "h264 is wanted, and the video is hevc"


@pytest.mark.slow
async def test_a_recording_in_a_transport_stream_is_copied_too(shared_service: Service) -> None:
    """By way of an MP4 of its pictures. Its sound is coded: it may change at any packet."""
    source = footage.make(container="ts", seconds=5, keyframe_every=25)
    video = await shared_service.upload(source.path)
    job = await shared_service.until(await shared_service.trim(video["id"], 0.717, 3.333, mode="smart"), "SUCCESS")
    assert job["warnings"] == []
    assert job["frames"]["copied"] > 2 * job["frames"]["encoded"]
    assert job["plan"]["splice"]["sound"] == "coded"
    result = await shared_service.result(job["job_id"])
    frame_judge.judge_cut(source, result, Fraction("0.717"), Fraction("3.333"))
    frame_judge.judge_sync(source, result, Fraction("0.717"), Fraction("3.333"), within_s=0.0015)


@pytest.mark.slow
async def test_av1_is_copied_from_a_key_frame_on(shared_service: Service) -> None:
    """Into MP4, with its codec; from any other frame on it is coded anew, and why is said."""
    source = footage.make(video="av1", container="webm", seconds=4, keyframe_every=25, size=(160, 90))
    video = await shared_service.upload(source.path)
    job = await shared_service.until(await shared_service.trim(video["id"], 1, 3.32, mode="smart"), "SUCCESS")
    assert (job["warnings"], job["frames"]) == ([], {"copied": 58, "encoded": 0})
    frame_judge.judge_cut(source, await shared_service.result(job["job_id"]), Fraction(1), Fraction("3.32"))
    shown = await explained(shared_service, "/trim", {"video_id": video["id"], "start": 1.2, "end": 3, "mode": "smart"})
    assert shown["cut"]["chosen"] == "exact"
    assert "the cut does not begin at one" in shown["cut"]["reason"]


@pytest.mark.slow
async def test_a_codec_of_key_frames_alone_is_copied_into_mov(shared_service: Service) -> None:
    """To the frame and to the sample, nothing coded, where neither codec nor container is named; else, and with `auto`,
    it is coded anew, and why is said. What came out is edited like any other."""
    source = footage.make(
        video="prores", container="mov", pixel_format="yuv422p10le", audio_codec="pcm_s24le", seconds=4, size=(160, 90)
    )
    client, video = shared_service.client, await shared_service.upload(source.path)
    asked = {"video_id": video["id"], "start": 0.717, "end": 3.333}
    shown = await explained(shared_service, "/trim", asked | {"mode": "smart"})
    (output,) = shown["outputs"]
    assert (output["container"], output["codec"], output["copied"], shown["cut"]["sound"]) == (
        *("mov", "prores", True),
        "copied",
    )
    job = await shared_service.until(await shared_service.trim(video["id"], 0.717, 3.333, mode="smart"), "SUCCESS")
    assert (job["warnings"], job["frames"]) == ([], {"copied": 66, "encoded": 0})
    response = await client.get(f"/result/{job['job_id']}")
    assert response.headers["content-type"] == "video/quicktime"
    assert response.headers["content-disposition"].split(";")[-1].strip('" ').endswith(".mov")
    result = await shared_service.result(job["job_id"])
    frame_judge.judge_cut(source, result, Fraction("0.717"), Fraction("3.333"))
    begin, end = (round(Fraction(seconds) * 48_000) for seconds in ("0.72", "3.36"))  # where its frames begin
    assert samples(result) == samples(source.path)[6 * begin : 6 * end]

    for more, reason in (
        ({"mode": "smart", "codec": "h264"}, "where neither a codec nor a container is named"),
        ({"mode": "smart", "container": "mkv"}, "where neither a codec nor a container is named"),
        ({"mode": "auto"}, "few players show prores"),
    ):
        cut = (await explained(shared_service, "/trim", asked | more))["cut"]
        assert cut["chosen"] == "exact"
        assert reason in cut["reason"]

    steps = [{"type": "keep", "intervals": [{"start": 0.4, "end": 1.2}, {"start": 2, "end": 2.4}]}]
    body = {"source": job["variant_id"] if "variant_id" in job else job["outputs"][0]["variant_id"], "steps": steps}
    again = await client.post("/edits", json=body | {"mode": "smart"})
    job = await shared_service.until(again.json()["job_id"], "SUCCESS")
    assert (job["warnings"], job["frames"]) == ([], {"copied": 30, "encoded": 0})


def samples(path: Path) -> bytes:
    """Of sound that is not coded, of the first track, without what an edit list leaves out."""
    with av.open(str(path)) as opened:
        return b"".join(bytes(packet) for packet in opened.demux(audio=0))


async def test_what_is_left_of_many_cuts_is_copied(shared_service: Service) -> None:
    """An edit that only cuts, in one request; a result of it is edited like any other."""
    source = footage.make(seconds=12, keyframe_every=12)
    video = await shared_service.upload(source.path)
    steps = [
        {"type": "trim", "start": 0.52, "end": 11.52},
        {"type": "cut", "intervals": [{"start": 2, "end": 3.12}, {"start": 5.32, "end": 7}]},
    ]
    body = {"source": video["id"], "steps": steps, "mode": "auto"}
    shown = await explained(shared_service, "/edits", body)
    assert (shown["cut"]["chosen"], shown["cut"]["sound"]) == ("smart", "coded")
    job_id = (await shared_service.client.post("/edits", json=body)).json()["job_id"]
    job = await shared_service.until(job_id, "SUCCESS")
    assert job["frames"]["copied"] > 4 * job["frames"]["encoded"]
    numbers = [frame.number for frame in frame_judge.read(await shared_service.result(job_id))]
    kept = [("0.52", "2.52"), ("3.64", "5.84"), ("7.52", "11.52")]
    assert numbers == [
        number
        for number, time in enumerate(source.frame_times_s)
        if any(Fraction(one) <= time < Fraction(two) for one, two in kept)
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"codec": "hevc"}, "hevc is wanted, and the video is h264"),
        ({"quality": "240p"}, "another size is wanted"),
        ({"crf": 30}, "a smaller file is wanted than a copy is"),
        ({"start": 1.1, "end": 1.9}, "no frame from which decoding can begin lies within it"),
    ],
)
async def test_auto_chooses_and_says_why(
    shared_service: Service, source: Footage, body: dict[str, Any], reason: str
) -> None:
    """Nobody is warned who left the choice to the service."""
    video = await shared_service.upload(source.path)
    asked = {"video_id": video["id"], "start": 0.7, "end": 3.3, "mode": "auto", **body}
    shown = await explained(shared_service, "/trim", asked)
    assert (shown["cut"]["chosen"], shown["cut"]["reason"], shown["cut"]["pieces"]) == ("exact", reason, [])
    assert not any("coded anew" in warning for warning in shown["warnings"])
    named = await explained(shared_service, "/trim", asked | {"mode": "smart"})
    if "crf" not in body:
        assert any(reason in warning for warning in named["warnings"])


async def test_a_cut_whose_copy_fails_is_coded_anew_in_the_same_job(
    shared_service: Service, source: Footage, tmp_path: Path
) -> None:
    """What no survey sees, as parameters that change in the middle: the result is as exact, and says so."""
    changed = with_other_parameters(tmp_path / "changed.mp4", source.path, at=60)
    video = await shared_service.upload(changed)
    job_id = await shared_service.trim(video["id"], 0.717, 4.333, mode="smart")
    job = await shared_service.until(job_id, "SUCCESS")
    assert job["attempt"] == 1
    assert job["warnings"] == ["the cut is coded anew: its parameters change"]
    assert job["frames"] is None
    frame_judge.judge_cut(source, await shared_service.result(job_id), Fraction("0.717"), Fraction("4.333"))


@pytest.mark.slow
async def test_batches_and_templates_say_how_they_cut(shared_service: Service, source: Footage) -> None:
    """For all items, or for one; a template, for whoever does not say it."""
    client, video = shared_service.client, await shared_service.upload(source.path)
    steps = [{"type": "trim", "start": 0.717, "end": 3.333}]
    items = [{"source": video["id"]}, {"source": video["id"], "mode": "exact"}]
    asked: dict[str, Any] = {"steps": steps, "items": items, "mode": "smart", "reuse": False}
    batch = (await client.post("/edits/batch", json=asked)).json()
    jobs = [await shared_service.until(item["job"]["job_id"], "SUCCESS") for item in batch["items"]]
    assert [job["frames"] is not None for job in jobs] == [True, False]
    edit = {"steps": steps, "mode": "copy"}
    created = await client.post("/templates", json={"name": "teaser-by-copy", "edit": edit})
    assert created.status_code == 201, created.text
    body = {"source": video["id"], "template": "teaser-by-copy"}
    assert (await explained(shared_service, "/edits", body))["cut"]["asked"] == "copy"
    assert (await explained(shared_service, "/edits", body | {"mode": "smart"}))["cut"]["asked"] == "smart"
    copied = await shared_service.until((await client.post("/edits", json=body)).json()["job_id"], "SUCCESS")
    assert copied["frames"]["encoded"] == 0
    assert copied["frames"]["copied"] > 50


async def test_more_than_a_cut_cannot_be_copied(shared_service: Service, source: Footage) -> None:
    """Who asks for it by name is told; by default it is never tried."""
    video = await shared_service.upload(source.path)
    steps = [{"type": "trim", "start": 0.5}, {"type": "rotate", "degrees": 90}]
    response = await shared_service.client.post("/edits", json={"source": video["id"], "steps": steps, "mode": "smart"})
    assert problem(response, 422, "invalid_input")["errors"][0]["pointer"] == "/mode"
    shown = await explained(shared_service, "/edits", {"source": video["id"], "steps": steps, "mode": "auto"})
    assert shown["cut"] is None


def with_other_parameters(target: Path, source: Path, *, at: int) -> Path:
    """A copy whose packet `at` brings a further set of parameters along, which nothing uses."""
    with av.open(str(source)) as opened, av.open(str(target), "w") as made:
        streams = {stream.index: made.add_stream_from_template(stream) for stream in opened.streams}
        extradata = opened.streams.video[0].codec_context.extradata
        assert extradata is not None
        length = int.from_bytes(extradata[6:8], "big")
        other = bytearray(extradata[8 : 8 + length])
        other[4] = 0x4D  # another number and other contents
        seen = 0
        for packet in opened.demux():
            if not packet.size:
                continue
            if packet.stream.type == "video":
                seen += 1
                if seen == at:
                    data = len(other).to_bytes(4, "big") + bytes(other) + bytes(packet)
                    more = av.Packet(data)
                    more.pts, more.dts, more.time_base = packet.pts, packet.dts, packet.time_base
                    more.duration, more.is_keyframe, more.stream = packet.duration, packet.is_keyframe, packet.stream
                    packet = more
            packet.stream = streams[packet.stream.index]
            made.mux(packet)
    return target
