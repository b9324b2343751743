"""News as they come: one LISTEN connection a process for any number of subscribers, and for short queries.

A notification carries an id only, of a job, an upload, a project; a subscriber reads the rows: a burst is one look.
A lost connection is made anew, and every subscriber is told then, because something may have been missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from reelwright.cancellation import set_within
from reelwright.events import event_log
from reelwright.jobs import job_events
from reelwright.library.resumable_upload_rows import CHANNEL as UPLOADS_CHANNEL

logger = logging.getLogger(__name__)

OF_CLIENTS = (job_events.CHANNEL, UPLOADS_CHANNEL, event_log.CHANNEL)
"""What clients follow."""

CHECK_INTERVAL_S = 20
"""A half-open connection shows when it is used: so often it is."""
FETCH_TIMEOUT_S = 2
START_TIMEOUT_S = 5
"""A process whose database is away starts all the same, and hears of jobs once it is back."""


class JobNotifier:
    """Tells subscribers what is notified on `channels`. `closing` is set when the process stops: event streams end
    then."""

    def __init__(self, url: str, channels: Sequence[str] = OF_CLIENTS) -> None:
        self.url = url
        self.channels = channels
        self.closing = asyncio.Event()
        self.listening = asyncio.Event()
        self._subscribers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._lost = asyncio.Event()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[JobNotifier]:
        listener = asyncio.create_task(self.listen(), name="job events")
        try:
            await set_within(self.listening, START_TIMEOUT_S)
            yield self
        finally:
            self.close()
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener

    def close(self) -> None:
        """End all streams: their events are set, and they see `closing`."""
        self.closing.set()
        self._wake_all()

    @contextlib.contextmanager
    def subscribe(self, what: uuid.UUID | str) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever there may be news of a job, an upload or a project's log, or, by the name
        of a channel, of anything on that; the subscriber clears it before it looks."""
        event = asyncio.Event()
        subscribers = self._subscribers[str(what)]
        subscribers.add(event)
        try:
            yield event
        finally:
            subscribers.discard(event)
            if not subscribers:
                self._subscribers.pop(str(what), None)

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Return the rows of a short query, over the connection that listens. One at a time.

        Raises what says that the database is away (`is_away`), also where this connection alone is."""
        async with self._turn:
            if (connection := self._connection) is None:
                raise ConnectionError("not connected")
            try:
                return await connection.fetch(query, *arguments, timeout=FETCH_TIMEOUT_S)
            except (TimeoutError, asyncpg.InternalClientError) as error:
                self._lost.set()  # one that is silent, or breaks off just now, is made anew
                raise ConnectionError("the connection does not answer") from error
            except Exception as error:
                if connection is self._connection:
                    raise
                # given up amid the query: asyncpg may stumble over what it has no more
                raise ConnectionError("the connection was lost") from error

    async def listen(self) -> None:
        """Until cancelled, whatever becomes of the connection."""
        pause_s = 0.1
        while True:
            try:
                connection = await asyncpg.connect(
                    self.url, timeout=10, server_settings={"application_name": "reelwright-events"}
                )
                try:
                    await self._serve(connection)
                finally:
                    self.listening.clear()
                    self._connection = None
                    connection.terminate()
                pause_s = 0.1
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                logger.warning("no news from the database: %r; trying again in %.1f s", error, pause_s)
            except Exception:
                logger.exception("no news from the database; trying again in %.1f s", pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 5)

    async def _serve(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        lost = self._lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        for channel in self.channels:
            await connection.add_listener(channel, self._heed)
        self._connection = connection
        self.listening.set()
        self._wake_all()
        while not await set_within(lost, CHECK_INTERVAL_S):
            await self.fetch("SELECT 1")

    def _heed(self, _: object, __: int, channel: str, what: object) -> None:
        self._wake(str(what))
        self._wake(channel)

    def _wake(self, what: str) -> None:
        for event in self._subscribers.get(what, ()):
            event.set()

    def _wake_all(self) -> None:
        for events in self._subscribers.values():
            for event in events:
                event.set()
