"""Which system calls a media process may make, as programs for the kernel's filter: an allow-list per kind of process.

The lists come from traces of the real programs over many codecs, containers and libraries; harmless calls that other C
libraries and builds may want are in them too. A call on the process itself is told by its arguments from the same call
on another process. The fallback, for a machine where the programs do not run so, refuses what is known to do harm.

Sources: seccomp(2), linux/audit.h, the kernel's system call tables (asm/unistd_64.h, asm-generic/unistd.h).
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import NamedTuple

NONE = -1
"""The number of a call that an architecture does not have."""

# fmt: off
MEMORY = {  # name: (x86_64, aarch64 and every later architecture)
    "mmap": (9, 222), "munmap": (11, 215), "brk": (12, 214), "mprotect": (10, 226), "madvise": (28, 233),
    "mremap": (25, 216), "msync": (26, 227), "get_mempolicy": (239, 236), "set_mempolicy": (238, 237),
    "mbind": (237, 235), "map_shadow_stack": (453, 453), "mseal": (462, 462),
    "mlock": (149, 228), "munlock": (150, 229),
}
OWN = {  # the process itself: its threads, clocks, signals and limits, and what it is told of the machine
    "futex": (202, 98), "futex_waitv": (449, 449), "futex_wait": (455, 455), "futex_wake": (454, 454),
    "futex_requeue": (456, 456), "sched_yield": (24, 124), "clock_gettime": (228, 113), "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101), "clock_getres": (229, 114), "gettimeofday": (96, 169), "time": (201, NONE),
    "times": (100, 153), "rt_sigprocmask": (14, 135), "rt_sigaction": (13, 134), "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132),
    "restart_syscall": (219, 128), "pause": (34, NONE), "alarm": (37, NONE), "getitimer": (36, 102),
    "setitimer": (38, 103), "timer_create": (222, 107), "timer_settime": (223, 110), "timer_gettime": (224, 108),
    "timer_getoverrun": (225, 109), "timer_delete": (226, 111), "getpid": (39, 172), "gettid": (186, 178),
    "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getresuid": (118, 148), "getresgid": (120, 150), "getgroups": (115, 158), "getpgid": (121, 155),
    "getpgrp": (111, NONE), "getsid": (124, 156), "capget": (125, 90), "set_tid_address": (218, 96),
    "set_robust_list": (273, 99), "get_robust_list": (274, 100), "rseq": (334, 293), "membarrier": (324, 283),
    "getcpu": (309, 168), "arch_prctl": (158, NONE), "getrandom": (318, 278), "getrusage": (98, 165),
    "getrlimit": (97, 163), "setrlimit": (160, 164), "getpriority": (140, 141), "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "sched_rr_get_interval": (148, 127), "sched_getattr": (315, 275),
    "uname": (63, 160), "sysinfo": (99, 179), "exit": (60, 93), "exit_group": (231, 94),
}
FILES = {  # which of them, says Landlock
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "preadv2": (327, 286), "pwritev2": (328, 287),
    "lseek": (8, 62), "open": (2, NONE), "openat": (257, 56), "openat2": (437, 437), "creat": (85, NONE),
    "close": (3, 57), "close_range": (436, 436), "dup": (32, 23), "dup2": (33, NONE), "dup3": (292, 24),
    "stat": (4, NONE), "fstat": (5, 80), "lstat": (6, NONE), "newfstatat": (262, 79), "statx": (332, 291),
    "access": (21, NONE), "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, NONE),
    "readlinkat": (267, 78), "getdents": (78, NONE), "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49),
    "fchdir": (81, 50), "umask": (95, 166), "statfs": (137, 43), "fstatfs": (138, 44), "ftruncate": (77, 46),
    "fallocate": (285, 47), "fadvise64": (221, 223), "readahead": (187, 213), "fsync": (74, 82), "fdatasync": (75, 83),
    "sync_file_range": (277, 84), "flock": (73, 32), "sendfile": (40, 71), "copy_file_range": (326, 285),
    "poll": (7, NONE), "ppoll": (271, 73), "select": (23, NONE), "pselect6": (270, 72), "epoll_create": (213, NONE),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, NONE), "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441), "eventfd": (284, NONE), "eventfd2": (290, 19), "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87), "pipe": (22, NONE), "pipe2": (293, 59),
}
CHANGES = {  # of what folders hold
    "mkdir": (83, NONE), "mkdirat": (258, 34), "rmdir": (84, NONE), "unlink": (87, NONE), "unlinkat": (263, 35),
    "rename": (82, NONE), "renameat": (264, 38), "renameat2": (316, 276), "link": (86, NONE), "linkat": (265, 37),
}
START = {
    "execve": (59, 221),
}
PROCESSES = {
    "fork": (57, NONE), "vfork": (58, NONE), "wait4": (61, 260), "waitid": (247, 95), "pidfd_open": (434, 434),
}
SERVING = {  # calls that come over an inherited socket, children that confine themselves further
    "recvmsg": (47, 212), "sendmsg": (46, 211), "recvfrom": (45, 207), "sendto": (44, 206), "getsockname": (51, 204),
    "getpeername": (52, 205), "getsockopt": (55, 209), "setsockopt": (54, 208), "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446), "seccomp": (317, 277),
}
JUDGED = {  # by their arguments
    "clone": (56, 220), "fcntl": (72, 25), "ioctl": (16, 29), "prctl": (157, 167), "prlimit64": (302, 261),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "sched_setaffinity": (203, 122),
    "setpriority": (141, 140),
}
HARMFUL = {  # all that the fallback refuses
    "socket": (41, 198), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "bpf": (321, 280), "perf_event_open": (298, 241), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "open_tree": (428, 428),
    "open_tree_attr": (467, 467), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "name_to_handle_at": (303, NONE),
    "open_by_handle_at": (304, NONE), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89),
    "syslog": (103, 116), "setsid": (112, 157), "setpgid": (109, 154), "pidfd_send_signal": (424, 424),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118), "sched_setattr": (314, 274), "ioprio_set": (251, 30), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "personality": (135, 92), "execveat": (322, 281), "chmod": (90, NONE),
    "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, NONE), "fchown": (93, 55),
    "lchown": (94, NONE), "fchownat": (260, 54), "utime": (132, NONE), "utimes": (235, NONE), "utimensat": (280, 88),
    "futimesat": (261, NONE), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "setxattrat": (463, 463), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "removexattrat": (466, 466), "file_setattr": (469, 469), "truncate": (76, 45), "mknod": (133, NONE),
    "mknodat": (259, 33), "symlink": (88, NONE), "symlinkat": (266, 36), "shmget": (29, 194), "shmat": (30, 196),
    "shmctl": (31, 195), "shmdt": (67, 197), "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191),
    "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184), "mq_getsetattr": (245, 185), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "inotify_init": (253, NONE), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "inotify_rm_watch": (255, 28), "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "sync": (162, 81),
    "syncfs": (306, 267), "vhangup": (153, 58), "capset": (126, 91), "setuid": (105, 146), "setgid": (106, 144),
    "setreuid": (113, 145), "setregid": (114, 143), "setresuid": (117, 147), "setresgid": (119, 149),
    "setgroups": (116, 159), "setfsuid": (122, 151), "setfsgid": (123, 152), "sethostname": (170, 161),
    "setdomainname": (171, 162), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "iopl": (172, NONE), "ioperm": (173, NONE), "modify_ldt": (154, NONE),
    "lookup_dcookie": (212, 18), "vmsplice": (278, 75), "tee": (276, 77), "splice": (275, 76),
}
# fmt: on
CLONE3 = 435
"""The same everywhere. It hides its flags in memory; where it is unknown, libc takes clone."""
NEWEST = 471
"""What came to the kernel later is unknown, too: libc does without."""
DRIVERS_WANT = frozenset({"memfd_create", "inotify_init1", "inotify_add_watch", "inotify_rm_watch"})

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""By name: the column above, and how the kernel's filters call the architecture."""
X32 = 0x40000000
"""x86_64 takes each of its numbers plus this one, too."""
CLONE_THREAD, CLONE_NAMESPACES = 0x00010000, 0x7E020000

