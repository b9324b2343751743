"""The caller's side of `fork_server`: requests go to a warm, contained process of ours, answers come back.

A call is a message with open files and a socket of its own, on which the reply comes back. One server serves all
calls of its user at once; when it dies it is started again with the next call.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from reelwright.errors import Busy, MediaProcessFailed, NotFound, UnsupportedMedia
from reelwright.media.sandbox import contained
from reelwright.media.sandbox.fair_slots import Turns
from reelwright.media.sandbox.fork_server import Answered, Call, Failed, Failure, Full, RefusedCall, Reply

logger = logging.getLogger(__name__)

MAX_REPLY_BYTES = 16 << 20
"""What the tracks of text of a film say, escaped, is a part of that at most."""
PATIENCE_S = 5.0
"""How long the server may be silent beyond a call's own time before it counts as stuck."""
SERVER_OPEN_FILES = 1024
"""Of the server, and so the most that a call may allow."""

Answer = TypeVar("Answer")


class ChildFailed(Exception):
    """The child that carried out the call ended without a reply of its own."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class ForkClient:
    """Asks the server that `module`'s `main()` is. Safe for any number of concurrent callers.

    `access` is the most that any call of it may allow. `at_once`: calls that are carried out at the same time; further
    ones wait for their turn, `wait_s` at most. `trial`, with so many empty files, is asked once: where no child can
    reply to it, system calls are not held to the allow-list on this machine (`contained.use_fallback`).
    """

    def __init__(
        self,
        module: str,
        *,
        at_once: int,
        wait_s: float | None = None,
        access: contained.Access | None = None,
        environment: Mapping[str, str] | None = None,
        trial: tuple[Call, int] | None = None,
    ) -> None:
        self._module = module
        self._trial = trial
        self._access = access or contained.Access()
        self._environment = environment or {}
        self._turns = Turns(at_once, wait_s=wait_s)
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._channel: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Of the server, while there is one."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start the server, so that the first call finds it warm. Raises MediaProcessFailed (`cannot_start`)."""
        await self._running()

    async def stop(self) -> None:
        """End the server and every call. Safe when it does not run."""
        async with self._starting:
            await self._end()

    async def ask(
        self,
        call: Call,
        files: Sequence[int],
        answer: type[Answer],
        *,
        turns: Turns | None = None,
        large: bool = False,
        begun: Callable[[], None] = lambda: None,
    ) -> Answer:
        """The handler's answer. `files` are the caller's to close; `turns`: to wait for others than this client's;
        `begun`: told when its turn has come.

        Raises UnsupportedMedia, UnreadableMedia and the OSError of a full disk (as the handler did), ChildFailed, Busy
        (there was no turn, or the server cannot be kept running).
        """
        async with (turns or self._turns).turn(large=large):
            begun()
            for _ in range(2):  # a server that was found dead takes its calls along: once more, with a new one
                if said := await self._said(call, files):
                    return _understood(said, answer)
        raise Busy("Files cannot be examined or drawn at the moment.")

    async def _said(self, call: Call, files: Sequence[int]) -> bytes:
        """What came back; empty when the server died or is stuck: then the next call gets a new one."""
        try:
            channel = await self._running()
        except MediaProcessFailed as error:
            raise Busy(error.detail) from error
        said = await _exchange(channel, call, files)
        if not said:
            await self._replace(channel)
        return said

    async def _running(self) -> socket.socket:
        async with self._starting:
            if self._channel is None or self._process is None or self._process.returncode is not None:
                channel = await self._start()
                if self._trial is not None and contained.holds_to_list():
                    channel = await self._tried(channel, self._trial)
                self._trial = None
                return channel
            return self._channel

    async def _tried(self, channel: socket.socket, trial: tuple[Call, int]) -> socket.socket:
        """A server whose children can work, with the fallback where the allow-list is in their way."""
        if await _replies(channel, *trial):
            return channel
        contained.use_fallback(f"with the allow-list {self._module} does not run on this machine")
        channel = await self._start()
        if not await _replies(channel, *trial):  # it is something else
            contained.use_fallback("")
            return await self._start()
        logger.warning("system calls of media processes are not held to the allow-list: %s fails with it", self._module)
        return channel

    async def _replace(self, channel: socket.socket) -> None:
        """End the server behind `channel`, unless somebody already did."""
        async with self._starting:
            if self._channel is channel:
                await self._end()

    async def _start(self) -> socket.socket:
        await self._end()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            self._process = await contained.start(
                contained.python_argv(self._module, str(theirs.fileno())),
                limits=contained.Limits(open_files=SERVER_OPEN_FILES),
                access=contained.Access((*contained.python_paths(), *self._access.read), self._access.write),
                cwd=Path(tempfile.gettempdir()),
                pass_fds=[theirs.fileno()],
                stderr=None,  # a fault of ours belongs in the log
                environment=self._environment,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._channel = ours
        return ours

    async def _end(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            await contained.stop(self._process, patience_s=0)
            self._process = None


def open_file(path: Path) -> int:
    """A descriptor of a plain file, to go with a call. Raises NotFound, UnsupportedMedia.

    Not for a thread: a cancellation would lose the descriptor.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise NotFound("The file is not there.", code="file_missing") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnsupportedMedia("That is not a file.")
    return descriptor


async def _exchange(channel: socket.socket, call: Call, files: Sequence[int]) -> bytes:
    """What came back on the call's own socket; empty when the server died or is stuck.

    A socket, for uvloop 0.23 closes the descriptor of a pipe twice: a file that a thread opens meanwhile would be
    closed with it.
    """
    message = msgspec.json.encode(msgspec.structs.replace(call, listed=contained.holds_to_list()))
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            raise
        try:
            socket.send_fds(channel, [message], [theirs.fileno(), *files])
            theirs.close()
            async with asyncio.timeout(call.timeout_s + PATIENCE_S):
                return await _whole(reader)
        except (OSError, TimeoutError):
            return b""
        finally:
            writer.close()  # from which the server knows when nobody waits any more


async def _replies(channel: socket.socket, trial: Call, count: int) -> bool:
    """Whether a child lives long enough to reply, be it that an empty file is nothing to it."""
    with tempfile.TemporaryFile() as empty:
        said = await _exchange(channel, trial, [empty.fileno()] * count)
    try:
        return not isinstance(msgspec.json.decode(_last_line(said), type=Reply), Failed)
    except msgspec.DecodeError:
        return False


async def _whole(reader: asyncio.StreamReader) -> bytes:
    """What is said up to the end of a line. The child's own end, when it gives its memory back, takes as long again as
    a small file does."""
    said = bytearray()
    while len(said) <= MAX_REPLY_BYTES and (more := await reader.read(1 << 16)):
        said += more
        if more.endswith(b"\n") and len(said) > 1:  # each reply begins with one
            break
    return bytes(said)


def _last_line(said: bytes) -> bytes:
    return said.rstrip(b"\n").rpartition(b"\n")[2]


def _understood(said: bytes, answer: type[Answer]) -> Answer:
    """The last line counts: the server's own, where a child that died had begun one."""
    try:
        reply: Reply = msgspec.json.decode(_last_line(said), type=Reply)
        if isinstance(reply, Answered):
            return msgspec.json.decode(reply.answer, type=answer)
    except msgspec.DecodeError as error:
        raise ChildFailed("crashed") from error
    if isinstance(reply, Full):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise reply.error() if isinstance(reply, RefusedCall) else ChildFailed(reply.failure)
