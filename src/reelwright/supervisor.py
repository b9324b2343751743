"""Runs API and worker as child processes: restarts what crashes, ends all together, leaves nothing behind."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from reelwright.cancellation import set_within

logger = logging.getLogger(__name__)

HURRY_S = 10.0
"""How long a child may take to end at once, which for a worker is to hand its jobs back."""
HEALTHY_AFTER_S = 60
"""A child that ran for so long has its crashes forgiven."""
MAX_CRASHES = 5
FIRST_PAUSE_S, MAX_PAUSE_S = 0.5, 10.0
PR_SET_PDEATHSIG = 1

API = ("api", (sys.executable, "-m", "reelwright", "serve"))
WORKER = (
    "worker",
    (
        *(sys.executable, "-m", "procrastinate", "--app=reelwright_worker.app.app"),
        *("--log-level=info", "worker"),
    ),
)


class ServiceEnded(Exception):
    """A child crashed again and again, or could not be started; the message says which and how."""


@dataclass(slots=True)
class Supervisor:
    """`environment` is added to the children's; `output` takes what they print (None: our own)."""

    children: Sequence[tuple[str, Sequence[str]]]
    environment: Mapping[str, str] = field(default_factory=dict)
    output: IO[bytes] | None = None
    patience_s: float = 30.0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _hurrying: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Ask all to end. Who cannot wait for that calls `hurry`."""
        self._stopping.set()

    def hurry(self) -> None:
        """Ask all to end at once: a worker hands its jobs back, which costs them nothing, and waits for none."""
        self.stop()
        self._hurrying.set()

    async def run(self) -> None:
        """Keep all children running until `stop`. Cancelled, it kills the children. Raises ServiceEnded, after the
        other children have ended."""
        async with asyncio.TaskGroup() as keepers:
            kept = [keepers.create_task(self._keep(name, argv)) for name, argv in self.children]
        for keeper in kept:
            if (failure := keeper.result()) is not None:
                raise failure

    async def _keep(self, name: str, argv: Sequence[str]) -> ServiceEnded | None:
        """Until `stop`, or until the child has crashed too often: then all others are asked to end."""
        crashes = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            status = await self._run_once(name, argv)
            if self._stopping.is_set():
                break
            crashes = 1 if time.monotonic() - began > HEALTHY_AFTER_S else crashes + 1
            ending = f"{name} ended with {_status(status)}"
            if crashes > MAX_CRASHES:
                self.stop()
                where = f"in {self.output.name}" if self.output else "above"
                return ServiceEnded(f"{ending}, {crashes} times in a row: see its log lines {where}")
            pause_s = min(FIRST_PAUSE_S * 2 ** (crashes - 1), MAX_PAUSE_S)
            logger.warning("%s; starting it again in %.1f s", ending, pause_s)
            await set_within(self._stopping, pause_s)
        return None

    async def _run_once(self, name: str, argv: Sequence[str]) -> int:
        """Run a child to its end, or to ours. Returns its exit status."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "reelwright.supervisor", str(os.getpid()), *argv),
            env={**os.environ, **self.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self.output,
            stderr=self.output,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on
        )
        logger.info("%s runs as process %d", name, process.pid)
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        hurrying = asyncio.create_task(self._hurrying.wait())
        try:
            await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                process.terminate()
                await asyncio.wait([ended, hurrying], timeout=self.patience_s, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                process.terminate()
                await asyncio.wait([ended], timeout=HURRY_S)
            if not ended.done():
                logger.warning("%s does not end: killing it", name)
                process.kill()
            return await ended
        finally:
            stopping.cancel()
            hurrying.cancel()
            if process.returncode is None:
                process.kill()
                await process.wait()


def _status(status: int) -> str:
    return f"exit status {status}" if status >= 0 else signal.Signals(-status).name


def become_child(parent_pid: int, argv: list[str]) -> None:
    """Turn into `argv`, tied to the parent: it gets SIGTERM when the parent dies, however it does."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:
        sys.exit(1)  # it died before the tie was made
    os.execv(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    become_child(int(sys.argv[1]), sys.argv[2:])
