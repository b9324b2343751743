"""/events: what happened in the project, in order and without gaps: asked for, waited for, followed."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from reelwright.api.context import Services
from reelwright.api.http.disconnection import unless_gone
from reelwright.api.http.event_stream import EventStream, last_event_id
from reelwright.api.openapi import event_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.events import EventPage
from reelwright.api.schemas.webhooks import EventType
from reelwright.db.ownership import project_of_new
from reelwright.events import event_log
from reelwright.events.event import Event
from reelwright.events.event_log import EventsGone

MAX_WAIT_S = 60
MAX_SEQ = 2**53
_GONE = EventsGone("Events up to number 900 are not kept any more (EVENT_KEEP_DAYS).")

After = Annotated[
    int | None, QueryParameter(ge=0, le=MAX_SEQ, description="The number of the last event that was seen.")
]
Types = Annotated[
    list[EventType] | None,  # type: ignore[valid-type]
    QueryParameter(name="type", description="Only events of this type; given several times, of these."),
]


@get(
    "/",
    summary="What happened",
    operation_class=operation(responses={200: event_examples.EVENTS}, errors=[_GONE]),
)
async def list_events(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    after: After = None,
    wait: Annotated[
        float, QueryParameter(ge=0, le=MAX_WAIT_S, description="So long the answer waits for an event, seconds.")
    ] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="So many at most.")] = 100,
    types: Types = None,
) -> EventPage:
    """In the order in which it happened, after the number that was seen last; without it from the oldest that is kept.
    With `wait` the answer comes as soon as there is an event: who asks again with `next_after` misses nothing and gets
    nothing twice. 410 when what follows is not kept any more."""
    project_id, wanted, seen = project_of_new(), types or [], after or 0
    async with services.sessions() as session:
        extent = await event_log.extent(session, project_id)
        extent.require(seen)
        rows = await event_log.after(session, project_id, seen, limit=limit, types=wanted)
    events = [Event.of(row) for row in rows]
    last = max(extent.last, *(event.seq for event in events), 0)
    if not events and wait:
        seen = max(seen, extent.last)
        found = await unless_gone(request.receive, services.event_feeds.wait(project_id, seen, wanted, wait))
        events = found[:limit]
        last = max(last, *(event.seq for event in found), 0)
    full = len(events) == limit
    reached = events[-1].seq if full else max(seen, extent.last, *(event.seq for event in events), 0)
    return EventPage(items=events, next_after=reached, last_seq=last)


@get(
    "/stream",
    summary="Follow what happens",
    media_type="text/event-stream",
    operation_class=operation(project_stream=True, errors=[_GONE]),
)
async def follow_events(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    after: After = None,
    progress: Annotated[
        bool,
        QueryParameter(
            description="With how far jobs are, as events named `progress`: of each that runs the newest, at most every"
            " second. They are in no log and have no id."
        ),
    ] = False,
) -> Response[None]:
    """Server-sent events, one for each event of the log, from now on, or after the number that was seen last
    (`Last-Event-ID`, as browsers send it when they come again; or `after`). Their data is that of `GET /events`. A
    comment comes every 15 s. It goes on where it was after any restart; 410 when what follows is not kept any more."""
    last = last_event_id(request.headers, below=10**18)
    seen = after if last is None else last
    if seen is not None:
        await services.event_feeds.require(project_of_new(), seen)
    events = services.event_feeds.follow(project_of_new(), seen, progress=progress)
    return EventStream(events, closing=services.notifier.closing)


router = Router("/events", route_handlers=[list_events, follow_events], tags=["events"])
