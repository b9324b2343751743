"""What a result was held to is shown with it; one that is not as planned is never published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imageio_ffmpeg

from tests.support.service import Service


def outcomes(checks: list[dict[str, Any]]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in checks}


async def test_checks_are_shown_on_the_variant_and_on_the_job(shared_service: Service, video: dict[str, Any]) -> None:
    job = await shared_service.until(await shared_service.trim(video["id"], 0.5, 1.5), "SUCCESS")
    (output,) = job["outputs"]
    found = (await shared_service.client.get(f"/variants/{output['variant_id']}")).json()["checks"]
    assert found == output["checks"]
    assert {"decodes", "frames", "frame_times", "duration", "index", "black", "silence"} <= set(outcomes(found))
    assert "failed" not in outcomes(found).values()
    (listed,) = (await shared_service.client.get("/jobs", params={"page_size": 1})).json()["items"]
    assert "checks" not in listed["outputs"][0]


async def test_a_result_that_fails_a_check_is_not_published_and_the_check_is_named(
    service: Service, clip: Path, tmp_path: Path
) -> None:
    """By an ffmpeg that leaves the index of the file behind the media, whatever it is told."""
    program = tmp_path / "ffmpeg"
    forgetful = 'for word do shift; [ "$word" = +faststart ] && word=0; set -- "$@" "$word"; done'
    program.write_text(f'#!/bin/sh\n{forgetful}\nexec {imageio_ffmpeg.get_ffmpeg_exe()} "$@"\n')
    program.chmod(0o755)
    video = await service.upload(clip)
    async with service.worker(FFMPEG_BIN=str(program), MAX_FAILURES="1"):
        job = await service.until(await service.trim(video["id"], 0.5, 1.5), "FAILURE")
    assert job["error"]["code"] == "verify_failed"
    assert outcomes(job["error"]["checks"]) == {"index": "failed"}
    assert "index: behind the media, expected first" in job["error"]["detail"]
    assert job["outputs"][0]["variant_id"] is None
