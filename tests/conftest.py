"""What the tests run on: one real PostgreSQL for the run, one migrated database a test, real processes."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import hypothesis
import psycopg
import pytest

from reelwright.db.connection_pool import create_engine
from reelwright.db.embedded import acquire
from reelwright.db.migrate import upgrade
from reelwright.db.sessions import Sessions
from reelwright.media.checks.inspector import Inspector
from reelwright.media.ffmpeg import system_call_trial
from reelwright.media.probe.prober import Prober, probe_rules
from reelwright.media.sandbox import contained
from reelwright.media.sandbox.fork_client import ForkClient
from reelwright.media.shared_reader import media_reader
from reelwright.media.splicing.splicer import Splicer
from reelwright.settings import Settings
from reelwright.settings_reader import parse
from tests.support import footage, recipes, server_folder, splices
from tests.support.images import RendererForTests
from tests.support.job_database import World
from tests.support.media_files import material
from tests.support.order_of_tests import in_shares
from tests.support.processes import START_VARIABLE, from_nothing
from tests.support.service import Service

pytest_plugins = ["tests.support.needs", "tests.support.few"]

for name in list(os.environ):
    if name in {field.upper() for field in Settings.__struct_fields__}:
        del os.environ[name]


hypothesis.settings.register_profile("reelwright", deadline=None)  # how fast a machine is says nothing of the rules
hypothesis.settings.load_profile("reelwright")

if "COVERAGE_PROCESS_CONFIG" in os.environ:
    from tests.support import measured

    measured.measure()

AS_ROOT = os.geteuid() == 0
"""PostgreSQL runs as another account then, which cannot come into the folders that pytest makes."""


def pytest_configure(config: pytest.Config) -> None:
    if AS_ROOT and not config.option.basetemp:
        config.option.basetemp = tempfile.mkdtemp(prefix="reelwright-tests-")
    if "PYTEST_XDIST_WORKER" not in os.environ and "TEST_DATABASE_URL" not in os.environ:
        server_folder.make()


def pytest_unconfigure() -> None:
    server_folder.remove()


def pytest_xdist_auto_num_workers() -> int:
    """Three more than there are cores: in many tests a process waits for a lease, a poll, an outage to be over."""
    return len(os.sched_getaffinity(0)) + 3


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the order in which several processes are busy all the time (`support/order_of_tests.py`)."""
    processes = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    items[:] = in_shares(items, processes)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported, and all tests, are there for good: no collection of garbage need look at them, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Where all must run, tests that are marked so start each program from nothing."""
    with pytest.MonkeyPatch.context() as environment:
        if item.get_closest_marker("from_nothing") and os.environ.get("TESTS_MUST_RUN"):
            environment.setenv(START_VARIABLE, "exec")
        return (yield)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Folders of failed tests are kept to look at."""
    folder = session.config.option.basetemp
    if exitstatus == 0 and folder and Path(folder).name.startswith("reelwright-tests-"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of all the processes in which the tests run: what one of them makes here, the others find."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def reachable_base(common_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    if AS_ROOT:
        for folder in (common_folder, tmp_path_factory.getbasetemp()):
            folder.chmod(0o711)


@pytest.fixture(scope="session", autouse=True)
def common_footage(common_folder: Path, reachable_base: None) -> Path:
    """The folder of footage, and of other sources that are made once."""
    folder = common_folder / "footage"
    folder.mkdir(exist_ok=True)
    footage.keep_in(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For what the tests of a module share."""
    return tmp_path_factory.mktemp("module")


@pytest.fixture(scope="session")
async def reader(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ForkClient]:
    """The program that probes, proves and splices, in the folder of any test, for all tests that leave it whole."""
    async with media_reader(work=tmp_path_factory.getbasetemp()) as running:
        yield running


@pytest.fixture(scope="session")
def prober(reader: ForkClient) -> Prober:
    """By the default settings."""
    return Prober(probe_rules(recipes.SETTINGS), reader)


@pytest.fixture(scope="session")
def inspector(reader: ForkClient) -> Inspector:
    return recipes.inspector(reader)


@pytest.fixture(scope="session")
async def renderer(common_footage: Path) -> AsyncIterator[RendererForTests]:
    """What draws with the bundled fonts, for all tests that leave it whole."""
    async with RendererForTests.in_folder(common_footage.with_name("drawing")) as drawing:
        yield drawing


@pytest.fixture(scope="session")
def splicer(reader: ForkClient) -> Splicer:
    return splices.splicer(reader)


@pytest.fixture(scope="session")
def patch(common_footage: Path) -> Path:
    """An opaque magenta picture of the size `recipes.PATCH`."""
    colour = "color=0xff00ff:size={}x{},format=rgba".format(*recipes.PATCH)
    return material(common_footage / "patch.png", "-f", "lavfi", "-i", colour, "-frames:v", "1")


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """pytest's own, and as root one that other accounts can pass through."""
    if AS_ROOT:
        tmp_path.chmod(0o711)
    return tmp_path


@pytest.fixture(scope="session")
def server_url(common_folder: Path) -> Iterator[str]:
    """A PostgreSQL server: the embedded one, which all the tests' processes share, or the one that TEST_DATABASE_URL
    names."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with acquire((server_folder.named() or common_folder) / "postgres", grace_s=0) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes"):  # what the tests lose with the machine nobody misses
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.url


def in_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def copy_database(url: str, template: str, name: str) -> None:
    """By the server's log, or file by file, which is faster where files lie in memory."""
    strategy = "file_copy" if server_folder.named() else "wal_log"
    await execute(url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {strategy}")


@pytest.fixture(scope="session")
async def template(server_url: str) -> AsyncIterator[str]:
    """The name of a migrated, empty database to copy."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    await execute(server_url, f"CREATE DATABASE {name}")
    engine = create_engine(in_database(server_url, name), application_name="tests")
    await upgrade(engine)
    await engine.dispose()
    yield name
    await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(server_url: str, template: str) -> AsyncIterator[str]:
    """A database of the test's own, at the newest schema."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await copy_database(server_url, template, name)
    yield in_database(server_url, name)
    await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_database(server_url: str) -> AsyncIterator[str]:
    """A database of the test's own, with nothing in it."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    await execute(server_url, f"CREATE DATABASE {name}")
    yield in_database(server_url, name)
    await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The test's own database, to be worked on in this process."""
    engine = create_engine(database_url, application_name="tests", pool_size=20)
    yield World(Sessions(engine), database_url)
    await engine.dispose()


@pytest.fixture
async def operator(database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A session of the owner of the test's own database, as with psql."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def system_calls() -> str:
    """What every start would find out anew of this machine."""
    await system_call_trial.settle(Settings())
    return "allow-list" if contained.holds_to_list() else "deny-list"


@pytest.fixture
def settings(database_url: str, tmp_path: Path, system_calls: str) -> Settings:
    """Settings of a service that has the test's database and folders, with short clocks. Equal edits are made anew:
    tests of how something is made ask for the same again and again; those of reuse say otherwise."""
    return parse(
        {
            "APP_ENV": "test",
            "DATABASE_URL": database_url,
            "MEDIA_ROOT": str(tmp_path / "media"),
            "DISK_RESERVE_BYTES": "1048576",
            "LEASE_S": "4",
            "REAP_INTERVAL_S": "1",
            "SHUTDOWN_GRACE_S": "1",
            "UPLOAD_IDLE_TIMEOUT_S": "5",
            "DB_POOL_SIZE": "5",
            "SYSTEM_CALLS": "auto" if from_nothing() else system_calls,
            "REUSE_RESULTS": "false",
            "OUTBOUND_ALLOWED": "127.0.0.1",
            "OUTBOUND_PORTS": "80,443,1024-65535",
        }
    )


@pytest.fixture
async def service(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """The test's own service: a real API process, with the variables of the mark `api`; workers are started by the
    test."""
    given = request.node.get_closest_marker("api")
    async with Service(settings, tmp_path).running(**given.kwargs if given else {}) as running:
        yield running


@pytest.fixture(scope="session")
async def shared_service(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory, system_calls: str
) -> AsyncIterator[Service]:
    """One service with one worker for all tests that leave it whole. Equal edits are made anew, as by `settings`."""
    name = f"shared_{uuid.uuid4().hex[:12]}"
    folder = tmp_path_factory.mktemp("shared")
    await copy_database(server_url, template, name)
    settings = parse(
        {
            "APP_ENV": "test",
            "DATABASE_URL": in_database(server_url, name),
            "MEDIA_ROOT": str(folder / "media"),
            "DISK_RESERVE_BYTES": "1048576",
            "UPLOAD_IDLE_TIMEOUT_S": "5",
            "SYSTEM_CALLS": system_calls,
            "REUSE_RESULTS": "false",
            "OUTBOUND_ALLOWED": "127.0.0.1",
            "OUTBOUND_PORTS": "80,443,1024-65535",
        }
    )
    async with Service(settings, folder).running() as running, running.worker():
        yield running
    await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(autouse=True)
def nothing_runs_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test has asked of the shared service and not waited for is cancelled: the next tests have the machine."""
    shared: Service | None = None
    if "shared_service" in request.fixturenames:
        shared = request.getfixturevalue("shared_service")
    yield
    if shared is not None:
        with psycopg.connect(shared.settings.configured_database_url) as connection:
            connection.execute("SELECT cancel_job(id) FROM jobs WHERE status IN ('PENDING', 'STARTED')")


@pytest.fixture(scope="session")
def clip(common_footage: Path) -> Path:
    """Four seconds of moving picture and sound."""
    return material(
        common_footage / "clip.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=4"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=4"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"),
    )


@pytest.fixture(scope="session")
def long_clip(common_footage: Path) -> Path:
    """A minute whose trim takes long enough to be interrupted."""
    return material(
        common_footage / "long.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=60"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "35", "-pix_fmt", "yuv420p"),
    )
