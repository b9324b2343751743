"""Sound alone, GIFs and images alone, through a running service: made after the steps, held to the plan, read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
import pyvips

from tests.support import footage
from tests.support.footage import Footage, read_number
from tests.support.media_files import ffmpeg
from tests.support.service import Service, problem

RATE = 48000
SOUNDS = {"m4a": "audio/mp4", "mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg"}

Samples = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def clip() -> Footage:
    """Four seconds, two tracks; frames tell their numbers, bursts begin at 0, 1, 2 and 3 s."""
    return footage.make(seconds=4, audio=2, size=(160, 90))


@pytest.fixture
async def source(shared_service: Service, clip: Footage) -> str:
    video_id: str = (await shared_service.upload(clip.path))["id"]
    return video_id


async def made(service: Service, **edit: Any) -> dict[str, Any]:
    answer = await service.client.post("/edits", json=edit)
    assert answer.status_code == 202, answer.text
    job = await service.until(answer.json()["job_id"], "SUCCESS", "FAILURE")
    assert job["status"] == "SUCCESS", job["error"]
    return job


async def fetched(service: Service, url: str) -> bytes:
    answer = await service.client.get(url)
    assert answer.status_code == 200
    return answer.content


def heard(content: bytes) -> Samples:
    """The first channel of the first track, as players play it: from the file's own start on."""
    with av.open(io.BytesIO(content), "r") as opened:
        resampler = av.AudioResampler(format="fltp", rate=RATE)
        frames = [part for frame in opened.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float64)


def lag(samples: Samples, reference: Samples) -> int:
    """How many samples later the same is heard."""
    size = 1 << (len(samples) + len(reference)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(reference, size)), size)
    best = int(np.argmax(alike))
    return best if best < size // 2 else best - size


async def test_sound_alone_is_what_the_steps_made(shared_service: Service, clip: Footage, source: str) -> None:
    """In every format at once: of two tracks the first, to the sample what the trim keeps, changed as a later step
    says. The picture is not decoded for it."""
    client = shared_service.client
    steps = [{"type": "trim", "start": 0.48, "end": 3.52}, {"type": "audio", "volume": 0.5}]
    job = await made(shared_service, source=source, steps=steps, outputs=list(SOUNDS))
    (argv,) = job["commands"]
    assert not any("[0:0]" in part or part.startswith("-c:v") for part in argv)
    assert [(one["width"], one["height"]) for one in job["outputs"]] == [(0, 0)] * len(SOUNDS)
    assert job["warnings"] == ["the video has 2 tracks of sound: m4a, mp3, wav, flac, ogg has the first"]
    whole = heard(clip.path.read_bytes())
    kept = whole[round(0.48 * RATE) : round(3.52 * RATE)] / 2
    for (container, mime_type), output in zip(SOUNDS.items(), job["outputs"], strict=True):
        variant = (await client.get(f"/variants/{output['variant_id']}")).json()
        (file,) = variant["files"]
        assert (file["name"], file["role"], file["content_type"]) == (f"edit.{container}", "main", mime_type)
        assert variant["duration_sec"] == pytest.approx(3.04, abs=0.03)
        assert {one["outcome"] for one in variant["checks"]} <= {"ok", "noted"}
        assert {"decodes", "duration", "audio_times", "audio_format"} <= {one["name"] for one in variant["checks"]}
        samples = heard(await fetched(shared_service, output["url"]))
        if container in ("wav", "flac"):
            assert np.abs(samples - kept).max() < 2 / 2**15
        else:
            assert abs(lag(samples, kept)) <= 1, container
            assert len(samples) == pytest.approx(len(kept), abs=1200)
            assert np.abs(samples[: len(kept)]).max() == pytest.approx(np.abs(kept).max(), rel=0.15)


async def test_each_sound_as_its_own_fields_say(shared_service: Service, source: str) -> None:
    """Beside a video, which keeps its own; rates, channels and loudness of each are its own."""
    steps = [{"type": "trim", "start": 0.48}, {"type": "speed", "factor": 1.25}]
    quiet = {"container": "m4a", "audio": {"loudness": -24, "channels": 1, "bit_rate": 96000}}
    loud = {"container": "mp3", "audio": {"loudness": -18, "bit_rate": 192000}}
    video = {"qualities": ["240p"], "preset": "ultrafast"}
    job = await made(shared_service, source=source, steps=steps, outputs=[quiet, video, loud, "wav"])
    found = [await fetched(shared_service, output["url"]) for output in job["outputs"]]
    assert [output["width"] for output in job["outputs"]] == [0, 426, 0, 0]
    assert job["output_variant_id"] == job["outputs"][1]["variant_id"]
    as_it_is = heard(found[3])
    assert len(as_it_is) / RATE == pytest.approx(3.52 / 1.25, abs=0.001)
    levels = [np.sqrt(np.mean(heard(content)[: len(as_it_is)] ** 2)) for content in found]
    assert levels[1] == pytest.approx(levels[3], rel=0.03)
    assert 20 * np.log10(levels[2] / levels[0]) == pytest.approx(6 - 3, abs=0.7)  # two channels are louder
    with av.open(io.BytesIO(found[0])) as mono, av.open(io.BytesIO(found[2])) as stereo:
        assert (mono.streams.audio[0].channels, stereo.streams.audio[0].channels) == (1, 2)
        assert stereo.streams.audio[0].bit_rate == 192_000


