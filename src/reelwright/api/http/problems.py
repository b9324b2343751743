"""Every error answer, as an RFC 9457 problem document: `application/problem+json`.

A 4xx says what the client can do about it. A 5xx is the unforeseen: its `error_id` is in the log beside the
traceback, and nothing of the inside (paths, SQL, tracebacks) is in the answer.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import re
import types
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import quote

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.types import ASGIApp, ExceptionHandlersMap, Message, Receive, Scope, Send
from msgspec import UNSET, Meta, UnsetType

from reelwright.api.http.shown_paths import shown
from reelwright.db.outages import is_away
from reelwright.error_codes import CODE_BY_STATUS, ERROR_CODES
from reelwright.errors import (
    Busy,
    FieldError,
    InvalidInput,
    Malformed,
    NoSpace,
    NotFound,
    RateLimited,
    ReelwrightError,
    hindrance,
)
from reelwright.telemetry import logs

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

LINGER_S = 2.0

CLIENT_CLOSED_REQUEST = 499
"""Status, known from nginx, of a request whose client went away; only the log ever sees it."""

_CLIENT_GONE = "client disconnected prematurely"  # Litestar's words, raised by Request.stream()


class ProblemField(msgspec.Struct):
    """One wrong field of a request."""

    pointer: Annotated[
        str, Meta(description="A JSON pointer into the body (`/overlays/0/start`), or `?name` for a query parameter.")
    ]
    detail: str
    code: Annotated[str | UnsetType, Meta(description="Of what is behind it, as `asset_missing`.")] = UNSET


class Problem(msgspec.Struct, kw_only=True):
    """What went wrong, after RFC 9457."""

    type: Annotated[str, Meta(description="Where the code is explained.")]
    title: str
    status: int
    detail: Annotated[str, Meta(description="What to do about it, in a sentence.")]
    code: Annotated[str, Meta(description="Stable; listed at `/docs/errors`.")]
    instance: Annotated[str, Meta(description="The path of the request.")]
    errors: Annotated[
        list[ProblemField] | UnsetType, Meta(description="Every wrong field, or that which names what is not there.")
    ] = UNSET
    error_id: Annotated[
        str | UnsetType, Meta(description="Of a 500: the request's id, under which the log has more.")
    ] = UNSET
    job_ids: Annotated[list[str] | UnsetType, Meta(description="Of `in_use`: the unfinished jobs.")] = UNSET


def public_path(scope: Scope) -> str:
    """Return the request's path as the client wrote it, percent-encoded, with a reverse proxy's prefix, and without a
    token."""
    root: str = scope.get("root_path", "")
    return quote(shown(root + scope["path"].removeprefix(root)))


def problem_document(
    scope: Scope, status: int, code: str, detail: str, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the members of a problem document. `extra`: further members, such as `errors`."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Client Closed Request" if status == CLIENT_CLOSED_REQUEST else "Error"
    problem = Problem(
        type=f"{scope.get('root_path', '')}/docs/errors#{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        instance=public_path(scope),
    )
    return {**msgspec.to_builtins(problem), **(extra or {})}


def closing_answer(
    scope: Scope, status: int, code: str, detail: str, retry_after_s: int | None
) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return body and headers of a refusal outside of the application, after which the connection ends."""
    body = msgspec.json.encode(problem_document(scope, status, code, detail))
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
    ]
    if retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % retry_after_s))
    return body, headers


def close_after_answer(scope: Scope) -> None:
    """Have the error answer end the connection: the rest of the request's body is not worth reading."""
    scope["state"]["close_after_answer"] = True


async def linger(receive: Receive) -> None:
    """Read the rest of a request that was answered, for a while: a client that is still sending would get a reset
    connection instead of the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass


class _LastAnswer(Response[dict[str, Any]]):
    """An answer after which the connection closes."""

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **kwargs: Any) -> ASGIApp:  # type: ignore[override]
        answer = super().to_asgi_response(app, request, **kwargs)

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            async def hold_open(message: Message) -> None:
                if message["type"] == "http.response.body":
                    message["more_body"] = True
                await send(message)

            await answer(scope, receive, hold_open)
            await linger(receive)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        return respond


def answer_problem(request: Request[Any, Any, Any], exc: Exception) -> Response[dict[str, Any]]:
    """Answer any exception; the one exception handler of the app."""
    error = exc if isinstance(exc, ReelwrightError) else _translated(request, exc)
    extra = dict(error.extra)
    headers = dict(exc.headers or {}) if isinstance(exc, HTTPException) else {}
    headers["Cache-Control"] = "no-store"  # a cache may keep a 404 otherwise, and what is asked for may come
    if isinstance(error, RateLimited):
        headers |= error.headers
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    answer: type[Response[dict[str, Any]]] = Response
    if request.scope["state"].get("close_after_answer"):
        answer = _LastAnswer
        headers["Connection"] = "close"
    where = f"{request.method} {public_path(request.scope)}"
    if error.status == CLIENT_CLOSED_REQUEST:
        log.info("%s: the client went away", where)
    elif error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        extra["error_id"] = logs.request_id() or uuid.uuid4().hex
        log.error("%s: error %s", where, extra["error_id"], exc_info=exc)
    elif error is not exc and isinstance(error, Busy):  # every request says so while the database is away
        cause = " ".join(repr(list(_chain(exc))[-1]).split())
        log.warning("%s: answered with %d %s: %s", where, error.status, error.code, cause)
    elif error is not exc and not isinstance(exc, HTTPException):
        log.warning("%s: answered with %d %s", where, error.status, error.code, exc_info=exc)
    document = problem_document(request.scope, error.status, error.code, error.detail, extra)
    return answer(document, status_code=error.status, media_type=MEDIA_TYPE, headers=headers)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {Exception: answer_problem}


class _HttpError(ReelwrightError):
    """An error that HTTP itself knows, with any status."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail, code=code)
        self.status = status  # type: ignore[misc]


