"""Faults as they are done: processes killed, frozen, told to end; a disk that fills; a receiver that does not take."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

import asyncpg

from chaos.house import House
from chaos.receivers import Receiver
from chaos.schedule import Fault
from tests.support.invariants import descendants, processes_about

AWAITED_S, AWAITED = 3.0, 60
"""How long, and how often, somebody is looked for who can fail."""
Undo: TypeAlias = Callable[[], Awaitable[object]]


class NotDone(Exception):
    """There was nothing that could fail so; the message says what."""


class Faults:
    """Does what a schedule says. `done`: how often what was done; `passed_over`: what could not be done, and why."""

    def __init__(self, house: House, receiver: Receiver, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self.passed_over: Counter[str] = Counter()
        self._house = house
        self._receiver = receiver
        self._chance = random.Random(f"{seed} victims")

    async def do(self, fault: Fault) -> None:
        """Begin it, and end it when its time is over, whatever comes."""
        what = f"{fault.kind} {fault.target.rstrip(' 12')}"
        try:
            undo = await self._begin(fault)
        except NotDone as why:
            self.passed_over[f"{what}: {why}"] += 1
            return
        self.done[what] += 1
        try:
            await asyncio.sleep(fault.lasts_s)
        finally:
            await undo()

    async def _begin(self, fault: Fault) -> Undo:
        """Return what ends it. Raises NotDone."""
        match fault.target, fault.kind:
            case "disk", _:
                return await self._fill()
            case "receiver", kind:
                await self._receiver.become(kind)
                return lambda: self._receiver.become("take")
            case "database", "disconnect":
                return await self._disconnect()
        victims = await self._victims(fault.target)
        if fault.target == "database" and fault.kind == "freeze":
            victims = descendants(victims[0])
        # PostgreSQL's SIGTERM waits for its clients to leave
        asked = signal.SIGINT if fault.target == "database" else signal.SIGTERM
        _send({"kill": signal.SIGKILL, "freeze": signal.SIGSTOP, "restart": asked}[fault.kind], victims)
        return lambda: asyncio.to_thread(_send, signal.SIGCONT, victims if fault.kind == "freeze" else ())

    async def _victims(self, target: str) -> list[int]:
        """Whoever it is that fails. Raises NotDone where there is nobody for a while."""
        for _ in range(AWAITED):
            if (found := await asyncio.to_thread(self._victim, target)) is not None:
                return [found]
            await asyncio.sleep(AWAITED_S / AWAITED)
        raise NotDone("there was none")

    def _victim(self, target: str) -> int | None:
        if target == "database":
            return self._house.postmaster()
        if target == "ffmpeg":
            working = processes_about(self._house.service.settings.work_path)
            workers = {slot.process.pid for slot in self._house.slots.values() if slot.process is not None}
            media = sorted(set(working) - workers)
            return self._chance.choice(media) if media else None
        process = self._house.slots[target].process
        return None if process is None else process.pid

    async def _fill(self) -> Undo:
        if self._house.disk.why_not:
            raise NotDone(self._house.disk.why_not)
        await asyncio.to_thread(self._house.disk.fill)
        return lambda: asyncio.to_thread(self._house.disk.empty)

    async def _disconnect(self) -> Undo:
        """End all sessions but one's own."""
        try:
            async with asyncio.timeout(5):
                await self._house.service.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            raise NotDone("it was away") from None
        return lambda: asyncio.sleep(0)


def _send(number: signal.Signals, pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
