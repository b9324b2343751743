"""What a program that took over a media process would try, as a program of its own: prints what was not refused.

Its arguments: the process number of a victim of the same user, a file of the same user that it was not given. Nothing
that it tries does harm where it is not refused: arguments beyond those two are void, or change nothing.
"""

import ctypes
import errno
import os
import platform
import sys
from collections.abc import Callable

libc = ctypes.CDLL(None, use_errno=True)
victim, theirs = int(sys.argv[1]), os.fsencode(sys.argv[2])
AT_FDCWD = -100
NOBODY = 2**30
"""A user without processes."""
column = 0 if platform.machine() == "x86_64" else 1


def call(x86_64: int, aarch64: int, *arguments: object) -> Callable[[], int]:
    number = (x86_64, aarch64)[column]
    return lambda: int(libc.syscall(number, *arguments))


room = ctypes.create_string_buffer(4096)
ends = (ctypes.c_int * 2)()
limit = (ctypes.c_ulong * 2)(1, 1)
everywhere = ctypes.create_string_buffer(b"\xff" * 128)
libc.pipe(ends)

TRIED: dict[str, Callable[[], int]] = {
    "limits of another process": call(302, 261, victim, 0, ctypes.byref(limit), None),
    "limits of another process, read": call(302, 261, victim, 0, None, room),
    "affinity of another process": call(203, 122, victim, 128, everywhere),
    "priority of another process": lambda: libc.setpriority(0, victim, 19),
    "priority of all processes of a user": lambda: libc.setpriority(2, NOBODY, 19),
    "scheduler of another process": call(144, 119, victim, 3, room),
    "scheduling attributes of another process": call(314, 274, victim, room, 0),
    "disk priority of another process": call(251, 30, 1, victim, 3 << 13),
    "signal to another process": lambda: libc.kill(victim, 0),
    "signal to all processes": lambda: libc.kill(-1, 0),
    "signal to a thread of another process": call(234, 131, victim, victim, 0),
    "signal to any thread": call(200, 130, victim, 0),
    "queued signal": call(129, 138, victim, 0, room),
    "signal through a process file": call(424, 424, 0, 0, None, 0),
    "signals by a descriptor's owner": lambda: libc.fcntl(ends[0], 8, victim),
    "signals of a descriptor's choice": lambda: libc.fcntl(ends[0], 10, 9),
    "owner of a descriptor by ioctl": lambda: libc.ioctl(ends[0], 0x8901, ctypes.byref(ctypes.c_int(victim))),
    "typing into a terminal": lambda: libc.ioctl(0, 0x5412, b"x"),
    "chmod": lambda: libc.chmod(theirs, 0o777),
    "fchmodat": call(268, 53, AT_FDCWD, theirs, 0o777),
    "fchmodat2": call(452, 452, AT_FDCWD, theirs, 0o777, 0),
    "chown": lambda: libc.chown(theirs, os.getuid(), os.getgid()),
    "fchownat": call(260, 54, AT_FDCWD, theirs, os.getuid(), os.getgid(), 0),
    "utimensat": call(280, 88, AT_FDCWD, theirs, None, 0),
    "setxattr": call(188, 5, theirs, b"user.x", b"1", 1, 0),
    "removexattr": call(197, 14, theirs, b"user.x"),
    "truncate": lambda: libc.truncate(theirs, 0),
    "System V shared memory": lambda: libc.shmget(0x5EED, 0, 0),
    "attaching shared memory": call(30, 196, -1, None, 0o10000),
    "System V semaphores": lambda: libc.semget(0x5EED, 0, 0),
    "System V queues": lambda: libc.msgget(0x5EED, 0),
    "POSIX queues": call(240, 180, b"reelwright-none", 0, 0, None),
    "memory beyond the limit": call(319, 279, b"x", 0),
    "inotify": call(294, 26, 0),
    "fanotify": call(300, 262, 0, 0),
    "memory of another process": call(310, 270, victim, None, 0, None, 0, 0),
    "memory of another process, written": call(311, 271, victim, None, 0, None, 0, 0),
    "tracing": lambda: libc.ptrace(16, victim, None, None),
    "files of another process": call(438, 438, 0, 0, 0),
    "comparing processes": call(312, 272, victim, victim, 0, 0, 0),
    "io_uring": call(425, 425, 1, room),
    "page faults of its own": call(323, 282, 1),
    "bpf": call(321, 280, 0, room, 128),
    "performance counters": call(298, 241, room, 0, -1, -1, 0),
    "keys": call(250, 219, 0, -3, 1, 0, 0),
    "mount": lambda: libc.mount(b"none", b"/no/such/folder", b"none", 0, None),
    "namespaces": lambda: libc.unshare(0),
    "namespaces of others": lambda: libc.setns(0, 0),
    "another personality": lambda: libc.personality(0),
    "another root": lambda: libc.chroot(b"."),
    "file handles": call(304, 265, AT_FDCWD, room, 0),
    "a session of its own": lambda: libc.setsid(),
    "a group of its own": lambda: libc.setpgid(0, 0),
    "outliving its parent": lambda: libc.prctl(1, 9, 0, 0, 0),
    "being dumped": lambda: libc.prctl(4, 1, 0, 0, 0),
    "another user": lambda: libc.setresuid(os.getuid(), os.getuid(), os.getuid()),
    "capabilities": lambda: libc.capset(room, room),
    "a device": lambda: libc.mknod(b"device", 0o20600, 0x103),
    "a link": lambda: libc.symlink(b"/etc/passwd", b"link"),
    "a process": lambda: libc.fork(),
    "a socket": lambda: libc.socket(1, 1, 0),
    "the clock": call(227, 112, 9999, room),
}

for name, attempt in TRIED.items():
    ctypes.set_errno(0)
    result = attempt()
    if name == "a process" and result == 0:
        os._exit(0)
    if result != -1 or ctypes.get_errno() != errno.EPERM:
        print(f"{name}: {result} {errno.errorcode.get(ctypes.get_errno(), '')}")
os.kill(os.getpid(), 0)
os.sched_setaffinity(0, os.sched_getaffinity(0))
print("tried", len(TRIED))
