"""What will be done before a job that waits: the jobs that workers have, and those that the queue hands out sooner.

Read by one bounded query, and played through as the workers' slots come free. Whose job is next is decided by
migrations/sql/queue_turns_0024.sql; how often another project has its turn before is reckoned as it does.
"""

from __future__ import annotations

import heapq
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs.calibration import FLOOR_S, HIGH
from reelwright.jobs.living_workers import FRESH_S
from reelwright.jobs.overdue import left_after
from reelwright.jobs.time_left import left_part

LOOKED_AT = 300
"""Jobs of one project that wait: of one behind them nothing is said."""
MOST_RUNNING, MOST_PROJECTS, MOST_OF_EACH = 100, 100, 100
UNKNOWN_FACTOR, UNKNOWN_MIDDLE = 4.0, 0.557
"""A job of which nothing is foretold takes on average what its project's usually do, so that the middle one takes less
(`_mean_s`); it may be so much more or less."""
TOGETHER = 0.3
"""How much of what is foretold wrongly of one job is so of all: the machine is slower for all of them."""


MOST_OVER = 2.0
"""An average is at most so many times the middle: of what is not known an interval says no more than that."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A job, and the seconds that it will take, or has left."""

    job_id: uuid.UUID
    seconds: SecondsLeft


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another project with jobs that wait: how many, what one usually takes, its share, and where its next one starts,
    in seconds by its share."""

    jobs: int
    usual_s: float
    share: float
    start_tag: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """`slots`: jobs that the workers that live do at once; `running`: what those that they do have left; `waiting`: of
    the project, in the order of its turns; `start_tag`, `usual_s`, `share`: as of a neighbour."""

    slots: int
    running: tuple[Queued, ...]
    waiting: tuple[Queued, ...]
    neighbours: tuple[Neighbour, ...] = ()
    start_tag: float = 0.0
    usual_s: float = 1.0
    share: float = 1.0


def left(
    job_id: uuid.UUID, own: SecondsLeft, ahead: Ahead, *, not_before_s: float = 0.0, is_tried_again: bool = False
) -> SecondsLeft | None:
    """Return the seconds until a job has ended that waits. `own`: that it will take; `not_before_s`: until it may
    begin. None where too many wait before it, or nobody works. One that is not in the queue is tried again in a moment,
    behind all others, or a worker is about to take it."""
    if (begun := next((one.seconds for one in ahead.running if one.job_id == job_id), None)) is not None:
        return begun  # between two looks
    place = next((n for n, one in enumerate(ahead.waiting) if one.job_id == job_id), None)
    if place is None and not is_tried_again and len(ahead.waiting) < LOOKED_AT:
        place = 0
    if ahead.slots < 1 or (place is None and len(ahead.waiting) >= LOOKED_AT):
        return None
    before = [one.seconds for one in ahead.waiting[:place]]
    if not_before_s > 0:  # those that are due now will have had their turn
        before = []
    before = [*_of_neighbours(len(before), ahead), *before]
    running = sorted((one.seconds for one in ahead.running), key=_mean_s)
    begins_s = _begins_s([_mean_s(one) for one in running], [_mean_s(one) for one in before], ahead.slots)
    if not_before_s > 0:
        begins_s = not_before_s
    doubtful = [*running, *before] if begins_s > not_before_s else []
    down = _together([(one.likely_s - one.low_s) / ahead.slots for one in doubtful] + [own.likely_s - own.low_s])
    up = _together([(one.high_s - one.likely_s) / ahead.slots for one in doubtful] + [own.high_s - own.likely_s])
    likely_s = begins_s + own.likely_s
    low_s = max(likely_s - down, not_before_s + min(own.low_s, own.likely_s))
    return left_after(SecondsLeft(low_s=min(low_s, likely_s), likely_s=likely_s, high_s=likely_s + up), 0)


def _begins_s(running: Sequence[float], before: Sequence[float], slots: int) -> float:
    """Return when a slot is free for the next job: each takes the first that comes free."""
    free = sorted([*running, *[0.0] * max(slots - len(running), 0)])[-slots:]
    heapq.heapify(free)
    for seconds in before:
        heapq.heappush(free, heapq.heappop(free) + seconds)
    return free[0]


def _mean_s(seconds: SecondsLeft) -> float:
    """Return what such jobs take on average: more than the middle one, for some take far longer. Their logarithms are
    taken to be normal, between both ends four times in five."""
    low_s, high_s = (max(end, FLOOR_S) for end in (seconds.low_s, seconds.high_s))
    deviation = math.log(high_s / low_s) / (2 * NormalDist().inv_cdf(HIGH))
    return seconds.likely_s * min(math.exp(deviation**2 / 2), MOST_OVER)


def _of_neighbours(before: int, ahead: Ahead) -> list[SecondsLeft]:
    """Return the jobs of other projects that have their turn sooner: those that start, by their tags, before the job
    does that has so many of its own project before it."""
    starts = ahead.start_tag + before * ahead.usual_s / ahead.share
    sooner = []
    for one in ahead.neighbours:
        turns = math.ceil(max(starts - one.start_tag, 0.0) * one.share / max(one.usual_s, 0.1))
        sooner += [unknown(one.usual_s)] * min(turns, one.jobs)
    return sooner


def _together(doubts: Sequence[float]) -> float:
    """The doubt about a sum: of errors that are partly the same of all."""
    found = [max(doubt, 0.0) for doubt in doubts]
    return math.sqrt(TOGETHER * sum(found) ** 2 + (1 - TOGETHER) * sum(doubt**2 for doubt in found))


def unknown(usual_s: float) -> SecondsLeft:
    """Return what a job takes of which nothing is foretold. `usual_s`: what such take on average."""
    likely_s = UNKNOWN_MIDDLE * usual_s
    return SecondsLeft(low_s=likely_s / UNKNOWN_FACTOR, likely_s=likely_s, high_s=likely_s * UNKNOWN_FACTOR)


_AHEAD = text(
    """
    WITH RECURSIVE projects_waiting AS (  -- each by one look at the index, as the fetch finds them
        (
            SELECT project_id, 1 AS number FROM procrastinate_jobs
            WHERE status = 'todo' AND scheduled_at IS NULL ORDER BY project_id LIMIT 1
        )
        UNION ALL
        SELECT next.project_id, p.number + 1
        FROM projects_waiting p
        CROSS JOIN LATERAL (
            SELECT q.project_id FROM procrastinate_jobs q
            WHERE q.status = 'todo' AND q.scheduled_at IS NULL AND q.project_id > p.project_id
            ORDER BY q.project_id LIMIT 1
        ) AS next
        WHERE p.number < :most_projects
    ),
    clock AS (SELECT coalesce(max(virtual_time), 0) AS virtual_time FROM queue_turns),
    own AS (
        SELECT
            greatest(t.finish_tag, c.virtual_time) AS start_tag,
            coalesce(t.usual_s, 1) AS usual_s,
            coalesce(p.queue_share, 1) AS share
        FROM clock c
        LEFT JOIN queue_turns t ON t.project_id = :project_id
        LEFT JOIN projects p ON p.id = :project_id
    )
    SELECT
        (
            SELECT coalesce(sum(coalesce(w.slots, 1)), 0) FROM able_workers w
            WHERE w.seen_at > now() - make_interval(secs => :fresh_s) AND NOT EXISTS (
                SELECT FROM hindrances h
                WHERE h.worker = w.worker AND h.seen_at > now() - make_interval(secs => :fresh_s)
            )
        )::int,
        ARRAY(
            SELECT jsonb_build_array(
                j.id, j.forecast -> 'seconds', j.progress, extract(epoch FROM now() - j.updated_at)
            )
            FROM jobs j
            WHERE j.status = 'STARTED' AND j.reused_from_job_id IS NULL LIMIT :most_running
        ),
        ARRAY(
            SELECT jsonb_build_array(j.id, j.forecast -> 'seconds')
            FROM (
                SELECT q.id, q.priority FROM procrastinate_jobs q
                WHERE q.status = 'todo' AND q.scheduled_at IS NULL AND q.project_id = :project_id
                ORDER BY q.queue_name, q.priority DESC, q.id LIMIT :most
            ) AS entry
            JOIN jobs j ON j.queue_job_id = entry.id
            ORDER BY entry.priority DESC, entry.id
        ),
        ARRAY(
            SELECT jsonb_build_array(
                counted.jobs, coalesce(t.usual_s, 1), coalesce(p.queue_share, 1),
                greatest(t.finish_tag, c.virtual_time)
            )
            FROM projects_waiting w
            CROSS JOIN clock c
            LEFT JOIN queue_turns t ON t.project_id = w.project_id
            LEFT JOIN projects p ON p.id = w.project_id
            CROSS JOIN LATERAL (
                SELECT count(*) AS jobs FROM (
                    SELECT FROM procrastinate_jobs q
                    WHERE q.status = 'todo' AND q.scheduled_at IS NULL AND q.project_id = w.project_id
                    LIMIT :most_of_each
                ) AS first_ones
            ) AS counted
            WHERE w.project_id <> :project_id
        ),
        own.start_tag, own.usual_s, own.share
    FROM own
    """
).bindparams(
    fresh_s=FRESH_S,
    most=LOOKED_AT,
    most_running=MOST_RUNNING,
    most_projects=MOST_PROJECTS,
    most_of_each=MOST_OF_EACH,
)


async def ahead(session: AsyncSession, project_id: uuid.UUID) -> Ahead:
    """Return what is before the jobs of a project that wait."""
    row = (await session.execute(_AHEAD, {"project_id": project_id})).one()
    slots, running, waiting, neighbours, start_tag, usual_s, share = row
    return Ahead(
        slots=slots,
        running=tuple(Queued(uuid.UUID(job_id), _running(usual_s, *of_it)) for job_id, *of_it in running),
        waiting=tuple(Queued(uuid.UUID(job_id), _seconds(kept, usual_s)) for job_id, kept in waiting),
        neighbours=tuple(Neighbour(*one) for one in neighbours),
        start_tag=start_tag,
        usual_s=usual_s,
        share=share,
    )


def _running(usual_s: float, kept: dict[str, Any] | None, progress: int, passed_s: float) -> SecondsLeft:
    """What a job has left, by what was foretold of it and by how far it is."""
    seconds, part = _seconds(kept, usual_s), left_part(progress)
    whole = (seconds.low_s, seconds.likely_s, seconds.high_s)
    low_s, likely_s, high_s = (part * each for each in whole)
    return left_after(SecondsLeft(low_s=low_s, likely_s=likely_s, high_s=high_s), passed_s)


def _seconds(kept: dict[str, Any] | None, usual_s: float) -> SecondsLeft:
    return unknown(usual_s) if kept is None else SecondsLeft(**kept)
