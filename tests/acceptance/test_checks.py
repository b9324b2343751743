"""What a result was held to is shown with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.service import Service


def outcomes(checks: list[dict[str, Any]]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in checks}


async def test_checks_are_shown_on_the_variant_and_on_the_job(shared_service: Service, clip: Path) -> None:
    video = await shared_service.upload(clip)
    job = await shared_service.until(await shared_service.trim(video["id"], 0.5, 1.5), "SUCCESS")
    (output,) = job["outputs"]
    found = (await shared_service.client.get(f"/variants/{output['variant_id']}")).json()["checks"]
    assert found == output["checks"]
    assert {"decodes", "frames", "frame_times", "duration", "index", "black", "silence"} <= set(outcomes(found))
    assert "failed" not in outcomes(found).values()
    (listed,) = (await shared_service.client.get("/jobs", params={"page_size": 1})).json()["items"]
    assert "checks" not in listed["outputs"][0]
