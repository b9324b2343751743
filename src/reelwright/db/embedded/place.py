"""Where the server's files lie: in `home`, or where its account can reach them.

Root's server runs as another account, which cannot come below /root or into a folder that root made for itself alone.
Then cluster and socket lie in a folder of their own below STATE, and links in `home` lead there: they go along when the
project is moved, psql finds the socket where it always is, and a folder that is removed is forgotten. PostgreSQL's
programs are copied to STATE when the account cannot reach the virtual environment that has them.

    /var/lib/reelwright/
      database-abc123/   `data-18` and `socket`, to which home/data-18 and home/socket lead
        home               the path of the folder that it is for
        in-use.lock        held by its keeper and all that it started
      programs-<digest>/ PostgreSQL's programs, by their content: every project with the same ones shares them
      programs.lock      held while they are copied
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reelwright.db.embedded import run_as as accounts
from reelwright.db.embedded.binaries import Binaries
from reelwright.db.embedded.failure import EmbeddedPostgresError
from reelwright.db.embedded.keeper import PORT
from reelwright.db.embedded.run_as import Account

STATE = Path("/var/lib/reelwright")
"""Root's alone to write to, everybody's to pass through."""
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_PATH_LIMIT_BYTES = 107
"""unix(7): 108 bytes with the final NUL."""
PROGRAMS = ("bin", "lib", "lib64", "share")
"""What PostgreSQL needs of its folder; the rest is for those who compile against it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is that the server's account has to reach, without links, and that account."""

    account: Account
    data: Path
    socket: Path
    bin_dir: Path


def socket_folder(home: Path) -> Path:
    """The socket's folder as clients name it: in `home`, unless none could name it there."""
    inside = home / "socket"
    try:
        fits = len(str(inside / SOCKET).encode()) <= SOCKET_PATH_LIMIT_BYTES
    except UnicodeEncodeError:
        fits = False
    if fits and "," not in str(inside):  # clients take a comma for the end of a host
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(f"/tmp/reelwright-{os.geteuid()}-{digest}")  # noqa: S108 - made private, its owner checked


def settle(home: Path, socket: Path, programs: Binaries, run_as: str | None = None) -> Place:
    """Decide, and make the folders. The caller is the only one who does so for this home.

    `socket` is the socket's folder as clients name it. Raises EmbeddedPostgresError, OSError.
    """
    data = home / f"data-{programs.major}"
    if data.is_symlink() and not data.exists() and not data.resolve().parent.is_dir():
        raise EmbeddedPostgresError(
            f"The database of {home} was in {data.resolve().parent}, and that folder is gone, as it goes with a "
            f"container: bring it back, or remove {data} to begin with an empty database."
        )
    who = accounts.choose(home, data, programs.folder, run_as)
    if not data.exists() and not data.is_symlink() and not who.reaches(home):
        _link(data, _new_folder(home) / data.name)
    folder = data.resolve().parent
    if folder != home and socket.parent == home:
        _link(socket, folder / "socket")
        socket = folder / "socket"
    private(socket, who.owner_uid, who.owner_gid)
    bin_dir = programs.folder.resolve()
    if not who.reaches(bin_dir / "postgres"):
        bin_dir = _copied(bin_dir)
    return Place(who, data.resolve(), socket, bin_dir)


def elsewhere(home: Path) -> Path | None:
    """The folder that really holds the cluster of `home`, if that is another one."""
    return next((data.resolve().parent for data in home.glob("data-[0-9]*") if data.is_symlink()), None)


def private(folder: Path, uid: int, gid: int) -> None:
    """Make `folder`, 0700, for that user. Raises EmbeddedPostgresError if something else is there."""
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, gid, follow_symlinks=False)
    except FileExistsError:
        pass
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid or status.st_mode & 0o077:
        raise EmbeddedPostgresError(
            f"{folder} is not a folder of user id {uid} that is closed to others (owner {status.st_uid}, mode "
            f"{stat.S_IMODE(status.st_mode):o}): remove it while nothing uses it, and start again."
        )


