"""What became of an ffmpeg process that did not end well, by its exit status and its words, and which of these are
shown. Pure.

What ended it from outside, and what the machine refused it, is not the job's fault; a limit that it ran into is. An
error of the media is left to the caller, who knows the files.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reelwright.media.sandbox import contained

_STOPPED = (255, 123)
"""Exit statuses of an ffmpeg that was told to stop by SIGTERM, SIGINT or SIGXCPU, and of one that was told thrice."""

_OUTSIDE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

REASON_CHARACTERS = 300

_ERROR = re.compile(r"\[(error|fatal|panic)\](?!.*(Immediate exit requested|Exiting normally|received signal))")

_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded")

_STORAGE = re.compile(
    r"Read-only file system|Stale file handle|Transport endpoint is not connected|Structure needs cleaning"
    r"|(?i:writ|mux|trailer|output|segment|clos)[^\n]*(?:Input/output error|Permission denied|No such device)"
)
"""An error of a disk, said of what was written: of what is read, damaged files make ffmpeg say the same."""

_EXHAUSTED = re.compile(r"Too many open files in system|Resource temporarily unavailable")

_MEMORY = re.compile(
    r"Cannot allocate memory|[Oo]ut of memory|bad_alloc|malloc of size \d+ failed|ENOMEM"
    r"|(?i:memory allocation (?:error|failure))"
    r"|(?i:(?:failed|unable|could not) to allocate|allocation (?:of [^\n]* )?failed)"
)
"""In ffmpeg's words, and in those of x264, x265, libvpx, SVT-AV1, dav1d, libass and C++."""


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    detail: str
    of_machine: bool = False


def verdict(status: int | None, text: str) -> Failure | None:
    """None where the reason lies in the media, or nothing is known. `text`: the end of stderr, its lines tagged with
    their levels."""
    if status == contained.LAUNCHER_FAILED and "launcher:" in text:
        return Failure("cannot_start", "ffmpeg could not be started on this machine", of_machine=True)
    number = signal.Signals(-status) if status is not None and status < 0 else None
    if number is None or number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGTRAP):
        if _NO_SPACE.search(text):
            return Failure("no_space", "the disk is full", of_machine=True)
        if _MEMORY.search(text):
            return Failure("out_of_memory", "ffmpeg needed more memory than a job may use")
        if _EXHAUSTED.search(text):
            return Failure("exhausted", "the machine had nothing left for ffmpeg to work with", of_machine=True)
        if _STORAGE.search(text):
            return Failure("storage", "ffmpeg could not write to the disk", of_machine=True)
    if number is not None:
        return _by_signal(number)
    if status in _STOPPED and not _ERROR.search(text):
        return Failure("killed", "ffmpeg was told to stop from outside", of_machine=True)
    return None


def _by_signal(number: signal.Signals) -> Failure:
    if number is signal.SIGXFSZ:
        return Failure("limit_output_size", "the output grew larger than a job may write")
    if number is signal.SIGXCPU:
        return Failure("limit_cpu", "ffmpeg used more processor time than a job may")
    if number in _OUTSIDE:
        return Failure("killed", f"ffmpeg was ended by {number.name}", of_machine=True)
    if number is signal.SIGKILL:  # the kernel's for want of memory, too: it may be what the job needs
        return Failure("killed", f"ffmpeg was ended by {number.name}")
    return Failure("crashed", f"ffmpeg crashed ({number.name})")


def reason(lines: Iterable[str], first_damage: str) -> str:
    """The first thing that ffmpeg called an error, else the first that spoke of damage."""
    for line in lines:
        if "[error]" in line or "[fatal]" in line:
            return _told(line)
    return _told(first_damage) if first_damage else "it gave no reason"


def _told(line: str) -> str:
    """Without what it is tagged with, which may be an address."""
    return line.rpartition("] ")[2]


def without_paths(text: str, inputs: Iterable[Path], work: Path) -> str:
    """What ffmpeg said, with the names of files alone."""
    for path in inputs:
        text = text.replace(str(path), path.name)
    return text.replace(f"{work}/", "")
