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
RECIPE = re.compile(r"^### ([^\n]+)\n+```json\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RECIPES = dict(RECIPE.findall(PAGE.read_text()))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("editing") / "clip.mp4"
    picture, sound = "testsrc2=size=640x360:rate=10:duration=5", "sine=frequency=440:duration=5"
    ffmpeg(*("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-preset", "ultrafast"), str(path))
    return path


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("editing") / "photo.jpg"
    ffmpeg(*("-f", "lavfi", "-i", "testsrc2=size=300x400", "-frames:v", "1"), str(path))
    return path


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("editing") / "music.m4a"
    ffmpeg(*("-f", "lavfi", "-i", "sine=frequency=220:duration=2"), str(path))
    return path


async def known(service: Service, text: str, **paths: Path) -> dict[str, str]:
    """An id for each name that stands in a text."""
    ids = {name: "" for name in (*paths, "other") if f"<{name}>" in text}
    for name in ids:
        if name in ("photo", "music"):
            with paths[name].open("rb") as file:
                answer = await service.client.post("/assets", files={"file": (paths[name].name, file)})
            answer.raise_for_status()
            ids[name] = answer.json()["id"]
        else:
            ids[name] = (await service.upload(paths["video"]))["id"]
    return ids


@pytest.mark.few(5)
@pytest.mark.parametrize("title", RECIPES)
async def test_a_recipe(shared_service: Service, clip: Path, photo: Path, music: Path, title: str) -> None:
    """Its job succeeds without a word of warning, and each output is there."""
    service = shared_service
    text = RECIPES[title]
    for name, made in (await known(service, text, video=clip, photo=photo, music=music)).items():
        text = text.replace(f"<{name}>", made)
    request: dict[str, Any] = json.loads(text)
    answer = await service.client.post("/edits", json=request)
    assert answer.status_code == 202, answer.text
    job = await service.until(answer.json()["job_id"], "SUCCESS", "FAILURE")
    assert job["status"] == "SUCCESS", job["error_message"]
    assert [warning for warning in job["warnings"] if "upscaled" not in warning] == []
    for output in job["outputs"]:
        for file in output["files"]:
            assert (await service.client.head(file["url"])).headers["content-length"] == str(file["size_bytes"])


def test_there_are_recipes() -> None:
    assert len(RECIPES) >= 12
