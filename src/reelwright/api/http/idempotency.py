"""Requests that come again: with the header Idempotency-Key, a POST is answered as it was the first time.

One mechanism for every POST: all that its route commits becomes part of one transaction, in which the answer is kept,
too (access/idempotent_answers.py). So whoever heard no answer asks again, as often as it takes: what was asked for is
made once. A route whose option `idempotency` is NOTHING_MADE or SECRET is no part of that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from reelwright import fault_points
from reelwright.access.idempotent_answers import RETRY_AFTER_S, Answer, Asked, FirstAnswers, KeyReused, UnderWay
from reelwright.api.http.closing_answers import close_after_answer, linger
from reelwright.api.http.token_authorization import require_own_answer
from reelwright.api.http.upload_checksum import CHECKSUM, declared_checksum, header_values
from reelwright.db.ownership import project_of_new
from reelwright.db.sessions import inside
from reelwright.errors import FieldError, InvalidInput
from reelwright.telemetry import metrics

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
MAX_KEY_LENGTH = 255

NOTHING_MADE: dict[str, Any] = {"idempotency": "ignored"}
"""Option of a POST that makes nothing: it may come as often as it likes."""
SECRET: dict[str, Any] = {"idempotency": "refused"}
"""Option of a POST whose answer has a secret that is not stored."""


class Idempotency:
    """ASGI middleware, inside of Authorization: keys are those of the request's project."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not may_be_repeated(scope):
            await self.app(scope, receive, send)
            return
        given, wish = header_values(scope, HEADER), scope["route_handler"].opt.get("idempotency")
        kept: FirstAnswers = scope["litestar_app"].state.services.first_answers
        key = _key(scope, given, refused=wish == "refused")
        asked = Asked(project_of_new(), key, await _fingerprint(scope, receive))
        own: list[Message] = []
        try:
            async with kept.alone(asked):
                first = await kept.find(asked)
                require_own_answer(scope, None if first is None else first.location)
                if first is None:
                    own = await self._answered(kept, asked, scope, receive)
                    first = None if own else await kept.find(asked)
                if not own and first is None:
                    raise UnderWay(
                        "The first answer was forgotten just now: send it again.", retry_after_s=RETRY_AFTER_S
                    )
        except (UnderWay, KeyReused) as refusal:
            metrics.IDEMPOTENT_REQUESTS.labels(refusal.code).inc()
            _leave_body(scope)
            raise
        for message in own:  # only now: who hears it may ask again at once
            await send(message)
        if first is not None:
            metrics.IDEMPOTENT_REQUESTS.labels("replayed").inc()
            await _replay(first, scope, receive, send)

    async def _answered(self, kept: FirstAnswers, asked: Asked, scope: HTTPScope, receive: Receive) -> list[Message]:
        """Have the request answered, and the answer kept with what was made. Return the answer; nothing where another
        process has given the first one meanwhile."""
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        try:
            async with inside(kept.sessions) as whole:
                await self.app(scope, receive, hold)
                answer = _answer(messages)
                if answer.status >= 400:  # it may be tried again, and whatever part of it was done is undone
                    metrics.IDEMPOTENT_REQUESTS.labels("refused").inc()
                    return messages
                async with kept.sessions.begin() as session:
                    is_first = await kept.keep(session, asked, answer)
                if not is_first:
                    return []
                await whole.commit()
            fault_points.point("request: committed, not answered")
        except Exception:
            ScopeState.from_scope(scope).response_started = False  # it was held: what is wrong can be told
            raise
        metrics.IDEMPOTENT_REQUESTS.labels("made").inc()
        return messages


def may_be_repeated(scope: HTTPScope) -> bool:
    """Return whether the request is one that is answered as it was the first time."""
    is_taken = scope["method"] == "POST" and scope["route_handler"].opt.get("idempotency") != "ignored"
    return is_taken and bool(header_values(scope, HEADER))


def _key(scope: Scope, given: Sequence[str], *, refused: bool) -> str:
    key = given[0].strip()
    if len(given) > 1:
        wrong = "is sent once"
    elif refused:
        wrong = "is not taken here: the answer has a secret, which is kept nowhere"
    elif not (0 < len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable()):
        wrong = f"has 1 to {MAX_KEY_LENGTH} characters of ASCII that can be printed, best a UUID"
    else:
        return key
    close_after_answer(scope)
    raise InvalidInput([FieldError(f"header:{HEADER}", wrong)])


async def _fingerprint(scope: HTTPScope, receive: Receive) -> bytes:
    """Return what two requests have in common that ask for the same: JSON is compared as what it says, the file of an
    upload by the checksum that the client declares. Raises InvalidInput where it does not."""
    handler = scope["route_handler"]
    query = sorted(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    said: list[Any] = [scope["method"], scope["path"], query]
    if handler.parsed_data_field is not None:
        request: Request[Any, Any, Any] = scope["litestar_app"].request_class(scope, receive)
        said.append(_canonical(await request.body()))  # which Litestar remembers
    else:
        of_upload = [pair for pair in _headers(scope) if pair[0].startswith("upload-") and pair[0] != CHECKSUM.lower()]
        said.append(sorted(of_upload))
        checksum = declared_checksum(scope)
        if checksum is None and _has_body(scope):
            close_after_answer(scope)
            raise InvalidInput([FieldError(f"header:{CHECKSUM}", _NEEDED)])
        said.append(checksum)
    return hashlib.sha256(msgspec.json.encode(said)).digest()


_NEEDED = (
    f"is needed beside {HEADER}, to tell by it whether the file is the same: `sha256` and the SHA-256 of the file, in"
    " Base64 or as 64 hexadecimal digits"
)


def _headers(scope: Scope) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]


def _has_body(scope: Scope) -> bool:
    return any(length != "0" for length in header_values(scope, "content-length")) or bool(
        header_values(scope, "transfer-encoding")
    )


def _leave_body(scope: Scope) -> None:
    if _is_streamed(scope):
        close_after_answer(scope)


def _is_streamed(scope: Scope) -> bool:
    return scope["route_handler"].parsed_data_field is None and _has_body(scope)


def _canonical(body: bytes) -> str:
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted").decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return base64.b64encode(body).decode()  # the route says what is wrong with it


def _answer(messages: Sequence[Message]) -> Answer:
    start = next(message for message in messages if message["type"] == "http.response.start")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    body = b"".join(message["body"] for message in messages if message["type"] == "http.response.body")
    return Answer(start["status"], headers, body)


async def _replay(first: Answer, scope: HTTPScope, receive: Receive, send: Send) -> None:
    """Answer as the first time. The body of an upload is not read again: the connection ends."""
    unread = _is_streamed(scope)
    headers = [*first.headers, (REPLAYED, "true"), *([("Connection", "close")] if unread else [])]
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": first.status, "headers": encoded})
    await send({"type": "http.response.body", "body": first.body, "more_body": unread})
    if unread:
        await linger(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
