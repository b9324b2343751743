"""The user's side: come in, find or start the keeper, wait for the server, and notice when the keeper dies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import select
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from reelwright.db.embedded import binaries, keeper, place
from reelwright.db.embedded.failure import EmbeddedPostgresError

LOOK_S = 0.02
"""Pause between looks while a server starts or stops."""

MAX_PAUSE_S = 10.0
"""Between attempts to start a keeper that fails again and again."""

_log = logging.getLogger(__name__)


def acquire(
    home: Path,
    *,
    bin_dir: Path | None = None,
    run_as: str | None = None,
    grace_s: float = 3.0,
    timeout_s: float = 120.0,
) -> EmbeddedPostgres:
    """The server of `home`, which accepts connections by then; made and started if need be. Blocks.

    `bin_dir` holds `initdb` and `postgres` (default: found); `run_as` names the account that root gives the server
    to (default: postgres or nobody); `grace_s` is how long the server outlives its last user. They matter to
    whoever starts the keeper. Raises EmbeddedPostgresError, after `timeout_s` at the latest.
    """
    deadline = time.monotonic() + timeout_s
    try:
        cluster = _Cluster(home.resolve(), bin_dir, run_as, grace_s)
        cluster.prepare()
        users = cluster.join(deadline)
        try:
            alive = cluster.reach(deadline, threading.Event())
            assert alive is not None  # nobody cancels
            return EmbeddedPostgres(cluster, users, alive, timeout_s)
        except BaseException:
            os.close(users)
            raise
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL cannot use {home}: {error}. Choose a folder of your own on a local disk."
        ) from error


class EmbeddedPostgres:
    """A hold on the server: it runs until every holder has released it or died, and `grace_s` longer.

    While it is held, a keeper that dies is replaced by the first holder to notice. Connections break then, as they
    do when the server crashes; new ones succeed after a moment.
    """

    url: str
    """`postgresql://` URL for asyncpg and libpq alike; says the port too, lest PGPORT does."""

    def __init__(self, cluster: _Cluster, users: int, alive: int, timeout_s: float) -> None:
        host = quote(str(cluster.socket), safe="")
        self.url = f"postgresql://{keeper.NAME}@/{keeper.NAME}?host={host}&port={keeper.PORT}"
        self._cluster = cluster
        self._users = users
        self._timeout_s = timeout_s
        self._released = threading.Event()
        self._woken, self._wake = os.pipe()
        self._watcher = threading.Thread(target=self._watch, args=(alive,), name="embedded-postgres", daemon=True)
        self._watcher.start()

    def release(self) -> None:
        """Let go; the server stops a little later if nobody else holds it. Again: nothing happens."""
        if self._released.is_set():
            return
        self._released.set()
        os.close(self._wake)
        self._watcher.join()
        os.close(self._woken)
        os.close(self._users)

    def __enter__(self) -> EmbeddedPostgres:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _watch(self, first: int) -> None:
        """Sleep until the keeper dies or this is released; bring a new keeper up, ever slower if that fails."""
        alive: int | None = first
        pause_s = 0.0
        while alive is not None:
            since = time.monotonic()
            poll = select.poll()
            poll.register(alive, 0)  # POLLERR: nobody reads any more
            poll.register(self._woken, select.POLLIN)
            poll.poll()
            os.close(alive)
            if self._released.is_set():
                return
            _log.warning("The keeper of %s died; starting it again", self._cluster.home)
            if time.monotonic() - since > MAX_PAUSE_S:
                pause_s = 0.0
            alive = None
            while alive is None and not self._released.wait(pause_s):
                pause_s = min(max(2 * pause_s, 0.5), MAX_PAUSE_S)
                try:
                    alive = self._cluster.reach(time.monotonic() + self._timeout_s, self._released)
                except (EmbeddedPostgresError, OSError) as error:
                    _log.error("The embedded PostgreSQL is down, next attempt in %.1f s: %s", pause_s, error)


@dataclass(frozen=True, slots=True)
class _Cluster:
    home: Path
    bin_dir: Path | None
    run_as: str | None
    grace_s: float

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def socket(self) -> Path:
        """The socket's folder, as clients name it."""
        return place.socket_folder(self.home)

    def prepare(self) -> None:
        """The folders and files that must be there before anybody can meet. Nobody's permissions are changed."""
        # Root's server may run as another user, who has to pass through; every folder inside is private.
        self.home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        status = self.home.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise EmbeddedPostgresError(
                f"{self.home} belongs to user id {status.st_uid}, mode {stat.S_IMODE(status.st_mode):o}, and this is "
                f"user id {os.geteuid()}: the embedded PostgreSQL needs a folder that only its own user can write "
                "to. Run as that user, or choose another DATABASE_DIR."
            )
        place.private(self.run, os.geteuid(), os.getegid())
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self.run / "keeper.alive", 0o600)

    def join(self, deadline: float) -> int:
        """Become a user: a descriptor that counts until it is closed. Waits while a keeper stops the server."""
        while (users := _lock(self.run / "users.lock", fcntl.LOCK_SH)) is None:
            self._check(deadline)
            time.sleep(LOOK_S)
        return users

    def reach(self, deadline: float, cancelled: threading.Event) -> int | None:
        """Wait for a live keeper and a server that answers; start the keeper if there is none.

        Gives a descriptor that polls as POLLERR when the keeper dies, None when cancelled. The caller is a user.
        """
        failure: int | None = None
        try:
            while not cancelled.is_set():
                alive = self._alive()
                if alive is not None:
                    if self._answers():
                        return alive
                    os.close(alive)
                if failure is None and (lock := _lock(self.run / "keeper.lock", fcntl.LOCK_EX)) is not None:
                    try:
                        failure = self._start_keeper(lock)
                    finally:
                        os.close(lock)
                self._check(deadline)
                if failure is None:
                    time.sleep(LOOK_S)
                elif _readable(failure, LOOK_S):
                    message = os.read(failure, 65536).decode(errors="replace")
                    raise EmbeddedPostgresError(message or f"The keeper of {self.home} died. {self._last_words()}")
        finally:
            if failure is not None:
                os.close(failure)
        return None

    def _check(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"The PostgreSQL in {self.home} did not answer in time. {self._last_words()}")

    def _last_words(self) -> str:
        log = self.run / "keeper.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return f"The last line of {log}: {lines[-1] if lines else 'none'}"

    def _alive(self) -> int | None:
        try:
            return os.open(self.run / "keeper.alive", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nobody reads
                return None
            raise

    def _answers(self) -> bool:
        """Does the server let somebody in? It listens before that: while it recovers, and while it shuts down."""
        parameters = b"\0".join((b"user", keeper.NAME.encode(), b"database", keeper.NAME.encode(), b"", b""))
        startup = struct.pack("!II", len(parameters) + 8, 3 << 16) + parameters  # PostgreSQL protocol 3.0
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            connection.connect(str(self.socket / place.SOCKET))
            connection.sendall(startup)
            answer = connection.recv(1024)
            # Otherwise an error; but only 57P03, cannot_connect_now, will pass by itself.
            return answer[:1] == b"R" or (answer[:1] == b"E" and b"\0C57P03\0" not in answer)
        return False

    def _start_keeper(self, lock: int) -> int:
        """Start the keeper, which takes `lock` over: the end of a pipe that says why, if it fails."""
        programs = binaries.find(self.home, self.bin_dir)
        settled = place.settle(self.home, self.socket, programs, self.run_as)
        order = keeper.Order(
            home=str(self.home),
            data=str(settled.data),
            socket=str(settled.socket),
            bin_dir=str(settled.bin_dir),
            major=programs.major,
            uid=settled.account.uid,
            gid=settled.account.gid,
            mapped=settled.account.mapped,
            grace_s=self.grace_s,
            lock_fd=lock,
        )
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        failure, says = os.pipe()
        try:
            with (self.run / "keeper.log").open("ab") as log:
                subprocess.run(
                    [sys.executable, "-I", "-S", keeper.__file__, order.text()],
                    stdin=subprocess.DEVNULL,
                    stdout=says,
                    stderr=log,
                    cwd="/",
                    env=environment | {"LC_ALL": "C"},
                    pass_fds=[lock],
                    start_new_session=True,
                    check=False,  # it forks at once; if it cannot, the pipe's end tells
                )
        except BaseException:
            os.close(failure)
            raise
        finally:
            os.close(says)
        return failure


def _lock(path: Path, how: int) -> int | None:
    """The file's descriptor, locked, or None if somebody else's lock is in the way."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _readable(descriptor: int, patience_s: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(patience_s * 1000))