OWN_PID = 2**32 - 2
"""Stands in a program for the number of the process that it is for, which only that one knows."""

FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032, 1033, 1034)
"""Duplicates, flags, locks, pipe sizes, seals. Not F_SETOWN and F_SETSIG (which send signals), leases, notices."""
IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX."""
IOCTL_HARMFUL = (0x5412, 0x541C, 0x5423, 0x5452, 0x8901, 0x8902)
"""TIOCSTI and TIOCLINUX, which type into a terminal; TIOCSETD; FIOASYNC, FIOSETOWN, SIOCSPGRP."""
PRCTL = (3, 15, 16, 23, 39, 42, 0x53564D41)
"""PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_GET_THP_DISABLE, PR_SET_VMA."""
PRCTL_OF_SERVERS = (*PRCTL, 1, 2, 22, 38)
"""PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS."""


class Kind(StrEnum):
    """Of process, by what it has to do."""

    FFMPEG = "ffmpeg"
    """A program that starts no other: reads, computes in threads, writes."""
    DEVICES = "devices"
    """The same, with drivers of the machine's encoders, of which nobody knows what they call: as in the fallback."""
    SERVER = "server"
    """Ours that fork for each request and touch no untrusted file; programs that may start others."""
    PROBE = "probe"
    """A child of a server: reads the files that it was given."""
    DRAWING = "drawing"
    """The same, and fontconfig writes its cache."""


class Only(NamedTuple):
    """A call that is allowed while an argument is among `values`."""

    argument: int
    values: tuple[int, ...]


class AnyBut(NamedTuple):
    """A call that is allowed unless an argument is among `values`."""

    argument: int
    values: tuple[int, ...]


Rule = Only | AnyBut
Rules = Mapping[str, tuple[Rule, ...]]
"""By call; all must hold."""