async def test_images_alone(shared_service: Service, source: str) -> None:
    """A poster of the cropped picture, a GIF that begins at a time, a sheet: one result, whose main file is the first
    of them. Nothing is coded as video."""
    client = shared_service.client
    edit = {
        "source": source,
        "steps": [{"type": "fit", "width": 160, "height": 90}, {"type": "trim", "start": 1}],
        "outputs": [
            {"qualities": [], "poster": {"at": 1.2}},
            {"qualities": [], "gif": {"at": 0.4, "duration": 1.5, "frame_rate": 10, "width": 120}},
            "jpg:sprite",
        ],
    }
    told = (await client.post("/edits?validate_only=true", json=edit)).json()
    assert told["outputs"] == []
    assert told["files"][1] == {
        "name": "animation.gif",
        "role": "preview",
        "content_type": "image/gif",
        "width": 120,
        "height": 68,
        "duration_s": 1.5,
    }
    job = await made(shared_service, **edit)
    assert job["commands"] == [command["argv"] for command in told["commands"]]
    assert not {"libx264", "aac"} & set(job["commands"][0])
    (output,) = job["outputs"]
    assert (output["width"], output["height"], output["url"].rsplit("/")[-1]) == (160, 90, "poster.jpg")
    variant = (await client.get(f"/variants/{output['variant_id']}")).json()
    assert [(file["name"], file["role"]) for file in variant["files"]] == [
        ("animation.gif", "preview"),
        ("poster.jpg", "main"),
        ("sprite-1.jpg", "sprite"),
        ("sprite.vtt", "vtt"),
    ]
    assert (await client.get(f"/result/{job['job_id']}")).headers["content-type"] == "image/jpeg"
    poster = pyvips.Image.new_from_buffer(await fetched(shared_service, output["url"]), "")
    assert read_number(poster.colourspace("b-w").numpy()) == 25 + 30
    gif = await fetched(shared_service, output["url"].replace("poster.jpg", "animation.gif"))
    moving = pyvips.Image.gifload_buffer(gif, n=-1)
    assert (moving.get("n-pages"), moving.get("delay"), moving.get("loop")) == (15, [100] * 15, 0)
    pages = moving.colourspace("b-w")[0].numpy().reshape(15, 68, 120)
    assert [read_number(page) for page in pages] == [25 + -(-25 * (4 + number) // 10) for number in range(15)]
    assert (await client.delete(f"/variants/{variant['id']}")).status_code == 204
    assert (await client.get(f"/jobs/{job['job_id']}")).json()["outputs"][0]["state"] == "deleted"
    assert not any(variant["id"] in key for key in shared_service.stored())


@pytest.mark.slow
async def test_what_they_are_good_for(shared_service: Service, source: str) -> None:
    """A result of sound is heard in further edits, by a batch as well; none of them is a video."""
    client = shared_service.client
    items = [{"source": source}]
    steps = [{"type": "trim", "start": 1, "end": 2}]
    batch = (await client.post("/edits/batch", json={"items": items, "steps": steps, "outputs": ["mp3"]})).json()
    sound = (await shared_service.until(batch["items"][0]["job"]["job_id"], "SUCCESS"))["output_variant_id"]
    image = (await made(shared_service, source=source, outputs=["gif"]))["output_variant_id"]
    lineage = (await client.get(f"/variants/{sound}/lineage")).json()
    assert lineage is not None
    for variant_id, word in ((sound, "sound alone"), (image, "images alone")):
        answer = await client.post("/edits", json={"source": variant_id})
        assert problem(answer, 422, "invalid_input")["errors"][0]["pointer"] == "/source"
        assert word in answer.text
        answer = await client.post("/trim", json={"video_id": variant_id, "start": 0})
        assert problem(answer, 422, "invalid_input")["errors"][0]["pointer"] == "/video_id"
        joined = [{"type": "concat", "after": [{"source": f"variant:{variant_id}"}]}]
        answer = await client.post("/edits", json={"source": source, "steps": joined})
        assert problem(answer, 422, "invalid_input")["errors"][0]["pointer"] == "/steps/0/after/0/source"
    mixed = [{"type": "audio", "mute": True}, {"type": "audio", "mix": {"source": f"variant:{sound}", "at": 0.5}}]
    job = await made(shared_service, source=source, steps=mixed, outputs=["wav"])
    samples = heard(await fetched(shared_service, job["outputs"][0]["url"]))
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    assert (loud[0] / RATE, loud[-1] / RATE) == pytest.approx((0.5, 0.54), abs=0.005)


@pytest.mark.parametrize(
    ("outputs", "pointer", "words"),
    [
        (["mp4", "mp3"], "/outputs/1", "the video has none"),
        ([{"container": "mp3", "qualities": ["720p"]}], "/outputs/0/qualities", "mp3 holds sound alone"),
        ([{"container": "wav", "crf": 20}], "/outputs/0/crf", "is for video"),
        ([{"container": "mp3", "audio": {"bit_rate": 500_000}}], "/outputs/0/audio/bit_rate", "32000 to 320000"),
        ([{"container": "wav", "audio": {"bit_rate": 64_000}}], "/outputs/0/audio/bit_rate", "loses nothing"),
        ([{"container": "ogg", "audio": {"codec": "aac"}}], "/outputs/0/audio/codec", "holds opus"),
        ([{"qualities": []}], "/outputs/0/qualities", "name one, or an image"),
        ([{"qualities": [], "poster": {}, "crf": 20}], "/outputs/0/crf", "names none"),
        ([{"qualities": [], "gif": {"at": 9}}], "/outputs/0/gif/at", "before the end"),
        (["gif", {"gif": {}}], "/outputs/1/gif", "another"),
        ([{"qualities": [], "gif": {"width": 1280, "frame_rate": 30}}], "/outputs/0/gif", "say `duration`"),
        (["aiff"], "/outputs/0", "mp3"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_to_do(
    shared_service: Service, outputs: list[Any], pointer: str, words: str
) -> None:
    silent = (await shared_service.upload(footage.make(seconds=4, audio=0).path))["id"]
    answer = await shared_service.client.post("/edits", json={"source": silent, "outputs": outputs})
    errors = problem(answer, 422, "invalid_input")["errors"]
    assert pointer in [error["pointer"] for error in errors], errors
    assert words in " ".join(error["detail"] for error in errors)


async def test_tiles_far_apart_are_sought_as_explained(shared_service: Service, tmp_path: Path) -> None:
    """What is explained is what runs; the sheet and the images have the frames of their times."""
    long = tmp_path / "long.mp4"
    picture = "color=black:size=64x64:rate=5,geq=lum='2*floor(T/2)':cb=128:cr=128"  # how bright it is tells the time
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-g", "50", "-pix_fmt", "yuv420p")
    ffmpeg("-f", "lavfi", "-t", "105", "-i", picture, *coding, str(long))
    video = (await shared_service.upload(long))["id"]
    asked = {"qualities": [], "sprite": {"every": 33, "width": 64}, "thumbnails": {"at": [0, 98.5, 103], "width": 64}}
    edit = {"source": video, "outputs": [asked], "reuse": False}
    explained = (await shared_service.client.post("/edits?validate_only=true", json=edit)).json()
    job = await made(shared_service, **edit)
    assert [one["argv"] for one in explained["commands"]] == job["commands"]
    assert len(job["commands"]) == 4 + 2
    variant = (await shared_service.client.get(f"/variants/{job['output_variant_id']}")).json()
    files = {one["name"]: one["url"] for one in variant["files"]}
    sheet = pyvips.Image.new_from_buffer(await fetched(shared_service, files["sprite-1.jpg"]), "")
    tiles = [sheet.crop(64 * number + 16, 16, 32, 32).colourspace("b-w").avg() for number in range(4)]
    images = [
        pyvips.Image.new_from_buffer(await fetched(shared_service, files[f"thumbnail-{number:04}.jpg"]), "")
        for number in (1, 2, 3)
    ]
    bright = [image.colourspace("b-w").avg() for image in images]

    def shown(time: float) -> float:
        """How bright a frame of limited range is."""
        return (max(2 * (time // 2), 16) - 16) * 255 / 219

    assert tiles == pytest.approx([shown(time) for time in (0, 33, 66, 99)], abs=1.5)
    assert bright == pytest.approx([shown(time) for time in (0, 98.5, 103)], abs=1.5)
