"""A whole database as one file, and back: PostgreSQL's own pg_dump, pg_restore and psql."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from reelwright.db.client_programs import connection, program
from reelwright.db.unusable import DatabaseUnusable

CHUNK_BYTES = 1 << 20
_UNKNOWN_BEFORE_17 = b"SET transaction_timeout"
"""A line near the beginning of every script of a newer pg_restore, which older servers refuse."""


async def dump(url: str, target: Path, *, snapshot: str, server_major: int, emptied: Sequence[str]) -> None:
    """Write the database as `snapshot` (of pg_export_snapshot) sees it, the tables `emptied` without their rows. Raises
    DatabaseUnusable."""
    argv, environment = connection(url)
    path = await asyncio.to_thread(program, "pg_dump", server_major)
    left_out = [f"--exclude-table-data=*.{table}" for table in emptied]
    options = ("--format=custom", f"--snapshot={snapshot}", "--no-owner", f"--file={target}", *left_out)
    process = await asyncio.create_subprocess_exec(
        path, *options, *argv, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    await _ended(process)


async def restore(url: str, source: Path, *, server_major: int) -> None:
    """Fill an empty database from a file of `dump`: all of it or nothing. Raises DatabaseUnusable."""
    argv, environment = connection(url)
    path = await asyncio.to_thread(program, "pg_restore", server_major)
    reading = await asyncio.create_subprocess_exec(
        path,
        *("--no-owner", "--no-privileges", "--file=-", str(source)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    writing = await asyncio.create_subprocess_exec(
        path.with_name("psql"),
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
    """Wait for a program's end. Raises DatabaseUnusable with its last words. Cancelled, it takes the program along."""
    assert process.stderr is not None
    try:
        message = (await process.stderr.read()).decode(errors="replace").strip()
        if await process.wait() != 0:
            raise DatabaseUnusable(f"The database cannot be copied: {message[-1000:] or 'no reason was given'}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
