"""What the OpenAPI document says of a POST that may come again: `Idempotency-Key`, and the headers that go with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from litestar.handlers import HTTPRouteHandler

from reelwright.api.http.idempotency import HEADER, MAX_KEY_LENGTH, REPLAYED
from reelwright.api.http.upload_checksum import CHECKSUM


def tell_idempotency(handler: HTTPRouteHandler, operation: dict[str, Any]) -> None:
    """Say of a POST that it may come again under the same key."""
    if "idempotency" in handler.opt:
        return
    told = {HEADER: _KEY_HEADER, **({CHECKSUM: _CHECKSUM_HEADER} if "multipart/form-data" in _kinds(operation) else {})}
    operation["parameters"] = [
        *operation.get("parameters", []),
        *({"name": name, "in": "header", "required": False, **header} for name, header in told.items()),
    ]
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            answer.setdefault("headers", {})[REPLAYED] = _REPLAYED_HEADER


def _kinds(operation: dict[str, Any]) -> Iterable[str]:
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    return content


_KEY_HEADER = {
    "description": "Of your choice, new for each new request (a UUID). A request that comes again with the same key and"
    " body is answered as the first time, with `Idempotency-Replayed: true`; with another body 422; while the first is"
    " under way 409, with `Retry-After`. Known for 24 h (IDEMPOTENCY_KEEP_S).",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
}
_CHECKSUM_HEADER = {
    "description": "`sha256` and the SHA-256 of the file, in Base64 or as 64 hexadecimal digits: a file that is another"
    " one is refused. Needed beside `Idempotency-Key`.",
    "schema": {"type": "string"},
}
_REPLAYED_HEADER = {
    "description": "`true` where this is the first answer again.",
    "schema": {"type": "string"},
}
