"""A warm server that forks: each child does what its call allows, alone; whatever becomes of it, the next is served."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import uvloop

from reelwright.errors import Busy, JobFailed, MediaProcessFailed, UnreadableMedia
from reelwright.media.sandbox import contained
from reelwright.media.sandbox.fork_client import ChildFailed, ForkClient
from reelwright.media.sandbox.fork_server import Call
from reelwright.media.sandbox.watched_call import WATCH_S, watched
from tests.support import fork_tasks
from tests.support.kernel import needs_seccomp
from tests.support.processes import PATIENCE_S

PROGRAM = Path(fork_tasks.__file__)
MEMORY_BYTES = 1 << 29
PLACES = 4
STALL_S = 2.0


def call(errand: str, argument: object = "", **allowed: object) -> Call:
    request = msgspec.Raw(msgspec.json.encode((errand, str(argument))))
    return msgspec.structs.replace(Call(request=request, timeout_s=20, memory_bytes=MEMORY_BYTES), **allowed)


@pytest.fixture
async def server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[ForkClient]:
    """That runs `fork_tasks`, which no installed package is. Its parameter is the errand of its trial."""
    found = contained.python_argv

    def python_argv(module: str, *arguments: str) -> list[str]:
        argv = found(module, *arguments)
        paths = argv.index(module) - 1
        argv[paths] += f":{PROGRAM.parent}"
        return argv

    monkeypatch.setattr(contained, "python_argv", python_argv)
    access = contained.Access(read=(PROGRAM.parent, tmp_path), write=(tmp_path,))
    trial = getattr(request, "param", None)
    client = ForkClient("fork_tasks", at_once=PLACES, access=access, trial=trial and (call(trial), 0))
    yield client
    await client.stop()


async def test_a_child_may_do_what_its_call_allows_and_no_more(server: ForkClient, tmp_path: Path) -> None:
    """Its server may read and write the folder; a child only where the call says so, and never reach others."""
    path = tmp_path / "secret"
    path.write_text("secret")
    mine = (str(tmp_path),)

    async def did(errand: str, argument: object = "", **allowed: object) -> str:
        return await server.ask(call(errand, argument, **allowed), [], str)

    assert await did("read", path) == "EACCES"
    assert await did("read", path, read=mine) == "secret"
    assert await did("write", path) == "EACCES"
    assert await did("write", path, read=mine) == "EACCES"
    assert await did("write", tmp_path / "new", write=mine, output_bytes=10) == "written"
    assert await did("connect", "127.0.0.1") == "EPERM"
    assert await did("fork") == "EPERM"
    assert await did("read", PROGRAM) == "EACCES"
    assert await did("read", "/etc/passwd", read=mine) == "EACCES"


async def test_nothing_of_one_call_is_left_for_the_next(server: ForkClient) -> None:
    """Neither in memory nor in the environment."""
    for _ in range(3):
        assert await server.ask(call("remember", "word"), [], str) == "1 1"


async def test_a_childs_end_is_told_and_the_next_call_is_answered(server: ForkClient, tmp_path: Path) -> None:
    """Crashes, hangs, processor time, memory, half a reply: by the same server."""
    await server.start()
    pid = server.pid
    with (tmp_path / "file").open("w+b") as file:
        for errand, failure, limits in [
            ("die", "crashed", {}),
            ("babble", "timed_out", {"timeout_s": 0.3}),
            ("hang", "timed_out", {"timeout_s": 0.3}),
            ("spin", "timed_out", {"timeout_s": 1.0}),
            ("grow", "out_of_memory", {}),
        ]:
            with pytest.raises(ChildFailed) as failed:
                await server.ask(call(errand, **limits), [file.fileno()], str)
            assert failed.value.failure == failure, errand
        assert await server.ask(call("fill", 2000, output_bytes=1000), [file.fileno()], str) == "EFBIG"
        assert os.fstat(file.fileno()).st_size == 1000
    with pytest.raises(UnreadableMedia, match="odd") as refused:
        await server.ask(call("refuse", "odd"), [], str)
    assert refused.value.code == "too_long"
    with pytest.raises(ChildFailed):  # an answer of another type than is expected
        await server.ask(call("remember"), [], int)
    assert server.pid == pid


async def test_what_waits_for_its_turn_does_not_stall(server: ForkClient, tmp_path: Path) -> None:
    """However long others take; once it has its turn, it does."""

    async def watch(errand: str) -> str:
        asked = call(errand, "word")
        return await watched(server, asked, [], str, report=lambda _: None, stall_s=STALL_S, what="waiting")

    with (tmp_path / "said").open("w+b", buffering=0) as file:
        others = [asyncio.create_task(server.ask(call("hear"), [file.fileno()], str)) for _ in range(PLACES)]
        waiting = asyncio.create_task(watch("remember"))
        done, _ = await asyncio.wait([waiting, *others], timeout=2 * WATCH_S + STALL_S)
        assert not done
        file.write(b"word")
        assert await waiting == "1 1"
        await asyncio.gather(*others)
    with pytest.raises(JobFailed) as failed:
        await watch("hang")
    assert failed.value.code == "stalled"


async def test_an_answer_is_had_before_its_child_has_ended(server: ForkClient, tmp_path: Path) -> None:
    """The server, which has to see that end, may even stand still."""
    await server.start()
    with (tmp_path / "said").open("w+b", buffering=0) as file:
        asking = asyncio.create_task(server.ask(call("hear"), [file.fileno()], str))
        async with asyncio.timeout(PATIENCE_S):
            while not Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text():
                await asyncio.sleep(0.01)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        try:
            file.write(b"word")
            async with asyncio.timeout(PATIENCE_S):
                assert await asking == "word"
        finally:
            os.kill(server.pid, signal.SIGCONT)


async def test_a_dead_server_is_replaced_and_files_are_read_from_their_beginning(
    server: ForkClient, tmp_path: Path
) -> None:
    """What the lost child had read is read again."""
    (tmp_path / "file").write_text("all of it")
    with (tmp_path / "file").open("rb") as file:
        os.lseek(file.fileno(), 4, os.SEEK_SET)
        await server.start()
        asked = asyncio.create_task(server.ask(call("see"), [file.fileno()], str))
        await asyncio.sleep(0)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert await asked == "all of it"


async def test_a_server_that_cannot_be_started_is_busy_to_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    """They may try again later; whoever starts it learns why."""
    absent = ForkClient("reelwright.media.none", at_once=1)
    with pytest.raises(Busy):
        await absent.ask(call("read"), [], str)
    await absent.stop()
    monkeypatch.setattr(contained, "python_argv", lambda *_: ["/no/such/program"])
    with pytest.raises(MediaProcessFailed) as failed:
        await absent.start()
    assert failed.value.code == "cannot_start"
    with pytest.raises(Busy):
        await absent.ask(call("read"), [], str)


@needs_seccomp
@pytest.mark.parametrize(("server", "helped"), [("need", True), ("die", False)], indirect=["server"])
async def test_children_that_need_more_are_not_broken_by_the_list(
    server: ForkClient, caplog: pytest.LogCaptureFixture, helped: bool
) -> None:
    """A C library that calls what no trace has shown: found by a trial, and said; what does harm stays refused. Where
    they cannot work either way, the list is kept."""
    try:
        await server.start()
        assert contained.holds_to_list() is not helped
        assert ("are not held to the allow-list: fork_tasks fails" in caplog.text) is helped
        assert await server.ask(call("connect", "127.0.0.1"), [], str) == "EPERM"
        if helped:
            assert await server.ask(call("need"), [], str) == "had"
    finally:
        contained.use_fallback("")


@pytest.mark.slow
def test_no_descriptor_is_closed_twice(server: ForkClient) -> None:
    """In the loop that the API runs in, too, while threads open and close files all the time: those stay theirs."""
    ending = threading.Event()
    lost: list[OSError] = []

    def open_and_close() -> None:
        while not ending.is_set():
            descriptor = os.open("/dev/null", os.O_RDONLY)
            try:
                os.fstat(descriptor)
                os.close(descriptor)
            except OSError as error:
                lost.append(error)

    async def ask_many() -> None:
        for _ in range(60):
            async with asyncio.TaskGroup() as asking:
                for _ in range(4):
                    asking.create_task(server.ask(call("remember", "x"), [], str))
        await server.stop()

    threads = [threading.Thread(target=open_and_close) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(ask_many())
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    assert lost == []
