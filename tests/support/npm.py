"""Packages of npm that tests use: by a lock file, installed once, beside the virtual environment's other tools."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import needs

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


def folder(name: str) -> Path:
    """Where they are installed."""
    path = Path(sys.prefix) / name
    path.mkdir(exist_ok=True)
    return path


async def installed(name: str, sources: Path) -> Path:
    """Install what the lock file in `sources` says, unless it is there; return the folder that has `node_modules`."""
    target, lock = folder(name), (sources / "package-lock.json").read_bytes()
    done = target / "installed"
    with one_at_a_time(target / "lock"):
        await _install(name, sources, target, lock, done)
    return target


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Several workers of pytest want the same packages, and npm begins with taking away what is there."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


async def _install(name: str, sources: Path, target: Path, lock: bytes, done: Path) -> None:
    if not done.exists() or done.read_bytes() != lock:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(sources / file, target)
        options = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
        try:
            await told(needs.program("npm"), *options, cwd=target)
        except (AssertionError, TimeoutError) as error:
            needs.lacking(f"npm cannot install {name}: {str(error).strip()[-300:]}")
        done.write_bytes(lock)
