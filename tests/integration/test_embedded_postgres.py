"""The embedded PostgreSQL, for real: started, shared, killed in every part, and in awkward places."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import unquote

import asyncpg
import psycopg
import pytest

import reelwright
from reelwright.db.embedded import EmbeddedPostgresError, acquire, binaries, elsewhere, keeper, place, run_as
from reelwright.db.embedded.client import LOOK_S

MODULES = f"{Path(reelwright.__file__).parents[1]}:{sysconfig.get_path('purelib')}"
"""PYTHONPATH for any Python: this package, and its metadata."""
AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")

HOLDER = """
import sys
from pathlib import Path
from reelwright.db.embedded import acquire
bin_dir = Path(sys.argv[3]) if len(sys.argv) > 3 else None
server = acquire(Path(sys.argv[1]), grace_s=float(sys.argv[2]), bin_dir=bin_dir)
print(server.url, flush=True)
sys.stdin.read()
"""
"""A process that holds the server of argv[1] until its standard input ends; it never releases."""


def wait_until(look: Callable[[], object], what: str, limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not look():
        assert time.monotonic() < deadline, f"{what}: not within {limit_s} s"
        time.sleep(LOOK_S)


def runs(pid: int) -> bool:
    """Zombies do not: where process 1 takes in no orphans, as in many containers, they stay."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


KEEPER = "reelwright/db/embedded/keeper.py"


def keepers(home: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_text().split("\0")
            if any(part.endswith(KEEPER) for part in command) and json.loads(command[-2]).get("home") == str(home):
                found.append(int(process.name))
    return found


def server_pid(home: Path) -> int:
    (pid_file,) = home.glob("data-*/postmaster.pid")
    return int(pid_file.read_text().split()[0])


def is_gone(home: Path) -> bool:
    """Keeper, server and all that they started: each of them holds the lock."""
    try:
        lock = os.open(home / "run" / "keeper.lock", os.O_RDWR)
    except (FileNotFoundError, NotADirectoryError):
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def select_one(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=5) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)
    return False


@contextmanager
def holder(
    home: Path,
    grace_s: float = 0.2,
    *,
    prefix: tuple[str, ...] = (),
    python: str = sys.executable,
    uid: int | None = None,
    modules: str = MODULES,
    bin_dir: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    bin_dir = bin_dir or binaries.find(home).folder
    command = [*prefix, python, "-W", "error", "-c", HOLDER, str(home), str(grace_s), str(bin_dir)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": modules},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def threads_and_descriptors() -> tuple[int, int]:
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def first_line(output: IO[str] | None) -> str:
    assert output is not None
    return output.readline().strip()


@contextmanager
def open_place() -> Iterator[Path]:
    """A folder that every user can pass through, where root's server needs no user namespace."""
    folder = Path(tempfile.mkdtemp(prefix="reelwright-test-"))
    folder.chmod(0o711)
    yield folder
    wait_until(lambda: all(is_gone(home) for home in folder.iterdir()), "the servers stop after the test")
    shutil.rmtree(folder)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with open_place() as folder:
        yield folder


@pytest.fixture
def empty_home(open_folder: Path) -> Path:
    """A home that is yet to be made."""
    return open_folder / "postgres"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    with open_place() as folder:
        acquire(folder / "postgres", grace_s=0).release()
        wait_until(lambda: is_gone(folder / "postgres"), "the server stops")
        yield folder / "postgres"


@pytest.fixture
def home(empty_home: Path, cluster: Path) -> Path:
    """A home with a stopped cluster."""
    subprocess.run(["cp", "-a", cluster, empty_home], check=True)
    return empty_home


# Life and death


def test_the_first_acquire_makes_the_cluster_and_the_last_release_stops_it(empty_home: Path) -> None:
    """A folder that does not exist becomes a safe, private server; it stops after its users, and keeps the data."""
    with acquire(empty_home, grace_s=0.1) as server, psycopg.connect(server.url, autocommit=True) as connection:
        wanted = {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "data_checksums": "on",
            "listen_addresses": "",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "jit": "off",
            "TimeZone": "UTC",
        }
        shown = connection.execute("SELECT name, current_setting(name) FROM pg_settings").fetchall()
        assert {name: value for name, value in shown if name in wanted} == wanted
        identity = connection.execute("SELECT current_user, current_database()").fetchone()
        assert identity == ("reelwright", "reelwright")
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    for folder in empty_home.iterdir():
        assert folder.stat().st_mode & 0o777 == 0o700, folder
    wait_until(lambda: is_gone(empty_home), "the server stops")

    with acquire(empty_home, grace_s=0.1) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_users_that_come_at_once_share_one_server(empty_home: Path) -> None:
    """Any number of users, starting at the same moment from nothing, get the same one server."""
    barrier = threading.Barrier(6)

    def come(_: int) -> str:
        barrier.wait()
        with acquire(empty_home, grace_s=0.2) as server:
            assert select_one(server.url)
            barrier.wait()
            assert len(keepers(empty_home)) == 1
            barrier.wait()
            return server.url

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(come, range(6)))) == 1


