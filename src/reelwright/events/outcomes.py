"""What a try to tell an endpoint something has come to: by its answer, or by why there is none. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

from reelwright.errors import AddressRefused, ReelwrightError, RemoteStalled

Outcome: TypeAlias = Literal[
    "delivered", "gone", "redirected", "busy", "refused", "failing", "unreachable", "stalled", "not_allowed"
]
"""Of a try: what the endpoint answered, or why it could not."""
GONE = 410
BUSY = (429, 503)


def of_answer(status: int) -> Outcome:
    """Return what an endpoint means by the status that it answers."""
    if 200 <= status < 300:
        return "delivered"
    if status == GONE:
        return "gone"
    if status in BUSY:
        return "busy"
    return "redirected" if status < 400 else "refused" if status < 500 else "failing"


def of_failure(error: ReelwrightError) -> Outcome:
    """Return why an endpoint has not answered."""
    if isinstance(error, AddressRefused):
        return "not_allowed"
    return "stalled" if isinstance(error, RemoteStalled) else "unreachable"
