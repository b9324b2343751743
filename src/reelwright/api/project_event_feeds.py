"""What happens in a project, live: each event is read and written down once, for all of a process who wait for it; and,
for those who ask for it, how far its jobs are."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.api import project_progress
from reelwright.api.http.event_stream import encode_event
from reelwright.api.project_progress import ProjectProgress
from reelwright.db.outages import is_away
from reelwright.events import event_log
from reelwright.events.event import JOB_ENDS, Event
from reelwright.jobs import job_events
from reelwright.jobs.notifier import JobNotifier
from reelwright.telemetry import metrics

logger = logging.getLogger(__name__)

REMEMBERED = 1000
READ_AT_ONCE = 500
PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class _Known:
    event: Event
    message: bytes

    @classmethod
    def of(cls, event: Event) -> _Known:
        return cls(event, encode_event("message", event, str(event.seq)))


class _ProjectFeed:
    """The newest events of a project, kept up to date while anybody waits for more."""

    def __init__(self) -> None:
        self.known: deque[_Known] = deque(maxlen=REMEMBERED)
        self.last: int | None = None
        """The newest number; None: nobody has looked yet."""
        self.followers: set[asyncio.Event] = set()
        self.reader: asyncio.Task[None] | None = None
        self.news = asyncio.Event()
        """Set where the reader is to look."""
        self.progress = ProjectProgress()
        self.progress_is_due = False
        self.watchers = 0
        """Followers who are told of progress."""
        self.ticker: asyncio.Task[None] | None = None

    @property
    def begin(self) -> int:
        """All that followed this number is known."""
        return self.known[0].event.seq - 1 if self.known else self.last or 0

    def after(self, seq: int) -> list[_Known]:
        return [one for one in self.known if one.event.seq > seq]

    def tell(self) -> None:
        for follower in self.followers:
            follower.set()


class EventFeeds:
    """The feeds of the projects whose events somebody waits for."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], notifier: JobNotifier) -> None:
        self._sessions = sessions
        self._notifier = notifier
        self._feeds: dict[UUID, _ProjectFeed] = {}

    async def require(self, project_id: UUID, seen: int) -> None:
        """Raises EventsGone where what follows number `seen` is not kept any more. Where the database is away nobody
        knows, and the stream waits for it: a browser that is told 503 does not come again."""
        try:
            async with self._sessions() as session:
                (await event_log.extent(session, project_id)).require(seen)
        except Exception as error:
            if not is_away(error):
                raise

    async def follow(
        self, project_id: UUID, seen: int | None, *, progress: bool = False
    ) -> AsyncGenerator[bytes, None]:
        """Everything after number `seen`, None: from now on, then what comes, for as long as the client stays; with
        `progress`, how far jobs are, in between: of a job only once all is told that befell it before."""
        with metrics.EVENT_STREAMS.track_inprogress():
            async with self._waiting(project_id, progress=progress) as (feed, news):
                told = 0
                while feed.last is None:
                    await news.wait()
                    news.clear()
                if seen is None:
                    seen = feed.last
                    yield b"id: %d\n\n" % seen  # no event: where it goes on when it breaks off before the first
                while True:
                    news.clear()
                    known = feed.after(seen) if seen >= feed.begin else await self._earlier(project_id, seen)
                    if known:
                        seen = known[-1].event.seq
                        yield b"".join(one.message for one in known)
                    elif seen < feed.begin:
                        seen = feed.begin  # it was pruned meanwhile
                    elif progress and (messages := feed.progress.after(told)):
                        told = feed.progress.last
                        yield messages
                    else:
                        await news.wait()

    async def wait(self, project_id: UUID, seen: int, types: Collection[str], wait_s: float) -> list[Event]:
        """Return what followed number `seen`, once there is anything of the types; nothing after `wait_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s), self._waiting(project_id) as (feed, news):
                while not self._notifier.closing.is_set():
                    news.clear()
                    if feed.last is not None and seen < feed.begin:
                        known = await self._earlier(project_id, seen)
                    else:
                        known = feed.after(seen)
                    if found := [one.event for one in known if not types or one.event.type in types]:
                        return found
                    seen = known[-1].event.seq if known else seen
                    if not known:
                        await news.wait()
        return []

    @asynccontextmanager
    async def _waiting(
        self, project_id: UUID, *, progress: bool = False
    ) -> AsyncIterator[tuple[_ProjectFeed, asyncio.Event]]:
        feed = self._feeds.get(project_id)
        if feed is None:
            feed = self._feeds[project_id] = _ProjectFeed()
            feed.reader = asyncio.create_task(self._read(project_id, feed), name=f"events of project {project_id}")
        news = asyncio.Event()
        feed.followers.add(news)
        try:
            with self._watching(feed) if progress else nullcontext():
                yield feed, news
        finally:
            feed.followers.discard(news)
            if not feed.followers and feed.reader is not None:
                self._feeds.pop(project_id, None)
                feed.reader.cancel()

    @contextmanager
    def _watching(self, feed: _ProjectFeed) -> Iterator[None]:
        """Have the feed know how far jobs are meanwhile."""
        feed.watchers += 1
        feed.ticker = feed.ticker or asyncio.create_task(self._tick(feed), name="progress of a project")
        try:
            yield
        finally:
            feed.watchers -= 1
            if not feed.watchers:
                feed.ticker.cancel()
                feed.ticker, feed.progress = None, ProjectProgress()

    async def _tick(self, feed: _ProjectFeed) -> None:
        """Have it looked how far the project's jobs are, when any job has come further, now and then."""
        with self._notifier.subscribe(job_events.CHANNEL) as further:
            while True:
                feed.progress_is_due = True
                feed.news.set()
                await asyncio.sleep(project_progress.EVERY_S)
                await further.wait()
                further.clear()

    async def _read(self, project_id: UUID, feed: _ProjectFeed) -> None:
        with self._notifier.subscribe(project_id) as feed.news:
            news = feed.news
            while True:
                news.clear()
                try:
                    if await self._look(project_id, feed):
                        continue
                except Exception as error:
                    if not is_away(error):
                        logger.exception("no look at the events of project %s", project_id)
                    feed.progress_is_due = True
                    await asyncio.sleep(PAUSE_S)
                    continue
                await news.wait()
                if self._notifier.closing.is_set():
                    feed.tell()
                    return

    async def _look(self, project_id: UUID, feed: _ProjectFeed) -> bool:
        """Read what is new, and then how far jobs are, where that is due: what has ended meanwhile is told of later.
        Returns whether there may be more."""
        running = None
        async with self._sessions() as session:
            if feed.last is None:
                feed.last = (await event_log.extent(session, project_id)).last
                feed.tell()
            rows = await event_log.after(session, project_id, feed.last, limit=READ_AT_ONCE)
            there_is_more = len(rows) == READ_AT_ONCE
            if feed.progress_is_due and feed.watchers and not there_is_more:
                feed.progress_is_due = False
                running = await project_progress.running(session, project_id)
        for row in rows:
            if row.type in JOB_ENDS:
                feed.progress.forget(row.subject_id)
        if running is not None:
            feed.progress.take(running)
        if rows:
            feed.known.extend(_Known.of(Event.of(row)) for row in rows)
            feed.last = rows[-1].seq
        if rows or running is not None:
            feed.tell()
        return there_is_more

    async def _earlier(self, project_id: UUID, seen: int) -> list[_Known]:
        """What the feed has not: of a client that comes back after long."""
        while True:
            try:
                async with self._sessions() as session:
                    rows = await event_log.after(session, project_id, seen, limit=READ_AT_ONCE)
                return [_Known.of(Event.of(row)) for row in rows]
            except Exception as error:
                if not is_away(error):
                    raise
                await asyncio.sleep(PAUSE_S)
