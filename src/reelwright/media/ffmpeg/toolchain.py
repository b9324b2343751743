"""What decides about the bytes of a result beside the plan: our release, the ffmpeg, how it is used on this machine.

Equal toolchains make equal bytes of equal plans, but for encoders in hardware, whose drivers we cannot see. Where
ffmpeg was built on shared libraries of encoders, we see its own libraries' versions and not theirs.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path

import msgspec

from reelwright import __version__
from reelwright.media.ffmpeg.capabilities import Capabilities, ask, ffmpeg_path
from reelwright.media.ffmpeg.command import VERSION as RECIPE_VERSION
from reelwright.settings import Settings


class Toolchain(msgspec.Struct, frozen=True, kw_only=True):
    """`digest` names it, the rest is for people. `hardware`: encoders, separated by commas."""

    digest: str
    ffmpeg_version: str
    threads: int
    hardware: str
    release: str


async def toolchain(settings: Settings, capabilities: Capabilities) -> Toolchain:
    """Return this machine's. Raises MediaProcessFailed when ffmpeg does not run here, OSError."""
    program = shutil.which(ffmpeg_path(settings)) or str(ffmpeg_path(settings))
    build = await ask(settings, "-version")
    return identified(capabilities, build, await asyncio.to_thread(_sha256, Path(program)))


def identified(capabilities: Capabilities, build: str, program_sha256: str) -> Toolchain:
    """Return the toolchain of an ffmpeg that says `build` of itself. What only bounds a job (largest picture, which
    decoders may be opened) is no part of it."""
    decisive = msgspec.structs.replace(capabilities, max_pixels=0, decoders="")
    identity = msgspec.json.encode((__version__, RECIPE_VERSION, program_sha256, build, decisive))
    return Toolchain(
        digest=hashlib.sha256(identity).hexdigest(),
        ffmpeg_version=capabilities.ffmpeg_version,
        threads=capabilities.threads,
        hardware=",".join(capabilities.hardware),
        release=__version__,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
