"""Whether files can be stored, asked seldom: /ready needs no credentials, and each question writes a file."""

from __future__ import annotations

import asyncio
import time

from reelwright.storage.local import LocalStorage

KEEP_S = 2.0


class StorageCheck:
    """MEDIA_ROOT, tried at most once in `KEEP_S` for all who ask."""

    def __init__(self, storage: LocalStorage) -> None:
        self._storage = storage
        self._asking = asyncio.Lock()
        self._found: str | None = None
        self._good_until = -float("inf")

    async def found(self) -> str | None:
        """What is wrong, None when nothing is."""
        async with self._asking:
            if time.monotonic() > self._good_until:
                trouble = await asyncio.to_thread(self._storage.trouble)
                self._found = None if trouble is None else trouble.detail
                self._good_until = time.monotonic() + KEEP_S
            return self._found
