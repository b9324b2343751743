"""Which addresses are one client's, wherever clients are counted: connections, requests, turns at what is shared."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

MAX_REMEMBERED = 1024
"""Addresses."""


@lru_cache(maxsize=MAX_REMEMBERED)
def client_of(address: str | None) -> str:
    """All addresses that one subscriber has are one client: of IPv6 a network of 64 bits."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
