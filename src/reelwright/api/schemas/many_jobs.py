"""The JSON of what is done to many jobs at once: which ones, and what became of them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from reelwright.api.schemas.base import Body, Timestamp
from reelwright.api.schemas.pages import wanted
from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.edits.labels import ExternalId, Labels, Metadata, Tags, faults
from reelwright.error_codes import JOB_CODES
from reelwright.errors import FieldError, InvalidInput
from reelwright.jobs.job_filters import Selection
from reelwright.jobs.many_jobs import MAX_JOBS, Report
from reelwright.library.pages import Wanted

UNKNOWN_CODE = "is no code that jobs fail with: they are in docs/error-codes.md"
NO_CONDITION = "says nothing of which jobs: give one condition; `created_before` a moment from now are all of them"


class ManyJobs(Body, frozen=True, kw_only=True):
    """Which jobs: those that meet all that is given, oldest first."""

    possible: ClassVar[tuple[JobStatus, ...]]
    """States of jobs to which it can be done: others are none that are meant."""

    status: Annotated[
        Annotated[list[JobStatus], Meta(min_length=1)] | None, Meta(description="In one of these states.")
    ] = None
    type: JobType | None = None
    video_id: Annotated[uuid.UUID | None, Meta(description="On this video, or on this variant.")] = None
    tags: Tags | None = None
    external_id: ExternalId | None = None
    metadata: Metadata | None = None
    error_code: Annotated[
        Annotated[str, Meta(max_length=64)] | None,
        Meta(description="Whose last failure has this code, as `worker_lost`."),
    ] = None
    created_after: Annotated[Timestamp | None, Meta(description="Submitted then or later.")] = None
    created_before: Annotated[Timestamp | None, Meta(description="Submitted before.")] = None
    finished_after: Annotated[Timestamp | None, Meta(description="Ended then or later.")] = None
    finished_before: Annotated[Timestamp | None, Meta(description="Ended before.")] = None
    limit: Annotated[int, Meta(ge=1, le=MAX_JOBS, description="So many in this request.")] = MAX_JOBS
    cursor: Annotated[
        Annotated[str, Meta(max_length=100)] | None,
        Meta(description="The `next_cursor` of the request before: go on behind it."),
    ] = None

    def asked(self) -> tuple[Wanted, Selection]:
        """Return the part of the jobs that is meant. Raises InvalidInput that names every wrong field."""
        errors: list[FieldError] = []
        wrong = [status.value for status in self.status or () if status not in self.possible]
        if wrong:
            can = ", ".join(status.value for status in self.possible)
            errors.append(FieldError("/status", f"can be {can}, and not {', '.join(wrong)}"))
        if self.error_code is not None and self.error_code not in JOB_CODES:
            errors.append(FieldError("/error_code", UNKNOWN_CODE))
        labels = Labels(
            tags=tuple(dict.fromkeys(self.tags or ())), external_id=self.external_id, metadata=self.metadata or {}
        )
        errors += faults(labels)
        elsewhere = ("limit", "cursor", "with_results")
        if not any(getattr(self, name) for name in self.__struct_fields__ if name not in elsewhere):
            errors.append(FieldError("", NO_CONDITION))
        try:
            part = wanted(1, self.limit, self.cursor, descending=False)
        except InvalidInput as error:
            raise InvalidInput([*errors, *(FieldError("/cursor", one.detail) for one in error.errors)]) from error
        if errors:
            raise InvalidInput(errors)
        selection = Selection(
            statuses=tuple(self.status or self.possible),
            type=self.type,
            video_id=self.video_id,
            error_code=self.error_code,
            created_after=self.created_after,
            created_before=self.created_before,
            finished_after=self.finished_after,
            finished_before=self.finished_before,
        )
        return replace(part, labels=labels), selection


class JobsToCancel(ManyJobs, frozen=True, kw_only=True):
    """Of those that wait or run."""

    possible = (JobStatus.PENDING, JobStatus.STARTED)


class JobsToRetry(ManyJobs, frozen=True, kw_only=True):
    """Of those that failed or were cancelled."""

    possible = (JobStatus.FAILURE, JobStatus.CANCELLED)


class JobsToDelete(ManyJobs, frozen=True, kw_only=True):
    """Of those that have ended."""

    possible = (JobStatus.SUCCESS, JobStatus.FAILURE, JobStatus.CANCELLED)

    with_results: Annotated[
        bool, Meta(description="Delete what they made, too. Otherwise a job of which something is there still stays.")
    ] = False


class RefusedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job to which it was not done, and why: the code and the sentence that the request for it alone would have
    had."""

    job_id: uuid.UUID
    code: str
    detail: str


class ManyJobsOut(msgspec.Struct, frozen=True, kw_only=True):
    """What became of them."""

    matched: Annotated[int, Meta(description="So many were meant when the first of these requests counted them.")]
    done: Annotated[int, Meta(description="To so many it was done by this request.")]
    refused: list[RefusedJob]
    next_cursor: Annotated[
        str | None, Meta(description="More are left: `cursor` of the next request. Null: none is left.")
    ]

    @classmethod
    def of(cls, report: Report) -> ManyJobsOut:
        return cls(
            matched=report.matched,
            done=report.done,
            refused=[RefusedJob(job_id=one.job_id, code=one.code, detail=one.detail) for one in report.refused],
            next_cursor=report.next_cursor,
        )
