"""Whom the server runs as: PostgreSQL refuses root, and a user id without an account.

A user with an account runs it as they are. Root gives it to an unprivileged account; nobody's permissions are changed
for it. Where that account cannot come, and for a user id without an account, the server gets a user namespace in which
it has another id and no capabilities, while the files stay their owner's. Where those are not allowed either, as in
containers, root's account stays, and `place` finds it files that it can reach.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from reelwright.db.embedded import keeper
from reelwright.db.embedded.failure import EmbeddedPostgresError

USUAL = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Ids that the server sees as its own; `mapped` ones are real only within a user namespace."""

    uid: int
    gid: int
    mapped: bool = False

    @property
    def owner_uid(self) -> int:
        """Who owns the server's files."""
        return os.geteuid() if self.mapped else self.uid

    @property
    def owner_gid(self) -> int:
        return os.getegid() if self.mapped else self.gid

    def reaches(self, path: Path) -> bool:
        """Whether it can pass through every folder above, and enter or run what is there, without capabilities."""
        real = path.resolve()
        return all(self._passes(step.stat()) for step in (real, *real.parents))

    def _passes(self, status: os.stat_result) -> bool:
        if status.st_uid == self.owner_uid:
            bit = stat.S_IXUSR
        elif status.st_gid == self.owner_gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        return bool(status.st_mode & bit)


def choose(home: Path, data: Path, bin_dir: Path, run_as: str | None = None) -> Account:
    """The account for the server of `home`; the owner of a cluster that exists decides.

    `run_as` names the account that root gives the server to. Raises EmbeddedPostgresError when none will do. One of
    root's may be unable to reach `home` or `bin_dir`.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        return Account(uid, gid) if _exists(uid) else _mapped(run_as)
    if data.exists():
        return _owner(data, run_as)
    named = _unprivileged(run_as)
    account, mapped = Account(named.pw_uid, named.pw_gid), _mapped(run_as)
    needed = (home, bin_dir / "postgres")
    may_become = _may_become(account)
    if may_become and all(account.reaches(path) for path in needed):
        return account
    if all(mapped.reaches(path) for path in needed) and _may_enter_namespaces(mapped):
        return mapped
    if may_become:
        return account
    raise EmbeddedPostgresError(
        f"PostgreSQL refuses to run as root; root may not become the account '{named.pw_name}' here (its capabilities "
        "were taken away), and user namespaces are not allowed. Run as an ordinary user that has an account, or set "
        "DATABASE_URL to a server that runs already."
    )


def _owner(data: Path, run_as: str | None) -> Account:
    """Of a cluster that exists, for root."""
    status = data.stat()
    account = _mapped(run_as) if status.st_uid == 0 else Account(status.st_uid, status.st_gid)
    if not account.reaches(data):
        raise EmbeddedPostgresError(
            f"The database in {data.resolve()} belongs to user id {status.st_uid}, who cannot reach it: let that "
            "account pass through every folder above it, or run as the user it belongs to."
        )
    if account.mapped and not _may_enter_namespaces(account):
        raise EmbeddedPostgresError(
            f"The database in {data.resolve()} belongs to root, who may not run PostgreSQL, and user namespaces are "
            "not allowed here: start it where they are, as it was when this database was made, or set DATABASE_DIR "
            "to another folder for a new database, or DATABASE_URL to a server that runs already."
        )
    return account


def _mapped(run_as: str | None) -> Account:
    named = _unprivileged(run_as)
    return Account(named.pw_uid, named.pw_gid, mapped=True)


def _unprivileged(run_as: str | None) -> pwd.struct_passwd:
    for name in (run_as,) if run_as else USUAL:
        try:
            named = pwd.getpwnam(name)
        except KeyError:
            continue
        if named.pw_uid != 0:
            return named
    missing = f"'{run_as}' is no unprivileged account" if run_as else "there is neither 'postgres' nor 'nobody'"
    raise EmbeddedPostgresError(
        f"PostgreSQL refuses to run as root or without an account, and {missing} here: create an account and name "
        "it, run as an ordinary user, or set DATABASE_URL to a server that runs already."
    )


def _exists(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _may_become(account: Account) -> bool:
    """Tried: root may lack the capabilities, or the id may not exist in the user namespace that this is."""
    try:
        subprocess.run(["/bin/true"], user=account.uid, group=account.gid, extra_groups=[], check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _may_enter_namespaces(account: Account) -> bool:
    """Tried, by the program that will do it."""
    trial = [sys.executable, "-I", "-S", keeper.__file__, keeper.TRIAL, str(account.uid), str(account.gid)]
    return subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
