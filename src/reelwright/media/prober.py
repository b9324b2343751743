"""The prober: a warm, contained process that looks into strangers' files, each in a child of its own.

It is given open files, never names: one message on its socket carries (SCM_RIGHTS) the media file and a pipe for
the answer. It never touches the file itself. The child gives up the little that its parent may do, reads the file
through its descriptor, writes one JSON `Answer` and ends. A child that crashes, hangs or runs into a limit is
answered for here; the next file finds the prober as it was.
"""

from __future__ import annotations

import gc
import math
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from reelwright.edits.source import MediaInfo
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media import launcher


@dataclass(frozen=True, slots=True)
class ProbeRules:
    """What is taken and what a look at it may cost. Formats: names of FFmpeg demuxers."""

    formats: tuple[str, ...]
    max_pixels: int
    max_streams: int
    max_duration_s: float
    max_frame_rate: float
    timeout_s: float
    memory_bytes: int


class Refusal(msgspec.Struct, frozen=True):
    """An UnsupportedMedia or UnreadableMedia on its way to the caller."""

    unsupported: bool
    code: str
    detail: str

    @classmethod
    def of(cls, error: UnsupportedMedia | UnreadableMedia) -> Refusal:
        return cls(isinstance(error, UnsupportedMedia), error.code, error.detail)

    def error(self) -> UnsupportedMedia | UnreadableMedia:
        kind = UnsupportedMedia if self.unsupported else UnreadableMedia
        return kind(self.detail, code=self.code)


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a probe found: `info`, or the refusal with which the caller fails."""

    info: MediaInfo | None = None
    refusal: Refusal | None = None


TOO_SLOW = UnreadableMedia("Reading the file took too long: it is damaged, or made to be slow.")
TOO_HUNGRY = UnreadableMedia("Reading the file needs more memory than is allowed.")
CRASHED = UnreadableMedia("The file is damaged: reading it failed.")


@dataclass(slots=True)
class Child:
    pid: int
    exit_fd: int
    """Readable when the process has ended."""
    answer_fd: int
    deadline: float
    failure: UnreadableMedia = CRASHED


def main() -> None:
    """`argv[1]`: ProbeRules as JSON. `argv[2]`: the socket's descriptor. Ends when the other side closes it."""
    from reelwright.media import examine

    rules = msgspec.json.decode(sys.argv[1], type=ProbeRules)
    channel = socket.socket(fileno=int(sys.argv[2]))
    examine.warm_up()
    gc.freeze()
    Server(rules, channel).serve()


class Server:
    """Takes files from the channel and sees to it that each gets an answer."""

    def __init__(self, rules: ProbeRules, channel: socket.socket) -> None:
        self.rules = rules
        self.channel = channel
        self.children: dict[int, Child] = {}
        self.poll = select.poll()
        self.poll.register(channel, select.POLLIN)

    def serve(self) -> None:
        while True:
            ready = dict(self.poll.poll(self._patience_ms()))
            asked = ready.pop(self.channel.fileno(), None)
            for descriptor in ready:
                self._attend(descriptor)
            if asked and not self._accept():  # last: a new child may get the descriptors of one that ended above
                return
            for child in self.children.values():
                if child.deadline <= time.monotonic() and child.failure is not TOO_SLOW:
                    child.failure = TOO_SLOW
                    os.kill(child.pid, signal.SIGKILL)

    def _patience_ms(self) -> int | None:
        pending = [child.deadline for child in self.children.values() if child.failure is not TOO_SLOW]
        return max(0, math.ceil((min(pending) - time.monotonic()) * 1000)) if pending else None

    def _accept(self) -> bool:
        """Start a child for the next file. False: the other side is gone, and so are we."""
        message, descriptors, _, _ = socket.recv_fds(self.channel, 16, 2, socket.MSG_CMSG_CLOEXEC)
        if not message:
            return False
        media_fd, answer_fd = descriptors
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            probe_and_exit(self.rules, parent, media_fd, answer_fd)
        os.close(media_fd)
        child = Child(pid, os.pidfd_open(pid), answer_fd, time.monotonic() + self.rules.timeout_s)
        self.children[child.exit_fd] = child
        self.poll.register(child.exit_fd, select.POLLIN)
        self.poll.register(answer_fd, 0)  # reports only that nobody waits for the answer any more
        return True

    def _attend(self, descriptor: int) -> None:
        child = self.children.get(descriptor)
        if child is None:
            abandoned = [one for one in self.children.values() if one.answer_fd == descriptor]
            for one in abandoned:
                self.poll.unregister(descriptor)
                os.kill(one.pid, signal.SIGKILL)
            return
        _, status = os.waitpid(child.pid, 0)
        if status != 0:
            answer(child.answer_fd, Answer(refusal=Refusal.of(child.failure)))
        del self.children[descriptor]
        for done in (child.exit_fd, child.answer_fd):
            with suppress(KeyError):
                self.poll.unregister(done)
            os.close(done)


def answer(descriptor: int, found: Answer) -> None:
    """Write one line; what came before it on the pipe, from a child that died, does not count."""
    try:
        os.write(descriptor, b"\n" + msgspec.json.encode(found))
    except BrokenPipeError:
        return  # nobody waits for it


def probe_and_exit(rules: ProbeRules, parent: int, media_fd: int, answer_fd: int) -> None:
    """The child's whole life. Its exit status is 0 when it has answered."""
    status = 1
    try:
        launcher.close_all_but(0, 1, 2, media_fd, answer_fd)  # another file's pipe ends when all have closed it
        _give_up(rules, parent)
        answer(answer_fd, _examined(rules, media_fd))
        status = 0
    except BaseException:  # noqa: BLE001 - a fault of ours: for the log, and the parent answers
        traceback.print_exc()
    finally:
        os._exit(status)


def _give_up(rules: ProbeRules, parent: int) -> None:
    if not launcher.die_with(parent):
        os._exit(1)
    limits = {"memory": rules.memory_bytes, "cpu": math.ceil(rules.timeout_s), "files": 32}
    launcher.set_limits(limits)
    launcher.restrict_files((), system=False)
    launcher.filter_calls(children=False)


def _examined(rules: ProbeRules, media_fd: int) -> Answer:
    from reelwright.media import examine

    try:
        return Answer(info=examine.examine(media_fd, rules))
    except (UnsupportedMedia, UnreadableMedia) as refusal:
        return Answer(refusal=Refusal.of(refusal))
    except MemoryError:
        return Answer(refusal=Refusal.of(TOO_HUNGRY))
