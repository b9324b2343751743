"""What a key looks like: `rw_`, 256 random bits, and a checksum by which a typing error, or a secret in a commit, is
found without asking anybody. Pure.

What is stored is its SHA-256: nobody guesses 256 random bits, so that a slow hash would protect nothing more.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib

PREFIX = "rw_"
HINT_LENGTH = 10
"""So much is shown of a key; what stays hidden has 196 bits and more."""

_KEY = re.compile(r"rw_([A-Za-z0-9_-]{43})([0-9a-f]{8})", re.ASCII)


def mint() -> str:
    """Return a new key."""
    secret = secrets.token_urlsafe(32)
    return f"{PREFIX}{secret}{_checksum(secret)}"


def is_key(text: str) -> bool:
    """Return whether the text could be a key of anybody's."""
    match = _KEY.fullmatch(text)
    return match is not None and match[2] == _checksum(match[1])


def digest(key: str) -> bytes:
    """Return what is stored of a key."""
    return hashlib.sha256(key.encode()).digest()


def hint(key: str) -> str:
    """Return the beginning of a key, by which people know it again."""
    return key[:HINT_LENGTH]


def _checksum(secret: str) -> str:
    return f"{zlib.crc32(secret.encode()):08x}"
