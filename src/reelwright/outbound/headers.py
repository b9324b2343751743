"""The headers that a client sends along: which it may choose, and how it writes them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_HEADERS = 32
MAX_BYTES = 8192

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff]([\x09\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
OURS = {
    *("host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "expect"),
    *("range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "accept-encoding"),
}
"""What the request itself needs, or says of the connection."""


def faults(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong, by the name of the header; "" for all of them together. No value is part of it."""
    wrong: dict[str, str] = {}
    if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers.items()) > MAX_BYTES:
        wrong[""] = f"are more than {MAX_HEADERS} headers, or than {MAX_BYTES} bytes"
    seen: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        if not _NAME.fullmatch(name):
            wrong[name] = "is no name of a header"
        elif lower in OURS or lower.startswith("proxy-"):
            wrong[name] = "is a header that the service sets itself"
        elif lower in seen:
            wrong[name] = "comes twice"
        elif not _VALUE.fullmatch(value):
            wrong[name] = "is empty, begins or ends with a space, or has characters that no header has"
        seen.add(lower)
    return wrong
