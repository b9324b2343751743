"""Tokens: made by whoever may do what they allow, listed, revoked, used up, forgotten."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access import token_format
from reelwright.access.token_purposes import Purpose, Subject
from reelwright.db.models import ApiKey, Job, Token, Variant, new_id
from reelwright.db.ownership import project_of_new
from reelwright.errors import FieldError, NotFound

USUAL_LIFE_S = 3600
STEPS_OF_A_LIFE = 4
"""Signed addresses end at round moments, a quarter of their life apart: whoever asks meanwhile gets the same one."""
KEPT_S = 3600
"""An expired token's row stays for so long, so that who comes with it is told that it has expired."""
DELETED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class WantedToken:
    """What a token is asked for. `subject_id` is the id of a `subject`."""

    purpose: Purpose
    subject: Subject | None
    subject_id: uuid.UUID | None
    max_bytes: int | None
    life_s: int


@dataclass(frozen=True, slots=True)
class Maker:
    """The key that makes a token, itself: with it the token can be written again."""

    key_id: uuid.UUID
    key: str
    expires_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was made, and its row."""

    text: str
    row: Token


def faults(wanted: WantedToken, *, max_life_s: int, max_bytes: int) -> list[FieldError]:
    """Return every wrong field. Pure."""
    allowed = wanted.purpose.subjects
    named = "nothing" if not allowed else " or ".join(f"one `{subject}_id`" for subject in sorted(allowed))
    sizes = wanted.purpose is Purpose.UPLOAD
    errors = []
    if (wanted.subject is not None or allowed) and wanted.subject not in allowed:
        place = f"/{wanted.subject}_id" if wanted.subject else "/purpose"
        errors.append(FieldError(place, f"a token to {wanted.purpose} names {named}"))
    if wanted.max_bytes is not None and (not sizes or wanted.max_bytes > max_bytes):
        limit = f"is at most {max_bytes} (MAX_UPLOAD_BYTES)" if sizes else "is only for tokens to upload"
        errors.append(FieldError("/max_bytes", limit))
    if wanted.life_s > max_life_s:
        errors.append(FieldError("/expires_in_s", f"is at most {max_life_s} (MAX_TOKEN_S)"))
    return errors


def end_of(wanted: WantedToken, now: datetime.datetime) -> datetime.datetime:
    """Return when a token that is made now expires: never later than asked for. Pure."""
    end_s = now.timestamp() + wanted.life_s
    if wanted.purpose.is_address:
        step_s = max(1, wanted.life_s // STEPS_OF_A_LIFE)
        end_s = end_s // step_s * step_s
    return datetime.datetime.fromtimestamp(end_s, datetime.UTC)


async def create(session: AsyncSession, wanted: WantedToken, maker: Maker | None) -> NewToken:
    """Make a token, or write one again that leads to the same until the same moment. Whether the maker's key allows it,
    and whether its subject is there, the caller has seen to."""
    expires_at = end_of(wanted, (await session.scalars(select(func.now()))).one())
    if maker is not None and maker.expires_at is not None:
        expires_at = min(expires_at, maker.expires_at)
    token_id = new_id()
    secret = token_format.secret_of(token_id, maker.key if maker else None)
    fields = {
        "project_id": project_of_new(),
        "key_id": maker.key_id if maker else None,
        "purpose": wanted.purpose.value,
        "subject": wanted.subject and wanted.subject.value,
        "subject_id": wanted.subject_id,
        "max_bytes": wanted.max_bytes,
        "expires_at": expires_at,
    }
    statement = insert(Token).values(id=token_id, digest=token_format.digest(secret), **fields)
    row = await session.scalar(statement.on_conflict_do_nothing().returning(Token))
    if row is None:
        assert maker is not None  # only what a key made is unique
        same = [getattr(Token, name) == fields[name] for name in ("key_id", "purpose", "subject_id", "expires_at")]
        row = (await session.scalars(select(Token).where(*same, Token.revoked_at.is_(None)))).one()
        secret = token_format.secret_of(row.id, maker.key)
    return NewToken(token_format.write(row.id, secret), row)


async def page(
    session: AsyncSession,
    *,
    purpose: Purpose | None = None,
    subject_id: uuid.UUID | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[Sequence[Token], int]:
    """Return some of the tokens that have not expired, newest first; and how many there are."""
    given = ((Token.purpose, purpose), (Token.subject_id, subject_id))
    conditions = [Token.expires_at > func.now(), *(column == value for column, value in given if value is not None)]
    total = await session.scalar(select(func.count()).select_from(Token).where(*conditions)) or 0
    ordered = select(Token).where(*conditions).order_by(Token.created_at.desc(), Token.id.desc())
    return (await session.scalars(ordered.offset(offset).limit(limit))).all(), total


async def revoke(session: AsyncSession, token_id: uuid.UUID, *, of_key: uuid.UUID | None) -> Token:
    """Make a token good for nothing. `of_key`: only one that this key made. Raises NotFound."""
    row = await session.get(Token, token_id, with_for_update=True)
    if row is None or (of_key is not None and row.key_id != of_key):
        raise NotFound("no such token" if of_key is None else "no such token that this key made")
    if row.revoked_at is None:
        row.revoked_at = (await session.scalars(select(func.now()))).one()
        await session.flush()
    return row


async def revoke_all(session: AsyncSession, subject_id: uuid.UUID, *, of_key: uuid.UUID | None) -> int:
    """Revoke every token for a video, and what was made of it, for a variant or for a job. Returns how many were good
    until now."""
    about: list[ColumnElement[bool]] = [
        Token.subject_id == subject_id,
        Token.subject_id.in_(select(Variant.id).where(Variant.video_id == subject_id)),
        Token.subject_id.in_(select(Job.id).where(Job.video_id == subject_id)),
    ]
    good = [Token.revoked_at.is_(None), Token.expires_at > func.now()]
    mine = [] if of_key is None else [Token.key_id == of_key]
    revoking = update(Token).where(or_(*about), *good, *mine).values(revoked_at=func.now()).returning(Token.id)
    return len((await session.scalars(revoking)).all())


async def spend(session: AsyncSession, token_id: uuid.UUID, became: Subject, subject_id: uuid.UUID) -> bool:
    """Use a token to upload up, for what it became. Returns False where somebody has used it, or it or its key was
    revoked since."""
    key_ended = exists().where(ApiKey.id == Token.key_id, ApiKey.revoked_at.is_not(None))
    spending = (
        update(Token)
        .where(Token.id == token_id, Token.used_at.is_(None), Token.revoked_at.is_(None), ~key_ended)
        .values(used_at=func.now(), subject=became.value, subject_id=subject_id)
        .returning(Token.id)
    )
    return await session.scalar(spending) is not None


async def delete_expired(session: AsyncSession) -> None:
    """Forget tokens that expired some time ago."""
    end = func.now() - datetime.timedelta(seconds=KEPT_S)
    old = select(Token.id).where(Token.expires_at < end).order_by(Token.expires_at).limit(DELETED_AT_ONCE)
    await session.execute(delete(Token).where(Token.id.in_(old)))
