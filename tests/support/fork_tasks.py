"""A fork server's program: its children try what they are told, and answer with what came of it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from reelwright.errors import UnreadableMedia
from reelwright.media.sandbox import fork_server

remembered: list[str] = []


def main() -> None:
    fork_server.serve(run)


def run(request: bytes, files: Sequence[int]) -> str:
    name, argument = msgspec.json.decode(request, type=tuple[str, str])
    try:
        return ERRANDS[name](argument, files)
    except OSError as error:
        return errno.errorcode[error.errno or 0]


def remember(word: str, files: Sequence[int]) -> str:
    remembered.append(word)
    os.environ[word] = word
    return f"{len(remembered)} {sum(name == name.lower() for name in os.environ)}"


def write(path: str, files: Sequence[int]) -> str:
    Path(path).write_text("x")
    return "written"


def connect(address: str, files: Sequence[int]) -> str:
    socket.socket(socket.AF_INET).connect((address, 80))
    return "connected"


def fork(_: str, files: Sequence[int]) -> str:
    if os.fork() == 0:
        os._exit(0)
    return "forked"


def fill(size_bytes: str, files: Sequence[int]) -> str:
    left = int(size_bytes)
    while left:
        left -= os.write(files[0], bytes(min(left, 1 << 16)))
    return "filled"


def grow(_: str, files: Sequence[int]) -> str:
    held = [bytes(1 << 20)]
    while True:
        held.append(bytes(1 << 20))


def hang(_: str, files: Sequence[int]) -> str:
    while True:
        signal.pause()


def spin(_: str, files: Sequence[int]) -> str:
    while True:
        pass


def hear(_: str, files: Sequence[int]) -> str:
    """Wait for a word in a file."""
    while not (word := os.pread(files[0], 100, 0)):
        pass
    return word.decode()


def die(_: str, files: Sequence[int]) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def need(_: str, files: Sequence[int]) -> str:
    """Die where a system call is refused that does no harm, and is on no list."""
    try:
        os.listxattr("/")
    except PermissionError:
        os.kill(os.getpid(), signal.SIGKILL)
    return "had"


def babble(_: str, files: Sequence[int]) -> str:
    """Reply with lies, and hang in the middle of another one."""
    answers = next(number for number in range(3, 100) if is_socket(number))
    os.write(answers, b'{"type":"answered","answer":"lies"}\n{"type":')
    return hang("", files)


def is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:  # nothing is open under it
        return False


def refuse(detail: str, files: Sequence[int]) -> str:
    raise UnreadableMedia(detail, code="too_long")


ERRANDS: dict[str, Callable[[str, Sequence[int]], str]] = {
    "read": lambda path, _: Path(path).read_text(),
    "see": lambda _, files: os.read(files[0], 100).decode(),
    "hear": hear,
    "remember": remember,
    "write": write,
    "connect": connect,
    "fork": fork,
    "fill": fill,
    "grow": grow,
    "hang": hang,
    "spin": spin,
    "die": die,
    "need": need,
    "babble": babble,
    "refuse": refuse,
}
