"""Whether media processes run here, asked seldom: /ready needs no credentials, and each question starts processes."""

from __future__ import annotations

import asyncio
import subprocess
import time

from reelwright.api.schemas.videos import CheckOut
from reelwright.errors import MediaProcessFailed
from reelwright.media.ffmpeg import capabilities
from reelwright.media.sandbox import contained
from reelwright.settings import Settings

KEEP_S = 10.0


class MediaChecks:
    """ffmpeg and its containment, tried at most once in `keep_s` for all who ask, whatever came of it."""

    def __init__(self, settings: Settings, *, keep_s: float = KEEP_S) -> None:
        self._settings = settings
        self._keep_s = keep_s
        self._asking = asyncio.Lock()
        self._found: tuple[CheckOut, ...] = ()
        self._found_at_s = 0.0

    async def found(self) -> tuple[CheckOut, ...]:
        """The checks `ffmpeg` and `containment`. Raises nothing: what fails is an answer too."""
        async with self._asking:
            if not self._found or time.monotonic() - self._found_at_s >= self._keep_s:
                self._found = (await self._ffmpeg(), await self._containment())
                self._found_at_s = time.monotonic()
            return self._found

    async def _ffmpeg(self) -> CheckOut:
        try:
            if not self._found:
                await capabilities.settle(self._settings)
            version = await capabilities.version(self._settings)
        except MediaProcessFailed as error:
            return CheckOut(name="ffmpeg", ok=False, detail=error.detail)
        except TimeoutError:
            return CheckOut(name="ffmpeg", ok=False, detail="does not answer")
        return CheckOut(name="ffmpeg", ok=True, detail=version)

    async def _containment(self) -> CheckOut:
        """What the kernel lacks is said, and is no reason to stop; a launcher that does not start is one."""
        try:
            missing = (await asyncio.to_thread(contained.available)).missing
        except MediaProcessFailed as error:
            return CheckOut(name="containment", ok=False, detail=error.detail)
        except (subprocess.TimeoutExpired, OSError) as error:
            return CheckOut(name="containment", ok=False, detail=f"cannot be tried: {type(error).__name__}")
        return CheckOut(name="containment", ok=True, detail="; ".join(missing) or None)
