"""Who gets a place: everyone's share, small things first, and an end to waiting."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable

import pytest

from reelwright.client_addresses import client_of
from reelwright.errors import Busy
from reelwright.media.sandbox import fair_slots
from reelwright.media.sandbox.fair_slots import MAX_WAITING, Turns, asked_by


@pytest.fixture
async def gathering() -> AsyncIterator["Gathering"]:
    crowds: list[Crowd] = []

    def gathered(at_once: int, *, wait_s: float | None = None) -> Crowd:
        crowds.append(Crowd(Turns(at_once, wait_s=wait_s)))
        return crowds[-1]

    yield gathered
    for crowd in crowds:
        await crowd.disperse()


class Crowd:
    """Clients ("address/what") that take places and leave them when told to; `order` is who got one."""

    def __init__(self, places: Turns) -> None:
        self.places = places
        self.order: list[str] = []
        self._leaving: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str, large: bool = False) -> None:
        for name in names:
            self._leaving[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._stay(name, large))
            await asyncio.sleep(0)

    async def _stay(self, name: str, large: bool) -> None:
        with asked_by(name.partition("/")[0]):
            async with self.places.turn(large=large):
                self.order.append(name)
                await self._leaving[name].wait()

    async def leave(self, *names: str) -> None:
        for name in names:
            self._leaving[name].set()
            await self._tasks[name]
            for _ in range(3):
                await asyncio.sleep(0)

    async def disperse(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await asyncio.wait([self._tasks[name]])


Gathering = Callable[..., Crowd]


async def test_a_client_with_many_requests_waits_behind_one_with_few(gathering: Gathering) -> None:
    """Ten that came first do not delay the one of another client by more than a turn."""
    crowd = gathering(1)
    await crowd.come(*(f"greedy/{number}" for number in range(10)), "other/0")
    await crowd.leave("greedy/0")
    assert crowd.order == ["greedy/0", "other/0"]


async def test_places_are_spread_over_clients(gathering: Gathering) -> None:
    """Who holds one gets the next only when nobody else wants it."""
    crowd = gathering(2)
    await crowd.come("a/0", "a/1", "a/2", "b/0")
    assert crowd.order == ["a/0", "a/1"]
    await crowd.leave("a/0")
    assert crowd.order[-1] == "b/0"
    await crowd.leave("a/1", "b/0")
    assert crowd.order == ["a/0", "a/1", "b/0", "a/2"]


async def test_the_last_place_is_for_those_who_use_little(
    gathering: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither who has used much lately nor what may take long is in it; it is forgotten with time."""
    now = 1000.0
    monkeypatch.setattr(fair_slots, "monotonic", lambda: now)
    crowd = gathering(2)
    await crowd.come("greedy/0")
    now += 10
    await crowd.leave("greedy/0")
    await crowd.come("greedy/1", "greedy/2")
    await crowd.come("other/large", large=True)
    assert crowd.order == ["greedy/0", "greedy/1"]
    await crowd.come("other/small")
    assert crowd.order[-1] == "other/small"
    await crowd.leave("other/small")
    now += 20 * fair_slots.HALF_LIFE_S
    await crowd.come("third/0")
    await crowd.leave("third/0")
    assert crowd.order[-1] == "third/0"  # greedy still holds a place, for all that time
    await crowd.leave("greedy/1")
    assert crowd.order[-1] == "other/large"
    now += 20 * fair_slots.HALF_LIFE_S
    await crowd.come("third/1")
    await crowd.leave("third/1")
    assert crowd.order[-1] == "greedy/2"


async def test_nobody_waits_for_ever(gathering: Gathering) -> None:
    """Who had no turn in time, or comes when too many of the same client wait, is told to come back."""
    crowd = gathering(1, wait_s=0.05)
    await crowd.come("a/0")
    with asked_by("b"), pytest.raises(Busy) as busy:
        async with crowd.places.turn():
            pass
    assert busy.value.retry_after_s
    patient = gathering(1, wait_s=60)
    await patient.come(*(f"a/{number}" for number in range(MAX_WAITING + 1)))
    with asked_by("a"), pytest.raises(Busy):
        async with patient.places.turn():
            pass
    await patient.come("b/0")
    await patient.leave("a/0")
    assert patient.order == ["a/0", "b/0"]


async def test_who_goes_away_leaves_the_place_to_the_next(gathering: Gathering) -> None:
    """While waiting, while working, and as the turn comes."""
    crowd = gathering(1)
    await crowd.come("a/0", "b/0", "c/0")
    await crowd.give_up("b/0")
    await crowd.give_up("a/0")
    for _ in range(3):
        await asyncio.sleep(0)
    assert crowd.order == ["a/0", "c/0"]
    await crowd.come("d/0", "e/0")
    crowd._leaving["c/0"].set()
    await asyncio.wait([crowd._tasks["c/0"]])
    await crowd.give_up("d/0")
    for _ in range(3):
        await asyncio.sleep(0)
    assert crowd.order[-1] == "e/0"


def test_a_subscriber_is_one_client() -> None:
    """Whatever address of its IPv6 network it uses, and an IPv4 address by either protocol."""
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff:1") != client_of("2001:db8:0:1::1")
    assert client_of("::ffff:192.0.2.7") == client_of("192.0.2.7") != client_of("192.0.2.8")
    assert client_of(None)


async def test_who_goes_away_in_the_very_moment_of_the_turn_leaves_the_place() -> None:
    """It was given, and nobody has come to take it."""
    places = Turns(1)
    async with places.turn():
        late = asyncio.create_task(_held(places))
        await asyncio.sleep(0)
    late.cancel()
    assert isinstance((await asyncio.gather(late, return_exceptions=True))[0], asyncio.CancelledError)
    async with asyncio.timeout(1):
        await _held(places)


async def _held(places: Turns) -> None:
    async with places.turn():
        pass


async def test_who_has_used_next_to_nothing_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a crowd of addresses would stay for ever; one that has used much is not."""
    now = 1000.0
    monkeypatch.setattr(fair_slots, "monotonic", lambda: now)
    places = Turns(2)
    with asked_by("192.0.2.1"):
        async with places.turn():
            now += 60
    for number in range(2 * fair_slots.MAX_REMEMBERED):
        with asked_by(str(ipaddress.IPv4Address("10.0.0.0") + number)):
            await _held(places)
    assert len(places._used) <= fair_slots.MAX_REMEMBERED + 1
    assert "192.0.2.1" in places._used
