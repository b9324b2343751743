"""A warm, contained process that forks for each request: the child's side of `fork_client`.

It has loaded what requests need and is given open files, never names: one message on its socket is a `Call`, with a
socket for the reply and the request's files (SCM_RIGHTS). It never touches those files itself. The child gives up what
its call does not need of the little that its parent may do, works, writes one `Reply` and ends. A child that crashes,
hangs or runs into a limit is replied for here, one that nobody waits for any more is killed; the next request finds
the server as it was. Source: the zygotes of Android and Chromium.
"""

from __future__ import annotations

import math
import os
import select
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NoReturn

import msgspec

from reelwright import garbage_collection
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.machine_faults import hindrance
from reelwright.media.sandbox import launcher, system_calls
from reelwright.media.sandbox.system_calls import Kind

MAX_CALL_BYTES = 1 << 16
MAX_FILES = 4
"""That come with a call, the socket included."""
DONE = struct.Struct("d")
"""How much of a long call is done, 0 to 1, as it stands in the file that both sides share (`watched_call`)."""

Failure = Literal["crashed", "timed_out", "out_of_memory"]
Handler = Callable[[bytes, Sequence[int]], object]
"""From a request and its open files to an answer that msgspec can encode. Runs in a child, and may raise
UnsupportedMedia, UnreadableMedia or the OSError of a full disk, which reach the caller, or MemoryError."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and all that its child may use. Without Landlock, `read` and `write` are not enforced."""

    request: msgspec.Raw
    task: str = ""
    """For which of the server's handlers it is."""
    timeout_s: float
    """By the clock, and of processor time (in whole seconds)."""
    memory_bytes: int
    """Address space, with what the server has mapped already."""
    output_bytes: int = 0
    """Of each file that it writes."""
    open_files: int = 32
    read: tuple[str, ...] = ()
    """Files and folders that it may open, as far as the server may."""
    write: tuple[str, ...] = ()
    listed: bool = True
    """Whether its system calls are held to the allow-list, else to the fallback."""


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """What the handler returned."""

    answer: msgspec.Raw


class RefusedCall(msgspec.Struct, frozen=True, tag="refused"):
    """The UnsupportedMedia or UnreadableMedia that the handler raised."""

    unsupported: bool
    code: str
    detail: str

    def error(self) -> UnsupportedMedia | UnreadableMedia:
        kind = UnsupportedMedia if self.unsupported else UnreadableMedia
        return kind(self.detail, code=self.code)


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """There is nothing of the handler's."""

    failure: Failure


class Full(msgspec.Struct, frozen=True, tag="full"):
    """The disk of what it wrote has no room: that is neither its fault nor that of the files which it read."""


Reply = Answered | RefusedCall | Failed | Full


@dataclass(slots=True)
class Child:
    pid: int
    exit_fd: int
    """Readable when the process has ended."""
    reply_fd: int
    deadline: float
    killed: bool = False
    """At its deadline."""


def serve(handlers: Handler | Mapping[str, Handler], kind: Kind = Kind.DRAWING) -> None:
    """Reply to calls on the socket that `argv[1]` names until its other side closes it. `handlers`: by the tasks of
    calls; `kind`: of its children.

    Call it with no thread but the main one: a lock that another holds would stay locked in every child.
    """
    for listed in (True, False):
        system_calls.for_this_machine(kind, listed=listed)  # made once, for all children
    garbage_collection.as_shipped()  # what is frozen is not copied by the first collection in a child
    by_task = handlers if isinstance(handlers, Mapping) else {"": handlers}
    ForkServer(by_task, kind, socket.socket(fileno=int(sys.argv[1]))).serve()


