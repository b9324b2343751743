"""Containment, tried for real: processes that attempt what they must not be able to do."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shlex import quote

import imageio_ffmpeg
import pytest

from reelwright.errors import MediaProcessFailed
from reelwright.media.sandbox import contained, kernel_support
from reelwright.media.sandbox.contained import Access, Limits
from tests.support.kernel import needs_landlock, needs_seccomp


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@asynccontextmanager
async def running(
    *argv: str,
    work: Path,
    limits: Limits | None = None,
    read: tuple[Path, ...] = (),
    pass_fds: tuple[int, ...] = (),
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await contained.start(
        argv,
        limits=limits or Limits(),
        access=Access(read=read, write=(work,)),
        cwd=work,
        pass_fds=pass_fds,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        await contained.stop(process, patience_s=0)


async def run(
    *argv: str, work: Path, limits: Limits | None = None, read: tuple[Path, ...] = ()
) -> tuple[int, str, str]:
    """Status, stdout and stderr of a contained program that ends by itself."""
    async with running(*argv, work=work, limits=limits, read=read) as process:
        out, err = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


async def run_python(code: str, *, work: Path, limits: Limits | None = None) -> str:
    """What a contained Python program prints; it must end well."""
    argv = [os.path.realpath(sys.executable), "-I", "-S", "-c", code]
    status, out, err = await run(*argv, work=work, limits=limits, read=contained.python_paths())
    assert status == 0, err
    return out.strip()


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 10)).decode().strip()


async def gone(pid: int) -> bool:
    """Whether the process ends within some seconds (a zombie has ended)."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        await asyncio.sleep(0.01)
    return False


