"""Live news of jobs, as server-sent events: each change is read and written down once, for all who follow the job.

A database that is away, or a pool that has no connection to give, is no end of a stream: it goes on when that is over,
and a client that has lost its stream meanwhile finds the next one open.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.api.http.event_stream import encode_event
from reelwright.api.schemas.job_events import ProgressEvent, StateEvent
from reelwright.db.models import Job, JobEvent
from reelwright.db.outages import is_away
from reelwright.db.ownership import project_of_task
from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs import job_events, waiting_and_time_left
from reelwright.jobs.notifier import JobNotifier
from reelwright.jobs.queries import LOOKED_AT
from reelwright.jobs.status_reader import StatusReader
from reelwright.telemetry import metrics

logger = logging.getLogger(__name__)

MAX_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class _State:
    """A transition of the job, as its followers get it."""

    seq: int
    message: bytes
    happened_at: float | None
    """By this process's clock; None: before anybody followed."""


class _Feed:
    """What is known of one job, kept up to date while anybody follows it."""

    def __init__(self) -> None:
        self.states: list[_State] = []
        self.progress: ProgressEvent | None = None
        self.progress_message = b""
        self.number_of_progress = 0
        self.looks = 0
        self.ended = False
        """Nothing follows what is known."""
        self.failure: BaseException | None = None
        self.followers: set[asyncio.Event] = set()
        self.reader: asyncio.Task[None] | None = None

    def tell(self) -> None:
        for follower in self.followers:
            follower.set()

    def take(self, job: Job | None, left: SecondsLeft | None, transitions: list[JobEvent], ages_s: list[float]) -> None:
        """What a look has found. `left`: until the job has ended."""
        now = time.monotonic()
        for number, event in enumerate(transitions):
            message = encode_event("state", StateEvent.of(event), str(event.seq))
            self.states.append(_State(event.seq, message, now - ages_s[number] if ages_s else None))
        if job is not None:
            progress, told = ProgressEvent.of(job, left), self.progress
            if told is None or msgspec.structs.replace(progress, eta_s=told.eta_s, eta=told.eta) != told:
                self.progress, self.number_of_progress = progress, self.number_of_progress + 1
                self.progress_message = encode_event("progress", progress, None)
        self.ended = job is None or job.status.is_final
        self.looks += 1
        self.tell()


class JobFeeds:
    """The feeds of the jobs that somebody follows."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], notifier: JobNotifier, statuses: StatusReader
    ) -> None:
        self._sessions = sessions
        self._notifier = notifier
        self._statuses = statuses
        self._feeds: dict[tuple[UUID | None, UUID], _Feed] = {}
        """By the project that its followers see, and the job."""

    async def nothing_follows(self, job_id: UUID, seen: int) -> bool:
        """Return whether the job has ended and the client has seen all of it: it is answered 204, which tells a browser
        not to come again. Where the database is away nobody knows, and the stream waits for it: a browser that is told
        503 does not come again either. Raises NotFound."""
        try:
            if not (await self._statuses.read(job_id)).status.is_final:
                return False
            async with self._sessions() as session:
                return not await job_events.after(session, job_id, seen)
        except Exception as error:
            if not is_away(error):
                raise
            return False

    async def follow(self, job_id: UUID, seen: int) -> AsyncGenerator[bytes, None]:
        """Everything after transition `seen`, then what comes, until the job has ended."""
        followed = project_of_task(), job_id
        feed = self._feeds.get(followed)
        if feed is None or feed.ended:
            feed = self._feeds[followed] = _Feed()
            feed.reader = asyncio.create_task(self._read(job_id, feed), name=f"feed of job {job_id}")
        event = asyncio.Event()
        feed.followers.add(event)
        progress, is_news = 0, False
        try:
            with metrics.EVENT_STREAMS.track_inprogress():
                while True:
                    event.clear()
                    if feed.failure is not None:
                        raise feed.failure
                    ended, states = feed.ended, [state for state in feed.states if state.seq > seen]
                    messages = [state.message for state in states]
                    if progress != feed.number_of_progress:
                        progress = feed.number_of_progress
                        at = len(messages) - 1 if messages and ended else len(messages)  # nothing follows the job's end
                        messages.insert(at, feed.progress_message)
                    if messages:
                        seen = states[-1].seq if states else seen
                        yield b"".join(messages)
                        if is_news:  # what had happened before the client came is no lag
                            _observe(states)
                        is_news = True
                    if ended:
                        return
                    await event.wait()
        finally:
            feed.followers.discard(event)
            if not feed.followers and feed.reader is not None:
                if self._feeds.get(followed) is feed:
                    del self._feeds[followed]
                feed.reader.cancel()

    async def _read(self, job_id: UUID, feed: _Feed) -> None:
        pause_s = 0.5
        try:
            with self._notifier.subscribe(job_id) as event:
                while not feed.ended:
                    event.clear()
                    try:
                        await self._look(job_id, feed)
                    except Exception as error:
                        if not is_away(error):
                            raise
                        logger.warning("no look at job %s: %r; trying again in %.1f s", job_id, error, pause_s)
                        await asyncio.sleep(pause_s)
                        pause_s = min(2 * pause_s, MAX_PAUSE_S)
                        continue
                    pause_s = 0.5
                    if not feed.ended:
                        await event.wait()
        except Exception as error:  # noqa: BLE001 - it is raised where it is missed
            feed.failure = error
            feed.ended = True
            feed.tell()

    async def _look(self, job_id: UUID, feed: _Feed) -> None:
        last = feed.states[-1].seq if feed.states else 0
        async with self._sessions() as session:
            job = await session.get(Job, job_id, options=[LOOKED_AT])
            left = None if job is None else (await waiting_and_time_left.of(session, [job]))[job_id].left
            transitions = [] if job is None else await job_events.after(session, job_id, last)
            ages_s = await job_events.ages(session, transitions) if feed.looks else []
        feed.take(job, left, transitions, ages_s)


def _observe(sent: list[_State]) -> None:
    """Measure the lag of what has just been sent."""
    for state in sent:
        if state.happened_at is not None:
            metrics.EVENT_LAG.observe(time.monotonic() - state.happened_at)
