"""What `up` and `demo` run API and worker by: children that crash, that do not end, that outlive nobody."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import pytest

from reelwright import supervisor
from reelwright.supervisor import ServiceEnded, Supervisor
from tests.support.processes import PATIENCE_S

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)
PATIENT = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


def child(program: str) -> tuple[str, tuple[str, ...]]:
    return "child", (sys.executable, "-c", program)


async def said(log: Path) -> str:
    """What the children have printed, once they have."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := log.read_text()):
            await asyncio.sleep(0.01)
    return found


async def test_a_child_that_crashes_again_and_again_ends_the_service(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """It is started again, after longer and longer pauses; then the others are asked to end, and it is said why."""
    monkeypatch.setattr(supervisor, "MAX_CRASHES", 2)
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.1)
    with (tmp_path / "log").open("wb") as output:
        both = Supervisor([child("raise SystemExit(3)"), child(PATIENT)], output=output)
        with pytest.raises(
            ServiceEnded, match=r"^child ended with exit status 3, 3 times in a row: see its log lines in"
        ):
            await asyncio.wait_for(both.run(), PATIENCE_S)
    again = [record.getMessage() for record in caplog.records if "starting it again" in record.getMessage()]
    assert [message.rpartition(" in ")[2] for message in again] == ["0.1 s", "0.2 s"]
    assert not Path(f"/proc/{int((tmp_path / 'log').read_text())}").exists()


@pytest.mark.parametrize("hurried", [False, True])
async def test_a_child_that_does_not_end_is_killed(
    hurried: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """After the time that it has for its jobs, or at once where nobody can wait for that."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(supervisor, "HURRY_S", 0.1)
    with (tmp_path / "log").open("wb") as output:
        one = Supervisor([child(STUBBORN)], output=output, patience_s=PATIENCE_S if hurried else 0.1)
        running = asyncio.create_task(one.run())
        await said(tmp_path / "log")
        (one.hurry if hurried else one.stop)()
        await asyncio.wait_for(running, PATIENCE_S / 2)
    assert "child does not end: killing it" in caplog.messages


async def test_who_is_cancelled_leaves_no_child(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as output:
        running = asyncio.create_task(Supervisor([child(PATIENT)], output=output).run())
        pid = int(await said(tmp_path / "log"))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert not Path(f"/proc/{pid}").exists()


async def test_a_child_of_one_that_is_gone_never_begins() -> None:
    """It died before the tie was made: nothing would end the child."""
    argv = ("-m", "reelwright.supervisor", str(os.getppid()), *child("print('began')")[1])
    process = await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0] == b""
    assert process.returncode == 1
