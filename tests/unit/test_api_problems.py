"""Every error leaves as a problem document that says what to do, and nothing of the inside."""

from __future__ import annotations

import errno
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
import sqlalchemy.exc
from litestar import Litestar, Request, get, post
from litestar.exceptions import HTTPException, InternalServerException, TooManyRequestsException
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import create_async_engine

import reelwright.errors
from reelwright.api.http.json_body import StrictRequest
from reelwright.api.http.problems import EXCEPTION_HANDLERS
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.error_codes import HTTP_CODES
from reelwright.errors import (
    Busy,
    Conflict,
    FieldError,
    InvalidInput,
    JobFailed,
    MediaProcessFailed,
    NotFound,
    ReelwrightError,
)
from tests.support.in_process import client_of

PROBLEM = "application/problem+json"


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    width: int


@get("/videos/{video_id:str}", sync_to_thread=False)
def one_video(video_id: FromPath[UUID]) -> str:
    return str(video_id)


@get("/videos", sync_to_thread=False)
def videos(
    page: Annotated[int, QueryParameter(ge=1)],
    size: Annotated[int, QueryParameter(name="page_size", ge=1, le=200)] = 20,
    depth: Annotated[int | None, HeaderParameter(name="X-Depth")] = None,
    order: Annotated[Literal["name", "-name"], QueryParameter()] = "name",
    status: Annotated[JobStatus | None, QueryParameter(name="state")] = None,
) -> int:
    return page


@post("/wishes", sync_to_thread=False)
def wish(data: JSONBody[Wish]) -> Wish:
    return data


@get("/files/{name:str}", sync_to_thread=False)
def one_file(request: Request[Any, Any, Any], name: FromPath[str]) -> None:
    raise request.app.state.failure


@get("/raise", sync_to_thread=False)
def fail(request: Request[Any, Any, Any]) -> None:
    raise request.app.state.failure


@pytest.fixture(scope="module")
def app() -> Litestar:
    return Litestar(
        [one_video, one_file, videos, wish, fail],
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=StrictRequest,
        openapi_config=None,
        logging_config=None,
    )


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


async def test_a_domain_error_says_all_that_it_knows(app: Litestar, client: httpx.AsyncClient) -> None:
    """Status, code, detail, its own members and Retry-After come out of the exception."""
    app.state.failure = Conflict("Two jobs read it.", code="in_use", retry_after_s=7, job_ids=["a", "b"])
    answer = await client.get("/raise")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["retry-after"] == "7"
    assert answer.json() == {
        "type": "/docs/errors#in_use",
        "title": "Conflict",
        "status": 409,
        "detail": "Two jobs read it.",
        "code": "in_use",
        "instance": "/raise",
        "job_ids": ["a", "b"],
    }


async def test_every_wrong_field_is_listed(app: Litestar, client: httpx.AsyncClient) -> None:
    """InvalidInput lists pointer and detail of each field."""
    app.state.failure = InvalidInput([FieldError("/start", "is negative"), FieldError("/end", "is before start")])
    answer = (await client.get("/raise")).json()
    assert answer["errors"] == [
        {"pointer": "/start", "detail": "is negative"},
        {"pointer": "/end", "detail": "is before start"},
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/videos/not-an-id", 404, "not_found"),
        ("GET", "/videos/%00", 404, "not_found"),
        ("DELETE", "/videos", 405, "method_not_allowed"),
    ],
)
async def test_what_the_router_refuses(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """Unknown addresses, malformed ids and wrong methods are problems too."""
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"], answer.headers["content-type"]) == (status, code, PROBLEM)
    assert answer.json()["instance"] == path
    if status == 405:
        assert "GET" in answer.headers["allow"]


async def test_every_wrong_query_parameter_is_listed_by_the_name_that_clients_use(client: httpx.AsyncClient) -> None:
    """Types, ranges and headers: 422 with one entry each."""
    answer = await client.get("/videos?page=zero&page_size=0", headers={"X-Depth": "deep"})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["?page", "?page_size", "header:X-Depth"]


async def test_a_query_parameter_of_a_few_values_names_them(client: httpx.AsyncClient) -> None:
    """Literals and enumerations: which values it may have, by the names that clients use."""
    answer = await client.get("/videos?page=1&order=x&state=y")
    assert answer.json()["errors"] == [
        {"pointer": "?order", "detail": "must be one of: name, -name"},
        {"pointer": "?state", "detail": "must be one of: PENDING, STARTED, SUCCESS, FAILURE, CANCELLED"},
    ]


async def test_a_nul_character_in_the_path_is_an_address_of_nothing(app: Litestar, client: httpx.AsyncClient) -> None:
    """PostgreSQL refuses to look for it: there is no such thing."""
    app.state.failure = asyncpg.CharacterNotInRepertoireError("invalid byte sequence")
    answer = await client.get("/files/%00")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_missing_query_parameter_is_named(client: httpx.AsyncClient) -> None:
    """A required parameter that is not there is 422, not 400."""
    answer = await client.get("/videos")
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"pointer": "?page", "detail": "is missing"}])


