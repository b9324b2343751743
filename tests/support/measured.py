"""For `make coverage`: runs a module as `python -m` does, and has measured what else coverage does not see.

uvicorn, once it has shut down, raises the signal that it was sent, with the system's own handler in place: nothing that
was to happen at the process's exit happens then. Contained programs write no files (`measured_child.py`).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import runpy
import signal
import sys
import uuid
from pathlib import Path

import coverage

from reelwright.media.sandbox import contained, fork_client

_raise = signal.raise_signal
_python_argv = contained.python_argv
_whole = fork_client._whole
_CHILD = Path(__file__).with_name("measured_child.py")
_MARK = b"measured:"
_OURS = str(Path(contained.__file__).parents[2])


def raise_signal(number: int) -> None:
    if (running := coverage.Coverage.current()) is not None:
        running.stop()
        running.save()
    _raise(number)


def python_argv(module: str, *arguments: str) -> list[str]:
    """The argv of a contained program that measures its children."""
    *start, _, paths, module, _ = _python_argv(module, "")
    return [*start, _CHILD.read_text(), _OURS, _MARK.decode(), paths, module, *arguments]


async def whole(reader: asyncio.StreamReader) -> bytes:
    """The answer; what was measured beside it is saved, once where many children ran the same."""
    said = await _whole(reader)
    for line in said.split(b"\n"):
        if line.startswith(_MARK):
            await asyncio.to_thread(_save, base64.b64decode(line.removeprefix(_MARK)))
    return said


def _save(measured: bytes) -> None:
    path = Path(f"{os.environ['COVERAGE_FILE']}.contained.{hashlib.sha256(measured).hexdigest()[:16]}")
    if path.exists():
        return
    own = path.with_name(f"{path.name}.{uuid.uuid4().hex}")  # two may come at once
    data = coverage.CoverageData(basename=str(own))
    data.loads(measured)
    data.close()
    own.replace(path)


def measure() -> None:
    """Have measured, in this process and in what it starts contained, what coverage alone does not see."""
    signal.raise_signal = raise_signal
    contained.python_argv = python_argv
    fork_client._whole = whole


if __name__ == "__main__":
    measure()
    del sys.path[0]  # this folder
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
