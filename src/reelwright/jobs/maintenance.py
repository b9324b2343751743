"""The maintenance of jobs, queue and disk: which duty is done when, and by which one of the workers.

Loops in every worker, outside the queue so that full slots cannot starve them. An advisory lock lets one worker at a
time do what is the database's; each sweeps its own work folder. The duties themselves: rescue.py, queue_upkeep.py,
retention_deletion.py, library/sweep.py, events/.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access import usage
from reelwright.access.idempotent_answers import forget_old
from reelwright.access.keep_rules import AS_SHIPPED, KeepRules
from reelwright.access.tokens import delete_expired
from reelwright.db.frozen_sessions import end_frozen_sessions
from reelwright.db.outages import is_away
from reelwright.db.sessions import Sessions, may_be_silent
from reelwright.errors import Conflict, NotFound
from reelwright.events import deliveries, disabling, event_log
from reelwright.jobs import rescue, retention_deletion
from reelwright.jobs.patience_after_outages import OutagePatience
from reelwright.jobs.queue_upkeep import delete_old_entries
from reelwright.jobs.retention_deletion import Kind
from reelwright.library import retention
from reelwright.library.deletion import remove_files
from reelwright.library.root_identity import FOREIGN, belongs
from reelwright.library.sweep import Sweep
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

PRUNE_INTERVAL_S = 900
ADD_UP_INTERVAL_S = 60
UNHURRIED_S = 10.0
"""After the start what nobody waits for is done for the first time: the first seconds belong to jobs."""
_JOBS_LOCK = 0x7265_6170
_FILES_LOCK = 0x7377_6565
_RECORDS_LOCK = 0x7265_636F
_EXPIRY_LOCK = 0x656E_6473
_USE_LOCK = 0x7573_6564


class Maintenance:
    """Loops that keep jobs, queue and disk in order, in every worker."""

    def __init__(
        self,
        sessions: Sessions,
        storage: LocalStorage,
        *,
        work_root: Path,
        interval_s: float,
        orphan_grace_s: float,
        patience: OutagePatience | None = None,
        idempotency_keep_s: float = 24 * 3600.0,
        keep: KeepRules = AS_SHIPPED,
    ) -> None:
        """`patience`: with leases, as this process last reached the database; None: none."""
        self.sessions = sessions
        self.storage = storage
        self.sweep = Sweep(storage, work_root, orphan_grace_s)
        self.interval_s = interval_s
        self.idempotency_keep_s = idempotency_keep_s
        self.keep = keep
        self._patience = patience or OutagePatience(0.0)

    async def run(self) -> None:
        """Run the loops until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._repeat(self.rescue_jobs, self.interval_s))
            loops.create_task(self._repeat(self.end_stored, self.interval_s))
            loops.create_task(self._repeat(self.add_up_use, ADD_UP_INTERVAL_S, first_after_s=UNHURRIED_S))
            loops.create_task(self._repeat(self.sweep_files, min(self.sweep.orphan_grace_s / 4, 900)))
            loops.create_task(self._repeat(self.prune_records, PRUNE_INTERVAL_S, first_after_s=UNHURRIED_S))

    async def _repeat(
        self, work: Callable[[], Coroutine[Any, Any, None]], interval_s: float, *, first_after_s: float = 0.0
    ) -> None:
        await asyncio.sleep(first_after_s)
        while True:
            try:
                await work()
            except Exception as error:  # one bad round must not end the rounds: jobs would stay lost
                if is_away(error):
                    self._patience.begin_anew()
                    logger.warning("%s: %r", work.__name__, error)
                else:
                    logger.exception("%s failed", work.__name__)
            await asyncio.sleep(interval_s)

    async def rescue_jobs(self) -> None:
        """Rescue jobs and end abandoned queue entries, each step in a transaction of its own: what one cannot do
        must not undo the others. Whoever finds somebody else at it leaves them the rest."""
        async with self.sessions.single_statements() as session:
            await end_frozen_sessions(session)  # what they have locked nobody could rescue
            due = await rescue.due(session)
        may_judge_leases = self._patience.is_over()
        for step in due:
            if step is rescue.rescue_lost_jobs and not may_judge_leases:
                continue
            async with self.sessions.begin() as session:
                if not await _sole(session, _JOBS_LOCK):
                    return
                await step(session)

    async def end_stored(self) -> None:
        """Delete what is kept no longer: results, videos, assets, and what was in the trash for long enough."""
        async with self.sessions.single_statements() as session:
            due = await retention_deletion.due(session)
        if not due:
            return
        async with self.sessions() as session:
            if not await belongs(session, self.storage):
                return  # sweep_files says it
        for kind in due:
            await self._end(kind)

    async def add_up_use(self) -> None:
        """Add up by day what projects have used since."""
        more = True
        while more:
            async with self.sessions.begin() as session:
                more = await _sole(session, _USE_LOCK) and await usage.roll_up(session)

    async def _end(self, kind: Kind) -> None:
        """Delete what has ended, each in a transaction of its own, for as long as that gets on."""
        some = True
        while some:
            async with self.sessions.single_statements() as session:
                found = await retention_deletion.ended(session, kind, self.keep)
            some = False
            for what in found:
                try:
                    async with self.sessions.begin() as session:
                        if not await _sole(session, _EXPIRY_LOCK):
                            return
                        keys = await retention_deletion.end(session, what, self.keep)
                except (Conflict, NotFound):  # it is needed still, or somebody was faster
                    continue
                await remove_files(self.storage, keys)
                some = len(found) == retention_deletion.AT_ONCE
                logger.info("%s %s has ended, and is deleted", what.kind, what.id)

    async def sweep_files(self) -> None:
        """Remove stored files that no row names and that are older than the grace time, and stale work folders."""
        async with self.sessions() as session:
            if not await belongs(session, self.storage):
                logger.error(FOREIGN)
                return
        await self.sweep.work_folders(self.sessions)
        async with self.sessions.begin() as session:
            await self.sweep.publications(session)
        async with self.sessions.begin() as session:
            if not await _sole(session, _FILES_LOCK):
                return
            await may_be_silent(session, 0)  # while the folders are read
            await delete_old_entries(session)
            await self.sweep.stored_files(session)
        async with self.sessions() as session:
            await self.sweep.uploads(session)

    async def prune_records(self) -> None:
        """Forget answers, tokens, jobs, events and deliveries that were kept for long enough, and webhooks that fail
        for days."""
        await self._end("job")
        async with self.sessions.begin() as session:
            if not await _sole(session, _RECORDS_LOCK):
                return
            await forget_old(session, self.idempotency_keep_s)
            await delete_expired(session)
            projects, failing = await event_log.projects(session), await disabling.failing_for_days(session)
        for project_id in projects:
            async with self.sessions.begin() as session:
                rules = await retention.rules_of(session, project_id, self.keep)
                if kept_s := rules.deliveries_at_most_s:
                    await deliveries.prune(session, project_id, datetime.timedelta(seconds=kept_s))
            if rules.events_s:
                async with self.sessions.begin() as session:
                    await event_log.prune(session, project_id, datetime.timedelta(seconds=rules.events_s))
        for webhook in failing:
            async with self.sessions.begin() as session:
                if await disabling.disable(session, webhook, "failing"):
                    logger.warning("webhook %s is disabled: it has taken nothing for days", webhook.id)


async def _sole(session: AsyncSession, lock: int) -> bool:
    """Take the lock until the transaction ends. Return False when somebody else has it."""
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(lock))))
