"""When what an endpoint did not take is sent again, how long one that is away is left in peace, when it is given up.
Pure."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

TRIES_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After the first try, at once; the steps of Standard Webhooks."""
JITTER = 0.1
MAX_REST_S = 300.0
MAX_RETRY_AFTER_S = 24 * 3600.0


def again_after_s(age_s: float, random: float) -> float | None:
    """Return in how many seconds a delivery of that age is tried again; None: no more. `random`: 0 to 1."""
    spread = 1 + JITTER * (2 * random - 1)
    step = next((step for step in TRIES_S if step * (1 - JITTER) > age_s), None)
    return None if step is None else max(step * spread - age_s, 1.0)


def rest_s(failures: int) -> float:
    """Return for how long an endpoint rests that could not be reached so often in a row."""
    return min(2.0 ** min(failures, 20), MAX_REST_S)


def retry_after_s(value: str, now_s: float) -> float | None:
    """Return the seconds of a header Retry-After, which are a number or a date; None where it cannot be read."""
    value = value.strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        seconds = float(value)
    else:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now_s
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
