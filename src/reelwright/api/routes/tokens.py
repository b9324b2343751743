"""/tokens: rights that a key hands on, for one purpose and a while."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access import tokens
from reelwright.access.scopes import Scope
from reelwright.access.token_purposes import Purpose, Subject
from reelwright.access.tokens import Maker, NewToken
from reelwright.api.context import Services
from reelwright.api.http.authorization import holder_of
from reelwright.api.http.idempotency import SECRET
from reelwright.api.http.token_authorization import Forbidden
from reelwright.api.openapi import key_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.pages import PageNumber, PageSize
from reelwright.api.schemas.tokens import Revoked, TokenIn, TokenMade, TokenOut, TokenPage
from reelwright.edits.kinds_and_states import FileRole
from reelwright.errors import InvalidInput, NotFound
from reelwright.jobs import queries as jobs
from reelwright.library import queries
from reelwright.telemetry import metrics

ANY_KEY: dict[str, Any] = {"scope": Scope.READ}
"""A key hands on what it has: one that only reads, reading."""
NOT_CACHED = {"Cache-Control": "no-store"}
_ONLY_READS = Forbidden("The key does not allow this: it lacks the scope write.")


@post(
    "/",
    summary="Make a token",
    operation_class=operation(
        request_examples=key_examples.TOKEN_REQUESTS,
        responses={201: key_examples.TOKEN_MADE},
        errors=[_ONLY_READS, NotFound("no such variant", pointer="/variant_id")],
    ),
    opt={**ANY_KEY, **SECRET},
)
async def make_token(
    data: JSONBody[TokenIn], request: Request[Any, Any, Any], services: NamedDependency[Services]
) -> Response[TokenMade]:
    """For a browser or a player, to which no key is given: it does one thing, for a while, and ends with the key that
    made it. One to `play` or `download` is part of an address, `/signed/{token}/...`, which needs nothing else."""
    settings = services.settings
    wanted = data.wanted(settings.max_token_s)
    if errors := tokens.faults(wanted, max_life_s=settings.max_token_s, max_bytes=settings.max_upload_bytes):
        raise InvalidInput(errors)
    maker = None
    if (held := holder_of(request)) is not None:
        holder, key = held
        if not holder.may(wanted.purpose.scope):
            raise _ONLY_READS
        maker = Maker(holder.key_id, key, holder.expires_at)
    async with services.sessions.begin() as session:
        await _require(session, wanted.subject, wanted.subject_id)
        made = await tokens.create(session, wanted, maker)
        answer = await _told(session, made, services)
    metrics.TOKENS_MADE.labels(wanted.purpose.value).inc()
    return Response(answer, headers=NOT_CACHED)


async def _require(session: AsyncSession, subject: Subject | None, subject_id: UUID | None) -> None:
    """Raises NotFound where the thing is not there, or not this project's."""
    if subject is None or subject_id is None:
        return
    try:
        match subject:
            case Subject.VIDEO:
                await queries.video(session, subject_id)
            case Subject.VARIANT:
                await queries.variant(session, subject_id)
            case Subject.JOB:
                await jobs.find(session, subject_id)
    except NotFound as error:
        raise NotFound(error.detail, pointer=f"/{subject}_id") from error


async def _told(session: AsyncSession, made: NewToken, services: Services) -> TokenMade:
    if made.row.purpose != Purpose.PLAY or made.row.subject_id is None:
        return TokenMade.new(made, services.addresses)
    files = await queries.files_of_variant(session, made.row.subject_id)
    main = next((file.name for file in files if file.role is FileRole.MAIN), "")
    return TokenMade.new(made, services.addresses, main=main, names={file.name for file in files})


@get("/", summary="List tokens", operation_class=operation(responses={200: key_examples.TOKEN_PAGE}), opt=ANY_KEY)
async def list_tokens(
    services: NamedDependency[Services],
    purpose: Annotated[Purpose | None, QueryParameter(description="Only those for it.")] = None,
    of: Annotated[UUID | None, QueryParameter(description="Only those for this video, variant or job.")] = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> TokenPage:
    """Those that have not expired, newest first; also those that were revoked or used. The tokens themselves are not
    stored."""
    async with services.sessions() as session:
        rows, total = await tokens.page(
            session, purpose=purpose, subject_id=of, offset=(page - 1) * page_size, limit=page_size
        )
    items = [TokenOut.of(row) for row in rows]
    return TokenPage(items=items, total=total, page=page, page_size=page_size, next_cursor=None)


@delete(
    "/{token_id:uuid}",
    summary="Revoke a token",
    status_code=200,
    operation_class=operation(responses={200: key_examples.TOKEN_REVOKED}),
    opt=ANY_KEY,
)
async def revoke_token(
    token_id: FromPath[UUID], request: Request[Any, Any, Any], services: NamedDependency[Services]
) -> TokenOut:
    """It is refused from now on, by other API processes within five seconds; a cache between may answer until the
    token would have expired. A key without `write` revokes what it made itself."""
    async with services.sessions.begin() as session:
        revoked = await tokens.revoke(session, token_id, of_key=_only_own(request))
    services.grants.forget()
    return TokenOut.of(revoked)


@delete(
    "/",
    summary="Revoke every token of a thing",
    status_code=200,
    operation_class=operation(responses={200: key_examples.TOKENS_REVOKED}),
    opt=ANY_KEY,
)
async def revoke_tokens(
    of: Annotated[
        UUID, QueryParameter(description="A variant, a job, or a video: then also of all that was made of it.")
    ],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
) -> Revoked:
    """As one by one. Those of a key end with the key."""
    async with services.sessions.begin() as session:
        revoked = await tokens.revoke_all(session, of, of_key=_only_own(request))
    services.grants.forget()
    return Revoked(revoked)


def _only_own(request: Request[Any, Any, Any]) -> UUID | None:
    """Return the key whose tokens alone the request may revoke; None: it may revoke any."""
    held = holder_of(request)
    return None if held is None or held[0].may(Scope.WRITE) else held[0].key_id


router = Router("/tokens", route_handlers=[make_token, list_tokens, revoke_token, revoke_tokens], tags=["tokens"])
