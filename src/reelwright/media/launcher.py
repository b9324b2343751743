"""Confine this process, then become the media program: strangers' files are parsed by code that can do little.

Started by `contain.start` as a program of its own, with only the standard library, so that nothing runs between
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

# fmt: off
DENIED = {  # name: (x86_64, aarch64 and every later architecture)
    "socket": (41, 198), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "kcmp": (312, 272), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "quotactl": (179, 60), "acct": (163, 89), "syslog": (103, 116),
    "setsid": (112, 157), "setpgid": (109, 154),  # nobody leaves the group that `contain.stop` kills
}
# fmt: on
CLONE, CLONE3, FORK, VFORK = (56, 220), (435, 435), 57, 58
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
CLONE_THREAD, CLONE_NAMESPACES = 0x00010000, 0x7E020000
X32 = 0x40000000
"""x86_64 takes each of these numbers plus this one, too."""


def _filter(machine: str, *, children: bool) -> bytes:
    """The BPF program: what is denied fails with EPERM, everything else is allowed."""
    column, architecture = MACHINES[machine]
    load, equal, at_least, has_bits, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    number_at, architecture_at, flags_at = 0, 4, 16
    allow, refuse, unknown = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    code: list[tuple[int, int, int, int]] = [  # operation, steps if true, steps if false, operand
        (load, 0, 0, architecture_at),
        (equal, 1, 0, architecture),
        (answer, 0, 0, refuse),
        (load, 0, 0, number_at),
    ]
    denied = [numbers[column] for numbers in DENIED.values()]
    if machine == "x86_64":
        code += [(at_least, 0, 1, X32), (answer, 0, 0, refuse)]
        denied += [] if children else [FORK, VFORK]
    for number in denied:
        code += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    # clone3 hides its flags in memory; where it is unknown, libc takes clone.
    code += [(equal, 0, 1, CLONE3[column]), (answer, 0, 0, unknown)]
    code += [(equal, 1, 0, CLONE[column]), (answer, 0, 0, allow), (load, 0, 0, flags_at)]
    code += [(has_bits, 0, 1, CLONE_NAMESPACES), (answer, 0, 0, refuse)]
    if not children:
        code += [(has_bits, 1, 0, CLONE_THREAD), (answer, 0, 0, refuse)]
    code += [(answer, 0, 0, allow)]
    return b"".join(struct.pack("HBBI", *line) for line in code)


def filter_calls(*, children: bool) -> bool:
    """Deny sockets, other processes' memory, namespaces and kernel interfaces that no media program needs.

    Returns whether the kernel (and this table, for the machine) could do it. Needs `no_new_privileges` first.
    """
    machine = os.uname().machine
    if machine not in MACHINES or sys.maxsize < 2**32:
        return False
    program = _filter(machine, children=children)
    buffer = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0) == 0)


# --- Limits, death with the parent, and the start --------------------------------------------------------------


def set_limits(limits: dict[str, int]) -> None:
    """Resource limits by name: memory, output, cpu, files. A lower limit that is already there stays."""
    kinds = {"memory": resource.RLIMIT_AS, "output": resource.RLIMIT_FSIZE, "files": resource.RLIMIT_NOFILE}
    _limit(resource.RLIMIT_CORE, 0, 0)
    if "cpu" in limits:
        _limit(resource.RLIMIT_CPU, limits["cpu"], limits["cpu"] + 5)  # SIGXCPU, then SIGKILL
    for name, kind in kinds.items():
        if name in limits:
            _limit(kind, limits[name], limits[name])


def _limit(kind: int, soft: int, hard: int) -> None:
    _, ceiling = resource.getrlimit(kind)
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
        return  # no /proc, or read-only: a wish only


def _report(abi: int, filtered: bool, unprivileged: bool) -> None:
    """One line for `contain.available`: what holds, tried from within."""
    try:
        os.close(os.open("/proc/self/environ", os.O_RDONLY))
        files = 0
    except OSError as error:
        files = abi if error.errno == errno.EACCES else 0
    refused = libc.socket(2, 2, 0) < 0 and ctypes.get_errno() == errno.EPERM  # an internet datagram socket
    calls = filtered and refused
    os.write(1, f"landlock={files} seccomp={int(calls)} no_new_privileges={int(unprivileged)}\n".encode())


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
    filtered = "seccomp" not in without and unprivileged and filter_calls(children=spec["children"] == ["1"])
    if not program:
        _report(abi, filtered, unprivileged)
        return
    close_all_but(0, 1, 2, *(int(number) for number in spec.get("keep", [])))
    for number in (SIGPIPE, SIGXFSZ):  # which Python ignores, and a program would inherit that
        libc.signal(number, None)
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