def test_the_server_runs_until_the_last_process_leaves_even_by_a_kill(home: Path) -> None:
    """A process that is killed counts no longer; one that lives keeps the server."""
    with holder(home) as first, holder(home) as second:
        url = first_line(first.stdout)
        assert first_line(second.stdout) == url
        started = server_pid(home)
        first.kill()
        first.wait()
        time.sleep(0.6)  # three times the grace
        assert select_one(url)
        assert server_pid(home) == started
        second.kill()
        wait_until(lambda: is_gone(home), "the server stops after the last user")


def test_a_user_that_comes_within_the_grace_time_finds_the_same_server(home: Path) -> None:
    """An application that restarts does not restart its database."""
    with acquire(home, grace_s=0.5):
        started = server_pid(home)
    with acquire(home):
        time.sleep(1.0)  # twice the grace
        assert server_pid(home) == started


def test_release_leaves_no_thread_and_no_descriptor(home: Path) -> None:
    """Holding a server and letting go leaves the process as it was, and doing it twice does no harm."""
    with acquire(home, grace_s=0.1):
        before = threads_and_descriptors()
        server = acquire(home)
        assert threads_and_descriptors() > before
        server.release()
        server.release()
        assert threads_and_descriptors() == before


def test_a_process_may_end_without_a_release(home: Path) -> None:
    """The watching thread neither delays the end of a process nor complains."""
    with holder(home) as process:
        first_line(process.stdout)
        started = time.monotonic()
        _, complaints = process.communicate("", timeout=10)
        assert (process.returncode, complaints) == (0, "")
        assert time.monotonic() - started < 2


def test_the_keeper_is_nobodys_child_and_has_no_terminal(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the application's terminal, its pipes and its PG* variables do not reach keeper and server."""
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGDATABASE", "nonexistent")
    with acquire(home, grace_s=0.1) as server:
        assert select_one(server.url)
        (pid,) = keepers(home)
        process = Path(f"/proc/{pid}")
        assert os.getsid(pid) != os.getsid(0)
        assert f"PPid:\t{os.getpid()}\n" not in (process / "status").read_text()
        assert (process / "fd" / "0").readlink() == Path("/dev/null")
        assert (process / "fd" / "2").readlink() == home / "run" / "keeper.log"
        ours = {Path(f"/proc/self/fd/{number}").readlink() for number in range(3)} - {Path("/dev/null")}
        assert not ours & {descriptor.readlink() for descriptor in (process / "fd").iterdir()}
        for member in (pid, server_pid(home)):
            try:
                environment = Path(f"/proc/{member}/environ").read_bytes()
            except PermissionError:
                continue  # another account's, in a container: it has inherited the keeper's
            names = [pair.split(b"=")[0] for pair in environment.split(b"\0")]
            assert not [name for name in names if name.startswith(b"PG")]


# Kills


def the_server_goes_with_its_keeper(home: Path) -> None:
    (killed,), orphan = keepers(home), server_pid(home)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not runs(killed) and not runs(orphan), "the server goes with its keeper")


