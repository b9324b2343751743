"""/webhooks: endpoints that are told of events, what was sent to them, and sent once more."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from reelwright.access.scopes import Scope
from reelwright.api.context import Services
from reelwright.api.openapi import event_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.pages import PageNumber, PageSize
from reelwright.api.schemas.webhooks import (
    AttemptOut,
    DeliveryOut,
    DeliveryPage,
    DeliveryWhole,
    Replayed,
    ReplayIn,
    SecretOut,
    SecretRotation,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    WebhookPage,
    WebhookPatch,
)
from reelwright.errors import Conflict, FieldError, InvalidInput
from reelwright.events import deliveries, replays, signing_secrets, webhooks
from reelwright.events.webhooks import checked_url
from reelwright.outbound.allowed_addresses import OutboundRules

NOT_CACHED = {"Cache-Control": "no-store"}
"""The answer holds a secret."""
LOCATION = ResponseHeader(
    name="Location", description="Address of the webhook: `/webhooks/{id}`.", documentation_only=True, required=True
)
_DISABLED = Conflict("the webhook is disabled: enable it first (PATCH, `enabled`)")
_BAD_URL = InvalidInput([FieldError("/url", "leads to port 22, which OUTBOUND_PORTS does not name", "address_refused")])


@post(
    "/",
    summary="Make a webhook",
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=event_examples.REQUESTS,
        responses={201: event_examples.MADE},
        errors=[_BAD_URL, Conflict("the project has 10000 webhooks: delete those that are not needed")],
    ),
)
async def make_webhook(data: JSONBody[WebhookIn], services: NamedDependency[Services]) -> Response[WebhookMade]:
    """It is told of all events that it chooses, from now on. The answer has its secret, by which its messages are
    signed."""
    checked_url(data.url, OutboundRules.of(services.settings), "/url")
    async with services.sessions.begin() as session:
        row = await webhooks.create(session, data.url, events=data.events, description=data.description)
        made = WebhookMade.of(row)
    location = services.addresses.webhook(row.id)
    return Response(made, headers={**NOT_CACHED, "Location": location})


@get("/", summary="List webhooks", operation_class=operation(responses={200: event_examples.PAGE}))
async def list_webhooks(
    services: NamedDependency[Services], page: PageNumber = 1, page_size: PageSize = 20
) -> WebhookPage:
    """The oldest first, also those that requests have named as `webhook_url`."""
    async with services.sessions() as session:
        rows, total = await webhooks.page(session, offset=(page - 1) * page_size, limit=page_size)
    items = [WebhookOut.of(row) for row in rows]
    return WebhookPage(items=items, total=total, page=page, page_size=page_size, next_cursor=None)


@get(
    "/{webhook_id:uuid}",
    summary="Look up a webhook",
    operation_class=operation(responses={200: event_examples.WEBHOOK}),
)
async def get_webhook(webhook_id: FromPath[UUID], services: NamedDependency[Services]) -> WebhookOut:
    """Whether it takes what is sent, and since when not."""
    async with services.sessions() as session:
        return WebhookOut.of(await webhooks.find(session, webhook_id))


@patch(
    "/{webhook_id:uuid}",
    summary="Change a webhook",
    operation_class=operation(
        request_examples={"told again": {"enabled": True}, "less": {"events": ["job.failed"]}},
        responses={200: event_examples.WEBHOOK},
        errors=[_BAD_URL],
    ),
)
async def change_webhook(
    webhook_id: FromPath[UUID], data: JSONBody[WebhookPatch], services: NamedDependency[Services]
) -> WebhookOut:
    """What is left out stays as it is. One that was disabled is told of what happens once it is enabled again; what it
    missed is sent by `/replay`."""
    given = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}
    changes: dict[str, Any] = {**given, **({"events": list(given["events"])} if "events" in given else {})}
    if "url" in given:
        checked_url(given["url"], OutboundRules.of(services.settings), "/url")
    async with services.sessions.begin() as session:
        return WebhookOut.of(await webhooks.change(session, webhook_id, **changes))


@delete("/{webhook_id:uuid}", summary="Delete a webhook", operation_class=operation())
async def delete_webhook(webhook_id: FromPath[UUID], services: NamedDependency[Services]) -> None:
    """It is told nothing more, and what was sent to it is forgotten."""
    async with services.sessions.begin() as session:
        await webhooks.remove(session, webhook_id)


@post(
    "/{webhook_id:uuid}/rotate",
    summary="Replace a webhook's secret",
    operation_class=operation(
        request_examples={"both for a day": {"overlap_s": 86400}}, responses={201: event_examples.SECRET}
    ),
)
async def rotate_secret(
    webhook_id: FromPath[UUID], data: JSONBody[SecretRotation], services: NamedDependency[Services]
) -> Response[SecretOut]:
    """For `overlap_s` messages bear two signatures, by the new secret and by the old one."""
    async with services.sessions.begin() as session:
        made = await signing_secrets.rotate(session, webhook_id, overlap_s=data.overlap_s)
    return Response(SecretOut.of(made), headers=NOT_CACHED)


@get(
    "/signing-secret",
    summary="The project's secret",
    opt={"scope": Scope.WRITE},
    operation_class=operation(responses={200: event_examples.SECRET}),
)
async def signing_secret(services: NamedDependency[Services]) -> Response[SecretOut]:
    """By which messages to the `webhook_url` of requests are signed."""
    async with services.sessions.begin() as session:
        secret = await signing_secrets.signing_secret(session)
    return Response(SecretOut.of(secret), headers=NOT_CACHED)


@post(
    "/signing-secret/rotate",
    summary="Replace the project's secret",
    operation_class=operation(
        request_examples={"both for a day": {"overlap_s": 86400}}, responses={201: event_examples.SECRET}
    ),
)
async def rotate_signing_secret(
    data: JSONBody[SecretRotation], services: NamedDependency[Services]
) -> Response[SecretOut]:
    """For `overlap_s` messages bear two signatures, by the new secret and by the old one."""
    async with services.sessions.begin() as session:
        made = await signing_secrets.rotate_signing_secret(session, overlap_s=data.overlap_s)
    return Response(SecretOut.of(made), headers=NOT_CACHED)


@post(
    "/{webhook_id:uuid}/test",
    summary="Try a webhook",
    status_code=202,
    operation_class=operation(responses={202: event_examples.DELIVERY}, errors=[_DISABLED]),
)
async def try_webhook(webhook_id: FromPath[UUID], services: NamedDependency[Services]) -> DeliveryOut:
    """Sends it an event `webhook.test`; what came of it is in the delivery, a moment later."""
    async with services.sessions.begin() as session:
        made = await replays.test(session, webhook_id)
        return await _delivery(session, made)


@get(
    "/{webhook_id:uuid}/deliveries",
    summary="What was sent to a webhook",
    operation_class=operation(responses={200: event_examples.DELIVERIES}),
)
async def list_deliveries(
    webhook_id: FromPath[UUID],
    services: NamedDependency[Services],
    state_: Annotated[
        Literal["pending", "delivered", "failed"] | None,
        QueryParameter(name="state", description="Only those that are in it."),
    ] = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> DeliveryPage:
    """The newest first."""
    async with services.sessions() as session:
        rows, total = await deliveries.page(
            session, webhook_id, state=state_, offset=(page - 1) * page_size, limit=page_size
        )
    items = [DeliveryOut.of(row, event) for row, event in rows]
    return DeliveryPage(items=items, total=total, page=page, page_size=page_size, next_cursor=None)


@get(
    "/{webhook_id:uuid}/deliveries/{delivery_id:uuid}",
    summary="Look up a delivery",
    operation_class=operation(responses={200: event_examples.TRIES}),
)
async def get_delivery(
    webhook_id: FromPath[UUID], delivery_id: FromPath[UUID], services: NamedDependency[Services]
) -> DeliveryWhole:
    """With each try: when it was, how long it took, what was answered."""
    async with services.sessions() as session:
        row, event, tries = await deliveries.find(session, webhook_id, delivery_id)
    return DeliveryWhole.whole(row, event, [AttemptOut.of(one) for one in tries])


@post(
    "/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/replay",
    summary="Send an event once more",
    status_code=202,
    operation_class=operation(
        responses={202: event_examples.DELIVERY}, errors=[_DISABLED, Conflict("the event is not kept any more")]
    ),
)
async def replay_delivery(
    webhook_id: FromPath[UUID], delivery_id: FromPath[UUID], services: NamedDependency[Services]
) -> DeliveryOut:
    """Under its own `webhook-id`, by which a receiver knows it again."""
    async with services.sessions.begin() as session:
        return await _delivery(session, await replays.replay(session, webhook_id, delivery_id))


@post(
    "/{webhook_id:uuid}/replay",
    summary="Send events once more",
    status_code=202,
    operation_class=operation(
        request_examples=event_examples.REPLAYS, responses={202: event_examples.REPLAYED}, errors=[_DISABLED]
    ),
)
async def replay_events(
    webhook_id: FromPath[UUID], data: JSONBody[ReplayIn], services: NamedDependency[Services]
) -> Replayed:
    """Those of the log that the webhook chooses, after a number of it: whether they were delivered or not."""
    async with services.sessions.begin() as session:
        queued, next_after = await replays.replay_range(
            session, webhook_id, after=data.after, until=data.until, types=data.types
        )
    return Replayed(queued=queued, next_after=next_after)


async def _delivery(session: Any, made: Any) -> DeliveryOut:
    row, event, _ = await deliveries.find(session, made.webhook_id, made.id)
    return DeliveryOut.of(row, event)


router = Router(
    "/webhooks",
    route_handlers=[
        *(make_webhook, list_webhooks, get_webhook, change_webhook, delete_webhook, rotate_secret, signing_secret),
        *(rotate_signing_secret, try_webhook, list_deliveries, get_delivery, replay_delivery, replay_events),
    ],
    tags=["webhooks"],
)