async def test_nothing_of_our_environment_is_seen(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A media process finds a locale, a path and its work folder, and no secrets."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    status, out, _ = await run("/usr/bin/env", work=work)
    assert status == 0
    assert dict(line.split("=", 1) for line in out.splitlines()) == {
        "LC_ALL": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TMPDIR": str(work),
    }


@needs_landlock
async def test_only_inputs_can_be_read(work: Path, tmp_path: Path) -> None:
    """The named file opens; its neighbour and the system's configuration do not."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "theirs").write_text("theirs")
    mine = tmp_path / "mine"
    assert (await run("/bin/cat", str(mine), work=work, read=(mine,)))[:2] == (0, "mine")
    for other in (tmp_path / "theirs", Path("/etc/passwd"), Path("/proc/self/environ")):
        status, out, err = await run("/bin/cat", str(other), work=work, read=(mine,))
        assert (status, out) == (1, "")
        assert "Permission denied" in err


@needs_landlock
async def test_only_the_work_folder_can_be_written(work: Path, tmp_path: Path) -> None:
    """Inside, files are made, renamed and removed; outside, also in an input, nothing is."""
    source = tmp_path / "source"
    source.write_text("as it was")
    script = "echo a > a && mv a b && mkdir c && mv b c/d && rm c/d && rmdir c && echo done > result"
    assert (await run("/bin/sh", "-c", script, work=work))[0] == 0
    assert [path.name for path in work.iterdir()] == ["result"]
    there, elsewhere = quote(str(source)), quote(str(tmp_path))
    for attempt in (f"echo x > {there}", f"echo x > {elsewhere}/new", f"rm {there}", f"mv result {elsewhere}/out"):
        status, _, err = await run("/bin/sh", "-c", attempt, work=work, read=(source,))
        assert status != 0
        assert "denied" in err.lower()
    assert source.read_text() == "as it was"
    assert {path.name for path in tmp_path.iterdir()} == {"source", "work"}


@needs_landlock
async def test_links_out_of_the_work_folder_cannot_be_made(work: Path, tmp_path: Path) -> None:
    """Whoever reads the results never follows a link to somewhere else."""
    (tmp_path / "secret").write_text("secret")
    assert (await run("/bin/ln", "-s", str(tmp_path / "secret"), "link", work=work))[0] != 0
    assert (await run("/bin/ln", str(tmp_path / "secret"), "link", work=work))[0] != 0
    assert list(work.iterdir()) == []


@needs_seccomp
async def test_no_socket_can_be_opened(work: Path) -> None:
    """Neither the internet, nor a neighbour on this machine, nor the kernel's own sockets."""
    code = """
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            socket.socket(family, kind)
            print("opened", family, kind)
        except PermissionError:
            pass
print("tried")
"""
    assert await run_python(code, work=work) == "tried"


@needs_seccomp
async def test_kernel_interfaces_that_media_need_not_are_shut(work: Path) -> None:
    """Namespaces, tracing and leaving the process group fail with EPERM."""
    code = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
for name, call in {
    "unshare": lambda: libc.unshare(0x10000000), "ptrace": lambda: libc.ptrace(0, 0, None, None),
    "setsid": lambda: libc.setsid(), "setpgid": lambda: libc.setpgid(0, 0), "chroot": lambda: libc.chroot(b"."),
}.items():
    assert call() == -1 and ctypes.get_errno() == errno.EPERM, name
print("refused")
"""
    assert await run_python(code, work=work) == "refused"


@needs_seccomp
async def test_a_process_without_children_starts_threads_only(work: Path) -> None:
    """`children=False` refuses every way to a new process and leaves threads alone."""
    code = """
import os, subprocess, threading
thread = threading.Thread(target=print, args=("thread",))
thread.start(); thread.join()
for way in (os.fork, lambda: subprocess.run(["/bin/true"]), lambda: os.posix_spawn("/bin/true", ["true"], {})):
    try:
        way()
        print("started")
    except PermissionError:
        print("refused")
"""
    assert (await run_python(code, work=work, limits=Limits(children=False))).split() == ["thread", *["refused"] * 3]


async def test_no_descriptor_is_inherited_but_those_passed(work: Path) -> None:
    """Of our open files a media process holds the passed one and its three standard streams."""
    read_fd, write_fd = os.pipe()
    os.set_inheritable(read_fd, True)
    code = """
import os
held = []
for number in range(256):
    try:
        os.fstat(number)
        held.append(number)
    except OSError:
        pass
print(held)
"""
    argv = [os.path.realpath(sys.executable), "-I", "-S", "-c", code]
    try:
        async with running(*argv, work=work, read=contained.python_paths(), pass_fds=(write_fd,)) as process:
            assert await line_of(process) == str([0, 1, 2, write_fd])
    finally:
        os.close(read_fd)
        os.close(write_fd)


async def test_memory_is_limited(work: Path) -> None:
    """An allocation beyond the limit fails; the machine does not notice."""
    code = """
try:
    bytearray(400 << 20)
    print("allocated")
except MemoryError:
    print("refused")
"""
    assert await run_python(code, work=work, limits=Limits(memory_bytes=256 << 20)) == "refused"
    assert await run_python(code, work=work, limits=Limits(memory_bytes=1 << 30)) == "allocated"


async def test_output_and_time_are_limited(work: Path) -> None:
    """A file that grows too large and a loop that never ends are each ended by their own signal."""
    (work / "zeros").write_bytes(bytes(2 << 20))
    argv = ["/bin/dd", "if=zeros", "of=big", "bs=64k"]
    status, _, _ = await run(*argv, work=work, limits=Limits(output_bytes=1 << 20))
    assert status == -signal.SIGXFSZ
    assert (work / "big").stat().st_size == 1 << 20
    status, _, _ = await run("/bin/sh", "-c", "while :; do :; done", work=work, limits=Limits(cpu_s=1))
    assert status == -signal.SIGXCPU


async def test_stop_ends_the_children_too(work: Path) -> None:
    """Whatever a media process has started goes with it, also when it has ended first itself."""
    async with running("/bin/sh", "-c", "sleep 60 & echo $!; wait", work=work) as process:
        child = int(await line_of(process))
        await contained.stop(process)
        assert await gone(child)
    async with running("/bin/sh", "-c", "sleep 60 >&- 2>&- & echo $!", work=work) as process:
        child = int(await line_of(process))
        await process.wait()
        assert Path(f"/proc/{child}").exists()
        await contained.stop(process)
        assert await gone(child)


async def test_stop_does_not_wait_for_ever(work: Path) -> None:
    """A process that ignores SIGTERM, or is stopped, is killed after the patience; stopping twice is safe."""
    ignoring = "trap '' TERM; echo ready; while :; do sleep 1; done"
    async with running("/bin/sh", "-c", ignoring, work=work) as process:
        await line_of(process)
        began = time.monotonic()
        await contained.stop(process, patience_s=0.2)
        assert process.returncode == -signal.SIGKILL
        assert 0.2 <= time.monotonic() - began < 5
        await contained.stop(process)
    async with running("/bin/sh", "-c", "echo ready; sleep 60", work=work) as process:
        await line_of(process)
        process.send_signal(signal.SIGSTOP)
        await contained.stop(process, patience_s=0.1)
        assert process.returncode in (-signal.SIGTERM, -signal.SIGKILL)


async def test_it_dies_with_the_process_that_started_it(work: Path) -> None:
    """kill -9 of a worker leaves no media process behind."""
    code = """
import asyncio, sys
from pathlib import Path
from reelwright.media.sandbox import contained
async def main():
    work = Path(sys.argv[1])
    access = contained.Access(write=(work,))
    process = await contained.start(["/bin/sleep", "60"], limits=contained.Limits(), access=access, cwd=work)
    print(process.pid, flush=True)
    await process.wait()
asyncio.run(main())
"""
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(work), stdout=subprocess.PIPE)
    media = int(await line_of(worker))
    assert Path(f"/proc/{media}").exists()
    worker.kill()
    await worker.wait()
    assert await gone(media)


async def test_it_goes_first_when_the_machine_runs_out_of_memory(work: Path) -> None:
    """The kernel's choice, and the scheduler's, is the media process, not the service."""
    async with running("/bin/sh", "-c", "echo ready; sleep 60", work=work) as process:
        await line_of(process)
        assert int(Path(f"/proc/{process.pid}/oom_score_adj").read_text()) >= 500
        assert os.getpriority(os.PRIO_PROCESS, process.pid) > os.getpriority(os.PRIO_PROCESS, 0)


async def test_a_launcher_that_fails_is_told_from_a_program_that_fails(work: Path) -> None:
    """Status 125 and a line that begins `launcher:`; a program that does not exist is not even tried."""
    status, _, err = await run("/bin/true", work=work, read=(work / "missing",))
    assert status == contained.LAUNCHER_FAILED
    assert err.startswith("launcher: ")
    assert (await run("/bin/false", work=work))[0] == 1
    with pytest.raises(MediaProcessFailed) as caught:
        await run("no-such-program", work=work)
    assert caught.value.code == "cannot_start"


@pytest.mark.parametrize("without", [("landlock",), ("seccomp",), ("landlock", "seccomp")])
def test_a_kernel_that_lacks_something_still_runs_media(work: Path, without: tuple[str, ...]) -> None:
    """What is missing is left out; what is there holds."""
    limits, access = Limits(output_bytes=10), Access(write=(work,))
    secret = work.parent / "secret"
    secret.write_text("secret")
    argv = ["/bin/sh", "-c", f"cat {quote(str(secret))}; printf 12345678901 > {quote(str(work))}/big"]
    command = contained.command(argv, limits=limits, access=access, without=without)
    ended = subprocess.run(command, env={}, capture_output=True, text=True, start_new_session=True, check=False)
    readable = "landlock" in without or kernel_support.available().landlock_abi == 0
    assert ended.stdout == ("secret" if readable else "")
    assert (work / "big").stat().st_size == 10


async def test_ffmpeg_works_inside(work: Path, tmp_path: Path) -> None:
    """The real program encodes from its input to its work folder, with threads and no children."""
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    source = tmp_path / "source.mp4"
    made = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=0.4", "-f", "lavfi", "-i", "sine=d=0.4"]
    subprocess.run([ffmpeg, *made, str(source)], check=True, stdin=subprocess.DEVNULL)
    argv = [ffmpeg, "-nostdin", "-v", "error", "-i", f"file:{source}", "-c:v", "libx264", "-threads", "2", "out.mp4"]
    limits = Limits(memory_bytes=2 << 30, output_bytes=1 << 20, cpu_s=30, children=False)
    assert await run(*argv, work=work, limits=limits, read=(source,)) == (0, "", "")
    assert (work / "out.mp4").stat().st_size > 1000


async def test_stop_that_is_cancelled_still_kills(work: Path) -> None:
    """A caller that is cancelled while it waits for the end does not leave the process running."""
    async with running("/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done", work=work) as process:
        await line_of(process)
        stopping = asyncio.create_task(contained.stop(process, patience_s=60))
        await asyncio.sleep(0)  # so that it waits
        stopping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stopping
        assert await gone(process.pid)
