"""Secrets of endpoints, and signatures after Standard Webhooks: whoever has the secret knows who sent what. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(given: Iterable[str], message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the header `webhook-signature`: a signature by each of the secrets."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp_s, body)
    made = (hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256) for secret in given)
    return " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in made)
