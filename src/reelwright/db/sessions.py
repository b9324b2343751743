"""Sessions, and one transaction around all that a task begins: it is committed as a whole, or not at all.

Whoever begins a transaction in a task that is `inside` another one takes part in that one: what it commits, it commits
to the whole, and what it rolls back, it rolls back alone. Other tasks, also those that the task starts, are not inside.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

WHOLE_SILENCE_S = 60
"""Between two of its parts a request may prepare what the next one needs: look at a file, draw a text."""


class Whole:
    """The transaction around a task's others. It is begun with the first of them, on a connection of its own."""

    def __init__(self, engine: AsyncEngine, opened: AsyncExitStack) -> None:
        self._engine = engine
        self._opened = opened
        self._task = asyncio.current_task()
        self.connection: AsyncConnection | None = None
        self._told: list[Callable[[], None]] = []

    @property
    def is_ours(self) -> bool:
        return self._task is asyncio.current_task()

    async def begin(self) -> None:
        if self.connection is None:
            connection = await self._opened.enter_async_context(self._engine.connect())
            await connection.begin()
            await may_be_silent(connection, WHOLE_SILENCE_S)
            self.connection = connection

    def afterwards(self, tell: Callable[[], None]) -> None:
        """Call it when the whole is committed."""
        self._told.append(tell)

    async def commit(self) -> None:
        """Commit all. What is not committed when the task leaves `inside` is rolled back."""
        if self.connection is not None:
            await self.connection.commit()
        told, self._told = self._told, []
        for tell in told:
            tell()


async def may_be_silent(transaction: AsyncConnection | AsyncSession, silence_s: int) -> None:
    """Let this transaction be silent for longer than others may (`connection.SILENCE_S`): it waits for something else
    in its course. 0: for ever, which only suits one that keeps nobody from anything."""
    asked = func.set_config("idle_in_transaction_session_timeout", f"{silence_s}s", True)
    await transaction.execute(select(asked))


_whole: ContextVar[Whole | None] = ContextVar("whole", default=None)


@asynccontextmanager
async def inside(sessions: Sessions) -> AsyncIterator[Whole]:
    """Have all transactions that this task begins be parts of one, which the caller commits."""
    async with AsyncExitStack() as opened:
        whole = Whole(sessions.engine, opened)
        token = _whole.set(whole)
        try:
            yield whole
        finally:
            _whole.reset(token)


@contextmanager
def outside() -> Iterator[None]:
    """Have the transactions begun in here be no parts of any: each is committed at its own end, and seen by all, while
    what the request does goes on."""
    token = _whole.set(None)
    try:
        yield
    finally:
        _whole.reset(token)


def after_commit(session: Session, tell: Callable[[], None]) -> None:
    """Call it once what the session has just committed is committed for good: now, unless that is a part. Which the
    session says, for it may be another task that commits it."""
    whole: Whole | None = session.info.get(__name__)
    if whole is None:
        tell()
    else:
        whole.afterwards(tell)


class Sessions(async_sessionmaker[AsyncSession]):
    """Makes sessions: those of a task that is inside of a whole take part in it, once it is begun, and need no other
    connection of the pool; those that only read before see what is committed for good."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.engine = engine

    def __call__(self, **options: Any) -> AsyncSession:
        whole = _whole.get()
        if whole is not None and whole.is_ours and whole.connection is not None:
            options |= {
                "bind": whole.connection,
                "join_transaction_mode": "create_savepoint",
                "info": {__name__: whole},
            }
        return super().__call__(**options)

    @asynccontextmanager
    async def single_statements(self) -> AsyncGenerator[AsyncSession]:
        """Yield a session of which each statement is a transaction by itself, for who reads or has one thing done: no
        round trip begins or ends one. What takes part in a whole stays a part of it."""
        async with self() as session:
            if session.bind is self.engine:
                await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            yield session

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:  # type: ignore[override]
        whole = _whole.get()
        return super().begin() if whole is None or not whole.is_ours else self._part(whole)

    @asynccontextmanager
    async def _part(self, whole: Whole) -> AsyncGenerator[AsyncSession]:
        await whole.begin()
        async with super().begin() as session:
            yield session
