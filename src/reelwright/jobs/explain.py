"""An edit explained: what would come out, how it would be made, how long that takes. Nothing is written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.ownership import project_of_task
from reelwright.edits.plan import Plan
from reelwright.errors import JobFailed
from reelwright.jobs import able_workers, forecast, size_forecast
from reelwright.jobs.able_workers import Alike
from reelwright.jobs.calibrated_forecast import seconds_of_work
from reelwright.jobs.draft import Draft
from reelwright.jobs.forecast import Forecast
from reelwright.jobs.living_workers import START_ONE
from reelwright.jobs.past_jobs import past
from reelwright.media.ffmpeg.command import Command
from reelwright.media.recipes.compile import compile_plan, splice_recipe

NO_WORKER = f"no worker is alive, so that nobody can say how it is made; {START_ONE}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """`by`: the workers that would make it with these commands, `alive` of all; without them, `why_not` says why there
    are no commands. `size_bytes`: for each output."""

    draft: Draft
    plan: Plan
    by: Alike | None
    alive: int
    why_not: str | None
    commands: tuple[Command, ...]
    seconds: Forecast | None
    size_bytes: tuple[Forecast | None, ...]


async def explain(session: AsyncSession, draft: Draft) -> Explanation:
    """Plan the edit, and compile it as the workers that live would. Raises InvalidInput."""
    plan = await asyncio.to_thread(draft.plan)
    kinds = await able_workers.living(session)
    by, why_not, commands = _compiled(plan, kinds)
    known = await past(session, project_of_task(), sizes=True)
    told = seconds_of_work(forecast.work_of(draft.type, plan), known)
    return Explanation(
        draft=draft,
        plan=plan,
        by=by,
        alive=sum(len(kind.workers) for kind in kinds),
        why_not=why_not,
        commands=commands,
        seconds=None if told is None else told[1],
        size_bytes=tuple(size_forecast.bytes_of(output, plan, known.sizes) for output in plan.outputs),
    )


def _compiled(plan: Plan, kinds: list[Alike]) -> tuple[Alike | None, str | None, tuple[Command, ...]]:
    """By the first kind of workers that can make it."""
    why_not = NO_WORKER
    for number, kind in enumerate(kinds):
        try:
            make = splice_recipe if plan.is_spliced else compile_plan
            return kind, None, make(plan, kind.capabilities).commands
        except JobFailed as error:
            why_not = why_not if number else error.detail
    return None, why_not, ()
