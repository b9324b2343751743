"""Confine this process, then become the media program: untrusted files are parsed by code that can do little.

Started by `contained.start` as a program of its own, with only the standard library, so that nothing runs between
fork and exec in a process that has threads. Its arguments are `name=value` (see `Spec`), `--`, and the program's
argv. Whatever keeps it from starting the program is one line on stderr that begins `launcher:`, and status 125.

Sources: landlock(7), seccomp(2), prctl(2), linux/audit.h and the kernel's system call tables.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import stat
import struct
import sys

TYPE_CHECKING = False  # as in typing, which is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED = 125
"""Exit status of a launcher that could not start the program."""

SYSTEM_READ = ("/usr", "/lib", "/lib64", "/lib32", "/etc/ld.so.cache", "/etc/alternatives")
SYSTEM_FILES = ("/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system")

OOM_SCORE = 500
SIGKILL, SIGPIPE, SIGXFSZ = 9, 13, 25
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
MAX_TASKS = 8192
"""Threads and processes of the user (the kernel counts none of root's) beyond which a media process starts no more."""
SECCOMP_MODE_FILTER = 2

libc = ctypes.CDLL(None, use_errno=True)
libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)

# --- Landlock: which files, which TCP ports, which signals -----------------------------------------------------

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG, REFER, TRUNCATE = 1 << 7, 1 << 8, 1 << 13, 1 << 14
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
IOCTL_DEVICE = 1 << 15
DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEVICE
ON_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
"""The rights that a rule for something other than a folder may name."""


def _call(*arguments: object) -> int:
    result = libc.syscall(*arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(result)


def landlock_abi() -> int:
    """The kernel's Landlock version; 0 where it has none."""
    try:
        return _call(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    except OSError:
        return 0


def restrict_files(rules: Sequence[tuple[str, int]], *, system: bool = True) -> int:
    """Allow nothing but `rules` (path, rights) from now on, and no TCP. Returns the Landlock version used, 0: none.

    A path of `rules` must exist; the system's own are allowed as far as they do.
    """
    abi = landlock_abi()
    if abi == 0:
        return 0
    handled = (1 << (16 if abi >= 5 else 15 if abi >= 3 else 14 if abi >= 2 else 13)) - 1
    network = 0b11 if abi >= 4 else 0  # bind and connect
    scoped = 0b11 if abi >= 6 else 0  # abstract sockets and signals to processes outside
    attributes = struct.pack("QQQ", handled, network, scoped)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = _call(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        if system:
            own = [(path, READ | EXECUTE) for path in SYSTEM_READ]
            own += [(path, READ) for path in SYSTEM_FILES] + [("/dev/null", READ_FILE | WRITE_FILE)]
            for path, rights in own:
                if os.path.exists(path):  # noqa: PTH110 - pathlib would double the start-up time
                    _allow(ruleset, path, rights & handled)
        for path, rights in rules:
            _allow(ruleset, path, rights & handled)
        _call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return abi


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= ON_A_FILE
        beneath = struct.pack("=Qi", rights, descriptor)
        _call(ADD_RULE, ruleset, 1, beneath, 0)
    finally:
        os.close(descriptor)


# --- seccomp: which system calls -------------------------------------------------------------------------------

OWN_PID = 2**32 - 2
"""As in `system_calls`, which makes the filters."""


def filter_calls(program: bytes) -> bool:
    """Let a filter of `system_calls.program` judge every call from now on. Needs `no_new_privileges` first.

    Returns whether the kernel could do it.
    """
    if not program:
        return False
    placeholder, own = struct.pack("I", OWN_PID), struct.pack("I", os.getpid())
    lines = [program[at : at + 8] for at in range(0, len(program), 8)]
    program = b"".join([line[:4] + own if line[4:] == placeholder else line for line in lines])
    buffer = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0) == 0)


# --- Capabilities ----------------------------------------------------------------------------------------------

PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 23, 24, 28, 47, 4
CAPABILITIES_VERSION = 0x20080522
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
SECUREBITS = 0b1110_1111
"""Root is a user like any other, for good; KEEP_CAPS alone stays off."""


def drop_capabilities(paths: Sequence[str], *, restricted: bool) -> None:
    """Give up every capability, for good: root's as well. But where root reaches one of `paths` only because it is root
    (a folder of another user on the way), the right to search and read stays, within what Landlock allows.

    Root in a container has no such right by itself, and one that writes, too: that stays only where Landlock does
    hold (`restricted`).
    """
    permitted = _capabilities()
    rights = (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if restricted else (CAP_DAC_READ_SEARCH,)
    kept = next((1 << right for right in rights if permitted >> right & 1), 0)
    if kept:
        _hold_capabilities(0, permitted)
        if all(map(_readable, paths)):
            kept = 0
        _hold_capabilities(permitted, permitted)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, None, 0, 0)
    if permitted:
        number = 0
        while libc.prctl(PR_CAPBSET_READ, number, None, 0, 0) >= 0:
            if not kept >> number & 1:
                libc.prctl(PR_CAPBSET_DROP, number, None, 0, 0)  # may be refused: then no_new_privs has to do
            number += 1
        if not kept:
            libc.prctl(PR_SET_SECUREBITS, SECUREBITS, None, 0, 0)
    _hold_capabilities(kept, kept, kept)


def _capabilities() -> int:
    """Those that are permitted."""
    held = ctypes.create_string_buffer(24)
    if libc.capget(struct.pack("II", CAPABILITIES_VERSION, 0), held) != 0:
        return 0
    _, low, _, _, high, _ = struct.unpack("6I", held.raw)
    return int(high << 32 | low)


def _hold_capabilities(effective: int, permitted: int, inheritable: int = 0) -> None:
    masks = [each >> shift & 0xFFFFFFFF for shift in (0, 32) for each in (effective, permitted, inheritable)]
    libc.capset(struct.pack("II", CAPABILITIES_VERSION, 0), struct.pack("6I", *masks))  # `_report` says if it failed


def _readable(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC))
    except PermissionError:
        return False
    except OSError:
        return True  # what else is wrong with it is not for capabilities to cure
    return True


