"""Consumers of the log: one that asks and waits, one that follows, and those that follow one job; they come again."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from chaos.client import PAUSE_S
from chaos.evidence import Evidence

WAIT_S = 5
FOLLOWED_AT_ONCE = 20
FINAL = {"SUCCESS", "FAILURE", "CANCELLED"}


class Consumers:
    """What they heard is in the evidence, as they heard it."""

    def __init__(self, client: httpx.AsyncClient, seen: Evidence) -> None:
        self._client = client
        self._seen = seen
        self._of_jobs: list[asyncio.Task[None]] = []
        self._following = asyncio.Semaphore(FOLLOWED_AT_ONCE)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        always = [asyncio.create_task(self._ask("who asks")), asyncio.create_task(self._follow("who follows"))]
        try:
            yield
        finally:
            for task in (*always, *self._of_jobs):
                task.cancel()
            await asyncio.gather(*always, *self._of_jobs, return_exceptions=True)

    async def caught_up(self, count: int, *, within_s: float) -> None:
        """Wait until all have heard of so many events, and of the ends of their jobs, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while min(map(len, self._seen.heard.values())) < count:
                    await asyncio.sleep(PAUSE_S)
                await asyncio.gather(*self._of_jobs)

    def follow_job(self, job: str) -> None:
        """`GET /jobs/{id}/events`, until the job has ended."""
        if job not in self._seen.followed:
            self._seen.followed[job] = ([], 0)
            self._of_jobs.append(asyncio.create_task(self._follow_job(job), name=f"follows {job}"))

    async def _ask(self, name: str) -> None:
        """`GET /events?after=&wait=` in a loop."""
        numbers, after = self._seen.heard.setdefault(name, []), 0
        while True:
            try:
                answer = await self._client.get("/events", params={"after": after, "wait": WAIT_S, "limit": 50})
            except httpx.TransportError:
                answer = httpx.Response(503)
            if answer.status_code != 200:
                if answer.status_code != 503:
                    self._seen.odd_answers.append(f"GET /events: {answer.status_code} {answer.text[:300]}")
                await asyncio.sleep(PAUSE_S)
                continue
            page = answer.json()
            numbers += [event["seq"] for event in page["items"]]
            after = page["next_after"]

    async def _follow(self, name: str) -> None:
        numbers, last = self._seen.heard.setdefault(name, []), "0"
        while True:
            async for number, _, _ in self._stream("/events/stream", last):
                last = number
                numbers.append(int(number))
            await asyncio.sleep(PAUSE_S)

    async def _follow_job(self, job: str) -> None:
        numbers, _ = self._seen.followed[job]
        async with self._following:
            last, state = "0", ""
            while state not in FINAL:
                async for number, name, data in self._stream(f"/jobs/{job}/events", last):
                    if name == "state":
                        last, state = number, json.loads(data)["status"]
                        numbers.append(int(number))
                await asyncio.sleep(PAUSE_S)

    async def _stream(self, path: str, last: str) -> AsyncIterator[tuple[str, str, str]]:
        """Id, name and data of each event after `last`, until the stream breaks."""
        found = {"id": last, "event": "", "data": ""}
        try:
            timeout = httpx.Timeout(10, read=20)  # a comment comes every 15 s
            async with self._client.stream("GET", path, headers={"Last-Event-ID": last}, timeout=timeout) as answer:
                if answer.status_code not in (200, 503):
                    text = (await answer.aread()).decode(errors="replace")
                    self._seen.odd_answers.append(f"GET {path}: {answer.status_code} {text[:300]}")
                async for line in answer.aiter_lines():
                    field, _, value = line.partition(": ")
                    if field in found:
                        found[field] = value
                    elif not line:
                        if found["data"]:
                            yield found["id"], found["event"], found["data"]
                        found |= {"event": "", "data": ""}
        except httpx.TransportError:
            return
