"""What the command `reelwright` says and returns when something is not as it should be."""

from __future__ import annotations

import asyncio
import errno
import os
import struct
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import text

from reelwright.db.connection_pool import create_engine
from reelwright.db.embedded import running
from reelwright.db.outages import is_away
from reelwright.db.schema_version import require
from reelwright.db.unusable import DatabaseUnusable
from reelwright.settings import Settings
from reelwright.settings_reader import parse
from tests.conftest import execute, in_database
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, free_port

PASSWORD = "s3cret-pa55"
SSL_REQUEST = struct.pack("!II", 8, 80877103)
"""What a client of PostgreSQL sends first; see "SSL Session Encryption" in its protocol."""


async def ended(folder: Path, settings: Settings, *argv: str) -> tuple[int, str]:
    """A command's exit status and last line, of its output or, where it failed, of its errors. They keep a secret."""
    ended = await Service(settings, folder).command(*argv)
    assert PASSWORD not in ended.output + ended.errors
    return ended.status, (ended.errors if ended.status else ended.output).splitlines()[-1]


def at(folder: Path, url: str) -> Settings:
    return parse({"APP_ENV": "test", "DATABASE_URL": url, "MEDIA_ROOT": str(folder / "media")})


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content


def refusal(code: str, sentence: str) -> bytes:
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": sentence}
    return message(b"E", b"".join(f"{name}{value}\0".encode() for name, value in fields.items()) + b"\0")