def test_a_killed_keeper_is_replaced_by_whoever_still_uses_the_server(home: Path) -> None:
    """After a kill -9 of the keeper two waiting users bring up one server between them, without being asked."""
    with holder(home) as other, acquire(home) as server:
        first_line(other.stdout)
        (killed,) = keepers(home)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not runs(killed) and keepers(home), "a new keeper comes")
        wait_until(lambda: select_one(server.url), "the server answers again")
        assert len(keepers(home)) == 1

        server.release()
        (killed,) = keepers(home)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not runs(killed) and select_one(server.url), "the other user's watch goes on")


def test_nobody_replaces_a_keeper_after_the_release(home: Path) -> None:
    """Who has released the server does not bring it back."""
    server = acquire(home, grace_s=60)
    server.release()
    the_server_goes_with_its_keeper(home)
    assert is_gone(home)
    assert not select_one(server.url)


def test_no_acknowledged_insert_is_lost_when_the_server_is_killed(home: Path) -> None:
    """kill -9 of the server under inserts: every acknowledged row is there, in a server that came back by itself."""
    acknowledged = 0
    enough = threading.Event()

    def insert(url: str) -> None:
        nonlocal acknowledged
        with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as connection:
            while True:
                connection.execute("INSERT INTO rows DEFAULT VALUES")
                acknowledged += 1
                if acknowledged == 100:
                    enough.set()

    with acquire(home, grace_s=0.1) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE rows (id serial)")
        inserts = threading.Thread(target=insert, args=(server.url,))
        inserts.start()
        assert enough.wait(20)
        killed, kept = server_pid(home), keepers(home)
        os.kill(killed, signal.SIGKILL)
        inserts.join(20)
        wait_until(lambda: select_one(server.url), "the server answers again")
        assert keepers(home) == kept
        with psycopg.connect(server.url) as connection:
            row = connection.execute("SELECT count(*) FROM rows").fetchone()
        assert row is not None
        assert acknowledged <= row[0] <= acknowledged + 1


def test_everything_killed_at_once_is_recovered_by_the_next_user(home: Path) -> None:
    """kill -9 of user, keeper and server together leaves nothing that hinders the next start."""
    with holder(home) as user:
        first_line(user.stdout)
        for pid in (user.pid, *keepers(home), server_pid(home)):
            os.kill(pid, signal.SIGKILL)
    with acquire(home, grace_s=0.1) as server:
        assert select_one(server.url)


@pytest.mark.parametrize("moment", ["global/pg_control", "base/5"])
@pytest.mark.slow
def test_a_kill_while_the_cluster_is_made_leaves_nothing_half_made(empty_home: Path, moment: str) -> None:
    """Whatever initdb had written by then, the next start makes a whole cluster and clears the rest away."""
    with holder(empty_home) as user:
        wait_until(lambda: list(empty_home.glob(f"init-*/{moment}")), f"initdb writes {moment}")
        for pid in (user.pid, *keepers(empty_home)):
            os.kill(pid, signal.SIGKILL)
    assert not list(empty_home.glob("data-*"))
    with acquire(empty_home, grace_s=0.1) as server:
        assert select_one(server.url)
    assert sorted(path.name.partition("-")[0] for path in empty_home.iterdir()) == ["data", "run", "socket"]


