"""Clients that are generated from /openapi.json, without a warning and in strict modes, do real work."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from tests.support import npm
from tests.support.frame_judge import read
from tests.support.npm import TOOLS, told
from tests.support.service import Service

pytestmark = pytest.mark.slow
SOURCES = Path(__file__).parents[1] / "clients"


@pytest.fixture
async def document(shared_service: Service, tmp_path: Path) -> Path:
    """The document as the service gives it out."""
    path = tmp_path / "openapi.json"
    path.write_bytes((await shared_service.client.get("/openapi.json")).content)
    return path


async def test_a_python_client(shared_service: Service, document: Path, clip: Path, tmp_path: Path) -> None:
    """openapi-python-client generates all of it; mypy --strict takes it; it uploads, edits, waits and downloads."""
    package = tmp_path / "client"
    generator = TOOLS / "openapi-python-client"
    said = await told(generator, "generate", "--path", document, "--output-path", package.name, cwd=tmp_path)
    assert said.strip() == f"Generating {package.name}"
    script = shutil.copy(SOURCES / "with_python.py", tmp_path)
    result = tmp_path / "result.mp4"
    _, types = await asyncio.gather(
        told(sys.executable, script, shared_service.url, clip, result, cwd=tmp_path, PYTHONPATH=str(package)),
        told(sys.executable, "-m", "mypy", "--strict", script, cwd=tmp_path, MYPYPATH=str(package)),
    )
    assert types.startswith("Success")
    assert len(read(result)) == 100


@pytest.fixture(scope="session")
async def npm_folder() -> Path:
    """The folder with the generators for TypeScript."""
    shutil.copy(SOURCES / "tsconfig.json", npm.folder("generators"))  # looked at for how imports are written
    return await npm.installed("generators", SOURCES)


@pytest.mark.needs("npm")
@pytest.mark.timeout(600)
async def test_typescript_clients(
    shared_service: Service, npm_folder: Path, document: Path, clip: Path, tmp_path: Path
) -> None:
    """openapi-typescript with openapi-fetch, and @hey-api/openapi-ts; tsc takes both strictly, both do the work."""
    for name in ("package.json", "tsconfig.json", "with_openapi_fetch.ts", "with_hey_api.ts"):
        shutil.copy(SOURCES / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(npm_folder / "node_modules")
    tools = npm_folder / "node_modules" / ".bin"
    said = await asyncio.gather(
        told(tools / "openapi-typescript", document, "-o", "generated/schema.ts", cwd=tmp_path),
        told(tools / "openapi-ts", "-i", document, "-o", "generated/hey", cwd=tmp_path),
    )
    assert [line for text in said for line in text.lower().splitlines() if "warn" in line or "error" in line] == []
    await told(tools / "tsc", "-p", "tsconfig.json", cwd=tmp_path)
    results = [tmp_path / "fetch.mp4", tmp_path / "hey.mp4"]
    await asyncio.gather(
        *(
            told("node", f"built/{script}.js", shared_service.url, clip, result, cwd=tmp_path)
            for script, result in zip(("with_openapi_fetch", "with_hey_api"), results, strict=True)
        )
    )
    assert [len(read(result)) for result in results] == [100, 100]
