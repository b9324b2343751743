"""A request's id: the `X-Request-ID` of the client or a proxy where that is sane, else a new one; and its trace."""

from __future__ import annotations

import re

import uuid_utils
from litestar.types import HTTPScope

TRACE_HEADERS = (b"traceparent", b"tracestate")
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def read(scope: HTTPScope) -> tuple[str, dict[str, str]]:
    """Return the request's id, and the trace that it belongs to."""
    request_id, carrier = None, {}
    for name, value in scope["headers"]:
        if name == b"x-request-id" and request_id is None and _ID.fullmatch(text := value.decode("latin-1")):
            request_id = text
        elif name in TRACE_HEADERS:
            carrier[name.decode()] = value.decode("latin-1")
    return request_id or uuid_utils.uuid7().hex, carrier