def _new_folder(home: Path) -> Path:
    """A folder below STATE for the cluster of `home`. One that was made for it before and is no longer linked is left
    as it is, and named."""
    _make_state()
    for former in STATE.glob("database-*"):
        if _text(former / "home") != os.fspath(home):
            continue
        if any(former.glob("data-[0-9]*")):
            _log.warning("%s holds an earlier database of %s, which nothing leads to any more", former, home)
        else:
            shutil.rmtree(former)  # made for a start that was cut short
    folder = Path(tempfile.mkdtemp(prefix="database-", dir=STATE))
    (folder / "home").write_text(os.fspath(home), errors="surrogateescape")
    folder.chmod(0o711)
    _log.info("The database of %s is in %s: the server's account cannot reach the former", home, folder)
    return folder


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="surrogateescape")
    except FileNotFoundError:
        return ""


def _make_state() -> None:
    if not STATE.exists():
        STATE.mkdir(parents=True, exist_ok=True)
        STATE.chmod(0o755)  # whatever the umask is
    status = STATE.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise EmbeddedPostgresError(
            f"{STATE} belongs to user id {status.st_uid}, mode {stat.S_IMODE(status.st_mode):o}: it has to be root's, "
            "and nobody else may write to it. Or set DATABASE_DIR to a folder that unprivileged accounts can reach."
        )
    everybody = Account(-1, -1)
    if not everybody.reaches(STATE):
        raise EmbeddedPostgresError(
            f"{STATE} cannot be reached by unprivileged accounts: let everybody pass through it and the folders above "
            "it (chmod o+x), or set DATABASE_DIR to a folder that they can reach."
        )


def _link(link: Path, target: Path) -> None:
    """Let `link` lead to `target`, in one step; an empty folder that was there before gives way."""
    if link.is_dir() and not link.is_symlink():
        link.rmdir()
    fresh = link.with_name("link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _copied(bin_dir: Path) -> Path:
    """The `bin` folder of a copy of these programs that everybody can run. It is there whole or not at all."""
    _make_state()
    root, parts = _programs(bin_dir)
    with _only_one(STATE / "programs.lock"):
        digest = _digest(root, parts)
        copy = STATE / f"programs-{digest[:16]}"
        for left_over in STATE.glob("copying-*"):
            shutil.rmtree(left_over)
        if not copy.exists() or _digest(copy, parts) != digest:  # a power cut may have cut it short
            fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=STATE))
            for part in parts:
                shutil.copytree(root / part, fresh / "copy" / part, symlinks=True)
            for path in (fresh / "copy", *(fresh / "copy").rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o111 else 0o644)
            if copy.exists():
                copy.rename(fresh / "damaged")
            (fresh / "copy").rename(copy)
            shutil.rmtree(fresh)
    return copy / bin_dir.relative_to(root)


def _programs(bin_dir: Path) -> tuple[Path, list[Path]]:
    """What belongs to the programs of `bin_dir`: a folder above it, and the parts of that.

    A wheel keeps shared libraries beside the package, in `<package>.libs`, where its programs look for them.
    """
    base = bin_dir.parent
    package = next((folder for folder in bin_dir.parents if folder.with_name(f"{folder.name}.libs").is_dir()), None)
    root = package.parent if package else base
    folders = [base / name for name in PROGRAMS if (base / name).is_dir()]
    folders += [package.with_name(f"{package.name}.libs")] if package else []
    return root, [folder.relative_to(root) for folder in folders]


def _digest(root: Path, parts: list[Path]) -> str:
    """Of the programs' names and contents."""
    digest = hashlib.sha256()
    for part in parts:
        for path in sorted((root / part).rglob("*")):
            digest.update(os.fsencode(path.relative_to(root)) + b"\0")
            if path.is_file():
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
