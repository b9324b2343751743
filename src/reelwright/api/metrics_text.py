"""The text of /metrics: what this process measured, and what the database and the disk say at that moment.

An answer is kept for a moment and given to everybody who asks meanwhile: asking often costs next to nothing, and the
database one statement. There is no polling: nobody asks, nothing is looked at.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.error_codes import HINDRANCES
from reelwright.jobs.backlog import Unfinished, unfinished
from reelwright.jobs.living_workers import Workforce, workforce
from reelwright.settings import QUEUES
from reelwright.telemetry import metrics

logger = logging.getLogger(__name__)

KEPT_S = 2.0
QUERY_TIMEOUT_S = 5
"""A database that takes longer is told as one that cannot be asked."""


class Backlog(Collector):
    """What the database said last; None: it could not be asked."""

    def __init__(self) -> None:
        self.unfinished: list[Unfinished] | None = None
        self.workers: Workforce | None = None

    def collect(self) -> Iterable[GaugeMetricFamily]:
        yield GaugeMetricFamily(
            "reelwright_database_up", "Whether the database could be asked.", value=self.unfinished is not None
        )
        if self.unfinished is None or self.workers is None:
            return
        yield GaugeMetricFamily("reelwright_workers_alive", "Workers that live.", value=self.workers.alive)
        hindered = GaugeMetricFamily(
            "reelwright_workers_hindered", "Workers that live and take no jobs, by what keeps them.", labels=["code"]
        )
        codes = Counter(hindrance.code for hindrance in self.workers.hindrances)
        for code in HINDRANCES:
            hindered.add_metric([code], codes[code])
        yield hindered
        workers = GaugeMetricFamily(
            "reelwright_queue_workers", "Workers that live and take jobs of the queue.", labels=["queue"]
        )
        paused = GaugeMetricFamily("reelwright_queue_paused", "1 while the queue is paused.", labels=["queue"])
        for worked in self.workers.queues:
            workers.add_metric([worked.name], worked.workers)
            paused.add_metric([worked.name], worked.paused_with is not None)
        yield from (workers, paused)
        depth, oldest_s = dict.fromkeys(QUEUES, 0), dict.fromkeys(QUEUES, 0.0)
        kinds = {(kind.value, state): 0 for kind in JobType for state in (JobStatus.PENDING, JobStatus.STARTED)}
        for group in self.unfinished:
            kinds[group.type, group.status] += group.jobs
            if group.status is JobStatus.PENDING:
                depth[group.queue] = depth.get(group.queue, 0) + group.jobs
                oldest_s[group.queue] = max(oldest_s.get(group.queue, 0.0), group.oldest_s)
        waiting = GaugeMetricFamily("reelwright_queue_depth", "Jobs that wait for a worker.", labels=["queue"])
        since = GaugeMetricFamily(
            "reelwright_queue_oldest_seconds", "How long the job has waited that waits the longest.", labels=["queue"]
        )
        for queue in depth:
            waiting.add_metric([queue], depth[queue])
            since.add_metric([queue], oldest_s[queue])
        unfinished_jobs = GaugeMetricFamily("reelwright_jobs", "Unfinished jobs.", labels=["kind", "state"])
        for (kind, state), jobs in kinds.items():
            unfinished_jobs.add_metric([kind, state.value], jobs)
        yield from (waiting, since, unfinished_jobs)


class Exposition:
    """The text of /metrics."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], media_root: Path) -> None:
        self._sessions = sessions
        self._backlog = Backlog()
        self._registry = metrics.registry(self._backlog, metrics.Disk(media_root))
        self._one_at_a_time = asyncio.Lock()
        self._text = b""
        self._good_until = -float("inf")

    async def text(self) -> bytes:
        """Never older than KEPT_S; without what the database knows where that is away."""
        async with self._one_at_a_time:
            if time.monotonic() > self._good_until:
                self._backlog.unfinished, self._backlog.workers = await self._look()
                self._text = await asyncio.to_thread(generate_latest, self._registry)
                self._good_until = time.monotonic() + KEPT_S
            return self._text

    async def _look(self) -> tuple[list[Unfinished] | None, Workforce | None]:
        try:
            async with asyncio.timeout(QUERY_TIMEOUT_S), self._sessions() as session:
                return await unfinished(session), await workforce(session)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other numbers matter all the more now
            logger.warning("metrics without the database: %s", type(error).__name__)
            return None, None
