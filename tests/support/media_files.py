"""Small test material, made with the bundled ffmpeg."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg


def ffmpeg(*arguments: str) -> None:
    """Run the bundled ffmpeg."""
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=120
    )


def material(path: Path, *arguments: str) -> Path:
    """What ffmpeg makes of these arguments, once for all of the tests' processes."""
    with made_once(path) as target:
        if target is not None:
            ffmpeg(*arguments, str(target))
    return path


@contextmanager
def made_once(path: Path) -> Iterator[Path | None]:
    """Where to make a file that all of the tests' processes use, or None: it is there. Others wait meanwhile, and find
    it whole or not at all."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            yield None
            return
        unfinished = path.with_stem(f"{path.stem} unfinished")
        yield unfinished
        unfinished.rename(path)
