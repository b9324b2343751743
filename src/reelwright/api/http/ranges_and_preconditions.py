"""What a request for a file is answered with, by its preconditions and its byte range (RFC 9110, 13 and 14). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RANGE_HEADER_LENGTH = 100

_ETAG = re.compile(r'(?:W/)?"[^"]*"')
_RANGE = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is answered: the status, and the bytes `start` <= n < `stop` of the file."""

    status: int
    start: int = 0
    stop: int = 0


def evaluate(
    method: str, headers: Mapping[str, str], etag: str, last_modified: datetime | None, size_bytes: int
) -> Verdict:
    """Weigh preconditions and range in the order of RFC 9110, 13.2.2. `headers` has lower-case names."""
    if (expected := headers.get("if-match")) is not None:
        if expected.strip() != "*" and etag not in _ETAG.findall(expected):
            return Verdict(412)
    elif last_modified and (limit := _http_date(headers.get("if-unmodified-since"))) and last_modified > limit:
        return Verdict(412)
    if (held := headers.get("if-none-match")) is not None:
        if held.strip() == "*" or etag in [tag.removeprefix("W/") for tag in _ETAG.findall(held)]:
            return Verdict(304)
    elif last_modified and (since := _http_date(headers.get("if-modified-since"))) and last_modified <= since:
        return Verdict(304)
    if method != "GET" or not _if_range(headers.get("if-range"), etag, last_modified):
        return Verdict(200, 0, size_bytes)
    return _range(headers.get("range", ""), size_bytes)


def _range(header: str, size_bytes: int) -> Verdict:
    """Read one range of bytes. Anything else (another unit, several ranges) is ignored, as RFC 9110 14.2 allows."""
    whole = Verdict(200, 0, size_bytes)
    match = _RANGE.fullmatch(header.strip()) if len(header) <= MAX_RANGE_HEADER_LENGTH else None
    if match is None or not match[1] + match[2]:
        return whole
    first, last = match[1], match[2]
    if not first:
        length = min(int(last), size_bytes)
        return Verdict(206, size_bytes - length, size_bytes) if length else Verdict(416)
    if last and int(last) < int(first):
        return whole
    if int(first) >= size_bytes:
        return Verdict(416)
    return Verdict(206, int(first), min(int(last) + 1, size_bytes) if last else size_bytes)


def _if_range(validator: str | None, etag: str, last_modified: datetime | None) -> bool:
    if validator is None:
        return True
    if '"' in validator:
        return validator.strip() == etag
    return last_modified is not None and _http_date(validator) == last_modified


def _http_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
