"""How far a running job is, as clients see it: it never falls, and 100 comes with the results alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, literal
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job
from reelwright.jobs import followers, job_events
from reelwright.jobs.fencing import Claim, write

BEFORE_COMMIT = 99


async def report(
    session: AsyncSession,
    claim: Claim,
    *,
    percent: float,
    stage: str,
    speed: float | None = None,
    recipe_json: dict[str, Any] | None = None,
    forecast: dict[str, Any] | None = None,
) -> None:
    """Write progress: it never falls and stays below 100 until the commit. `recipe_json`, `forecast`: where they are
    new. Raises LeaseLost.

    While an attempt is behind what an earlier one reached, the speed is not written: nobody could tell what is left.
    """
    reached = min(int(percent), BEFORE_COMMIT)
    columns = {"recipe_json": recipe_json, "forecast": forecast}
    values: dict[str, Any] = {name: value for name, value in columns.items() if value is not None}
    job_id = await write(
        session,
        claim,
        progress=func.greatest(Job.progress, reached),
        stage=stage,
        speed=case((Job.progress <= reached, literal(speed, Job.speed.type)), else_=None),
        **values,
    )
    await job_events.notify(session, job_id)
    await followers.relay(session, job_id, with_recipe=recipe_json is not None)
