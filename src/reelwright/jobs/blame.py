"""Whose fault it is that an attempt failed: the job's, which may end in FAILURE for it, or the machine's. Pure."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from reelwright.db.outages import is_away
from reelwright.errors import JobFailed, LeaseLost, ReelwrightError
from reelwright.machine_faults import hindered

logger = logging.getLogger(__name__)

TELLING_PERCENT = 5.0
"""From there on what an output takes says how much it will."""


def blamed(error: BaseException, *, stage: str) -> JobFailed:
    """Return what the attempt failed with. A lost lease matters most: whatever else went wrong is another attempt's
    business.

    Then what the media processes said, then what the operating system or the database refused; anything else is
    unforeseen, and logged.
    """
    causes = list(_leaves(error))
    for type_ in (LeaseLost, JobFailed):
        for cause in causes:
            if isinstance(cause, type_):
                return cause
    for cause in causes:
        if isinstance(cause, ReelwrightError):
            return JobFailed(cause.detail, code=cause.code, stage=stage)
    for cause in causes:
        if is_away(cause):
            return JobFailed(
                f"the database could not be asked ({type(cause).__name__})",
                code="database",
                stage=stage,
                of_machine=True,
            )
        if isinstance(cause, OSError | MemoryError) and (failure := hindered(cause, at="the storage", stage=stage)):
            return failure
    logger.error("unforeseen", exc_info=error)
    return JobFailed(f"unforeseen: {type(causes[0]).__name__}", code="internal", stage=stage)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _leaves(part)
    else:
        yield error


def short_of_space(failure: JobFailed, used_bytes: int, percent: float, capacity_bytes: int) -> JobFailed:
    """Return the failure with what the job needs, by what its files took so far; its own fault where no emptied disk
    has so much.

    Little was used: others have filled the disk, and nothing is known of the job.
    """
    if used_bytes == 0:
        return failure
    needs_bytes = round(used_bytes * 100 / percent) if percent >= TELLING_PERCENT else 2 * used_bytes
    if needs_bytes > capacity_bytes and used_bytes > capacity_bytes // 2:
        return JobFailed(
            f"its files need about {needs_bytes} bytes, and the whole disk has {capacity_bytes} beside what must stay "
            "free: ask for less, or give the service a larger disk",
            code="no_space",
            stage=failure.stage,
            evidence=failure.evidence,
        )
    return JobFailed(
        failure.detail,
        code="no_space",
        stage=failure.stage,
        evidence=failure.evidence,
        of_machine=True,
        needs_bytes=min(needs_bytes, capacity_bytes),
    )
