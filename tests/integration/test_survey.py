"""What packets say is said of the file that an edit is made of, and nothing is locked while they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File, new_id
from reelwright.db.sessions import Whole, inside
from reelwright.edits.facts import Facts
from reelwright.edits.pointers import Pointer
from reelwright.edits.splice_structs import FrameRun, SplicedInterval, Survey
from reelwright.jobs.draft import Draft, draft_trim
from reelwright.jobs.source_of_edit import Source
from reelwright.jobs.survey import Surveyor
from reelwright.media.splicing.requests import SurveyRequest
from reelwright.media.splicing.splicer import Splicer
from reelwright.storage.local import LocalStorage
from tests.support.job_database import World
from tests.support.media_info import media

TICKS = 12_800


def trimmed(file: File) -> Draft:
    source = Source(file, new_id(), None, Facts(sha256="0" * 64, media=media()), "/video_id")
    return draft_trim(source, 2, 4, pointer=Pointer(), mode="copy")


def surveyor(tmp_path: Path, reads: Callable[[Path], Survey]) -> Surveyor:
    class Read:
        async def survey(self, source: Path, _: SurveyRequest) -> Survey:
            return reads(source)

    return Surveyor(cast("Splicer", Read()), LocalStorage(tmp_path, reserve_bytes=0))


def copied(start_s: int, end_s: int) -> Survey:
    start, end = start_s * TICKS, end_s * TICKS
    run = FrameRun(first_tick=start, last_tick=end - 512)
    return Survey(intervals=(SplicedInterval(start_tick=start, end_tick=end, copied=run),))


async def test_an_original_that_is_deleted_while_its_packets_are_read(world: World, tmp_path: Path) -> None:
    """Then the edit is made of the result's own file, and those of that are read: a copy begins where they allow it,
    not where those of the original would have."""
    original, result = (
        File(id=new_id(), key="uploads/original/source.mp4"),
        File(id=new_id(), key="variants/result/source.mp4"),
    )
    begins, there = {"original": 1, "result": 2}, [original]

    def reads(source: Path) -> Survey:
        there.clear()
        return copied(begins[source.parent.name], 4)

    @asynccontextmanager
    async def drafted() -> AsyncIterator[tuple[AsyncSession, Draft]]:
        async with world.sessions.begin() as session:
            yield session, trimmed(there[0] if there else result)

    async with surveyor(tmp_path, reads).surveyed(drafted, "copy") as (_, draft):
        assert draft.source.file is result
        plan: Any = draft.plan()
    assert (plan.steps[0].start_s, plan.steps[0].end_s, plan.warnings) == ("2", "4", ())


async def test_nothing_is_locked_while_packets_are_read(world: World, tmp_path: Path) -> None:
    """Also where the request may be repeated, whose parts are one transaction: that is begun afterwards."""
    wholes: list[Whole] = []
    file, open_then = File(id=new_id(), key="uploads/x/source.mp4"), []

    def reads(_: Path) -> Survey:
        open_then.append(wholes[0].connection)
        return copied(2, 4)

    @asynccontextmanager
    async def drafted() -> AsyncIterator[tuple[AsyncSession, Draft]]:
        async with world.sessions.begin() as session:
            await session.execute(select(func.now()))
            yield session, trimmed(file)

    async with inside(world.sessions) as whole:
        wholes.append(whole)
        async with surveyor(tmp_path, reads).surveyed(drafted, "copy") as (_, draft):
            assert draft.survey == copied(2, 4)
            assert whole.connection is not None
    assert open_then == [None]