@pytest.mark.slow
def test_a_server_that_keeps_crashing_is_given_up_by_its_keeper(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The keeper ends after six crashes a minute, saying so; its users try with a new one, and slower."""
    with acquire(home, grace_s=0.1) as server:
        (first,) = keepers(home)
        for _ in range(keeper.CRASHES + 1):
            wait_until(lambda: select_one(server.url), "the server answers again")
            crashed = server_pid(home)
            os.kill(crashed, signal.SIGKILL)
            wait_until(lambda: not runs(crashed), "it dies")  # noqa: B023
        wait_until(lambda: not runs(first), "the keeper gives up")
        wait_until(lambda: select_one(server.url), "a new keeper's server answers")
    assert "crashed 6 times within 60 s" in (home / "run" / "keeper.log").read_text()
    assert "starting it again" in caplog.text


# Places and people


@pytest.mark.parametrize(
    "name",
    ["a 'quoted\" ऑफ़िस 日本", "comma,colon:at@percent%20", "x" * 100],
    ids=["quotes and scripts", "signs", "long"],
)
async def test_one_url_serves_both_drivers_wherever_home_is(home: Path, name: str) -> None:
    """The URL works unchanged for asyncpg and psycopg, LISTEN and NOTIFY included, also below awkward names."""
    home = home.rename(home.with_name(name))
    server = await asyncio.to_thread(acquire, home, grace_s=0.1)
    try:
        heard: asyncio.Queue[object] = asyncio.Queue()
        listener = await asyncpg.connect(server.url)
        await listener.add_listener("news", lambda *arguments: heard.put_nowait(arguments[-1]))
        async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as sender:
            await sender.execute("NOTIFY news, 'from psycopg'")
            assert await asyncio.wait_for(heard.get(), 10) == "from psycopg"

            await sender.execute("LISTEN news")
            await listener.execute("NOTIFY news, 'from asyncpg'")
            async for notice in sender.notifies(timeout=10, stop_after=1):
                assert notice.payload == "from asyncpg"
                break
            else:
                pytest.fail("psycopg heard nothing")
        await listener.close()
    finally:
        await asyncio.to_thread(server.release)
    await asyncio.to_thread(wait_until, lambda: is_gone(home), "the server stops")
    socket = Path(unquote(server.url.partition("host=")[2].partition("&")[0]))
    assert socket.parent == home or not socket.exists()


@needs_root
def test_root_gives_the_server_to_an_unprivileged_account(open_folder: Path) -> None:
    """Where that account can come, it owns the data and the socket; the folder and the locks stay root's."""
    nobody = pwd.getpwnam("nobody")
    home = open_folder / "home"
    with acquire(home, run_as="nobody", grace_s=0.1) as server:
        assert select_one(server.url)
        assert Path(f"/proc/{server_pid(home)}").stat().st_uid == nobody.pw_uid
        the_server_goes_with_its_keeper(home)
        wait_until(lambda: select_one(server.url), "a new one comes")
    owners = {path.name: path.stat().st_uid for path in home.iterdir()}
    assert owners == {"data-18": nobody.pw_uid, "socket": nobody.pw_uid, "run": 0}


@needs_root
def test_roots_server_has_no_privileges_where_only_root_can_come() -> None:
    """Below root's home folder the server runs in a user namespace: another id, no capabilities, root's files."""
    skip_without_user_namespaces()
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:
        home = Path(folder, "home")
        with acquire(home, grace_s=0.1) as server:
            assert select_one(server.url)
            status = Path(f"/proc/{server_pid(home)}/status").read_text()
            assert "CapEff:\t0000000000000000\n" in status
            assert Path(f"/proc/{server_pid(home)}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
            assert {path.stat().st_uid for path in home.iterdir()} == {0}
            the_server_goes_with_its_keeper(home)
            wait_until(lambda: select_one(server.url), "a new one comes")
        wait_until(lambda: is_gone(home), "the server stops")


@needs_root
@pytest.mark.parametrize("uid", [pwd.getpwnam("nobody").pw_uid, 54321], ids=["account", "id without an account"])
@pytest.mark.slow
def test_an_ordinary_user_runs_it_as_they_are(open_folder: Path, uid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are the user's own, also under a user id that /etc/passwd does not know."""
    if uid == 54321:
        skip_without_user_namespaces()
    python = next((python for python in (sys.executable, "/usr/bin/python3") if can_run(python, uid)), None)
    if python is None:
        pytest.skip("no Python 3.11 here that an ordinary user can run")
    modules = open_folder / "modules"
    shutil.copytree(Path(reelwright.__file__).parent, modules / "reelwright", ignore=shutil.ignore_patterns("*.tt?"))
    for metadata in Path(sysconfig.get_path("purelib")).glob("reelwright-*.dist-info"):
        shutil.copytree(metadata, modules / metadata.name)
    subprocess.run(["chmod", "-R", "a+rX", modules], check=True)
    monkeypatch.setattr(place, "STATE", open_folder / "state")
    bin_dir = place._copied(binaries.find(open_folder).folder)
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, uid, uid)
    with holder(home, python=python, uid=uid, modules=str(modules), bin_dir=bin_dir) as process:
        url = first_line(process.stdout)
        assert select_one(url)
        assert {path.stat().st_uid for path in home.iterdir()} == {uid}
        assert len(keepers(home)) == 1


@pytest.fixture
def state(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that allows no user namespaces, as a container; its folder for what accounts have to reach."""
    monkeypatch.setattr(run_as, "_may_enter_namespaces", lambda _: False)
    monkeypatch.setattr(place, "STATE", open_folder / "state" / "reelwright")
    return place.STATE


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """Where only root can come, in a path with a space."""
    with tempfile.TemporaryDirectory(prefix="reelwright test ") as folder:
        yield Path(folder)


@pytest.fixture
def closed_bin_dir(closed_folder: Path) -> Path:
    """PostgreSQL's programs in a virtual environment of root's alone."""
    root, parts = place._programs(binaries.find(closed_folder).folder)
    for part in parts:
        shutil.copytree(root / part, closed_folder / "venv" / part)
    (bin_dir,) = (closed_folder / "venv").rglob("bin")
    return bin_dir


@needs_root
@pytest.mark.slow
def test_where_its_account_cannot_come_roots_server_gets_a_place_of_its_own(
    state: Path, closed_folder: Path, closed_bin_dir: Path
) -> None:
    """Links lead there; the same data is found again, also after the project was moved, and a removed one is not."""
    nobody = pwd.getpwnam("nobody").pw_uid
    home = closed_folder / "home"

    def run(home: Path, statement: str) -> list[tuple[object, ...]]:
        with acquire(home, bin_dir=closed_bin_dir, run_as="nobody", grace_s=0) as server:
            assert Path(f"/proc/{server_pid(home)}").stat().st_uid == nobody
            assert unquote(server.url).partition("host=")[2].startswith(f"{home}/socket")
            with psycopg.connect(server.url, autocommit=True) as connection:
                found = connection.execute(statement)
                rows = found.fetchall() if found.description else []
        wait_until(lambda: is_gone(home), "the server stops")
        return rows

    run(home, "CREATE TABLE kept AS SELECT 42 AS answer")
    (folder,) = state.glob("database-*")
    assert elsewhere(home) == folder
    assert (folder / "home").read_text() == str(home)
    assert {path.name: path.stat().st_mode & 0o7777 for path in folder.iterdir() if path.is_dir()} == {
        "data-18": 0o700,
        "socket": 0o700,
    }
    (programs,) = state.glob("programs-*")
    assert not [path for path in programs.rglob("*") if path.stat().st_uid != 0 or path.stat().st_mode & 0o022]
    assert run(home, "SELECT answer FROM kept") == [(42,)]
    moved = home.rename(closed_folder / "moved")
    assert run(moved, "SELECT answer FROM kept") == [(42,)]
    other = closed_folder / "home"
    assert run(other, "SELECT to_regclass('kept')") == [(None,)]
    assert elsewhere(other) != folder
    assert list(state.glob("programs-*")) == [programs]


@needs_root
def test_a_copied_project_does_not_run_a_second_server_on_the_same_data(state: Path, closed_folder: Path) -> None:
    """Its links lead to the first one's cluster: refused while that is at work, and nothing is harmed."""
    home = closed_folder / "home"
    with acquire(home, run_as="nobody", grace_s=0) as server:
        copy = closed_folder / "copy"
        copy.mkdir(mode=0o711)
        for name in ("data-18", "socket"):
            (copy / name).symlink_to((home / name).readlink())
        (copy / "socket").unlink()
        assert "Another project's PostgreSQL is at work" in refusal(copy)
        assert select_one(server.url)
    wait_until(lambda: is_gone(home), "the server stops")


@needs_root
def test_a_place_that_is_gone_is_told(state: Path, closed_folder: Path) -> None:
    """As with a container whose project was kept on a volume: no empty database takes its place unasked."""
    home = closed_folder / "home"
    home.mkdir(mode=0o711)
    (home / "data-18").symlink_to(state / "database-abc" / "data-18")
    assert f"remove {home / 'data-18'} to begin with an empty database" in refusal(home)
    assert (home / "data-18").is_symlink()


@needs_root
def test_roots_own_cluster_is_not_given_away(state: Path, closed_folder: Path) -> None:
    """One that was made in a user namespace, where none is allowed: the sentence says so and nothing is changed."""
    home = closed_folder / "home"
    (home / "data-18").mkdir(parents=True, mode=0o700)
    home.chmod(0o711)
    (home / "data-18" / "PG_VERSION").write_text("18\n")
    assert "user namespaces are not allowed here" in refusal(home)
    assert not state.exists()


@needs_root
@pytest.mark.slow
def test_programs_are_copied_whole_or_not_at_all(state: Path, closed_bin_dir: Path) -> None:
    """What a copy that was cut short has left is cleared away, a damaged copy is made again, a newer version too."""
    copy = place._copied(closed_bin_dir)
    assert (copy / "postgres").read_bytes() == (closed_bin_dir / "postgres").read_bytes()
    (copy / "initdb").write_bytes(b"")
    (state / "copying-abc" / "copy").mkdir(parents=True)
    assert place._copied(closed_bin_dir) == copy
    assert (copy / "initdb").read_bytes() == (closed_bin_dir / "initdb").read_bytes()
    (closed_bin_dir / "initdb").write_bytes(b"newer")
    assert place._copied(closed_bin_dir) != copy
    assert {path.name.partition("-")[0] for path in state.iterdir()} == {"programs", "programs.lock"}


def skip_without_user_namespaces() -> None:
    if subprocess.run(["unshare", "--user", "true"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed here")


def can_run(python: str, uid: int) -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    with suppress(OSError):
        return subprocess.run([python, "-c", check], user=uid, group=uid, extra_groups=[], check=False).returncode == 0
    return False


# Refusals


def refusal(home: Path, *, bin_dir: Path | None = None, run_as: str | None = None) -> str:
    with pytest.raises(EmbeddedPostgresError) as caught:
        acquire(home, bin_dir=bin_dir, run_as=run_as, timeout_s=30)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 1000
    wait_until(lambda: is_gone(home.resolve()), "nothing is left of the attempt")
    return sentence


def test_missing_binaries_are_named_with_a_remedy(tmp_path: Path) -> None:
    """Without binaries the message says where they were looked for and what to install or set."""
    sentence = refusal(tmp_path / "home", bin_dir=tmp_path / "nothing")
    assert str(tmp_path / "nothing") in sentence
    assert "DATABASE_URL" in sentence


def test_a_cluster_of_another_major_version_is_left_alone(tmp_path: Path) -> None:
    """A cluster that no installed server can read is refused, and no second one is made beside it."""
    (tmp_path / "home" / "data-9").mkdir(parents=True, mode=0o700)
    (tmp_path / "home").chmod(0o700)
    (tmp_path / "home" / "data-9" / "PG_VERSION").write_text("9\n")
    assert "holds a PostgreSQL 9 cluster" in refusal(tmp_path / "home")
    assert [path.name for path in (tmp_path / "home").glob("data-*")] == ["data-9"]


@needs_root
def test_root_is_told_when_the_account_does_not_exist(tmp_path: Path) -> None:
    """An account that is not there, and root as the account, are refused by name."""
    for name in ("nosuchaccount", "root"):
        assert f"'{name}' is no unprivileged account" in refusal(tmp_path / "home", run_as=name)


@needs_root
def test_root_is_told_when_there_is_no_way_to_run_without_privileges(tmp_path: Path) -> None:
    """Where root may become no account, and user namespaces are not allowed, the message says what to change."""
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    prefix = ("unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    with holder(tmp_path / "home", prefix=prefix) as process:
        _, complaint = process.communicate("", timeout=30)
        assert "user namespaces are not allowed" in complaint
        assert "DATABASE_URL" in complaint


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    """Nobody can be let in who could swap the database's folders; and no permissions are changed to fix it."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    assert "a folder that only its own user can write to" in refusal(home)
    assert home.stat().st_mode & 0o777 == 0o777


def test_a_folder_of_its_own_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    """What lies in it is the keeper's alone; the sentence says how the folder is."""
    home = tmp_path / "home"
    home.mkdir(mode=0o711)
    (home / "run").mkdir(mode=0o755)
    assert f"{home / 'run'} is not a folder of user id {os.geteuid()} that is closed to others" in refusal(home)
    assert "mode 755" in refusal(home)


def test_a_server_that_does_not_come_in_time_is_told_with_its_last_words(tmp_path: Path) -> None:
    """One that is being stopped, and never ends."""
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True, mode=0o700)
    home.chmod(0o711)
    with (home / "run" / "users.lock").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        for words in ("none", "shutting down"):
            if words != "none":
                (home / "run" / "keeper.log").write_text(f"begun\n{words}\n")
            with pytest.raises(EmbeddedPostgresError, match=rf"did not answer in time.*keeper\.log: {words}$"):
                acquire(home, timeout_s=0)


@pytest.mark.parametrize("name", ["a,b", "x" * 100, os.fsdecode(b"\xff")], ids=["comma", "long", "no text"])
def test_a_socket_that_no_client_could_name_is_elsewhere(name: str) -> None:
    """Its folder is the same each time, and another home's is another."""
    found = place.socket_folder(Path("/srv") / name)
    assert found.parent == Path("/tmp")
    assert found == place.socket_folder(Path("/srv") / name) != place.socket_folder(Path("/srv/2") / name)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    """A home that cannot be a folder is an error with its path, not a traceback of the file system."""
    (tmp_path / "file").touch()
    assert str(tmp_path / "file" / "home") in refusal(tmp_path / "file" / "home")


def test_a_broken_cluster_gives_the_servers_own_reason(home: Path) -> None:
    """A server that cannot start is not tried for ever: its last words come back at once."""
    with acquire(home, grace_s=0.1):
        pass
    wait_until(lambda: is_gone(home), "the server stops")
    (home / "data-18" / "global" / "pg_control").write_bytes(b"")
    started = time.monotonic()
    assert "pg_control" in refusal(home)
    assert time.monotonic() - started < 10


@needs_root
def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    """Too little space for a cluster is told in those words, and the half-made one is removed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=711", "reelwright-test", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        assert f"The disk that holds {disk / 'home'} is full" in refusal(disk / "home")
        assert not list(disk.glob("home/init-*"))
    finally:
        umount = ["umount", str(disk)]
        wait_until(lambda: not subprocess.run(umount, capture_output=True, check=False).returncode, "nobody uses it")


def test_the_log_stays_small(home: Path) -> None:
    """A log over its limit is moved aside, where it replaces the one before."""
    (home / "run" / "keeper.log").write_bytes(b"x" * (keeper.LOG_LIMIT_BYTES + 1))
    (home / "run" / "keeper.log.1").write_bytes(b"older")
    with acquire(home, grace_s=0.1) as server, psycopg.connect(server.url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.SyntaxError):
            connection.execute("THIS IS LOGGED")
        wait_until(lambda: "THIS IS LOGGED" in (home / "run" / "keeper.log").read_text(), "the error is logged")
    assert (home / "run" / "keeper.log").stat().st_size < 100_000
    assert (home / "run" / "keeper.log.1").stat().st_size == keeper.LOG_LIMIT_BYTES + 1
