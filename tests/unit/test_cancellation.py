"""Waits lose no cancellation."""

from __future__ import annotations

import asyncio

import pytest

from reelwright.cancellation import set_within


async def test_a_wait_for_an_event_ends_as_it_is_set_or_when_its_time_is_over() -> None:
    event = asyncio.Event()
    assert not await set_within(event, 0.01)
    asyncio.get_running_loop().call_soon(event.set)
    assert await set_within(event, 60)


async def test_a_cancellation_that_comes_as_the_event_is_set_is_not_lost() -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(set_within(event, 60))
    await asyncio.sleep(0)
    event.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
