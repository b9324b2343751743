"""/queues: what waits in each, paused and resumed."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from reelwright.api.context import Services
from reelwright.api.http.authorization import FOR_ADMINS
from reelwright.api.openapi import queue_examples as examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.queues import QueueOut, QueuesOut
from reelwright.jobs import pausing

QueueName = Annotated[str, PathParameter(description="`light`, `media`, or `render`: both.")]


@get("/", summary="List queues", operation_class=operation(responses={200: examples.QUEUES}))
async def list_queues(services: NamedDependency[Services]) -> QueuesOut:
    """`light`: jobs that take a minute at most, as stills, copies, sound. `media`: the others. Both are parts of
    `render`, in which itself is only what older releases have queued. Of all projects."""
    async with services.sessions() as session:
        return QueuesOut(items=[QueueOut.of(state) for state in await pausing.queues(session)])


@post(
    "/{queue:str}/pause",
    summary="Pause a queue",
    status_code=200,
    operation_class=operation(responses={200: examples.PAUSED}),
)
async def pause_queue(
    queue: QueueName,
    services: NamedDependency[Services],
    reason: Annotated[
        str | None,
        QueryParameter(
            min_length=1, max_length=pausing.MAX_REASON_CHARACTERS, description="Why, for who finds it paused."
        ),
    ] = None,
) -> QueueOut:
    """From now on workers start no job of it, on any machine; running ones go on, new ones are taken and wait
    (`waiting_for`: `paused`). It outlasts restarts. With `render` both others are paused. One that is paused stays as
    it is: since when, by whom and why."""
    async with services.sessions.begin() as session:
        return QueueOut.of(await pausing.pause(session, queue, reason))


@post(
    "/{queue:str}/resume",
    summary="Resume a queue",
    status_code=200,
    operation_class=operation(responses={200: examples.RESUMED}),
)
async def resume_queue(queue: QueueName, services: NamedDependency[Services]) -> QueueOut:
    """Workers start its jobs again, at once. `light` and `media` stay `paused` while `render` is, or while they were
    paused by themselves: each is resumed by its own name. One that runs stays as it is."""
    async with services.sessions.begin() as session:
        return QueueOut.of(await pausing.resume(session, queue))


router = Router("/queues", route_handlers=[list_queues, pause_queue, resume_queue], tags=["service"], opt=FOR_ADMINS)
