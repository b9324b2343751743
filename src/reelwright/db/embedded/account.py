"""Whom the server runs as: PostgreSQL refuses root, and a user id without an account.

A user with an account runs it as they are. Root gives it to an unprivileged account if that one can reach the
files; nobody's permissions are changed for it. Below /root no other account can come: there, and for a user id
without an account, the server gets a user namespace in which it has another id and no capabilities, while the
files stay their owner's.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

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


def choose(home: Path, data: Path, bin_dir: Path, run_as: str | None = None) -> Account:
    """The account for the server of `home`; the owner of a cluster that exists decides.

    `run_as` names the account that root gives the server to. Raises EmbeddedPostgresError when none will do.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        return Account(uid, gid) if _exists(uid) else _mapped(run_as)
    if data.exists():
        owner = data.stat()
        if owner.st_uid == 0:
            return _mapped(run_as)
        account = Account(owner.st_uid, owner.st_gid)
    else:
        named = _unprivileged(run_as)
        account = Account(named.pw_uid, named.pw_gid)
    if all(_reachable(path, account) for path in (home, bin_dir / "postgres")):
        return account
    if not data.exists():
        return _mapped(run_as)
    raise EmbeddedPostgresError(
        f"The database in {data} belongs to user id {account.uid}, who cannot reach it or the PostgreSQL binaries "
        f"in {bin_dir}: let that account pass through every folder above them, or run as the user it belongs to."
    )


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


def _reachable(path: Path, account: Account) -> bool:
    for step in (path, *path.parents):
        status = step.stat()
        if status.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif status.st_gid == account.gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not status.st_mode & bit:
            return False
    return True
