"""What earlier jobs took, as it is kept for those who ask for many at once."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import text

from reelwright.capacity.exceeds_machines import Capacity
from reelwright.db.ownership import DEFAULT_PROJECT_ID
from reelwright.jobs import able_workers, past_jobs
from reelwright.jobs.past_jobs import MOST_KEPT, RecentPast, Took
from reelwright.media.ffmpeg.capabilities import Capabilities
from tests.support.job_database import World


async def test_a_project_s_past_is_read_once_in_a_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each project's own, of a few projects only, and anew when the moment is over; at once where it is a few jobs."""
    recent = RecentPast()
    async with world.sessions() as session:
        few = await recent.of(session, DEFAULT_PROJECT_ID)
        assert await recent.of(session, DEFAULT_PROJECT_ID) is not few
        monkeypatch.setattr(past_jobs, "FEW", 0)
        first = await recent.of(session, DEFAULT_PROJECT_ID)
        assert await recent.of(session, DEFAULT_PROJECT_ID) is first
        assert await recent.of(session, uuid.uuid4()) is not first
        for _ in range(MOST_KEPT):
            await recent.of(session, uuid.uuid4())
        again = await recent.of(session, DEFAULT_PROJECT_ID)
        assert again is not first
        monkeypatch.setattr(past_jobs, "KEPT_S", 0.0)
        assert await recent.of(session, DEFAULT_PROJECT_ID) is not again


async def test_what_stages_took_is_read_for_those_who_say_so(world: World) -> None:
    """Workers, who weigh stages by it."""
    job_id = await world.job()
    ended = "status = 'SUCCESS', progress = 100, attempt = 1, started_at = now() - interval '2 s', finished_at = now()"
    stored = f"""UPDATE jobs SET {ended}, forecast = '{{}}', took = '{{"stages": {{"render": 1.5}}}}' WHERE id = :id"""
    async with world.sessions.begin() as session:
        await session.execute(text(stored), {"id": job_id})
    async with world.sessions() as session:
        for recent, took in ((RecentPast(took=True), Took(stages={"render": 1.5})), (RecentPast(), None)):
            (job,) = (await recent.of(session, DEFAULT_PROJECT_ID)).jobs
            assert job.took == took


async def test_what_other_releases_have_written_is_passed_over(world: World) -> None:
    """Jobs of which they say other things, and workers that can do other things, beside those that are understood."""
    ended = "status = 'SUCCESS', progress = 100, attempt = 1, started_at = now() - interval '2 s', finished_at = now()"
    async with world.sessions.begin() as session:
        for forecast in ("{}", '{"work": 7}', "{}"):
            job_id = await world.job()
            kept = text(f"UPDATE jobs SET {ended}, forecast = CAST(:forecast AS jsonb) WHERE id = :id")
            await session.execute(kept, {"id": job_id, "forecast": forecast})
    known = Capabilities(ffmpeg_version="any", threads=1, tone_mapping=False)
    capacity = Capacity(work_bytes=None, media_bytes=None, memory_bytes=None, cores=None)
    for worker in ("old", "ours"):
        await world.do(able_workers.publish, worker, known, capacity, slots=1)
    async with world.sessions.begin() as session:
        await session.execute(
            text("""UPDATE able_workers SET capabilities = '{"threads": "x"}' WHERE worker = 'old'""")
        )
    async with world.sessions() as session:
        assert len((await past_jobs.past(session, DEFAULT_PROJECT_ID)).jobs) == 2
        (alike,) = await able_workers.living(session)
    assert (alike.workers, alike.capabilities) == (("ours",), known)
