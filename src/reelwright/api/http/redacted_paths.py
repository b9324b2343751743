"""A request's path as logs, traces and problem documents may have it: without the token of a signed address. Pure."""

from __future__ import annotations

import re

SIGNED = "/signed"
"""Below it the next part of every path is a token."""

_TOKEN = re.compile(rf"({SIGNED}/+)[^/]+")


def shown(path: str) -> str:
    return _TOKEN.sub(r"\1_", path) if SIGNED in path else path
