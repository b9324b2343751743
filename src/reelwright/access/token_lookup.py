"""Tokens as requests bring them: looked up once in some seconds, with the key that made each.

A token that is revoked, or whose key is, is refused by every process within MAX_AGE_S of key_lookup.py.
"""

from __future__ import annotations

import datetime
import time
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from reelwright.access import token_format
from reelwright.access.caller import Holder
from reelwright.access.key_lookup import MAX_AGE_S, MAX_KNOWN, Keyring, Look
from reelwright.access.token_purposes import Purpose


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows whoever brings it."""

    token_id: uuid.UUID
    key_id: uuid.UUID | None
    holder: Holder | None
    """Of the key, whose limits hold for its tokens; None where nobody is asked for keys."""
    project_id: uuid.UUID
    purpose: Purpose
    subject_id: uuid.UUID | None
    """What it is for alone; of an upload: what it became."""
    max_bytes: int | None
    expires_at: datetime.datetime
    """Its own end, or that of the key that made it."""
    is_used: bool

    @property
    def remaining_s(self) -> int:
        return max(0, int((self.expires_at - datetime.datetime.now(datetime.UTC)).total_seconds()))


class TokenRefusal(StrEnum):
    """Why a token is refused."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    KEY_ENDED = "key_ended"
    USED = "used"
    ELSEWHERE = "elsewhere"


class _Token(NamedTuple):
    """What is looked up of a token, in the order of _LOOK; what follows there is the key's, for Keyring.holder_of."""

    key_id: uuid.UUID | None
    project_id: uuid.UUID
    purpose: str
    subject_id: uuid.UUID | None
    max_bytes: int | None
    expires_at: datetime.datetime
    is_used: bool
    digest: bytes
    is_revoked: bool
    key_is_revoked: bool
    key_expires_at: datetime.datetime | None


_LOOK = """
SELECT t.key_id, t.project_id, t.purpose, t.subject_id, t.max_bytes, t.expires_at, t.used_at IS NOT NULL,
       t.digest, t.revoked_at IS NOT NULL, k.revoked_at IS NOT NULL, k.expires_at,
       k.id, k.project_id, k.scopes, k.expires_at, k.limits::text, p.limits::text
FROM tokens t LEFT JOIN api_keys k ON k.id = t.key_id LEFT JOIN projects p ON p.id = k.project_id
WHERE t.id = $1
"""


class Grants:
    """The tokens that are good now. `keyring`: where keys are needed; those that no key made are none there."""

    def __init__(self, look: Look, keyring: Keyring | None) -> None:
        self._look_up = look
        self._keyring = keyring
        self._known: dict[uuid.UUID, tuple[Grant, bytes, float]] = {}
        """By id, with the digest and the time of the look. Only what is good; none to upload, which changes when it is
        used."""

    async def grant(self, text: str) -> Grant | TokenRefusal:
        """Return what the token allows, or why it allows nothing. Raises what the database raises."""
        if (read := token_format.read(text)) is None:
            return TokenRefusal.UNKNOWN
        token_id, secret = read
        now = time.monotonic()
        found = self._known.get(token_id)
        if found is None or now - found[2] >= MAX_AGE_S:
            looked = await self._look(token_id, secret)
            self._known.pop(token_id, None)
            if isinstance(looked, TokenRefusal):
                return looked
            found = (*looked, now)
            self._remember(token_id, found)
        grant, digest, _ = found
        if not token_format.is_secret(secret, digest):
            return TokenRefusal.UNKNOWN
        if grant.expires_at <= datetime.datetime.now(datetime.UTC):
            return TokenRefusal.EXPIRED
        return grant

    def forget(self) -> None:
        """Look every token up anew: one was revoked here, or a key."""
        self._known.clear()

    def _remember(self, token_id: uuid.UUID, found: tuple[Grant, bytes, float]) -> None:
        if found[0].purpose is Purpose.UPLOAD:
            return
        if len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[token_id] = found

    async def _look(self, token_id: uuid.UUID, secret: bytes) -> tuple[Grant, bytes] | TokenRefusal:
        rows = await self._look_up(_LOOK, token_id)
        token = _Token(*rows[0][: len(_Token._fields)]) if rows else None
        if token is None or not token_format.is_secret(secret, token.digest):
            return TokenRefusal.UNKNOWN
        key = rows[0][len(_Token._fields) :]
        now = datetime.datetime.now(datetime.UTC)
        if token.is_revoked:
            return TokenRefusal.REVOKED
        if token.expires_at <= now:
            return TokenRefusal.EXPIRED
        if token.key_id is None and self._keyring is not None:
            return TokenRefusal.KEY_ENDED
        if token.key_is_revoked or (token.key_expires_at is not None and token.key_expires_at <= now):
            return TokenRefusal.KEY_ENDED
        holder = None if token.key_id is None or self._keyring is None else self._keyring.holder_of(*key)
        grant = Grant(
            token_id=token_id,
            key_id=token.key_id,
            holder=holder,
            project_id=token.project_id,
            purpose=Purpose(token.purpose),
            subject_id=token.subject_id,
            max_bytes=token.max_bytes,
            expires_at=min(end for end in (token.expires_at, token.key_expires_at) if end is not None),
            is_used=token.is_used,
        )
        return grant, token.digest