async def test_a_missing_body_is_said(client: httpx.AsyncClient) -> None:
    """No body at all where one is needed."""
    answer = await client.post("/wishes")
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"pointer": "", "detail": "a JSON body is needed"}],
    )


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (HTTPException("Invalid host header", status_code=400), 400, "malformed"),
        (TooManyRequestsException(headers={"Retry-After": "3"}), 429, "rate_limited"),
        (HTTPException(status_code=503), 503, "busy"),
        (HTTPException(status_code=418), 418, "http_error"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), 400, "malformed"),
        (RecursionError(), 400, "malformed"),
        (msgspec.DecodeError("cut"), 400, "malformed"),
        (OSError(errno.ENOSPC, "No space left on device", "/secret/place"), 507, "no_space"),
        (sqlalchemy.exc.TimeoutError("QueuePool limit"), 503, "busy"),
        (sqlalchemy.exc.OperationalError("SELECT secret", None, asyncpg.ConnectionDoesNotExistError("x")), 503, "busy"),
        (asyncpg.CannotConnectNowError("starting up"), 503, "busy"),
        (asyncpg.InterfaceError("connection is closed"), 503, "busy"),
        (asyncpg.InternalClientError("cannot switch to state 15"), 503, "busy"),
        (ConnectionResetError(), 503, "busy"),
        (NotFound("No such video."), 404, "not_found"),
        (Busy("Later."), 503, "busy"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
async def test_foreign_exceptions_are_translated(
    app: Litestar, client: httpx.AsyncClient, failure: Exception, status: int, code: str
) -> None:
    """Libraries' exceptions get our codes, and their texts stay inside."""
    app.state.failure = failure
    answer = await client.get("/raise")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret" not in answer.text
    if (status in (429, 503) and not isinstance(failure, HTTPException)) or status == 429:
        assert int(answer.headers["retry-after"]) > 0


async def test_a_nul_character_that_reaches_the_database_is_the_clients_fault(
    app: Litestar, client: httpx.AsyncClient
) -> None:
    """PostgreSQL's refusal of a NUL in a text is 422."""
    cause = asyncpg.CharacterNotInRepertoireError("invalid byte sequence")
    app.state.failure = sqlalchemy.exc.DBAPIError("SELECT 1", None, cause)
    assert (await client.get("/raise")).status_code == 422


async def test_a_database_that_refuses_connections_is_busy(
    app: Litestar, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The exception that the real driver raises at a closed port is recognised, and takes one line of the log."""
    engine = create_async_engine("postgresql+asyncpg://nobody:x@127.0.0.1:1/none")
    with pytest.raises(Exception, match="Connect") as failed:
        async with engine.connect():
            pass
    await engine.dispose()
    app.state.failure = failed.value
    answer = await client.get("/raise")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"] == "5"
    (record,) = [record for record in caplog.records if record.name == "reelwright.api.http.problems"]
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert "Connect" in record.getMessage()


@pytest.mark.parametrize(
    "failure",
    [
        KeyError("/secret/path"),
        InternalServerException("secret dependency"),
        msgspec.ValidationError("secret field"),
        sqlalchemy.exc.ProgrammingError("SELECT secret", None, Exception("syntax")),
        sqlalchemy.exc.InterfaceError(
            "SELECT secret", None, type("Encoding", (asyncpg.InterfaceError, ValueError), {})("secret")
        ),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_the_unforeseen_has_an_id_that_is_in_the_log(
    app: Litestar, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    """500: the client gets an id, the log gets the traceback under it."""
    app.state.failure = failure
    answer = await client.get("/raise")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (500, "internal")
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert body["error_id"] in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is failure


async def test_a_client_that_went_away_is_no_error(
    app: Litestar, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken upload is logged at INFO, as nginx's 499."""
    caplog.set_level(logging.INFO, "reelwright")
    app.state.failure = InternalServerException("client disconnected prematurely")
    assert (await client.get("/raise")).status_code == 499
    assert [record.levelname for record in caplog.records if record.name.startswith("reelwright")] == ["INFO"]


def _all_kinds(kind: type[ReelwrightError]) -> list[type[ReelwrightError]]:
    return [kind, *(sub for child in kind.__subclasses__() for sub in _all_kinds(child))]


def test_every_code_of_the_domain_is_explained() -> None:
    """What a client can meet stands in the table with the status that it is sent with."""
    kinds = [kind for kind in _all_kinds(ReelwrightError) if kind.__module__ == reelwright.errors.__name__]
    met = {kind.code: kind.status for kind in kinds if kind is not ReelwrightError and not issubclass(kind, JobFailed)}
    assert met.items() <= {code: row.status for code, row in HTTP_CODES.items()}.items()


async def test_a_failed_media_process_keeps_its_code(app: Litestar, client: httpx.AsyncClient) -> None:
    """A job's failure that surfaces in a request is a 500 under its own code."""
    app.state.failure = MediaProcessFailed("The probe ran over its time.", code="timed_out")
    body = (await client.get("/raise")).json()
    assert (body["status"], body["code"]) == (500, "timed_out")
    assert body["error_id"]
