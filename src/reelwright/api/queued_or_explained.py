"""What becomes of an edit that a client asks for: it is queued, or only explained."""

from __future__ import annotations

from typing import Annotated, Protocol, cast

from litestar import Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.schemas.accepted_jobs import JobAccepted, accepted
from reelwright.api.schemas.explanation import ExplanationOut
from reelwright.api.schemas.timing import AsksForTiming, timing_of
from reelwright.edits.labels import Labels
from reelwright.events.webhooks import checked_url
from reelwright.jobs.draft import Draft
from reelwright.jobs.explain import explain
from reelwright.jobs.submit import submit
from reelwright.outbound.allowed_addresses import OutboundRules

ValidateOnly = Annotated[
    bool,
    QueryParameter(
        description="Only say what would be made, and how: sizes, frames, the time that it takes, the exact commands."
        " Nothing is queued."
    ),
]
EXPLAINED = {
    200: ResponseSpec(
        data_container=ExplanationOut,
        description="With `validate_only`: what would be made, and how.",
        generate_examples=False,
    )
}
"""`responses` of a route that takes `validate_only`."""

Answer = Response[JobAccepted]
"""As documented of routes that edit. With `validate_only` it is an `ExplanationOut`, which `POST /edits` alone says, so
that what generated clients make of the older routes stays as it was."""


class Wishes(AsksForTiming, Protocol):
    """What a request says of a job, beside what it makes."""

    @property
    def reuse(self) -> bool: ...
    @property
    def webhook_url(self) -> str | None: ...
    @property
    def keep_s(self) -> int | None: ...


async def answer(
    services: Services, session: AsyncSession, draft: Draft, wishes: Wishes, *, labels: Labels, validate_only: bool
) -> Answer:
    """Queue the edit and answer 202, or explain it and answer 200. `labels`: what the client says of it. Raises
    InvalidInput."""
    webhook_url, timing = told(services, wishes), timing_of(wishes)
    if validate_only:
        return cast("Answer", Response(ExplanationOut.of(await explain(session, draft)), status_code=200))
    job = await submit(
        session,
        draft,
        labels=labels,
        reuse_from=services.reuse_from(wishes.reuse),
        webhook_url=webhook_url,
        keep_s=wishes.keep_s,
        keep_rules=services.keep_rules,
        past_of=services.past.of,
        timing=timing,
        max_failures=services.settings.max_failures,
    )
    return accepted(job, services.addresses)


def told(services: Services, wishes: Wishes) -> str | None:
    """Return who is told how the job goes. Raises InvalidInput."""
    if wishes.webhook_url is None:
        return None
    return checked_url(wishes.webhook_url, OutboundRules.of(services.settings), "/webhook_url")
