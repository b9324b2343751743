"""Sound alone, GIFs and images alone, through a running service: made after the steps, held to the plan, found, fetched."""

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
from tests.support.footage import Footage
from tests.support.service import Service, problem

RATE = 48000
SOUNDS = {
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
}
CUT = [{"type": "trim", "start": 0.5, "end": 3.5}, {"type": "speed", "factor": 1.5}]
"""Two seconds of the footage, whose bursts are at 1, 2 and 3 s."""
BURSTS_S = [1 / 3, 1, 5 / 3]


@pytest.fixture(scope="module")
def clip() -> Footage:
    return footage.make(seconds=4, audio=2)


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


def heard(content: bytes) -> npt.NDArray[np.float64]:
    """The first channel, as players play it: from the file's own start on."""
    with av.open(io.BytesIO(content)) as opened:
        resampler = av.AudioResampler(format="fltp", rate=RATE)
        frames = [part for frame in opened.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float64)


def onsets_s(samples: npt.NDArray[np.float64]) -> list[float]:
    """When bursts begin."""
    loud = np.flatnonzero(np.abs(samples) > 0.1)
    return [float(loud[0] / RATE), *(loud[1:][np.diff(loud) > RATE // 4] / RATE)]


async def test_sound_alone_is_what_the_steps_made(shared_service: Service, source: str) -> None:
    """In each format, beside each other and beside a video: as long as all, each burst at its time; nothing decodes
    the picture where sound alone is made."""
    client = shared_service.client
    job = await made(shared_service, source=source, steps=CUT, outputs=list(SOUNDS))
    (argv,) = job["commands"]
    assert not any("[0:0]" in part or "scale" in part for part in argv)
    assert [output["width"] for output in job["outputs"]] == [0] * len(SOUNDS)
    assert [one for one in job["warnings"] if "tracks of sound" in one]
    for (container, mime_type), output in zip(SOUNDS.items(), job["outputs"], strict=True):
        variant = (await client.get(f"/variants/{output['variant_id']}")).json()
        (file,) = variant["files"]
        assert (file["name"], file["role"], file["content_type"]) == (f"edit.{container}", "main", mime_type)
        assert variant["duration_sec"] == pytest.approx(2, abs=0.05)
        assert {one["outcome"] for one in variant["checks"]} <= {"ok", "noted"}
        assert {"decodes", "duration", "audio_times", "audio_format"} <= {one["name"] for one in variant["checks"]}
        samples = heard(await fetched(shared_service, output["url"]))
        assert len(samples) / RATE == pytest.approx(2, abs=0.035), container
        assert onsets_s(samples) == pytest.approx(BURSTS_S, abs=0.03), container
    best = await client.get(f"/result/{job['job_id']}")
    assert best.headers["content-type"].startswith("audio/")


async def test_images_alone(shared_service: Service, clip: Footage, source: str) -> None:
    job = await made(
        shared_service,
        source=source,
        steps=[{"type": "crop", "width": 160, "height": 180, "x": 0, "y": 0}],
        outputs=[{"qualities": [], "poster": {"at": 1}}, "gif", "jpg:sprite"],
    )
    print(job["outputs"], job["commands"])
