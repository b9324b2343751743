"""`Upload-Checksum` of an upload in one request: the SHA-256 that the client says its file has."""

from __future__ import annotations

import base64
import re

from litestar.types import Scope

from reelwright.api.http.closing_answers import close_after_answer
from reelwright.errors import FieldError, InvalidInput

CHECKSUM = "Upload-Checksum"

_CHECKSUM = re.compile(r"sha256 ([0-9a-f]{64}|[A-Za-z0-9+/]{43}=)", re.IGNORECASE)


def header_values(scope: Scope, name: str) -> list[str]:
    """Return every value that a header comes with."""
    wanted = name.lower().encode()
    return [value.decode("latin-1") for header, value in scope["headers"] if header == wanted]


def declared_checksum(scope: Scope) -> str | None:
    """Return the SHA-256 that the client says its file has, as hexadecimal digits; None where it says nothing.

    Raises InvalidInput."""
    given = header_values(scope, CHECKSUM)
    if not given:
        return None
    match = _CHECKSUM.fullmatch(given[0].strip()) if len(given) == 1 else None
    if match is None:
        close_after_answer(scope)
        raise InvalidInput([FieldError(f"header:{CHECKSUM}", _UNREADABLE)])
    value = match[1]
    return value.lower() if len(value) == 64 else base64.b64decode(value).hex()


_UNREADABLE = "is `sha256`, a space, and the SHA-256 of the file, in Base64 or as 64 hexadecimal digits"
