"""Receivers of webhooks: real endpoints that verify what comes, and fail as they are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal, TypeAlias, cast

from standardwebhooks import Webhook as Verifier

from chaos.evidence import Arrival, Endpoint
from tests.support.remote import Call, Remote, head

Mood: TypeAlias = Literal["take", "refuse", "hang", "fail", "cut"]


class Receiver:
    """One endpoint. `mood`: whether it takes what comes, refuses connections, hangs, answers 500, or breaks off in the
    middle of its answer."""

    def __init__(self, name: str) -> None:
        self.endpoint = Endpoint(name)
        self.secret = ""
        self.mood: Mood = "take"
        self._remote = Remote(self._answer)
        self._listening = AsyncExitStack()
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def url(self) -> str:
        return self._remote.url(f"/{self.endpoint.name}")

    async def become(self, mood: str) -> None:
        """Change its mood; who hangs is let go. One change at a time: on a busy machine two come at once."""
        async with self._turn:
            self.mood = cast(Mood, mood)
            self._changed.set()
            self._changed = asyncio.Event()
            await self._listening.aclose()
            if mood != "refuse":
                await self._listening.enter_async_context(self._remote.running(port=self._remote.port))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Receiver]:
        await self.become("take")
        try:
            yield self
        finally:
            await self.become("refuse")

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        mood, changed = self.mood, self._changed
        self.endpoint.arrivals.append(self._arrival(call))
        if mood == "hang":
            await changed.wait()
            writer.transport.abort()
        elif mood == "cut":
            writer.write(head(200, Content_Length=1000) + b"and so")
            await writer.drain()
            writer.transport.abort()
        else:
            writer.write(head(500 if mood == "fail" else 204))

    def _arrival(self, call: Call) -> Arrival:
        fault = ""
        try:
            Verifier(self.secret).verify(call.body, call.headers)
        except Exception as error:  # noqa: BLE001 - whatever the library says of it
            fault = repr(error)
        try:
            told = json.loads(call.body)
            kind = told["type"].partition(".")[0]  # an event of a video may name the job that brought it, too
            return Arrival(call.headers["webhook-id"], told["seq"], told["data"][f"{kind}_id"], call.body, fault)
        except (ValueError, KeyError) as error:
            return Arrival(call.headers.get("webhook-id", ""), 0, "", call.body, fault or repr(error))
