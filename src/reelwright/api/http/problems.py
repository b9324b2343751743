"""Every exception as an error answer: which problem it is, and what of it the log is told.

A 4xx says what the client can do about it. A 5xx is the unforeseen: its `error_id` is in the log beside the
traceback, and nothing of the inside (paths, SQL, tracebacks) is in the answer.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from reelwright.api.http.closing_answers import LastAnswer, is_closing
from reelwright.api.http.disconnection import is_of_a_client_that_went
from reelwright.api.http.parameter_errors import invalid_parameters
from reelwright.api.http.problem_document import CLIENT_CLOSED_REQUEST, MEDIA_TYPE, problem_document, public_path
from reelwright.db.outages import is_away
from reelwright.error_codes import CODE_BY_STATUS, ERROR_CODES
from reelwright.errors import (
    Busy,
    InvalidInput,
    Malformed,
    NoSpace,
    NotFound,
    RateLimited,
    ReelwrightError,
)
from reelwright.machine_faults import hindrance
from reelwright.telemetry import logs

log = logging.getLogger(__name__)


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
    if is_closing(request.scope):
        answer = LastAnswer
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


def _translated(request: Request[Any, Any, Any], exc: Exception) -> ReelwrightError:
    """Return the domain's error for an exception of a library."""
    if isinstance(exc, ValidationException):
        return invalid_parameters(request, exc)
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


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and those it came from."""
    while exc is not None:
        yield exc
        exc = getattr(exc, "orig", None) or exc.__cause__