WELCOME_OF_14 = (
    message(b"R", struct.pack("!I", 0)) + message(b"S", b"server_version\x0014.9\0") + message(b"Z", b"I")
)  # AuthenticationOk, ParameterStatus, ReadyForQuery


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """The URL of a server that speaks PostgreSQL's protocol, and gives every client the same answer."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(8) == SSL_REQUEST:
            writer.write(b"N")
            await reader.readexactly(8)
        writer.write(answer)
        await reader.read(1 << 16)  # the rest of what it said: unread bytes would reset the connection
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        yield f"postgresql://me:{PASSWORD}@127.0.0.1:{server.sockets[0].getsockname()[1]}/films"


@pytest.mark.few(1)
@pytest.mark.parametrize("command", ["up", "demo", "migrate"])
async def test_a_database_that_refuses_is_one_sentence(tmp_path: Path, command: str) -> None:
    """It says where, as whom, what happened and what helps; never the password. The exit status is 1."""
    port = free_port()
    settings = parse(
        {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(port),
            "DB_NAME": "films",
            "DB_USER": "me",
            "DB_PASSWORD": PASSWORD,
            "MEDIA_ROOT": str(tmp_path / "media"),
        }
    )
    assert await ended(tmp_path, settings, command) == (
        1,
        f"Error: The database films at 127.0.0.1:{port} cannot be used as user me: Connection refused. "
        "Start the server, or correct DB_HOST and DB_PORT (or DATABASE_URL).",
    )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:{password}@no.such.host.invalid/films", "films at no.such.host.invalid cannot be used"),
        ("postgresql:///films?host=/nowhere&user=me&password={password}", "at /nowhere cannot be used as user me: No"),
        ("postgresql://me:{password}@127.0.0.1:1,127.0.0.1:2/films", "127.0.0.1:1,127.0.0.1:2 cannot be used"),
        ("postgresql://me:x/{password}@127.0.0.1/films", "cannot be read"),
        ("postgresql://me:100%{password}@127.0.0.1/films", "cannot be read"),
        ("postgresql://me:x@{password}@127.0.0.1/films", "cannot be read"),
        ("postgresql://me:{password}@127.0.0.1:70000/films", "cannot be read"),
    ],
)
async def test_an_address_that_leads_nowhere_is_one_sentence(tmp_path: Path, url: str, words: str) -> None:
    """A name that is not known, a socket that is not there, several hosts, a URL that cannot be read."""
    status, line = await ended(tmp_path, at(tmp_path, url.format(password=PASSWORD)), "migrate")
    assert status == 1
    assert words in line


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal("28P01", 'password authentication failed for user "me"'), ["authentication failed", "DB_PASSWORD"]),
        (refusal("57P03", "the database system is starting up"), ["is starting up", "Try again in a moment"]),
        (refusal("53300", "sorry, too many clients already"), ["too many clients", "Try again in a moment"]),
        (WELCOME_OF_14, ["the server is PostgreSQL 14, 15 or newer is needed"]),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ["cannot be used as user me"]),
    ],
)
async def test_a_server_that_lets_nobody_in_is_one_sentence(tmp_path: Path, answer: bytes, words: list[str]) -> None:
    """A wrong password, a server that starts or is full, one that is too old, one that is no PostgreSQL."""
    async with answering(answer) as url:
        status, line = await ended(tmp_path, at(tmp_path, url), "migrate")
    assert status == 1
    assert line.startswith("Error: The database films at 127.0.0.1:")
    assert all(word in line for word in words), line


async def test_a_database_that_is_not_there_or_not_ours_is_one_sentence(tmp_path: Path, server_url: str) -> None:
    """No such database, no such user, and a user who may make no tables in it: what the server says, and what helps."""
    name = f"films_{uuid.uuid4().hex[:8]}"
    guest = server_url.replace("://reelwright@", f"://{name}@")
    _, missing = await ended(tmp_path, at(tmp_path, in_database(server_url, name)), "migrate")
    assert f'database "{name}" does not exist. Create it' in missing
    _, unknown = await ended(tmp_path, at(tmp_path, guest), "migrate")
    assert f'role "{name}" does not exist. Correct DB_USER' in unknown
    await execute(server_url, f"CREATE ROLE {name} LOGIN")
    await execute(server_url, f"CREATE DATABASE {name}")
    try:
        status, forbidden = await ended(tmp_path, at(tmp_path, in_database(guest, name)), "migrate")
    finally:
        await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")
        await execute(server_url, f"DROP ROLE {name}")
    assert status == 1
    assert "permission denied for schema public. Let the user own the database" in forbidden


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal("28P01", 'password authentication failed for user "me"'), "authentication failed.*DB_PASSWORD"),
        (refusal("3D000", 'database "films" does not exist'), 'database "films" does not exist. Create it'),
        (refusal("57P03", "the database system is starting up"), None),
        (refusal("53300", "sorry, too many clients already"), None),
    ],
)
async def test_api_and_worker_wait_for_a_database_that_may_come_back(answer: bytes, words: str | None) -> None:
    """One that is away keeps neither from starting; one that knows neither us nor the database never will be there."""
    async with answering(answer) as url:
        with nullcontext() if words is None else pytest.raises(DatabaseUnusable, match=words):
            await require(url)
    await require(f"postgresql://me@127.0.0.1:{free_port()}/films")


async def test_a_host_that_nobody_knows_is_not_waited_for() -> None:
    """It is a slip of the pen more often than a name server that is away."""
    with pytest.raises(DatabaseUnusable, match=r"films at no\.such\.host\.invalid cannot be used as user me"):
        await require("postgresql://me@no.such.host.invalid/films")


@pytest.mark.usefixtures("server_url")
async def test_a_worker_in_the_wrong_folder_is_told_of_the_right_one(tmp_path: Path) -> None:
    """It makes no database of its own, beside services that have theirs elsewhere; and a sentence is no traceback."""
    here = tmp_path / "elsewhere"
    service = Service(parse({"APP_ENV": "test", "MEDIA_ROOT": str(here)}), tmp_path)
    worker = await service.start("worker", "-m", "procrastinate", "--app=reelwright_worker.app.app", "worker")
    assert await asyncio.wait_for(worker.process.wait(), PATIENCE_S) == 1
    said = worker.log.read_text().splitlines()[-1]
    if "TEST_DATABASE_URL" in os.environ and not running():
        assert "`reelwright migrate` make one there" in said
    else:
        assert said.startswith(f"Error: There is no database in {here}/postgres; one runs in /")
        assert "DATABASE_DIR=/" in said
    assert "Traceback" not in worker.log.read_text()
    assert not here.exists()


@pytest.mark.from_nothing
async def test_the_schema_of_a_newer_version_is_left_alone(tmp_path: Path, database_url: str) -> None:
    """`migrate` says that it is there, changes nothing, and ends well: this version works with it."""
    await execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    status, line = await ended(tmp_path, at(tmp_path, database_url), "migrate")
    assert (status, line) == (0, "the database is at revision 9999")
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
    await connection.close()


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("argv", "status", "words"),
    [
        (["--video", "nothing.mp4"], 2, "'nothing.mp4' does not exist"),
        (["--video", "."], 2, "'.' is a directory"),
        (["--video", "/dev/zero"], 2, "'/dev/zero' is not a regular file"),
        (["--start", "nan"], 2, "nan is not a number of seconds"),
        (["--output", "/proc/nowhere"], 1, "/proc/nowhere"),
    ],
)
async def test_the_demo_says_what_it_cannot_take(tmp_path: Path, argv: list[str], status: int, words: str) -> None:
    """At once, before anything is started."""
    code, line = await ended(tmp_path, parse({"MEDIA_ROOT": str(tmp_path / "media")}), "demo", *argv)
    assert (code, words in line) == (status, True), line
    assert not (tmp_path / "media").exists()


@pytest.mark.slow
async def test_what_the_service_refuses_the_demo_says(
    tmp_path: Path, database_url: str, clip: Path, shared_service: Service
) -> None:
    """A file that is no video, a trim that starts behind its end: a sentence, and status 1; be the service its own or
    one that runs."""
    readme = tmp_path / "README.md"
    readme.write_text("# No video\n")
    there = ("--url", shared_service.url)
    given = {
        ("--video", str(readme)): "POST /videos/upload is answered with 415: The file is not a video",
        (*there, "--video", str(clip), "--start", "4"): "--start 4 is not before the end of the video, which lasts 4 s",
    }
    settings = at(tmp_path, database_url)
    said = await asyncio.gather(
        *(ended(tmp_path, settings, "demo", *argv, "--output", f"out{n}") for n, argv in enumerate(given))
    )
    for (status, line), words in zip(said, given.values(), strict=True):
        assert status == 1
        assert line.startswith(f"Error: {words}")


async def test_only_a_database_that_cannot_be_reached_is_away(database_url: str) -> None:
    """A refused connection, a missing socket, a session that was ended, a server that cannot write; no wrong statement,
    no error of our own disk."""

    async def failure(url: str, statement: str) -> Exception:
        engine = create_engine(url, application_name="tests")
        try:
            async with engine.connect() as connection:
                await connection.execute(text(statement))
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            return error
        finally:
            await engine.dispose()
        raise AssertionError("nothing failed")

    assert is_away(await failure(f"postgresql://me@127.0.0.1:{free_port()}/films", "SELECT 1"))
    assert is_away(await failure("postgresql://me@/films?host=/nowhere", "SELECT 1"))
    assert is_away(await failure(database_url, "SELECT pg_terminate_backend(pg_backend_pid())"))
    read_only = "SET transaction_read_only = on; DELETE FROM videos"
    assert is_away(await failure(database_url, f"DO $$ BEGIN {read_only}; END $$"))
    assert is_away(await failure(database_url, "DO $$ BEGIN RAISE SQLSTATE '58030'; END $$"))  # io_error
    assert not is_away(await failure(database_url, "SELECT FROM nothing"))
    assert not is_away(await failure(database_url, "SELECT 1 / 0"))
    assert not is_away(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    assert not is_away(OSError(errno.ENOSPC, "No space left on device"))


@pytest.mark.from_nothing
async def test_psql_is_a_prompt_on_the_configured_database(tmp_path: Path, database_url: str) -> None:
    """Its options are psql's own, its exit status as well; the password is in no argument."""
    settings = at(tmp_path, database_url)
    name = urlsplit(database_url).path.removeprefix("/")
    query = "SELECT 'here: ' || current_database()"
    assert await ended(tmp_path, settings, "psql", "-Atc", query) == (0, f"here: {name}")
    status, line = await ended(tmp_path, settings, "psql", "-v", "ON_ERROR_STOP=1", "-c", "SELECT 1/0")
    assert (status, line) == (1, "ERROR:  division by zero")
    status, line = await ended(tmp_path, at(tmp_path, f"postgresql://me:{PASSWORD}@127.0.0.1:1/films"), "psql")
    assert status == 1
    assert "films at 127.0.0.1:1 cannot be used as user me" in line
