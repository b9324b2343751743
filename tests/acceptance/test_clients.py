"""Clients that are generated from /openapi.json, without a warning and in strict modes, do real work."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.support import needs
from tests.support.frame_judge import read
from tests.support.service import Service

pytestmark = pytest.mark.slow
SOURCES = Path(__file__).parents[1] / "clients"
TOOLS = Path(sys.executable).parent


async def told(*argv: object, cwd: Path, within_s: float = 120, **env: str) -> str:
    """What a program says; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        *map(str, argv),
        cwd=cwd,
        env={**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}", "NO_COLOR": "1", **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await asyncio.wait_for(process.communicate(), within_s))[0].decode()
    assert process.returncode == 0, f"{argv}\n{output}"
    return output


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
    """The folder with the generators for TypeScript, installed once, beside the virtual environment's other tools."""
    folder = Path(sys.prefix) / "generators"
    lock = (SOURCES / "package-lock.json").read_bytes()
    installed = folder / "installed"
    folder.mkdir(exist_ok=True)
    shutil.copy(SOURCES / "tsconfig.json", folder)  # @hey-api/openapi-ts looks there how imports are written
    if not installed.exists() or installed.read_bytes() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, folder)
        try:
            await told(
                needs.program("npm"),
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--prefer-offline",
                cwd=folder,
            )
        except (AssertionError, TimeoutError) as error:
            needs.lacking(f"npm cannot install the generators: {str(error).strip()[-300:]}")
        installed.write_bytes(lock)
    return folder


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
