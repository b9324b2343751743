"""Start and stop media processes that can do little: whatever a hostile file makes of them stays inside.

A contained process reads only its inputs, writes only its work folder, has no network, no other process's memory,
none of our environment, and limits on memory, time and output; it dies with the process that started it. The
kernel does it (Landlock, seccomp, rlimits, prctl) through `launcher`, a small program that confines itself and then
becomes the wanted one. What a kernel does not offer is left out, and `kernel_support` says so.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reelwright.errors import MediaProcessFailed
from reelwright.media.sandbox import launcher, system_calls
from reelwright.media.sandbox.system_calls import Kind

_OUR_ROOT = Path(__file__).parents[3]
LAUNCHER_FAILED = launcher.FAILED
"""Exit status, with a line on stderr that begins `launcher:`, of a process that never became the program."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one media process; None: not limited. Reaching one ends it or fails its call:

    memory: allocations fail; output: SIGXFSZ; cpu: SIGXCPU. `output_bytes` holds for each file that it writes.
    """

    memory_bytes: int | None = None
    output_bytes: int | None = None
    cpu_s: int | None = None
    open_files: int = 256
    children: bool = True
    """Whether it may start processes. One that may not leaves nothing behind, even when we are killed."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a media process may touch besides the system's libraries and its own program file. All must exist."""

    read: tuple[Path, ...] = ()
    """Its inputs. A folder stands for everything in it."""
    write: tuple[Path, ...] = ()
    """Its work folders: read, write, create, rename, remove inside. The first is its TMPDIR."""
    devices: tuple[Path, ...] = ()
    """Device files that it may read, write and control."""


_START_MODULE = (
    "import sys, importlib; sys.path += sys.argv.pop(1).split(':'); importlib.import_module(sys.argv.pop(1)).main()"
)


def python_argv(module: str, *arguments: str) -> list[str]:
    """The argv that runs `main()` of one of our modules in a Python of its own; it needs `python_paths` to read.

    It finds `arguments` from `sys.argv[1]` on. Nothing of the environment or of .pth files has a say in it.
    """
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), str(_OUR_ROOT)}
    program = os.path.realpath(sys.executable)
    return [program, "-I", "-S", "-c", _START_MODULE, ":".join(sorted(installed)), module, *arguments]


def python_paths() -> tuple[Path, ...]:
    """What a contained Python program has to read: the standard library, the installed packages, ourselves."""
    names = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found = {Path(name) for name in names} | {Path(sys.base_prefix, "lib"), Path(sys.prefix, "pyvenv.cfg"), _OUR_ROOT}
    return tuple(sorted(path for path in found if path.exists()))


_LAUNCH = "import sys; sys.path.append(sys.argv.pop(1)); import launcher; launcher.run()"
"""As a module, which Python compiles once, not with every start."""
_LAUNCHER_FOLDER = str(Path(launcher.__file__).parent)


def _kind(limits: Limits, access: Access) -> Kind:
    if access.devices:
        return Kind.DEVICES
    return Kind.SERVER if limits.children else Kind.FFMPEG


_unlisted = ""


def use_fallback(why: str) -> None:
    """From now on, in this process, refuse only the system calls that do harm. Empty: hold to the allow-list again."""
    global _unlisted
    _unlisted = why


def holds_to_list() -> bool:
    return not _unlisted


def why_not_listed() -> str:
    """Empty when they are held to the allow-list."""
    return _unlisted


def command(
    argv: Sequence[str],
    *,
    limits: Limits,
    access: Access,
    pass_fds: Sequence[int] = (),
    without: Sequence[str] = (),
) -> list[str]:
    """The argv of the launcher that becomes `argv`. `without`: "landlock", "seccomp" as on a kernel that lacks it."""
    spec: list[tuple[str, object]] = [("parent", os.getpid())]
    bounds = {"memory": limits.memory_bytes, "output": limits.output_bytes, "cpu": limits.cpu_s}
    spec += [(name, value) for name, value in bounds.items() if value is not None]
    spec += [("files", limits.open_files)]
    spec += [("read", path.absolute()) for path in access.read] + [("write", path.absolute()) for path in access.write]
    spec += [("device", path.absolute()) for path in access.devices]
    spec += [("keep", number) for number in pass_fds] + [("without", name) for name in without]
    if "seccomp" not in without:
        spec += [("calls", system_calls.for_this_machine(_kind(limits, access), listed=not _unlisted).hex())]
    start = [sys.executable, "-I", "-S", "-c", _LAUNCH, _LAUNCHER_FOLDER]
    return [*start, *(f"{name}={value}" for name, value in spec), "--", *argv]


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MediaProcessFailed(
            f"The program {Path(name).name} cannot be found.", code="cannot_start", of_machine=True
        )
    return str(Path(found).absolute())


def _environment(access: Access, cwd: Path, extra: Mapping[str, str]) -> dict[str, str]:
    folder = access.write[0] if access.write else cwd
    return {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(folder.absolute()), **extra}


async def start(
    argv: Sequence[str],
    *,
    limits: Limits,
    access: Access,
    cwd: Path,
    pass_fds: Sequence[int] = (),
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | None = subprocess.DEVNULL,
    stderr: int | None = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> asyncio.subprocess.Process:
    """Start `argv` contained, as the leader of a process group (and session) of its own.

    It sees `pass_fds`, a minimal environment and `environment`, nothing else of ours. It is killed when the
    thread that called this ends: call it from the loop's thread. Every pipe that is asked for must be drained.
    Raises MediaProcessFailed (`cannot_start`) when there is no such program or the machine cannot start one.
    """
    whole = command([_program(argv[0]), *argv[1:]], limits=limits, access=access, pass_fds=pass_fds)
    try:
        return await asyncio.create_subprocess_exec(
            *whole,
            cwd=cwd,
            env=_environment(access, cwd, environment or {}),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        raise MediaProcessFailed(
            f"A media process could not be started: {error.strerror}.",
            code="cannot_start",
            of_machine=error.errno != errno.E2BIG,
        ) from error


async def stop(process: asyncio.subprocess.Process, *, patience_s: float = 5.0) -> None:
    """End a process of `start` and all its children: SIGTERM, after `patience_s` SIGKILL. Returns when it is gone.

    Safe on one that has ended: then only children that it left behind are killed.
    """
    if process.returncode is None:
        try:
            _signal_group(process.pid, signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience_s)
        finally:  # also when whoever waits here is cancelled
            if process.returncode is None:
                _signal_group(process.pid, signal.SIGKILL)
        await process.wait()
    if not _exists(process.pid):  # else the number has a new owner, which it gets only when the group is empty
        _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
