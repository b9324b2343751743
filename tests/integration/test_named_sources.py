"""What an edit names is held against deletion, or not found: also where somebody deletes it at the same moment."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import asyncpg
import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from reelwright import file_formats
from reelwright.db.models import Asset, new_id
from reelwright.edits.materials import Named
from reelwright.errors import NotFound
from reelwright.jobs import retention_deletion
from reelwright.library import deletion, named_sources, uploaded_assets, uploads
from tests.integration.test_lifecycle import waits_for_a_lock
from tests.support.job_database import World
from tests.support.media_info import media

Delete = Callable[..., Awaitable[list[str]]]
Stored = Callable[[World], Awaitable[uuid.UUID]]


async def video(world: World) -> uuid.UUID:
    return (await world.video())[0]


async def sound(world: World) -> uuid.UUID:
    """An asset, as rows."""
    asset_id, key = new_id(), "assets/x/source.mp3"
    asset = Asset(
        id=asset_id,
        name="tune.mp3",
        kind=uploaded_assets.AUDIO,
        content_type="audio/mpeg",
        media_info=msgspec.to_builtins(media()),
        size_bytes=1,
        sha256="0",
    )
    received = uploads.Received(asset_id, "tune.mp3", key, file_formats.of_sound("mp3"), 1, "0", None)
    await world.do(uploads.insert, asset, received)
    return asset_id


of_each_kind = pytest.mark.parametrize(
    ("kind", "stored", "delete"), [("video", video, deletion.delete_video), ("asset", sound, deletion.delete_asset)]
)


@of_each_kind
async def test_what_is_deleted_while_it_is_waited_for_is_not_found(
    kind: str, stored: Stored, delete: Delete, world: World
) -> None:
    """It was there when it was looked up; whoever locked it first has deleted it."""
    row_id = await stored(world)
    name = f"{kind}:{row_id}"
    named = Named(name=name, takes="sound")
    async with world.sessions.begin() as deleting:
        await delete(deleting, row_id)
        asking = asyncio.create_task(world.do(named_sources.stored, name, named))
        await waits_for_a_lock(world)
    with pytest.raises(NotFound) as missing:
        await asking
    assert missing.value.code == "asset_missing"


@of_each_kind
async def test_what_was_found_waits_for_whoever_found_it(
    kind: str, stored: Stored, delete: Delete, world: World
) -> None:
    """A deletion that comes later has to wait for the transaction that may make a job of it."""
    row_id = await stored(world)
    name = f"{kind}:{row_id}"
    async with world.sessions.begin() as asking:
        file, _ = await named_sources.stored(asking, name, Named(name=name, takes="sound"))
        deleting = asyncio.create_task(world.do(delete, row_id))
        await waits_for_a_lock(world)
        assert not deleting.done()
    assert await deleting == [file.key]


async def test_templates_that_name_it_are_found_by_an_index(
    operator: asyncpg.Connection[asyncpg.Record],
) -> None:
    """What is kept for a template's sake is looked at again and again: no look reads all templates."""
    over = select(Asset.id).where(*retention_deletion.asset_is_over())
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy says nothing of its arguments
    statement = over.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    plan = [row[0] for row in await operator.fetch(f"EXPLAIN {statement}")]
    assert any("ix_templates_named_ids" in line for line in plan), plan