_BASE = MEMORY | OWN | FILES
ALLOWED: dict[Kind, Mapping[str, tuple[int, int]]] = {
    Kind.FFMPEG: _BASE | CHANGES | START,
    Kind.SERVER: _BASE | CHANGES | START | PROCESSES | SERVING,
    Kind.PROBE: _BASE,
    Kind.DRAWING: _BASE | CHANGES,
}

_OWN_PROCESS = (0, OWN_PID)
_RULES: Rules = {
    "fcntl": (Only(1, FCNTL),),
    "ioctl": (Only(1, IOCTL),),
    "prctl": (Only(0, PRCTL),),
    "prlimit64": (Only(0, _OWN_PROCESS),),
    "kill": (Only(0, (OWN_PID,)),),
    "tkill": (Only(0, (OWN_PID,)),),
    "tgkill": (Only(0, (OWN_PID,)),),
    "sched_setaffinity": (Only(0, _OWN_PROCESS),),
    "setpriority": (Only(0, (0,)), Only(1, _OWN_PROCESS)),
}


def rules(kind: Kind, *, listed: bool) -> Rules:
    """What the arguments of the judged calls must be."""
    found = dict(_RULES)
    if kind is Kind.SERVER:
        found |= {"prctl": (Only(0, PRCTL_OF_SERVERS),), "kill": ()}
    if not listed or kind is Kind.DEVICES:
        found["ioctl"] = (AnyBut(1, IOCTL_HARMFUL),)
    return found


_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS

Instruction = tuple[int, int, int, int]
"""Operation, steps if true, steps if false, operand."""


def for_this_machine(kind: Kind, *, listed: bool = True) -> bytes:
    """As `program`; empty where there is none for this machine."""
    machine = os.uname().machine
    if machine not in MACHINES or sys.maxsize < 2**32:
        return b""
    return program(machine, kind, listed=listed)


@cache
def program(machine: str, kind: Kind, *, listed: bool = True) -> bytes:
    """The filter, in the kernel's BPF. What is refused fails with EPERM.

    `listed`: by the allow-list, else the fallback. The machine is one of MACHINES. Of the arguments 32 bits are looked
    at: those that are judged have no more for the kernel, either.
    """
    column, architecture = MACHINES[machine]
    listed = listed and kind is not Kind.DEVICES
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, architecture),
        (_ANSWER, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if machine == "x86_64":
        code += [(_AT_LEAST, 0, 1, X32), (_ANSWER, 0, 0, _REFUSE)]
    code += [(_EQUAL, 0, 1, CLONE3), (_ANSWER, 0, 0, _UNKNOWN)]
    code += [(_AT_LEAST, 0, 1, NEWEST + 1), (_ANSWER, 0, 0, _UNKNOWN)]
    if listed:
        code += _each(ALLOWED[kind], column, _ALLOW)
    else:
        wanted = DRIVERS_WANT if kind is Kind.DEVICES else frozenset()
        code += _each({name: numbers for name, numbers in HARMFUL.items() if name not in wanted}, column, _REFUSE)
        if kind is not Kind.SERVER:
            code += _each({name: PROCESSES[name] for name in ("fork", "vfork")}, column, _REFUSE)
    for name, conditions in rules(kind, listed=listed).items():
        code += _block(JUDGED[name][column], [one for rule in conditions for one in _checked(rule)])
    code += _block(JUDGED["clone"][column], list(_cloning(children=kind is Kind.SERVER)))
    code += [(_ANSWER, 0, 0, _REFUSE if listed else _ALLOW)]
    return b"".join(struct.pack("HBBI", *line) for line in code)


def _each(calls: Mapping[str, tuple[int, int]], column: int, answer: int) -> list[Instruction]:
    numbers = [pair[column] for pair in calls.values() if pair[column] != NONE]
    return [line for number in numbers for line in ((_EQUAL, 0, 1, number), (_ANSWER, 0, 0, answer))]


def _block(number: int, judgement: list[Instruction]) -> list[Instruction]:
    """Judge one call: `judgement` answers when it refuses."""
    return [(_EQUAL, 0, len(judgement) + 1, number), *judgement, (_ANSWER, 0, 0, _ALLOW)]


def _checked(rule: Rule) -> Iterator[Instruction]:
    count = len(rule.values)
    yield _LOAD, 0, 0, _ARGUMENTS_AT + 8 * rule.argument
    if isinstance(rule, Only):
        for at, value in enumerate(rule.values):
            yield _EQUAL, count - at, 0, value
    else:
        for at, value in enumerate(rule.values):
            last = at == count - 1
            yield _EQUAL, count - 1 - at, 1 if last else 0, value
    yield _ANSWER, 0, 0, _REFUSE


def _cloning(*, children: bool) -> Iterator[Instruction]:
    """New threads, processes as far as they may be, namespaces never."""
    yield _LOAD, 0, 0, _ARGUMENTS_AT
    yield _HAS_BITS, 0, 1, CLONE_NAMESPACES
    yield _ANSWER, 0, 0, _REFUSE
    if not children:
        yield _HAS_BITS, 1, 0, CLONE_THREAD
        yield _ANSWER, 0, 0, _REFUSE