# --- Limits, death with the parent, and the start --------------------------------------------------------------


def set_limits(limits: dict[str, int]) -> None:
    """Resource limits by name: memory, output, cpu, files. A lower limit that is already there stays."""
    kinds = {"memory": resource.RLIMIT_AS, "output": resource.RLIMIT_FSIZE, "files": resource.RLIMIT_NOFILE}
    _limit(resource.RLIMIT_CORE, 0, 0)
    _limit(resource.RLIMIT_NPROC, MAX_TASKS, MAX_TASKS)
    if "cpu" in limits:
        _limit(resource.RLIMIT_CPU, limits["cpu"], limits["cpu"] + 5)  # SIGXCPU, then SIGKILL
    for name, kind in kinds.items():
        if name in limits:
            _limit(kind, limits[name], limits[name])


def _limit(kind: int, soft: int, hard: int) -> None:
    present, ceiling = resource.getrlimit(kind)
    if present != resource.RLIM_INFINITY:
        soft = min(soft, present)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def die_with(parent: int) -> bool:
    """Have the kernel kill this process when its parent ends. False: the parent is gone already."""
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL, None, 0, 0)
    return os.getppid() == parent


def close_all_but(*descriptors: int) -> None:
    """Close every other descriptor of this process."""
    keep = sorted(set(descriptors))
    for low, high in zip([-1, *keep], [*keep, os.sysconf("SC_OPEN_MAX")], strict=True):
        if low + 1 < high:  # an empty range would mean all
            os.closerange(low + 1, high)


def _yield_to_others() -> None:
    """When the machine is short of memory or time, the service goes before its media processes."""
    os.nice(5)
    try:
        with open("/proc/self/oom_score_adj", "r+") as score:  # noqa: PTH123 - pathlib is slow to import
            if int(score.read()) < OOM_SCORE:
                score.seek(0)
                score.write(str(OOM_SCORE))
    except OSError:
        return  # no /proc, or read-only: it was only to be preferred


def _report(abi: int, filtered: bool, unprivileged: bool) -> None:
    """One line for `kernel_support.available`: what holds, tried from within."""
    try:
        os.close(os.open("/proc/self/environ", os.O_RDONLY))
        files = 0
    except OSError as error:
        files = abi if error.errno == errno.EACCES else 0
    refused = libc.socket(2, 2, 0) < 0 and ctypes.get_errno() == errno.EPERM  # an internet datagram socket
    found = {
        "landlock": files,
        "seccomp": int(filtered and refused),
        "no_new_privileges": int(unprivileged),
        "capabilities": int(_capabilities() != 0),
    }
    os.write(1, " ".join([f"{name}={value}" for name, value in found.items()]).encode() + b"\n")


def main(arguments: list[str]) -> None:
    """Confine, then exec. Returns only when there is no program: then it has reported what holds."""
    end = arguments.index("--")
    program = arguments[end + 1 :]
    spec: dict[str, list[str]] = {}
    for argument in arguments[:end]:
        name, _, value = argument.partition("=")
        spec.setdefault(name, []).append(value)
    without = spec.get("without", [])
    if not die_with(int(spec["parent"][0])):
        os._exit(FAILED)
    set_limits({name: int(spec[name][0]) for name in ("memory", "output", "cpu", "files") if name in spec})
    _yield_to_others()
    unprivileged = libc.prctl(PR_SET_NO_NEW_PRIVS, 1, None, 0, 0) == 0
    rules = [(path, READ) for path in spec.get("read", [])] + [(path, WRITE) for path in spec.get("write", [])]
    rules += [(path, DEVICE) for path in spec.get("device", [])]
    if program:
        rules.append((os.path.realpath(program[0]), READ | EXECUTE))
    abi = 0 if "landlock" in without or not unprivileged else restrict_files(rules)
    drop_capabilities([path for path, rights in rules if rights != DEVICE], restricted=abi > 0)
    close_all_but(0, 1, 2, *(int(number) for number in spec.get("keep", [])))
    for number in (SIGPIPE, SIGXFSZ):  # which Python ignores, and a program would inherit that
        libc.signal(number, None)
    calls = bytes.fromhex(spec.get("calls", [""])[0])
    filtered = unprivileged and filter_calls(calls)  # last: it shuts most of what was used above
    if not program:
        _report(abi, filtered, unprivileged)
        return
    os.execv(program[0], program)  # noqa: S606 - the whole point


def run() -> None:
    """`main` as a program: what goes wrong is one line and a status of its own."""
    try:
        main(sys.argv[1:])
    except (OSError, ValueError, KeyError) as error:
        os.write(2, f"launcher: {error}\n".encode("utf-8", "backslashreplace"))
        os._exit(FAILED)


if __name__ == "__main__":
    run()
