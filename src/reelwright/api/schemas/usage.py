"""The JSON of what projects use."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from reelwright.access.usage import Use


class UseOut(msgspec.Struct, frozen=True, kw_only=True):
    """What was used in some time."""

    received_bytes: Annotated[
        int, Meta(description="Of videos and assets that came: uploads and imports, also what was there already.")
    ]
    sent_bytes: Annotated[
        int,
        Meta(
            description="Of stored files that the API has sent, or has left to the nginx in front of it. Some seconds"
            " late; those of a process that is killed are lost."
        ),
    ]
    stored_bytes: Annotated[int, Meta(description="At its end; of what is in the trash, too.")]
    most_stored_bytes: Annotated[int, Meta(description="At its highest.")]
    made_minutes: Annotated[
        float,
        Meta(
            description="Of video and sound that was made, each output by itself. What was taken from an equal edit was"
            " made before."
        ),
    ]
    work_s: Annotated[
        float,
        Meta(description="Wall time that workers were at its jobs, also of attempts that came to nothing, seconds."),
    ]
    jobs_succeeded: int
    jobs_failed: int
    jobs_cancelled: int


class DayOut(UseOut, frozen=True, kw_only=True):
    """What was used in a day, from midnight to midnight UTC."""

    day: datetime.date

    @classmethod
    def of_day(cls, day: datetime.date, use: Use) -> DayOut:
        return cls(day=day, **told(use))


class ProjectUseOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a project has used. `total`: of all the days."""

    project: str
    total: UseOut
    days: list[DayOut]

    @classmethod
    def of(cls, project: str, days: list[tuple[datetime.date, Use]]) -> ProjectUseOut:
        total = days[0][1]
        for _, use in days[1:]:
            total = total.then(use)
        return cls(project=project, total=UseOut(**told(total)), days=[DayOut.of_day(day, use) for day, use in days])


def told(use: Use) -> dict[str, Any]:
    """Return the fields of UseOut."""
    return {
        "received_bytes": use.received_bytes,
        "sent_bytes": use.sent_bytes,
        "stored_bytes": use.stored_bytes or 0,
        "most_stored_bytes": use.most_stored_bytes or 0,
        "made_minutes": round(use.made_s / 60, 3),
        "work_s": round(use.work_s, 3),
        "jobs_succeeded": use.jobs_succeeded,
        "jobs_failed": use.jobs_failed,
        "jobs_cancelled": use.jobs_cancelled,
    }


class UsagePage(msgspec.Struct, frozen=True, kw_only=True):
    """What projects have used, by name."""

    items: list[ProjectUseOut]
    total: int
    page: int
    page_size: int
