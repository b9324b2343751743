"""The keeper: the process that makes the cluster, runs its server, restarts it, and stops it when nobody is left.

A program of its own, run by path with the standard library only: `python -I -S keeper.py ORDER`. It is nobody's
child, in a session of its own, without a terminal. Standard output carries one sentence to whoever started it, and
only if it fails; standard error is `run/keeper.log`.

Two locks say all that others need to know. `keeper.lock` comes locked from the starter and goes on to the server
and everything else started here, so that it is free only when the last of them has ended. `users.lock` is held
shared by every user; the keeper waits for it alone. See socket(7), flock(2), prctl(2), user_namespaces(7).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

NAME = "reelwright"
"""Both the superuser and the database."""

PORT = 5432
"""Part of the socket's name; nothing listens on TCP."""

LOG_LIMIT_BYTES = 1_000_000
CRASHES = 5
"""So many crashes within CRASH_WINDOW_S are too many."""
CRASH_WINDOW_S = 60.0

TRIAL = "try-a-namespace"
"""Instead of an order, with a user and a group id: the exit status says whether this could be them in a namespace."""

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x1000_0000
LIBC = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The server cannot be had; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the starter decided: where, with which binaries, as whom (`mapped`: in a user namespace), how long."""

    home: str
    data: str
    """The cluster's folder; beside it there is room to make it."""
    socket: str
    bin_dir: str
    major: int
    uid: int
    gid: int
    mapped: bool
    grace_s: float
    lock_fd: int
    """keeper.lock, locked."""

    def text(self) -> str:
        return json.dumps(asdict(self))