class ForkServer:
    """Takes calls from the channel and sees to it that each gets a reply."""

    def __init__(self, handlers: Mapping[str, Handler], kind: Kind, channel: socket.socket) -> None:
        self.handlers = handlers
        self.kind = kind
        self.channel = channel
        self.children: dict[int, Child] = {}
        self.poll = select.poll()
        self.poll.register(channel, select.POLLIN)

    def serve(self) -> None:
        while True:
            ready = dict(self.poll.poll(self._patience_ms()))
            called = ready.pop(self.channel.fileno(), None)
            for descriptor in ready:
                self._attend(descriptor)
            if called and not self._accept():  # last: a new child may get the descriptors of one that ended above
                return
            for child in self.children.values():
                if child.deadline <= time.monotonic() and not child.killed:
                    child.killed = True
                    os.kill(child.pid, signal.SIGKILL)

    def _patience_ms(self) -> int | None:
        pending = [child.deadline for child in self.children.values() if not child.killed]
        return max(0, math.ceil((min(pending) - time.monotonic()) * 1000)) if pending else None

    def _accept(self) -> bool:
        """Start a child for the next call. False: the other side is gone, and so are we."""
        message, descriptors, _, _ = socket.recv_fds(self.channel, MAX_CALL_BYTES, MAX_FILES, socket.MSG_CMSG_CLOEXEC)
        if not message:
            return False
        call = msgspec.json.decode(message, type=Call)
        reply_fd, *files = descriptors
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            live(call, self.handlers[call.task], self.kind, parent, reply_fd, files)
        for descriptor in files:
            os.close(descriptor)
        child = Child(pid, os.pidfd_open(pid), reply_fd, time.monotonic() + call.timeout_s)
        self.children[child.exit_fd] = child
        self.poll.register(child.exit_fd, select.POLLIN)
        self.poll.register(reply_fd, 0)  # reports only that nobody waits for the reply any more
        return True

    def _attend(self, descriptor: int) -> None:
        child = self.children.get(descriptor)
        if child is None:
            abandoned = [one for one in self.children.values() if one.reply_fd == descriptor]
            for one in abandoned:
                self.poll.unregister(descriptor)
                os.kill(one.pid, signal.SIGKILL)
            return
        _, status = os.waitpid(child.pid, 0)
        if status != 0:
            late = child.killed or os.waitstatus_to_exitcode(status) == -signal.SIGXCPU
            os.set_blocking(child.reply_fd, False)  # what it wrote may fill the socket
            reply(child.reply_fd, Failed("timed_out" if late else "crashed"))
        del self.children[descriptor]
        for done in (child.exit_fd, child.reply_fd):
            with suppress(KeyError):
                self.poll.unregister(done)
            os.close(done)


def reply(descriptor: int, said: Reply) -> None:
    """Write one line; what came before it on the socket, from a child that died, does not count. With its end it is
    whole: nobody waits for the end of who wrote it."""
    with suppress(ConnectionError, BlockingIOError):  # nobody waits for it, or it is taken for a crash anyway
        os.write(descriptor, b"\n" + msgspec.json.encode(said) + b"\n")


def live(call: Call, handler: Handler, kind: Kind, parent: int, reply_fd: int, files: Sequence[int]) -> NoReturn:
    """The child's whole life. Its exit status is 0 when it has replied."""
    status = 1
    try:
        launcher.close_all_but(0, 1, 2, reply_fd, *files)  # another call's socket ends when all have closed it
        for descriptor in files:
            os.lseek(descriptor, 0, os.SEEK_SET)  # where a server that died with the same call may have moved it
        _give_up(call, kind, parent)
        reply(reply_fd, _replied(call, handler, files))
        status = 0
    except BaseException:  # noqa: BLE001 - a fault of ours: for the log, and the parent replies
        traceback.print_exc()
    finally:
        os._exit(status)


def _give_up(call: Call, kind: Kind, parent: int) -> None:
    if not launcher.die_with(parent):
        os._exit(1)
    cpu_s = math.ceil(call.timeout_s)
    limits = {"memory": call.memory_bytes, "output": call.output_bytes, "cpu": cpu_s, "files": call.open_files}
    launcher.set_limits(limits)
    rules = [(path, launcher.READ) for path in call.read] + [(path, launcher.WRITE) for path in call.write]
    launcher.restrict_files(rules, system=False)
    launcher.filter_calls(system_calls.for_this_machine(kind, listed=call.listed))


def _replied(call: Call, handler: Handler, files: Sequence[int]) -> Reply:
    try:
        answer = handler(bytes(call.request), files)
    except (UnsupportedMedia, UnreadableMedia) as error:
        return RefusedCall(isinstance(error, UnsupportedMedia), error.code, error.detail)
    except MemoryError:
        return Failed("out_of_memory")
    except OSError as error:
        if hindrance(error) != "no_space":
            raise
        return Full()
    return Answered(msgspec.Raw(msgspec.json.encode(answer)))
