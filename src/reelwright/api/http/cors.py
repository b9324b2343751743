"""CORS: which pages of other origins may read answers, and which headers of them."""

from __future__ import annotations

from litestar.config.cors import CORSConfig

from reelwright.api.http import tus
from reelwright.api.http.idempotency import REPLAYED

EXPOSED_HEADERS = [
    *("Location", "ETag", "Accept-Ranges", "Content-Range", "Content-Disposition", "Retry-After", "X-Request-ID"),
    REPLAYED,
    *("RateLimit", "RateLimit-Policy"),
    *(tus.VIDEO_ID, *tus.EXPOSED_HEADERS),
]


def cors_config(origins: tuple[str, ...]) -> CORSConfig | None:
    """Return what answers tell browsers; None: nothing, so that they let no page of another origin read any."""
    return CORSConfig(allow_origins=list(origins), expose_headers=EXPOSED_HEADERS) if origins else None
