"""Tokens as requests bring them: looked up once in some seconds, with the key that made each.

A token that is revoked, or whose key is, is refused by every process within MAX_AGE_S of keyring.py.
"""

from __future__ import annotations

import datetime
import time
import uuid
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from reelwright.access import token_format
from reelwright.access.asking import Holder
from reelwright.access.keyring import MAX_AGE_S, MAX_KNOWN, Keyring
from reelwright.access.purposes import Purpose
from reelwright.db.models import ApiKey, Project, Token
from reelwright.db.sessions import Sessions


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


class Grants:
    """The tokens that are good now. `keyring`: where keys are needed; those that no key made are none there."""

    def __init__(self, sessions: Sessions, keyring: Keyring | None) -> None:
        self._sessions = sessions
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
        query = (
            select(Token, ApiKey, Project.limits)
            .join(ApiKey, ApiKey.id == Token.key_id, isouter=True)
            .join(Project, Project.id == ApiKey.project_id, isouter=True)
        )
        async with self._sessions() as session:
            row = (await session.execute(query.where(Token.id == token_id))).tuples().one_or_none()
        if row is None or not token_format.is_secret(secret, row[0].digest):
            return TokenRefusal.UNKNOWN
        token, key, limits = row
        now = datetime.datetime.now(datetime.UTC)
        if token.revoked_at is not None:
            return TokenRefusal.REVOKED
        if token.expires_at <= now:
            return TokenRefusal.EXPIRED
        if key is None and self._keyring is not None:
            return TokenRefusal.KEY_ENDED
        key_ends_at = None if key is None else key.expires_at
        if key is not None and (key.revoked_at is not None or (key_ends_at is not None and key_ends_at <= now)):
            return TokenRefusal.KEY_ENDED
        holder = None if key is None or self._keyring is None else self._keyring.holder_of(key, limits)
        ends = [end for end in (token.expires_at, key_ends_at) if end is not None]
        grant = Grant(
            token_id=token.id,
            key_id=token.key_id,
            holder=holder,
            project_id=token.project_id,
            purpose=Purpose(token.purpose),
            subject_id=token.subject_id,
            max_bytes=token.max_bytes,
            expires_at=min(ends),
            is_used=token.used_at is not None,
        )
        return grant, token.digest