def is_of_a_client_that_went(exc: Exception) -> bool:
    return isinstance(exc, InternalServerException) and _CLIENT_GONE in exc.detail


def _translated(request: Request[Any, Any, Any], exc: Exception) -> ReelwrightError:
    """Return the domain's error for an exception of a library."""
    if isinstance(exc, ValidationException):
        return _invalid_parameters(request, exc)
    if is_of_a_client_that_went(exc):
        return _HttpError(CLIENT_CLOSED_REQUEST, "client_closed_request", "The client went away.")
    if isinstance(exc, HTTPException) and exc.status_code != 500 and exc.status_code in CODE_BY_STATUS:
        code = CODE_BY_STATUS[exc.status_code]
        spoken = exc.detail and exc.detail != HTTPStatus(exc.status_code).phrase
        return _HttpError(exc.status_code, code, exc.detail if spoken else ERROR_CODES[code].answer)
    if isinstance(exc, HTTPException) and exc.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _HttpError(exc.status_code, "http_error", exc.detail)
    if isinstance(exc, (UnicodeDecodeError, RecursionError)) or (
        isinstance(exc, msgspec.DecodeError) and not isinstance(exc, msgspec.ValidationError)
    ):
        return Malformed(ERROR_CODES["malformed"].answer)
    if any(isinstance(link, asyncpg.CharacterNotInRepertoireError) for link in _chain(exc)):
        if "\0" in request.scope["path"]:
            return NotFound(ERROR_CODES["not_found"].answer)
        return InvalidInput([], detail="A text holds a NUL character.")
    if any(is_away(link) for link in _chain(exc)):
        return Busy("A part of the service cannot be reached now.")
    for link in _chain(exc):
        if isinstance(link, OSError | MemoryError) and not isinstance(link, FileNotFoundError | NotADirectoryError):
            match hindrance(link):
                case "no_space":
                    return NoSpace(ERROR_CODES["no_space"].answer)
                case "storage":
                    return Busy("The storage cannot be used now; the log and /ready say why.")
                case "exhausted":
                    return Busy("The service has too much to do now: no descriptors or memory are left.")
    return _HttpError(500, "internal", "Something went wrong here. The log has more under the error id.")


_MISSING = re.compile(r"Missing required (\w+) parameter '(.+?)' for path")  # Litestar's words


def _invalid_parameters(request: Request[Any, Any, Any], exc: ValidationException) -> ReelwrightError:
    """A wrong query parameter, header or cookie: 422 that names each. A malformed id in the path: no such thing."""
    entries = [entry for entry in exc.extra or [] if isinstance(entry, dict)]
    if missing := _MISSING.search(exc.detail):
        entries = [{"source": missing[1], "key": missing[2], "message": "is missing", "by_alias": True}]
    if any(entry.get("source") == "path" for entry in entries):
        return NotFound(ERROR_CODES["not_found"].answer)
    errors = []
    for entry in entries:
        key, source = entry.get("key", ""), entry.get("source", "body")
        source = getattr(source, "value", source)
        if source == "body" and key == "data":
            errors.append(FieldError("", "a JSON body is needed"))
        elif source == "body":
            errors.append(FieldError("/" + re.sub(r"[\[\].]+", "/", key).strip("/"), entry["message"]))
        else:
            name = key if "by_alias" in entry else _alias(request, key)
            detail = entry["message"]
            if detail.startswith("Invalid enum value") and (choices := _choices(request, key)):
                detail = f"must be one of: {', '.join(choices)}"
            errors.append(FieldError(f"?{name}" if source == "query" else f"{source}:{name}", detail))
    return InvalidInput(errors, detail=None if errors else exc.detail)


def _alias(request: Request[Any, Any, Any], name: str) -> str:
    """Return the name that clients use for a handler's argument."""
    field = request.route_handler.parsed_fn_signature.parameters.get(name)
    return getattr(field and field.kwarg_definition, "name", None) or name


def _choices(request: Request[Any, Any, Any], name: str) -> list[str]:
    """Return the values that a handler's argument may have, where it is an enumeration."""
    field = request.route_handler.parsed_fn_signature.parameters.get(name)
    hint = getattr(field, "annotation", None)
    hints = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    enums = [kind for kind in hints if isinstance(kind, type) and issubclass(kind, enum.Enum)]
    literals = [value for kind in hints if get_origin(kind) is Literal for value in get_args(kind)]
    return [str(member.value) for kind in enums for member in kind] + [str(value) for value in literals]


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and those it came from."""
    while exc is not None:
        yield exc
        exc = getattr(exc, "orig", None) or exc.__cause__
