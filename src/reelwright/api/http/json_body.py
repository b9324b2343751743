"""JSON bodies, read strictly into the handler's type; a refusal names every bad field.

msgspec stops at the first error, and Litestar would convert laxly ("32" for a number). So a body is decoded once,
strictly, and only when that fails is it walked a second time beside its type (field_errors.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Any, ClassVar

import msgspec
from litestar import Request
from litestar.types.empty import Empty

from reelwright.api.http.closing_answers import close_after_answer
from reelwright.api.http.field_errors import NO_ID, field_errors, nul_characters
from reelwright.errors import (
    FieldError,
    InvalidInput,
    Malformed,
    NotFound,
    RequestTimeout,
    TooLarge,
    UnsupportedMedia,
)

MAX_BODY_BYTES = 2**20
MAX_FIELD_ERRORS = 100


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded into the type that the handler declares.

    Raises Malformed (400), NotFound (404), RequestTimeout (408), TooLarge (413), UnsupportedMedia (415) and
    InvalidInput (422)."""

    body_timeout_s: ClassVar[float] = 30.0
    """The whole body has to be there within so long."""

    async def body(self) -> bytes:
        """The whole body, at most MAX_BODY_BYTES. Uploads are streamed and do not come here."""
        if self._body is not Empty:
            return self._body
        if (known := self._connection_state.body) is not Empty:
            self._body = known
            return known
        if (self.content_length or 0) > MAX_BODY_BYTES:
            raise self._too_large()
        received = bytearray()
        try:
            async with asyncio.timeout(self.body_timeout_s):
                async for chunk in self.stream():
                    received += chunk
                    if len(received) > MAX_BODY_BYTES:
                        raise self._too_large()
        except TimeoutError as error:
            close_after_answer(self.scope)
            raise RequestTimeout(f"The body did not come within {self.body_timeout_s:g} seconds.") from error
        self._body = self._connection_state.body = bytes(received)
        return self._body

    def _too_large(self) -> TooLarge:
        close_after_answer(self.scope)
        return TooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")

    async def json(self) -> Any:
        """The body as the handler's type. Litestar asks for it only where there is a body."""
        if self._json is Empty:
            if (known := self._connection_state.json) is Empty:
                field = self.route_handler.parsed_data_field
                if self.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                    raise UnsupportedMedia("The body must not be compressed.")
                _demand_json(*self.content_type)
                known = read_json(await self.body(), field.raw if field is not None else Any)
            self._json = self._connection_state.json = known
        return self._json


def strict_request(body_timeout_s: float) -> type[StrictRequest]:
    """Return the class of requests whose body has to be there within so long."""
    return type("StrictRequest", (StrictRequest,), {"body_timeout_s": body_timeout_s})


def _demand_json(kind: str, options: Mapping[str, str]) -> None:
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMedia("The body must be sent as application/json.")
    if options.get("charset", "utf-8").strip('"').lower() not in ("utf-8", "utf8"):
        raise UnsupportedMedia("The body must be UTF-8.")


@cache
def _decoder(hint: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(hint, strict=True)


def read_json(body: bytes, hint: Any) -> Any:
    """The JSON text as a value of the type `hint`.

    Raises Malformed where the text is not JSON (or is nested too deeply), InvalidInput that names every field which
    does not fit, and NotFound where all that is wrong are texts that could be no id, as in a path. `null` for a field
    that has a default, and no use for `null`, means that default.
    """
    errors: list[FieldError] = []
    try:
        if b"\\u0000" in body:
            errors += islice(nul_characters(msgspec.json.decode(body)), MAX_FIELD_ERRORS)
        try:
            value = _decoder(hint).decode(body)
        except msgspec.ValidationError:
            plain = msgspec.json.decode(body)
            errors += islice(field_errors(hint, plain, ""), MAX_FIELD_ERRORS)
            value = None if errors else msgspec.convert(plain, hint, strict=True)
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8.") from error
    except RecursionError as error:
        raise Malformed("The body is nested too deeply.") from error
    except msgspec.DecodeError as error:
        reason = str(error).partition(" - at `")[0].rstrip(".")
        raise Malformed(f"The body cannot be read: {reason}.") from error
    if errors and all(error.code == NO_ID for error in errors):
        raise NotFound("; ".join(f"{error.pointer}: {error.detail}" for error in errors), errors=errors)
    if errors:
        raise InvalidInput(errors)
    return value
