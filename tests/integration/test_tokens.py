"""Tokens end with their time and with the key that made them, also those that a process knows already."""

from __future__ import annotations

import datetime
import uuid
from types import SimpleNamespace
from typing import Self

import pytest

from reelwright.access import key_format, token_lookup
from reelwright.access.key_lookup import Keyring
from reelwright.access.token_lookup import Grant, Grants, TokenRefusal
from reelwright.access.token_purposes import Purpose, Subject
from reelwright.access.tokens import Maker, WantedToken, create
from reelwright.db.models import ApiKey
from reelwright.db.ownership import DEFAULT_PROJECT_ID
from reelwright.jobs.notifier import JobNotifier
from reelwright.jobs.short_queries import ShortQueries
from tests.support.job_database import World

DAY_S = 24 * 3600
WANTED = WantedToken(Purpose.DOWNLOAD, Subject.VIDEO, uuid.uuid4(), None, DAY_S)


async def grants_of(world: World) -> Grants:
    async with world.sessions() as session:
        engine = (await session.connection()).engine
    look = ShortQueries(JobNotifier(world.url), engine).fetch
    return Grants(look, Keyring(world.sessions, look))


async def maker(world: World, ends_in_s: float | None) -> Maker:
    key = key_format.mint()
    ends = None if ends_in_s is None else datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=ends_in_s)
    row = ApiKey(
        project_id=DEFAULT_PROJECT_ID,
        name="a",
        digest=key_format.digest(key),
        hint=key_format.hint(key),
        scopes=["read"],
        expires_at=ends,
    )
    async with world.sessions.begin() as session:
        session.add(row)
    return Maker(row.id, key, ends)


async def test_a_token_does_not_outlive_the_key_that_made_it(world: World) -> None:
    """Whatever was asked for."""
    made_by = await maker(world, 60)
    made = await world.do(create, WANTED, made_by)
    assert made.row.expires_at == made_by.expires_at
    grant = await (await grants_of(world)).grant(made.text)
    assert isinstance(grant, Grant)
    assert grant.remaining_s <= 60


async def test_a_token_that_is_known_ends_with_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at its row again then; of many the first is forgotten, and looked up anew."""
    monkeypatch.setattr(token_lookup, "MAX_KNOWN", 1)
    made_by = await maker(world, None)
    known = await grants_of(world)
    first = await world.do(create, WANTED, made_by)
    other = await world.do(create, WantedToken(Purpose.DOWNLOAD, Subject.VIDEO, uuid.uuid4(), None, 7 * DAY_S), made_by)
    for token in (other, first, other, first):
        assert isinstance(await known.grant(token.text), Grant)
    assert list(known._known) == [first.row.id]

    class TwoDaysLater(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return super().now(tz) + datetime.timedelta(days=2)

    monkeypatch.setattr(token_lookup, "datetime", SimpleNamespace(datetime=TwoDaysLater, UTC=datetime.UTC))
    assert await known.grant(first.text) is TokenRefusal.EXPIRED
    assert isinstance(await known.grant(other.text), Grant)
