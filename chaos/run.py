"""One run: a service is started, the schedule done, the service left in peace, and what was seen is gathered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from chaos import aftermath
from chaos.client import Client
from chaos.consumers import Consumers
from chaos.evidence import Evidence
from chaos.faults import Faults
from chaos.house import House, house
from chaos.receivers import Receiver
from chaos.schedule import Fault, Schedule, Work, schedule
from chaos.work import Asking, Site, clip
from tests.support.invariants import processes_about

SOURCES = 3
PATIENCE_S = 240.0
"""How long it may take until one request, job or message more is over, once nothing fails any more. How much is left
over from a run, and how long all of that takes, depends on how busy the machine is."""
Planned = TypeVar("Planned", Fault, Work)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. `figures` is for people."""

    seen: Evidence
    figures: tuple[str, ...]


async def run(seed: int, length_s: float, folder: Path) -> Outcome:
    """Do what the seed plans for so long, then wait until all is quiet, and return what was seen."""
    plan, seen = schedule(seed, length_s), Evidence()
    content = (await asyncio.to_thread(clip, folder / "clip.mp4")).read_bytes()
    failing, steady, own = receivers = (Receiver("failing"), Receiver("steady"), Receiver("own"))
    site, limits = Site(content, seed), httpx.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        for receiver in receivers:
            await stack.enter_async_context(receiver.running())
        await stack.enter_async_context(site.remote.running())
        home = await stack.enter_async_context(house(folder))
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=home.service.url, timeout=15, trust_env=False, limits=limits)
            )
            for _ in range(2)
        ]
        client, consumers = Client(clients[0], seen), Consumers(clients[1], seen)
        await _introduce(client, failing, steady, own)
        asking = Asking(client, seen, site, content=content, hook=own.url, accepted=consumers.follow_job)
        faults = Faults(home, failing, seed)
        async with consumers.listening():
            await asking.begin(SOURCES)
            began = time.monotonic()
            await _do(plan, asking, faults, seen)
            failed_s = time.monotonic() - began
            await aftermath.quiet(home.service, patience_s=PATIENCE_S)
            await consumers.caught_up(await aftermath.length_of_log(home.service), within_s=30)
        quiet_s = time.monotonic() - began - failed_s
        home.service.uploaded = dict.fromkeys(asking.uploaded, aftermath.digest(content))
        await aftermath.gather(home.service, seen, everything=(failing, steady), own=own)
        figures = _figures(seen, home, faults, failed_s, quiet_s)
    seen.state = {**seen.state, "no process is left behind": await _still_running(folder)}
    return Outcome(seen, figures)


async def _still_running(folder: Path) -> list[str]:
    """The database's keeper takes a moment to end."""
    deadline = time.monotonic() + PATIENCE_S
    while (left := await asyncio.to_thread(processes_about, folder)) and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return [f"process {pid} still runs" for pid in left]


async def _introduce(client: Client, failing: Receiver, steady: Receiver, own: Receiver) -> None:
    """Make the endpoints, and let each know its secret."""
    for receiver in (failing, steady):
        answer = await client.ask("POST", "/webhooks", json={"url": receiver.url, "events": ["all"]})
        receiver.secret = answer.raise_for_status().json()["secret"]
    secret = await client.ask("GET", "/webhooks/signing-secret")
    own.secret = secret.raise_for_status().json()["secret"]


async def _do(plan: Schedule, asking: Asking, faults: Faults, seen: Evidence) -> None:
    """All faults and all work, each at its time. Work of which long after the last fault nothing more gets over is
    told."""
    began = time.monotonic()
    working = _at_their_times(plan.works, asking.do, began)
    failing = _at_their_times(plan.faults, faults.do, began)
    try:
        await asyncio.gather(*failing)
        late = await _left_over(working)
    finally:
        for task in (*working, *failing):
            task.cancel()
        await asyncio.gather(*working, *failing, return_exceptions=True)
    seen.odd_answers += [f"{task.get_name()} had no answer for {PATIENCE_S:.0f} s" for task in late]
    done = [task for task in working if task not in late]
    seen.odd_answers += [f"{task.get_name()}: {error!r}" for task in done if (error := task.exception())]


async def _left_over(working: Iterable[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait until all is over, or for PATIENCE_S nothing more has come to its end: what has not."""
    left = set(working)
    while left:
        ended, left = await asyncio.wait(left, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not ended:
            break
    return left


def _at_their_times(
    planned: Iterable[Planned], do: Callable[[Planned], Awaitable[None]], began: float
) -> list[asyncio.Task[None]]:
    async def later(one: Planned) -> None:
        await asyncio.sleep(began + one.at_s - time.monotonic())
        await do(one)

    return [asyncio.create_task(later(one), name=f"{one.kind} at {one.at_s} s") for one in planned]


def _figures(seen: Evidence, home: House, faults: Faults, failed_s: float, quiet_s: float) -> tuple[str, ...]:
    outcomes = Counter(one.outcome for one in seen.ended)
    arrivals = {one.name: (len(one.due), len(one.arrivals)) for one in seen.endpoints}
    return (
        f"{failed_s:.0f} s of faults and work, quiet {quiet_s:.0f} s later",
        "faults: " + ", ".join(f"{what} {count}" for what, count in sorted(faults.done.items())),
        *(f"not done: {what}, {count} times" for what, count in sorted(faults.passed_over.items())),
        "starts: " + ", ".join(f"{slot.name} {slot.starts}" for slot in home.slots.values()),
        f"{len(seen.asked)} requests, {sum(len(one.answers) for one in seen.asked)} answers; jobs: "
        + ", ".join(f"{outcome} {count}" for outcome, count in sorted(outcomes.items())),
        f"{len(seen.made)} files decoded; {len(seen.log)} events, heard by {len(seen.heard)} of all and"
        f" {len(seen.followed)} of a job; messages "
        + ", ".join(f"{name} {due} due, {came} came" for name, (due, came) in arrivals.items()),
    )
