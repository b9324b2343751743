"""Runs of chaos: what a seed plans, and that each invariant is named when it is broken."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TypedDict, Unpack
from urllib.parse import urlsplit

import pytest

from chaos.evidence import Arrival, Asked, Ended, Endpoint, Evidence, Happened, Made
from chaos.invariants import INVARIANTS, broken
from chaos.receivers import Receiver
from chaos.schedule import TRACKS, WORKS, Fault, schedule

HALF_AN_HOUR_S = 1800


def test_a_seed_plans_one_run() -> None:
    """The same each time, another for another seed; a longer run begins as a shorter one does."""
    short, long = schedule(7, 60), schedule(7, HALF_AN_HOUR_S)
    assert schedule(7, 60) == short
    assert schedule(8, 60) != short
    assert short.works == tuple(work for work in long.works if work.at_s <= 60)
    assert set(short.faults) <= set(long.faults)
    assert list(long.faults) == sorted(long.faults, key=lambda fault: fault.at_s)


def test_every_kind_of_fault_and_work_comes_and_faults_overlap() -> None:
    planned = schedule(1, HALF_AN_HOUR_S)
    seen = {(fault.target, fault.kind) for fault in planned.faults}
    assert seen == {(target, kind) for target, track in TRACKS.items() for kind in track.faults}
    assert {work.kind for work in planned.works} == set(WORKS)
    lasting = [fault for fault in planned.faults if fault.lasts_s]
    assert any(first.at_s < second.at_s < first.at_s + first.lasts_s for first in lasting for second in lasting)
    for target in TRACKS:  # one thing at a time happens to one process
        of_one = [fault for fault in planned.faults if fault.target == target]
        assert all(_end(first) < second.at_s for first, second in itertools.pairwise(of_one))


def _end(fault: Fault) -> float:
    return fault.at_s + fault.lasts_s


def test_a_minute_has_a_fault_of_every_target() -> None:
    for seed in range(5):
        assert {fault.target for fault in schedule(seed, 60).faults} == set(TRACKS)


STARTED, DONE = Happened(1, "evt_1", "job.started", "a"), Happened(2, "evt_2", "job.succeeded", "a")


def told(event: Happened) -> Arrival:
    return Arrival(event.id, event.seq, event.subject, f"body {event.seq}".encode())


def sound() -> Evidence:
    """Of a run in which one job was done, and its first message was sent twice."""
    arrivals = [told(STARTED), told(STARTED), told(DONE)]
    return Evidence(
        asked=[Asked("trim 1", "trim", frozenset({"SUCCESS"}), 25, [("a",), ("a",)])],
        ended=[Ended("a", "trim 1", "SUCCESS")],
        made=[Made("a", "source.mp4", "trim 1", 25, 25)],
        log=[STARTED, DONE],
        heard={"who asks": [1, 2]},
        followed={"a": ([1, 2, 3], 3)},
        endpoints=[Endpoint("steady", (STARTED, DONE), arrivals)],
    )


def _ended(outcome: str) -> Callable[[Evidence], None]:
    return lambda seen: seen.ended.__setitem__(0, replace(seen.ended[0], outcome=outcome))


class Changes(TypedDict, total=False):
    planned: int | None
    seen: int
    fault: str


def _made(**changes: Unpack[Changes]) -> Callable[[Evidence], None]:
    return lambda seen: seen.made.__setitem__(0, replace(seen.made[0], **changes))


def _arrived(*arrivals: Arrival) -> Callable[[Evidence], None]:
    return lambda seen: setattr(seen.endpoints[0], "arrivals", list(arrivals))


BREAKAGES: list[tuple[str, str, Callable[[Evidence], object]]] = [
    ("accepted jobs end truthfully", "is PENDING", _ended("PENDING")),
    ("accepted jobs end truthfully", "is killed", _ended("killed")),
    ("accepted jobs end truthfully", "was accepted, and there is none", lambda seen: seen.ended.clear()),
    ("one key makes once", "one key was answered with", lambda seen: seen.asked[0].answers.append(("b",))),
    ("one key makes once", "2 jobs were made", lambda seen: seen.ended.append(Ended("b", "trim 1", "SUCCESS"))),
    ("answers say what to do", "GET /: 500", lambda seen: seen.odd_answers.append("GET /: 500")),
    ("results are right", "has 24 frames, planned were 25", _made(seen=24)),
    ("results are right", "has 24 frames, asked for were 25", _made(seen=24, planned=None)),
    ("results are right", "cannot be decoded: cut off", _made(fault="cut off")),
    ("the log has no gaps", "missing [1]", lambda seen: seen.log.pop(0)),
    ("consumers see all in order", "missing [2]", lambda seen: seen.heard["who asks"].pop()),
    ("consumers see all in order", "more than once [2]", lambda seen: seen.heard["who asks"].append(2)),
    ("consumers see all in order", "after a later one [1]", lambda seen: seen.heard["who asks"].reverse()),
    ("consumers see all in order", "who followed job a", lambda seen: seen.followed["a"][0].pop(1)),
    ("webhooks arrive", "never told of 1 of 2 events: [2]", _arrived(told(STARTED))),
    (
        "webhooks arrive",
        "what it had not chosen",
        lambda seen: seen.endpoints[0].arrivals.append(Arrival("evt_3", 3, "b", b"")),
    ),
    (
        "webhooks verify",
        "evt_1 does not verify: no matching signature",
        _arrived(replace(told(STARTED), fault="no matching signature"), told(DONE)),
    ),
    (
        "webhook ids are stable",
        "evt_1 came with another body",
        _arrived(told(STARTED), replace(told(STARTED), body=b"other"), told(DONE)),
    ),
    (
        "webhook ids are stable",
        "event 2 came under evt_2 and evt_1",
        _arrived(told(STARTED), told(DONE), replace(told(STARTED), seq=2)),
    ),
    ("webhooks come in order", "was told of a in the order [2, 1]", _arrived(told(DONE), told(STARTED))),
]


def test_nothing_is_broken_of_a_sound_run() -> None:
    assert broken(sound()) == {}


@pytest.mark.parametrize(("invariant", "complaint", "breaks"), BREAKAGES)
def test_what_is_broken_is_named(invariant: str, complaint: str, breaks: Callable[[Evidence], None]) -> None:
    seen = sound()
    breaks(seen)
    found = broken(seen)
    assert any(complaint in one for one in found[invariant]), found


def test_every_invariant_can_be_broken() -> None:
    assert {invariant for invariant, _, _ in BREAKAGES} == set(INVARIANTS)


def test_what_the_service_itself_leaves_is_named() -> None:
    seen = sound()
    seen.state = {"no work is left behind": ["work folder left: x"], "every row has its file": []}
    assert broken(seen) == {"no work is left behind": ["work folder left: x"]}


async def test_a_receiver_that_is_changed_twice_at_once_listens() -> None:
    """As the end of one fault and the beginning of the next come together on a busy machine."""
    receiver = Receiver("told")
    async with receiver.running():
        await receiver.become("refuse")
        await asyncio.gather(receiver.become("take"), receiver.become("fail"))
        assert receiver.mood == "fail"
        _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(receiver.url).port)
        writer.close()
