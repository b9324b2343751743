"""First answers: what a request with an Idempotency-Key was answered, kept for when it comes again.

The answer is written in the transaction of what the request made: either both are there, or neither. That a request is
under way is an advisory lock of a connection that all of a process's requests share: it goes with the process.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.cancellation import finished
from reelwright.db.connection import connect
from reelwright.db.models import FirstAnswer
from reelwright.db.outages import is_away
from reelwright.db.sessions import Sessions
from reelwright.errors import Conflict, ReelwrightError

RETRY_AFTER_S = 1
FORGOTTEN_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with a key. `fingerprint`: of what it asks for."""

    project_id: uuid.UUID
    key: str
    fingerprint: bytes

    @property
    def lock(self) -> int:
        digest = hashlib.sha256(self.project_id.bytes + self.key.encode()).digest()
        return int.from_bytes(digest[:8], signed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def location(self) -> str | None:
        """Where that is which was made."""
        return next((value for name, value in self.headers if name.lower() == "location"), None)


class UnderWay(Conflict):
    code = "request_under_way"


class KeyReused(ReelwrightError):
    code = "idempotency_key_reused"


class FirstAnswers:
    """Those that are kept, for `keep_s` each."""

    def __init__(self, url: str, sessions: Sessions, keep_s: float) -> None:
        self.sessions = sessions
        self._url = url
        self._keep = datetime.timedelta(seconds=keep_s)
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._turn = asyncio.Lock()
        self._held: set[int] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FirstAnswers]:
        try:
            yield self
        finally:
            if self._connection is not None:
                self._connection.terminate()

    @asynccontextmanager
    async def alone(self, asked: Asked) -> AsyncIterator[None]:
        """Let nobody else work on the request meanwhile. Raises UnderWay where somebody does."""
        if asked.lock in self._held:
            raise _UNDER_WAY
        self._held.add(asked.lock)
        try:
            if not await self._ask("SELECT pg_try_advisory_lock($1)", asked.lock):
                raise _UNDER_WAY
            try:
                yield
            finally:
                await finished(self._let_go(asked.lock))
        finally:
            self._held.discard(asked.lock)

    async def _let_go(self, lock: int) -> None:
        """With a connection that was lost the lock is gone, too."""
        try:
            await self._ask("SELECT pg_advisory_unlock($1)", lock)
        except Exception as error:
            if not is_away(error):
                raise

    async def _ask(self, query: str, lock: int) -> bool:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._url, application_name="reelwright-requests")
            try:
                return bool(await self._connection.fetchval(query, lock))
            except (TimeoutError, asyncpg.InternalClientError) as error:
                self._connection.terminate()
                raise ConnectionError("the connection does not answer") from error

    async def find(self, asked: Asked) -> Answer | None:
        """Return the first answer; None where the request is new. Raises KeyReused: it was another request."""
        async with self.sessions() as session:
            row = await session.get(FirstAnswer, (asked.project_id, asked.key))
            if row is None or row.created_at <= (await session.scalars(select(func.now() - self._keep))).one():
                return None
        if row.fingerprint != asked.fingerprint:
            raise KeyReused("The Idempotency-Key was sent with another request before: a new request takes a new key.")
        return Answer(row.status, [(name, value) for name, value in row.headers], row.body)

    async def keep(self, session: AsyncSession, asked: Asked, answer: Answer) -> bool:
        """Write the answer down. Returns False where another process has done so meanwhile."""
        values = {
            "fingerprint": asked.fingerprint,
            "status": answer.status,
            "headers": answer.headers,
            "body": answer.body,
            "created_at": func.now(),
        }
        written = (
            insert(FirstAnswer)
            .values(project_id=asked.project_id, key=asked.key, **values)
            .on_conflict_do_update(
                index_elements=[FirstAnswer.project_id, FirstAnswer.key],
                set_=values,
                where=FirstAnswer.created_at <= func.now() - self._keep,
            )
            .returning(FirstAnswer.key)
        )
        return (await session.execute(written)).one_or_none() is not None


_UNDER_WAY = UnderWay(
    "A request with this Idempotency-Key is being answered: send it again in a moment, for the same answer.",
    retry_after_s=RETRY_AFTER_S,
)


async def forget_old(session: AsyncSession, keep_s: float) -> None:
    """Delete answers that were kept for long enough."""
    old = select(FirstAnswer.project_id, FirstAnswer.key).where(
        FirstAnswer.created_at <= func.now() - datetime.timedelta(seconds=keep_s)
    )
    limited = old.order_by(FirstAnswer.created_at).limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True).subquery()
    await session.execute(
        delete(FirstAnswer).where(FirstAnswer.project_id == limited.c.project_id, FirstAnswer.key == limited.c.key),
        execution_options={"synchronize_session": False},
    )
