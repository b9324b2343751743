"""Where a variant comes from is told back to the upload, whatever was deleted between."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import delete, event, update

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.lineage import LineageOut
from reelwright.db.models import Job, Variant
from reelwright.errors import NotFound
from reelwright.library.lineage import lineage
from tests.support.job_database import World


async def chain(world: World, length: int) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """An upload, and variants each made of the one before."""
    video_id, file_id = await world.video()
    made: list[uuid.UUID] = []
    for number in range(length):
        async with world.sessions.begin() as session:
            job = await world.create(session, video_id, file_id)
            job.input_variant_id = made[-1] if made else None
            job.edit_json = {"steps": [{"type": "trim", "start": number}]}
        variant_id = await world.publish(await world.claimed(job.id), job.id)
        async with world.sessions.begin() as session:
            source = update(Variant).where(Variant.id == variant_id).values(source_variant_id=job.input_variant_id)
            await session.execute(source)
        made.append(variant_id)
    return video_id, made


async def told(world: World, variant_id: uuid.UUID) -> LineageOut:
    async with world.sessions() as session:
        return LineageOut.of(await lineage(session, variant_id), Addresses("/root"))


async def test_a_chain_is_told_to_its_upload(world: World) -> None:
    """Newest first, each with its own edit and job; others of the video are no part of it."""
    video_id, made = await chain(world, 3)
    await chain(world, 2)
    found = await told(world, made[2])
    assert found.complete
    assert [item.id for item in found.items] == [*reversed(made), video_id]
    assert [item.type for item in found.items] == ["variant"] * 3 + ["video"]
    edits = [item.edit["steps"][0]["start"] if item.edit else None for item in found.items]
    assert edits == [2, 1, 0, None]
    assert len({item.job_id for item in found.items}) == 4
    assert all(item.url and item.url.startswith("/root/") and not item.deleted for item in found.items)
    assert [item.id for item in (await told(world, made[0])).items] == [made[0], video_id]


@pytest.mark.parametrize("gone", [[1], [0], [0, 1], [1, 2, 3]])
async def test_what_was_deleted_stays_in_the_chain(world: World, gone: list[int]) -> None:
    """With the edit and the job that made it, and no address."""
    video_id, made = await chain(world, 5)
    async with world.sessions.begin() as session:
        await session.execute(delete(Variant).where(Variant.id.in_([made[number] for number in gone])))
    found = await told(world, made[4])
    assert [item.id for item in found.items] == [*reversed(made), video_id]
    assert [item.deleted for item in found.items] == [number in gone for number in reversed(range(5))] + [False]
    assert all((item.url is None) == item.deleted for item in found.items)
    assert [item.edit["steps"][0]["start"] for item in found.items[:-1] if item.edit] == [4, 3, 2, 1, 0]
    assert found.complete


async def test_what_is_not_known_is_said(world: World) -> None:
    """Where the job of a deleted variant is gone too, the chain goes on with the upload and is not called complete."""
    video_id, made = await chain(world, 3)
    async with world.sessions.begin() as session:
        variant = await session.get_one(Variant, made[1])
        await session.execute(delete(Job).where(Job.id == variant.job_id))
        await session.execute(delete(Variant).where(Variant.id == made[1]))
    found = await told(world, made[2])
    assert [item.id for item in found.items] == [made[2], made[1], video_id]
    assert (found.items[1].deleted, found.items[1].edit, found.complete) == (True, None, False)


async def test_only_variants_have_a_lineage(world: World) -> None:
    """An upload says where to look, anything else is not there."""
    video_id, _ = await world.video()
    with pytest.raises(NotFound, match=f"see /videos/{video_id}"):
        await told(world, video_id)
    with pytest.raises(NotFound, match="no such variant"):
        await told(world, uuid.uuid4())


async def test_a_long_chain_is_one_query(world: World) -> None:
    """Though half of it was deleted."""
    _, made = await chain(world, 12)
    async with world.sessions.begin() as session:
        await session.execute(delete(Variant).where(Variant.id.in_(made[1:11:2])))
    asked: list[str] = []
    engine = world.sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert [item.deleted for item in (await told(world, made[11])).items].count(True) == 5
    assert len(asked) == 1
