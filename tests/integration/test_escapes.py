"""What a program that took over a media process can do: started exactly as ffmpeg is, it tries and finds EPERM."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from reelwright.media.ffmpeg import executable, system_call_trial
from reelwright.media.sandbox import contained, kernel_support, system_calls
from reelwright.media.sandbox.system_calls import Kind
from reelwright.settings import Settings

PROGRAM = Path(__file__).parents[1] / "support" / "escapes.py"


@pytest.fixture
async def victim() -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec("/bin/sleep", "60")
    yield process.pid
    process.kill()
    await process.wait()


@pytest.fixture
def fallback() -> Iterator[None]:
    contained.use_fallback("for a test")
    yield
    contained.use_fallback("")


async def tried(tmp_path: Path, victim: int, *, devices: tuple[Path, ...] = ()) -> list[str]:
    """What was not refused."""
    work, theirs = tmp_path / "work", tmp_path / "theirs"
    work.mkdir()
    theirs.write_text("theirs")
    process = await contained.start(
        [os.path.realpath(sys.executable), "-I", "-S", str(PROGRAM), str(victim), str(theirs)],
        limits=contained.Limits(memory_bytes=1 << 30, output_bytes=1 << 20, cpu_s=60, children=False),
        access=contained.Access(read=(*contained.python_paths(), PROGRAM), write=(work,), devices=devices),
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    *found, last = said.decode().splitlines()
    assert last.startswith("tried "), said
    return found


async def test_no_way_out_of_a_media_process_is_open(tmp_path: Path, victim: int) -> None:
    """Other processes, files' modes and times, shared memory, memory beyond the limit, watches, namespaces, sockets."""
    assert await tried(tmp_path, victim) == []


@pytest.mark.usefixtures("fallback")
async def test_nor_where_the_list_does_not_fit_the_machine(tmp_path: Path, victim: int) -> None:
    assert await tried(tmp_path, victim) == []


async def test_drivers_get_no_more_than_they_need(tmp_path: Path, victim: int) -> None:
    """Encoders in hardware control their devices and take memory without a name; nothing else is opened for them."""
    found = await tried(tmp_path, victim, devices=(Path("/dev/null"),))
    assert {line.partition(":")[0] for line in found} == {"memory beyond the limit", "inotify"}


async def test_a_media_process_has_no_capabilities(tmp_path: Path) -> None:
    """Not even root's; it can get none again, and what it starts neither."""
    process = await contained.start(
        ["/bin/cat"],
        limits=contained.Limits(children=False),
        access=contained.Access(write=(tmp_path,)),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"ready\n")
        await process.stdout.readline()
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
    finally:
        await contained.stop(process, patience_s=0)
    assert {int(status[f"Cap{kind}"], 16) for kind in ("Prm", "Eff", "Inh", "Amb")} == {0}
    assert os.getuid() != 0 or int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")


READ_CONTAINED = """
import asyncio, subprocess, sys
from pathlib import Path
from reelwright.media.sandbox import contained
async def read(wanted, allowed):
    process = await contained.start(
        ["/bin/cat", wanted], limits=contained.Limits(children=False), access=contained.Access(read=(Path(allowed),)),
        cwd=Path("/"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    sys.stdout.buffer.write((await process.communicate())[0])
asyncio.run(read(*sys.argv[1:]))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root reaches what is another user's")
@pytest.mark.parametrize("lacks", ["", "-dac_read_search"], ids=["root", "root in a container"])
def test_root_still_reads_a_strangers_folder(tmp_path: Path, lacks: str) -> None:
    """Started with sudo in the home of a user whose folders are closed: the input is read, nothing else is."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "video").write_text("mine")
    (home / "other").write_text("other")
    for path in (home, home / "video", home / "other"):
        path.chmod(0o600 if path.is_file() else 0o700)
        os.chown(path, 65534, 65534)
    for name, expected in (("video", b"mine"), ("other", b"")):
        program: list[str | Path] = [sys.executable, "-c", READ_CONTAINED, home / name, home / "video"]
        if lacks:
            program = ["setpriv", f"--bounding-set={lacks}", *program]
        said = subprocess.run(program, stdout=subprocess.PIPE, timeout=60, check=True).stdout
        assert said == expected


async def test_an_ffmpeg_that_needs_more_is_not_broken_by_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A C library or a build that calls what no trace has shown: found by a trial, and said to whoever asks."""
    lacking = {name: pair for name, pair in system_calls.ALLOWED[Kind.FFMPEG].items() if name not in ("open", "openat")}
    monkeypatch.setitem(system_calls.ALLOWED, Kind.FFMPEG, lacking)
    system_calls.program.cache_clear()
    try:
        await system_call_trial.settle(Settings())
        assert not contained.holds_to_list()
        (missing,) = kernel_support.available().missing
        assert "with the allow-list this ffmpeg fails" in missing
        await executable.version(Settings())
    finally:
        contained.use_fallback("")
        system_calls.program.cache_clear()


async def test_the_list_is_kept_where_ffmpeg_works_and_where_it_never_does(tmp_path: Path) -> None:
    """A program that fails either way tells nothing about the list; a setting decides without any trial."""
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    for settings in (Settings(), Settings(ffmpeg_bin=str(broken)), Settings(system_calls="allow-list")):
        await system_call_trial.settle(settings)
        assert contained.holds_to_list()
    await system_call_trial.settle(Settings(system_calls="deny-list"))
    assert not contained.holds_to_list()
    contained.use_fallback("")
