"""What decides about the bytes of a result beside the plan: our release, the ffmpeg, how it is used on this machine.

Equal toolchains make equal bytes of equal plans, but for encoders in hardware, whose drivers we cannot see. Where
ffmpeg was built on shared libraries of encoders, we see its own libraries' versions and not theirs.
"""

from __future__ import annotations

import asyncio
import hashlib
from functools import lru_cache
from pathlib import Path

import msgspec

from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import VERSION as RECIPE_VERSION
from reelwright.media.ffmpeg.executable import build, program_state
from reelwright.release import RELEASE
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
    sha256 = await asyncio.to_thread(program_sha256, settings)
    return identified(capabilities, await build(settings), sha256)


def program_sha256(settings: Settings) -> str:
    """Return the digest of the configured ffmpeg, some 80 MB, read once for each state of the file. Raises OSError."""
    return _sha256(*program_state(settings))


def identified(capabilities: Capabilities, said: str, sha256: str) -> Toolchain:
    """Return the toolchain of an ffmpeg that has `said` so of its build. What only bounds a job (largest picture, which
    decoders may be opened) is no part of it."""
    decisive = msgspec.structs.replace(capabilities, max_pixels=0, decoders="")
    identity = msgspec.json.encode((RELEASE, RECIPE_VERSION, sha256, said, decisive))
    return Toolchain(
        digest=hashlib.sha256(identity).hexdigest(),
        ffmpeg_version=capabilities.ffmpeg_version,
        threads=capabilities.threads,
        hardware=",".join(capabilities.hardware),
        release=RELEASE,
    )


@lru_cache(maxsize=4)
def _sha256(path: Path, state: tuple[int, ...]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
