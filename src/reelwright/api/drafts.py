"""What becomes of an edit that a client asks for: it is queued, or only explained."""

from __future__ import annotations

from typing import Annotated, cast

from litestar import Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.schemas.explanation import ExplanationOut
from reelwright.api.schemas.jobs import JobAccepted, accepted
from reelwright.edits.labels import Labels
from reelwright.jobs.explain import explain
from reelwright.jobs.submit import Draft, submit

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


async def answer(
    services: Services, session: AsyncSession, draft: Draft, *, labels: Labels, reuse: bool, validate_only: bool
) -> Answer:
    """Queue the edit and answer 202, or explain it and answer 200. `labels`: what the client says of it; `reuse`:
    whether what an equal edit made may be taken. Raises InvalidInput."""
    if validate_only:
        return cast("Answer", Response(ExplanationOut.of(await explain(session, draft)), status_code=200))
    job = await submit(
        session,
        draft,
        labels=labels,
        reuse_from=services.reuse_from(reuse),
        max_failures=services.settings.max_failures,
    )
    return accepted(job, services.addresses)