class Keeper:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.home = Path(order.home)
        self.run = self.home / "run"
        self.data = Path(order.data)
        self.pid = os.getpid()
        self.held = [order.lock_fd]
        """Locks that everything started here holds along."""
        self.server: subprocess.Popen[bytes] | None = None
        self.changing = threading.Lock()
        self.stopping = threading.Event()
        self.ended = threading.Event()

    def keep(self) -> None:
        """Return when the last user has left and the server has stopped. Raises Refused."""
        os.open(self.run / "keeper.alive", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self.hold_data()
        if not self.data.exists():
            self.make_cluster()
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=self.stop).start())
        threading.Thread(target=self.leave_with_the_last_user, daemon=True).start()
        try:
            self.serve()
        finally:
            self.ended.set()
        if Path(self.order.socket).parent != self.data.parent:
            Path(self.order.socket).rmdir()
        self.log("stopped")

    # The cluster

    def hold_data(self) -> None:
        """A cluster that is not in `home` may have other homes that lead to it: one server at a time, for all of them.

        Whoever is started here goes on holding it.
        """
        if self.data.parent == self.home:
            return
        lock = os.open(self.data.parent / "in-use.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"Another project's PostgreSQL is at work in {self.data.parent}, to which {self.home} leads: remove "
                f"{self.home} if this is a copy of that project, or stop that one."
            ) from None
        self.held.append(lock)

    def make_cluster(self) -> None:
        """initdb under a temporary name, then rename: a cluster is there whole, with its database, or not at all."""
        for left_over in self.data.parent.glob("init-*"):
            shutil.rmtree(left_over)
        new = tempfile.mkdtemp(prefix="init-", dir=self.data.parent)
        if os.geteuid() == 0 and not self.order.mapped:
            os.chown(new, self.order.uid, self.order.gid)
        try:
            self.fill(new)
        except Refused:
            shutil.rmtree(new)
            raise
        Path(new).rename(self.data)
        folder = os.open(self.data.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self.log(f"made {self.data}")

    def fill(self, new: str) -> None:
        locale = ["--locale=C.UTF-8"]
        if self.order.major >= 17:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        access = ["--auth-local=trust", "--auth-host=reject"]
        self.finish("initdb", "-D", new, "-U", NAME, "-E", "UTF8", "--data-checksums", *access, *locale)
        statement = f"CREATE DATABASE {NAME}\n".encode()
        self.finish("postgres", "--single", "-D", new, "-c", "exit_on_error=on", "postgres", stdin=statement)

    def finish(self, program: str, *arguments: str, stdin: bytes = b"") -> None:
        process = self.start(program, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        output, _ = process.communicate(stdin)
        if process.returncode:
            self.write(output)
            raise Refused(self.explain(output.decode(errors="replace").splitlines()))

    def explain(self, lines: list[str]) -> str:
        if any("No space left on device" in line for line in lines):
            return f"The disk that holds {self.home} is full: free some space and start again."
        telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
        last_words = " ".join((telling or lines or ["it said nothing"])[-1].split())
        return f"PostgreSQL does not start in {self.home}: {last_words} (more in {self.run / 'keeper.log'})."

    # The server

    def serve(self) -> None:
        """Run the server again and again until it is stopped."""
        crashes: deque[float] = deque(maxlen=CRASHES)
        while True:
            self.remove_stale_locks()
            with self.changing:
                if self.stopping.is_set():
                    return
                self.server = self.start("postgres", "-D", str(self.data), *self.settings(), stdout=subprocess.PIPE)
            assert self.server.stdout is not None
            was_ready, last_lines = self.listen(self.server.stdout)
            self.server.wait()
            if self.stopping.is_set():
                return
            if not was_ready:
                raise Refused(self.explain(last_lines))
            self.log(f"the server ended with {self.server.returncode}, unasked")
            now = time.monotonic()
            if len(crashes) == CRASHES and now - crashes[0] < CRASH_WINDOW_S:
                raise Refused(f"PostgreSQL in {self.home} crashed {CRASHES + 1} times within {CRASH_WINDOW_S:.0f} s.")
            self.stopping.wait(0.1 * sum(now - earlier < CRASH_WINDOW_S for earlier in crashes))
            crashes.append(now)

    def listen(self, output: IO[bytes]) -> tuple[bool, list[str]]:
        """Log what the server says until its last process has ended: was it ever ready, and its last lines."""
        was_ready = False
        last_lines: deque[str] = deque(maxlen=20)
        with output:
            while line := output.readline(8192):
                self.write(line)
                was_ready |= b"ready to accept connections" in line
                last_lines.append(line.decode(errors="replace"))
        return was_ready, list(last_lines)

    def settings(self) -> list[str]:
        """On the command line, so that they follow this version and not the one that made the cluster."""
        quoted_socket = self.order.socket.replace('"', '""')
        values = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{quoted_socket}"',
            "unix_socket_permissions": "0700",
            "port": PORT,
            "max_connections": 200,
            "shared_buffers": "128MB",
            "dynamic_shared_memory_type": "posix",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "wal_compression": "on",
            "max_wal_size": "1GB",
            "checkpoint_timeout": "15min",
            "jit": "off",
            "timezone": "UTC",
            "cluster_name": NAME,
            "log_timezone": "UTC",
            "log_destination": "stderr",
            "logging_collector": "off",
            "log_min_messages": "warning",
            "log_min_duration_statement": "1s",
            "log_parameter_max_length": 1024,
            "lc_messages": "C",
        }
        return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]

    def remove_stale_locks(self) -> None:
        """Remove what a killed server left. Whoever holds keeper.lock knows that it has ended, where PostgreSQL
        can only look for its process id, which a zombie keeps and another program may have by now."""
        for lock in (self.data / "postmaster.pid", Path(self.order.socket, f".s.PGSQL.{PORT}.lock")):
            with contextlib.suppress(OSError, ValueError, IndexError):
                pid = int(lock.read_text().split()[0])
                if Path(f"/proc/{pid}/cwd").readlink() == self.data:
                    raise Refused(f"Another PostgreSQL, process {pid}, is at work in {self.data}: stop that one.")
            lock.unlink(missing_ok=True)

    def start(
        self, program: str, *arguments: str, stdout: int, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        drops = os.geteuid() == 0 and not self.order.mapped
        try:
            return subprocess.Popen(
                [Path(self.order.bin_dir, program), *arguments],
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                cwd="/",
                pass_fds=self.held,
                user=self.order.uid if drops else None,
                group=self.order.gid if drops else None,
                extra_groups=[] if drops else None,
                preexec_fn=self.become,  # safe: the other threads sleep in system calls
            )
        except (OSError, subprocess.SubprocessError) as error:
            reason = str(error)
            if self.order.mapped:
                reason = "a user id without an account may not run it, and user namespaces are not allowed"
            raise Refused(
                f"PostgreSQL cannot be started in {self.home}: {reason}. Run as root or as a user that has an account "
                "(a line in /etc/passwd; in a container, `--user` with a name that its image knows), with the data "
                "where that user can reach it, or set DATABASE_URL to a server that runs already."
            ) from error

    def become(self) -> None:
        """In the new process, before the program: its ids, and a clean end (SIGINT: fast shutdown) with the keeper."""
        if self.order.mapped:
            enter_namespace(self.order.uid, self.order.gid)
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != self.pid:
            os._exit(1)

    # The end

    def leave_with_the_last_user(self) -> None:
        users = os.open(self.run / "users.lock", os.O_RDWR | os.O_CLOEXEC)
        while True:
            fcntl.flock(users, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_UN)
            time.sleep(self.order.grace_s)  # an application that restarts finds the server still there
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
        self.stop()  # who comes now waits for users.lock, which ends with this process

    def stop(self) -> None:
        """Ask the server to end (fast shutdown), then more firmly."""
        with self.changing:
            self.stopping.set()
        for how, patience_s in ((signal.SIGINT, 60), (signal.SIGQUIT, 20), (signal.SIGKILL, 10)):
            if self.server:
                self.server.send_signal(how)
            if self.ended.wait(patience_s):
                return

    # The log

    def log(self, sentence: str) -> None:
        now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        self.write(f"{now} [{self.pid}] keeper: {sentence}\n".encode())

    def write(self, text: bytes) -> None:
        """To standard error, which is the log. A full disk must not stop the keeper."""
        with contextlib.suppress(OSError):
            if os.fstat(2).st_size > LOG_LIMIT_BYTES:
                log = self.run / "keeper.log"
                log.replace(self.run / "keeper.log.1")
                fresh = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                os.dup2(fresh, 2)
                os.close(fresh)
            os.write(2, text)


def enter_namespace(uid: int, gid: int) -> None:
    """Be that user in a user namespace of one's own. Raises OSError where that is not allowed."""
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    if LIBC.unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outside_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outside_gid} 1")


def main() -> int:
    if sys.argv[1] == TRIAL:
        enter_namespace(int(sys.argv[2]), int(sys.argv[3]))
        return 0
    order = Order(**json.loads(sys.argv[1]))
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    keeper = Keeper(order)
    try:
        keeper.keep()
    except Refused as refusal:
        keeper.log(str(refusal))
        tell(str(refusal))
        return 1
    except BaseException as error:
        tell(f"The keeper of {order.home} failed: {error!r} (more in {keeper.run / 'keeper.log'}).")
        raise
    return 0


def tell(sentence: str) -> None:
    """To whoever started this, if they still listen."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, sentence.encode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main())
