"""What must hold of a service, whatever was done to it: each invariant by its name. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from chaos.evidence import Endpoint, Evidence


def _accepted_ends_truthfully(seen: Evidence) -> Iterator[str]:
    """Every accepted job is there, and ended in a state that is true of it."""
    ended = {one.job: one for one in seen.ended}
    for asked in seen.asked:
        for job in sorted({job for answer in asked.answers for job in answer}):
            if job not in ended:
                yield f"{asked.kind} {asked.name}: job {job} was accepted, and there is none"
            elif (outcome := ended[job].outcome) not in asked.expected:
                yield f"{asked.kind} {asked.name}: job {job} is {outcome}, true were {sorted(asked.expected)}"


def _one_key_makes_once(seen: Evidence) -> Iterator[str]:
    """A request that comes again under its key is answered as before, and makes nothing more."""
    there = Counter(one.name for one in seen.ended)
    for asked in seen.asked:
        answers = set(asked.answers)
        if len(answers) > 1:
            yield f"{asked.kind} {asked.name}: one key was answered with {sorted(answers)}"
        most = max((len(answer) for answer in answers), default=0)
        if answers and there[asked.name] != most:
            yield f"{asked.kind} {asked.name}: {there[asked.name]} jobs were made, {most} were asked for"


def _no_odd_answers(seen: Evidence) -> Iterator[str]:
    """Clients get no answers but those that say what to do."""
    yield from seen.odd_answers


def _results_are_right(seen: Evidence) -> Iterator[str]:
    """Every result decodes to its end, and has the frames that were planned, and those that were asked for."""
    wanted = {asked.name: asked.frames for asked in seen.asked}
    for made in seen.made:
        frames = wanted.get(made.name or "")
        if made.fault:
            yield f"job {made.job}: {made.file} cannot be decoded: {made.fault}"
        elif made.planned is not None and made.seen != made.planned:
            yield f"job {made.job}: {made.file} has {made.seen} frames, planned were {made.planned}"
        elif frames is not None and made.seen != frames:
            yield f"job {made.job}: {made.file} has {made.seen} frames, asked for were {frames}"


def _log_has_no_gaps(seen: Evidence) -> Iterator[str]:
    """The project's log is numbered from 1 without gaps."""
    numbers = [event.seq for event in seen.log]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the log has gaps: {_unlike(numbers, len(numbers))}"


def _consumers_see_all_in_order(seen: Evidence) -> Iterator[str]:
    """Whoever asks, waits or follows sees every event of the log once, in order; of one job every transition."""
    for name, numbers in seen.heard.items():
        if numbers != list(range(1, len(seen.log) + 1)):
            yield f"{name} did not see all {len(seen.log)} events in order: {_unlike(numbers, len(seen.log))}"
    for job, (numbers, count) in seen.followed.items():
        if numbers != list(range(1, count + 1)):
            yield f"who followed job {job} did not see all {count} transitions in order: {_unlike(numbers, count)}"


def _webhooks_arrive(seen: Evidence) -> Iterator[str]:
    """Every endpoint was told of every event at least once."""
    for endpoint in seen.endpoints:
        came = {arrival.webhook_id for arrival in endpoint.arrivals}
        if missing := [event.seq for event in endpoint.due if event.id not in came]:
            yield f"{endpoint.name} was never told of {len(missing)} of {len(endpoint.due)} events: {missing[:10]}"
        if strange := came - {event.id for event in endpoint.due}:
            yield f"{endpoint.name} was told of what it had not chosen: {sorted(strange)[:10]}"


def _webhooks_verify(seen: Evidence) -> Iterator[str]:
    """Every message verifies by the receivers' library."""
    for endpoint in seen.endpoints:
        for arrival in endpoint.arrivals:
            if arrival.fault:
                yield f"{endpoint.name}: {arrival.webhook_id} does not verify: {arrival.fault}"


def _webhook_ids_are_stable(seen: Evidence) -> Iterator[str]:
    """The same event has the same `webhook-id` and body, however often and to whomever it is sent."""
    bodies: dict[str, bytes] = {}
    ids: dict[int, str] = {}
    for endpoint in seen.endpoints:
        for arrival in endpoint.arrivals:
            if bodies.setdefault(arrival.webhook_id, arrival.body) != arrival.body:
                yield f"{endpoint.name}: {arrival.webhook_id} came with another body"
            if ids.setdefault(arrival.seq, arrival.webhook_id) != arrival.webhook_id:
                yield f"{endpoint.name}: event {arrival.seq} came under {ids[arrival.seq]} and {arrival.webhook_id}"


def _webhooks_come_in_order(seen: Evidence) -> Iterator[str]:
    """Of one thing, an endpoint is told of what happened first first."""
    for endpoint in seen.endpoints:
        for subject, numbers in _first_arrivals(endpoint).items():
            if numbers != sorted(numbers):
                yield f"{endpoint.name} was told of {subject} in the order {numbers}"


def _first_arrivals(endpoint: Endpoint) -> dict[str, list[int]]:
    """By subject."""
    found: dict[str, list[int]] = {}
    for arrival in endpoint.arrivals:
        numbers = found.setdefault(arrival.subject, [])
        if arrival.seq not in numbers:
            numbers.append(arrival.seq)
    return found


def _unlike(numbers: Sequence[int], count: int) -> str:
    """How a sequence is not that from 1 to `count`."""
    times = Counter(numbers)
    missing = [number for number in range(1, count + 1) if number not in times]
    twice = [number for number, often in times.items() if often > 1]
    back = [second for first, second in itertools.pairwise(numbers) if second < first]
    return f"missing {missing[:10]}, more than once {twice[:10]}, after a later one {back[:10]}"


INVARIANTS: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "accepted jobs end truthfully": _accepted_ends_truthfully,
    "one key makes once": _one_key_makes_once,
    "answers say what to do": _no_odd_answers,
    "results are right": _results_are_right,
    "the log has no gaps": _log_has_no_gaps,
    "consumers see all in order": _consumers_see_all_in_order,
    "webhooks arrive": _webhooks_arrive,
    "webhooks verify": _webhooks_verify,
    "webhook ids are stable": _webhook_ids_are_stable,
    "webhooks come in order": _webhooks_come_in_order,
}


def broken(seen: Evidence) -> dict[str, list[str]]:
    """Return what is broken, by the invariant's name: nothing of a run that is as it should be."""
    found = {name: list(judge(seen)) for name, judge in INVARIANTS.items()} | dict(seen.state)
    return {name: complaints for name, complaints in found.items() if complaints}
