"""The headers that tell of limits by the minute; requests counted among those of their key and project."""

from __future__ import annotations

from collections.abc import Iterable

from litestar.types import HTTPScope, Message, Send

from reelwright.access.caller import Asking
from reelwright.access.rate_buckets import WINDOW_S, Standing
from reelwright.access.request_rates import RequestRates
from reelwright.api.http.token_authorization import leave_body
from reelwright.errors import RateLimited


def telling(send: Send, request: Asking) -> Send:
    """Let the answer say how it stands with the limits that the request has touched."""

    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers(request.standings)]
        await send(message)

    return tell


def count(rates: RequestRates, scope: HTTPScope, request: Asking) -> None:
    """Count the request among those of its key and project. Raises RateLimited."""
    try:
        rates.count(request)
    except RateLimited as refusal:
        leave_body(scope)
        told = {name.decode(): value.decode() for name, value in headers(request.standings)}
        raise RateLimited(refusal.detail, retry_after_s=refusal.retry_after_s or 1, headers=told) from None


def headers(standings: Iterable[Standing]) -> list[tuple[bytes, bytes]]:
    """Return `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers-11 has them."""
    policies, left = [], []
    for one in standings:
        policies.append(f'"{one.name}";q={one.most};w={WINDOW_S:.0f}')
        left.append(f'"{one.name}";r={one.left};t={one.full_in_s:.0f}')
    if not policies:
        return []
    return [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(left).encode()),
    ]
