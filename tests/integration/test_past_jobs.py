"""What earlier jobs took, as it is kept for those who ask for many at once."""

from __future__ import annotations

import uuid

import pytest

from reelwright.db.ownership import DEFAULT_PROJECT_ID
from reelwright.jobs import past_jobs
from reelwright.jobs.past_jobs import MOST_KEPT, RecentPast
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
