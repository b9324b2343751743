"""Ask whether an image that was made of an untrusted video is whole: `ImageChecker` talks to a contained program."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from reelwright.errors import UnreadableMedia
from reelwright.media.checks.image_check_worker import Seen
from reelwright.media.images.png import DAMAGED
from reelwright.media.images.renderer import ENVIRONMENT
from reelwright.media.sandbox import fork_client
from reelwright.media.sandbox.fork_client import ChildFailed, ForkClient
from reelwright.media.sandbox.fork_server import Call

AT_ONCE = 2
TIMEOUT_S = 30.0


class ImageChecker:
    """Looks at pictures. An async context manager; its program is started with the first of them."""

    def __init__(self, *, memory_bytes: int) -> None:
        self._call = Call(request=msgspec.Raw(b"null"), timeout_s=TIMEOUT_S, memory_bytes=memory_bytes)
        self._server = ForkClient(
            "reelwright.media.checks.image_check_worker",
            at_once=AT_ONCE,
            environment=ENVIRONMENT,
            trial=(self._call, 1),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()

    async def look(self, path: Path) -> Seen:
        """Decode it to its last pixel. Raises UnsupportedMedia, UnreadableMedia, NotFound, Busy."""
        picture_fd = fork_client.open_file(path)
        try:
            return await self._server.ask(self._call, [picture_fd], Seen)
        except ChildFailed as failed:
            raise UnreadableMedia(DAMAGED) from failed
        finally:
            os.close(picture_fd)
