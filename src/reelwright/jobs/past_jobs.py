"""What earlier jobs of a project were, what was foretold of them and what came: read by one query, newest first, and
kept for a moment."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.edits.kinds_and_states import JobType
from reelwright.edits.media_info import VideoStream
from reelwright.edits.plan import ExpectedOutput
from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs import forecast, size_forecast
from reelwright.jobs.calibration import Checkpoint
from reelwright.jobs.forecast import Case, Work

LOOKED_AT = 300
"""Jobs, the newest."""
FEW = 50
"""So few cost little to read, and each more changes what they foretell."""
KEPT_S, MOST_KEPT = 3.0, 16
"""What is known of 300 jobs takes about 0.3 MB, with what they took 1 MB."""


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """What was foretold of a job, as its row keeps it. `model`: the seconds of work that earlier ones would have it
    take, and half of the logarithm of their interval; `seconds`: the same as what came of such words would have it;
    `points`: what is known of jobs on their way; `lead_s`: how long such are at work before their percentage rises.
    `work`: None of what is copied."""

    work: Work | None = None
    model: tuple[float, float] | None = None
    seconds: SecondsLeft | None = None
    points: tuple[Checkpoint, ...] = ()
    lead_s: float = 0.0


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """How far an attempt was so many seconds after its start, and the seconds that it seemed to have left then, by what
    was measured of it; None: nobody could say."""

    percent: int
    elapsed_s: float
    measured_s: float | None


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt took that succeeded, as its job's row keeps it: the seconds of its stages by name, and marks on
    its way."""

    stages: dict[str, float]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class PastJob:
    """A job that succeeded at once. `machine`: where it was made."""

    work: Work | None
    seconds: float
    machine: str
    foretold: Foretold
    took: Took | None

    @property
    def case(self) -> Case | None:
        """As a case of what such work takes: those that the same machine made are the closest."""
        if self.work is None:
            return None
        closest, *wider = self.work.kinds
        kinds = ((self.machine, *closest), closest, *wider)
        return Case(kinds, self.work.size, self.seconds, self.work.density, self.work.source)


@dataclass(frozen=True)
class Past:
    """`sizes`: outputs as cases of how large such come out, where they were asked for."""

    jobs: tuple[PastJob, ...]
    sizes: tuple[Case, ...] = ()

    @cached_property
    def cases(self) -> list[Case]:
        """Of the seconds that work took."""
        return [case for job in self.jobs if (case := job.case) is not None]


def alike(work: Work, jobs: Iterable[PastJob]) -> list[tuple[Case, PastJob]]:
    """Return those jobs that are of the closest kind (`forecast.alike_of`), each with what it is as a case."""
    known = [(case, job) for job in jobs if (case := job.case) is not None]
    by_case = {id(case): (case, job) for case, job in known}
    return [by_case[id(case)] for case in forecast.alike_of(work.kinds, [case for case, _ in known])]


_ENDED = text(
    "SELECT j.type::text, extract(epoch FROM j.finished_at - j.started_at)::float, coalesce(j.worker, ''),"
    " j.forecast - 'points', CASE WHEN CAST(:took AS boolean) THEN j.took END, o.*"
    " FROM jobs j LEFT JOIN LATERAL ("
    " SELECT j.recipe_json -> 'frames' IS NOT NULL, j.plan_json #>> '{inputs,0,sha256}',"
    " j.plan_json #> '{inputs,0,media,video,0}', (j.plan_json #>> '{inputs,0,media,size_bytes}')::float,"
    " (j.plan_json #>> '{inputs,0,media,duration_s}')::float, j.plan_json -> 'outputs',"
    " ARRAY(SELECT v.size_bytes FROM video_variants v WHERE v.job_id = j.id ORDER BY v.output_index)"
    # plans are large: they are opened where nothing shorter says what the job was, or sizes are asked for
    " WHERE CAST(:sizes AS boolean) OR j.forecast IS NULL"
    ") AS o(copied, sha256, video, source_bytes, source_s, outputs, sizes) ON true"
    " WHERE j.status = 'SUCCESS' AND j.attempt = 1 AND j.reused_from_job_id IS NULL AND j.plan_json IS NOT NULL"
    " AND (CAST(:project_id AS uuid) IS NULL OR j.project_id = CAST(:project_id AS uuid))"
    " ORDER BY j.finished_at DESC LIMIT :most"
).bindparams(most=LOOKED_AT)


async def past(session: AsyncSession, project_id: uuid.UUID | None, *, sizes: bool = False, took: bool = False) -> Past:
    """Return what the newest jobs took that succeeded at once: one query, by an index. Another project's say nothing
    here: what is foretold would tell of them. None: whoever asks sees all projects. `sizes`: with what their outputs
    came to; `took`: with what their stages took, and how far they were when."""
    jobs: list[PastJob] = []
    size_cases: list[Case] = []
    ended = await session.execute(_ENDED, {"project_id": project_id, "sizes": sizes, "took": took})
    for kind, seconds, worker, kept, spent, copied, *opened in ended:
        if not seconds or seconds <= 0:
            continue
        try:
            foretold = msgspec.convert(kept or {}, Foretold)
            stages = None if spent is None else msgspec.convert(spent, Took)
            work = foretold.work
            if kept is None or sizes:
                found, cases = _opened(JobType(kind), *opened)
                work = work if kept is not None or copied else found
                size_cases += [] if copied else cases
        except msgspec.ValidationError:
            continue  # of another release
        jobs.append(PastJob(work, seconds, machine_of(worker), foretold, stages))
    return Past(tuple(jobs), tuple(size_cases))


PastOf = Callable[[AsyncSession, uuid.UUID | None], Awaitable[Past]]
"""Tells the past of a project's jobs."""


class RecentPast:
    """The pasts of projects, each kept for KEPT_S: who asks for many jobs at once has it read once. Of MOST_KEPT
    projects at most, those that were read last. `took`: as of `past`."""

    def __init__(self, *, took: bool = False) -> None:
        self._took = took
        self._kept: dict[uuid.UUID | None, tuple[float, Past]] = {}

    async def of(self, session: AsyncSession, project_id: uuid.UUID | None) -> Past:
        """Return what the project's newest jobs took, as it was a moment ago at the most; of FEW, as it is."""
        read_at, known = self._kept.get(project_id, (-math.inf, None))
        now = time.monotonic()
        if known is not None and len(known.jobs) >= FEW and now - read_at < KEPT_S:
            return known
        known = await past(session, project_id, took=self._took)
        self._kept.pop(project_id, None)
        self._kept[project_id] = now, known
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return known


def machine_of(worker: str) -> str:
    """Return the machine of a worker, as it calls itself."""
    return worker.rpartition(":")[0]


def _opened(
    job_type: JobType,
    sha256: str,
    video: Any,
    source_bytes: float | None,
    source_s: float | None,
    stated: Any,
    sizes: Sequence[int | None],
) -> tuple[Work | None, list[Case]]:
    """What a plan was as work, and its outputs as cases. Raises msgspec.ValidationError."""
    source = msgspec.convert(video, VideoStream)
    outputs = msgspec.convert(stated, tuple[ExpectedOutput, ...])
    density = forecast.density(source, source_bytes, source_s)
    whole = len(sizes) == len(outputs)  # else some were deleted
    cases = [
        size_forecast.size_case(output, sha256, source, density, size)
        for output, size in zip(outputs, sizes, strict=False)
        if size and whole
    ]
    return forecast.work(job_type, outputs, source, density, sha256), cases
