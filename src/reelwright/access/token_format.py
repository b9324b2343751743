"""What a token looks like: `rwt_`, and 64 characters that are the id of its row and a secret. Pure.

The secret of a token that a key made is HMAC-SHA256, by that key, of the row's id: who has the key can write the same
token again, so that a signed address stays the same for a while, and caches find it. What is stored is its SHA-256: of
a copy of the database no token can be made. Without a key the secret is random.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import uuid

PREFIX = "rwt_"
SECRET_BYTES = 32
_ID_BYTES = 16
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{{(_ID_BYTES + SECRET_BYTES) * 4 // 3}}}", re.ASCII)
"""48 bytes are 64 characters without a bit to spare: each token is written in one way."""
_MEANING = b"reelwright token "


def secret_of(token_id: uuid.UUID, key: str | None) -> bytes:
    """Return the secret of a token: the same for the same key, a new one where there is no key."""
    if key is None:
        return secrets.token_bytes(SECRET_BYTES)
    return hmac.digest(key.encode(), _MEANING + token_id.bytes, hashlib.sha256)


def write(token_id: uuid.UUID, secret: bytes) -> str:
    return PREFIX + base64.urlsafe_b64encode(token_id.bytes + secret).decode()


def read(text: str) -> tuple[uuid.UUID, bytes] | None:
    """Return the id and the secret of a text that could be a token of anybody's."""
    if _TOKEN.fullmatch(text) is None:
        return None
    both = base64.urlsafe_b64decode(text[len(PREFIX) :])
    return uuid.UUID(bytes=both[:_ID_BYTES]), both[_ID_BYTES:]


def digest(secret: bytes) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret).digest()


def is_secret(secret: bytes, stored: bytes) -> bool:
    """Return whether the secret is the stored one, in a time that does not tell how much of it is."""
    return hmac.compare_digest(digest(secret), stored)
