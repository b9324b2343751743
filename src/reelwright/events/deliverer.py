"""Tells webhooks what happened: takes endpoints that have something due, sends, writes down what they said.

A loop in every worker, outside of the queue: full job slots do not delay it. It has connections of its own. Nothing is
held in the database while an endpoint is waited for, and one that hangs takes one place among AT_ONCE.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import random
import time
from collections.abc import Sequence

import msgspec

from reelwright.cancellation import set_within
from reelwright.db.models import Delivery, EventRow, Webhook
from reelwright.db.outages import is_away
from reelwright.db.sessions import Sessions
from reelwright.errors import ReelwrightError
from reelwright.events import delivery_turns, disabling, webhook_request
from reelwright.events.delivery_turns import Tried, Turn
from reelwright.events.event import Event
from reelwright.events.outcomes import Outcome, of_answer, of_failure
from reelwright.events.webhook_retries import again_after_s, rest_s, retry_after_s
from reelwright.outbound.client import OutboundClient
from reelwright.telemetry import metrics

logger = logging.getLogger(__name__)

AT_ONCE = 2048
"""Endpoints."""
TAKEN_AT_ONCE, DOUBTFUL_AT_ONCE, WRITTEN_AT_ONCE = 25, 10, 20
DOUBTFUL_PAUSE_S = 0.01
"""Between endpoints that have never taken anything, or fail: a crowd of them has a part of the processor, and the
others come between."""
POLL_S = 1.0
PAUSE_S = 1.0
NOT_WRITTEN_PAUSE_S = 0.02


class Deliverer:
    """`wake` is set when something may be due."""

    def __init__(self, sessions: Sessions, client: OutboundClient, wake: asyncio.Event, *, timeout_s: float) -> None:
        self._sessions = sessions
        self._client = client
        self._wake = wake
        self._timeout_s = timeout_s
        self._under_way: set[asyncio.Task[None]] = set()
        self._doubtful: asyncio.Queue[Turn] = asyncio.Queue()
        self._done: asyncio.Queue[tuple[Turn, list[Tried]]] = asyncio.Queue()

    async def run(self) -> None:
        """Until cancelled. What is under way then is sent again by whoever takes the endpoint next."""
        try:
            async with asyncio.TaskGroup() as loops:
                loops.create_task(self._take())
                loops.create_task(self._begin_doubtful())
                loops.create_task(self._write())
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _take(self) -> None:
        while True:
            self._wake.clear()
            turns: list[Turn] = []
            places = min(TAKEN_AT_ONCE, AT_ONCE - len(self._under_way))
            doubtful = min(DOUBTFUL_AT_ONCE, places) if self._doubtful.empty() else 0
            if places:
                try:
                    async with self._sessions.begin() as session:
                        turns = await delivery_turns.take(session, places, doubtful=doubtful, timeout_s=self._timeout_s)
                except Exception as error:  # noqa: BLE001 - one bad round must not end the rounds
                    await _told(error, "no webhooks taken")
            sound = [turn for turn in turns if not turn.is_doubtful]
            for turn in sound:
                self._begin(turn)
            for turn in turns:
                if turn.is_doubtful:
                    self._doubtful.put_nowait(turn)
            if not places or len(sound) < places:
                await set_within(self._wake, POLL_S)

    def _begin(self, turn: Turn) -> None:
        task = asyncio.create_task(self._serve(turn), name=f"webhook {turn.webhook.id}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _begin_doubtful(self) -> None:
        """Begin with those one by one, and have more of them taken when it has come to the last."""
        while True:
            self._begin(await self._doubtful.get())
            await asyncio.sleep(DOUBTFUL_PAUSE_S)
            if self._doubtful.empty():
                self._wake.set()

    async def _serve(self, turn: Turn) -> None:
        with metrics.WEBHOOKS_UNDER_WAY.track_inprogress():
            results = await asyncio.gather(*(self._send(turn, *one) for one in turn.deliveries))
        self._done.put_nowait((turn, list(results)))

    async def _send(self, turn: Turn, delivery: Delivery, event: EventRow) -> Tried:
        told = Event.of(event)
        body = msgspec.json.encode(told)
        at, began = datetime.datetime.now(datetime.UTC), time.monotonic()
        status: int | None = None
        answer = error = asked = None
        outcome: Outcome
        try:
            said = await webhook_request.send(
                self._client,
                turn.webhook.url,
                message_id=told.id,
                body=body,
                secrets=turn.secrets,
                timestamp_s=int(at.timestamp()),
                timeout_s=self._timeout_s,
            )
            status, answer, asked = said.status, said.text, said.retry_after
            outcome = of_answer(status)
        except ReelwrightError as failure:
            outcome, error = of_failure(failure), failure.detail
        except Exception:
            logger.exception("delivery %s to webhook %s", delivery.id, turn.webhook.id)
            outcome, error = "unreachable", "something unforeseen; the worker's log has more"
        taken_s = time.monotonic() - began
        age_s = max((datetime.datetime.now(datetime.UTC) - delivery.created_at).total_seconds(), 0.0)
        again = None if outcome in ("delivered", "gone") else again_after_s(age_s, random.random())  # noqa: S311 - jitter
        rests = None
        if outcome == "busy" or (error is not None and outcome != "not_allowed"):
            wished = retry_after_s(asked, time.time()) if asked is not None else None
            rests = rest_s(turn.webhook.failures + 1) if wished is None else wished
            again = None if again is None else max(again, wished or 0.0)
        return Tried(
            delivery=delivery,
            number=delivery.attempts + 1,
            at=at,
            duration_s=taken_s,
            outcome=outcome,
            delivered=outcome == "delivered",
            again_after_s=again,
            rests_for_s=rests,
            status=status,
            answer=answer,
            error=error,
        )

    async def _write(self) -> None:
        left: list[tuple[Turn, list[Tried]]] = []
        gone: list[Webhook] = []
        while True:
            if not left and not gone:
                left.append(await self._done.get())
            while not self._done.empty():
                left.append(self._done.get_nowait())
            left.sort(key=lambda one: all(not result.delivered for result in one[1]))  # who hangs keeps nobody waiting
            batch = left[:WRITTEN_AT_ONCE]
            try:
                async with self._sessions.begin() as session:
                    held, more_due = await delivery_turns.write(session, batch)
                left = [one for one in batch if one[0].webhook.id in held] + left[WRITTEN_AT_ONCE:]
                for turn, results in batch:
                    if turn.webhook.id not in held:
                        _count(turn, results)
                        gone += [turn.webhook] if any(result.outcome == "gone" for result in results) else []
                while gone:
                    await self._disable(gone[-1])
                    gone.pop()
            except Exception as error:  # noqa: BLE001 - it is written once the database is back
                await _told(error, "what webhooks said is not written yet")
                continue
            if more_due or len(self._under_way) >= AT_ONCE - TAKEN_AT_ONCE:
                self._wake.set()
            if held:
                await asyncio.sleep(NOT_WRITTEN_PAUSE_S)

    async def _disable(self, webhook: Webhook) -> None:
        """Tell an endpoint nothing more that says that it is gone."""
        async with self._sessions.begin() as session:
            if await disabling.disable(session, webhook, "gone"):
                logger.warning("webhook %s is disabled: it answered 410", webhook.id)


def _count(turn: Turn, results: Sequence[Tried]) -> None:
    """Count what is written, and log that an endpoint begins to fail."""
    for result, (_, event) in zip(results, turn.deliveries, strict=True):
        metrics.WEBHOOK_TRIES.labels(result.outcome).inc()
        if result.delivered and result.number == 1:
            lag = (result.at - event.created_at).total_seconds() + result.duration_s
            metrics.WEBHOOK_LAG.observe(max(lag, 0.0))
        if not result.delivered and result.again_after_s is None:
            metrics.WEBHOOKS_GIVEN_UP.inc()
        if not result.delivered and turn.webhook.failing_since is None:
            logger.warning("webhook %s does not take what is sent: %s", turn.webhook.id, result.error or result.status)


async def _told(error: Exception, what: str) -> None:
    if is_away(error):
        logger.warning("%s: %r", what, error)
    else:
        logger.error(what, exc_info=error)
    await asyncio.sleep(PAUSE_S)
