"""Ask what a stranger's file is, without letting it near this process: `Prober` talks to the contained prober.

A request is the opened file and a pipe, sent over a socket; the answer comes back on the pipe. One prober serves
all requests of its process at once; when it dies it is started again with the next request.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from reelwright.edits.source import MediaInfo
from reelwright.errors import Busy, NotFound, UnsupportedMedia
from reelwright.media import contain
from reelwright.media.prober import CRASHED, Answer, ProbeRules

__all__ = ["ProbeRules", "Prober"]

AT_ONCE = 4
"""Files that one prober looks into at the same time; further ones wait."""
MOST_ANSWER_BYTES = 1 << 20
PATIENCE_S = 5.0
"""How long the prober may be silent beyond a file's own time before it counts as stuck."""


class Prober:
    """Measures files. An async context manager; one a process, safe for any number of concurrent callers."""

    def __init__(self, rules: ProbeRules) -> None:
        self._rules = rules
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._channel: socket.socket | None = None

    async def __aenter__(self) -> Self:
        await self._running()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._starting:
            await self._end()

    async def probe(self, path: Path) -> MediaInfo:
        """What the file is.

        Raises UnsupportedMedia (not a container or codec that is taken), UnreadableMedia (a video by its container,
        but damaged, without a picture, or beyond the rules: `no_video_stream`, `too_many_pixels`,
        `too_many_streams`, `too_long`, `frame_rate_too_high`), NotFound, Busy (the prober cannot be kept running).
        """
        async with self._slots:
            for _ in range(2):  # a prober that was found dead takes its requests along: once more, with a new one
                media_fd = await asyncio.to_thread(_open, path)
                try:
                    said = await self._ask(media_fd)
                finally:
                    os.close(media_fd)
                if said:
                    return _understood(said)
        raise Busy("Files cannot be examined at the moment.")

    async def _ask(self, media_fd: int) -> bytes:
        """The prober's words on a file; empty when it died or is stuck."""
        channel = await self._running()
        read_fd, write_fd = os.pipe()
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_fd, "rb", 0)
        )
        try:
            try:
                socket.send_fds(channel, [b"?"], [media_fd, write_fd])
            finally:
                os.close(write_fd)
            async with asyncio.timeout(self._rules.timeout_s + PATIENCE_S):
                said = await _whole(reader)
        except (OSError, TimeoutError):
            said = b""
        finally:
            transport.close()  # from which the prober knows when nobody waits any more
        if not said:
            await self._replace(channel)
        return said

    async def _running(self) -> socket.socket:
        async with self._starting:
            if self._channel is None or self._process is None or self._process.returncode is not None:
                await self._end()
                await self._start()
            assert self._channel is not None
            return self._channel

    async def _replace(self, channel: socket.socket) -> None:
        """End the prober behind `channel`, unless somebody already did."""
        async with self._starting:
            if self._channel is channel:
                await self._end()

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        rules = msgspec.json.encode(self._rules).decode()
        try:
            self._process = await contain.start(
                contain.python_argv("reelwright.media.prober", rules, str(theirs.fileno())),
                limits=contain.Limits(open_files=64),
                access=contain.Access(read=contain.python_paths()),
                cwd=Path(tempfile.gettempdir()),
                pass_fds=[theirs.fileno()],
                stderr=None,  # a fault of ours belongs in the log; FFmpeg's messages are switched off
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._channel = ours

    async def _end(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            await contain.stop(self._process, patience_s=0)
            self._process = None


def _open(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise NotFound("The file is not there.", code="file_missing") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnsupportedMedia("That is not a file.")
    return descriptor


async def _whole(reader: asyncio.StreamReader) -> bytes:
    said = b""
    while len(said) <= MOST_ANSWER_BYTES and (more := await reader.read(1 << 16)):
        said += more
    return said


def _understood(said: bytes) -> MediaInfo:
    """The last line counts: the prober's own, where a child that died had begun one."""
    try:
        answer = msgspec.json.decode(said.rpartition(b"\n")[2], type=Answer)
    except msgspec.DecodeError as error:
        raise CRASHED from error
    if answer.info is not None:
        return answer.info
    raise answer.refusal.error() if answer.refusal is not None else CRASHED
