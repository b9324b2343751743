"""Every recipe of docs/editing.md is sent as it stands, made, and what was planned."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.media_files import ffmpeg
from tests.support.service import Service

PAGE = Path(__file__).parents[2] / "docs" / "editing.md"
RECIPE = re.compile(r"^### (.+?)\n+```json\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RECIPES = dict(RECIPE.findall(PAGE.read_text()))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("editing") / "clip.mp4"
    picture, sound = "testsrc2=size=640x360:rate=25:duration=5", "sine=frequency=440:duration=5"
    ffmpeg(*("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-preset", "ultrafast"), str(path))
    return path


@pytest.mark.parametrize("title", RECIPES)
async def test_a_recipe(shared_service: Service, clip: Path, title: str) -> None:
    """Its job succeeds without a word of warning, and each output is there."""
    service = shared_service
    video = await service.upload(clip)
    request: dict[str, Any] = json.loads(RECIPES[title].replace("<video>", video["id"]))
    answer = await service.client.post("/edits", json=request)
    assert answer.status_code == 202, answer.text
    job = await service.until(answer.json()["job_id"], "SUCCESS", "FAILURE")
    assert job["status"] == "SUCCESS", job["error_message"]
    assert [warning for warning in job["warnings"] if "upscaled" not in warning] == []
    for output in job["outputs"]:
        for file in output["files"]:
            assert (await service.client.head(file["url"])).headers["content-length"] == str(file["size_bytes"])


def test_there_are_recipes() -> None:
    assert len(RECIPES) >= 8
