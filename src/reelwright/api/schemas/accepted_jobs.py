"""What is answered where long work was accepted: 202, the job and where it is told of."""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec
from litestar import Response
from litestar.datastructures import ResponseHeader
from msgspec import Meta

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Address
from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus

ReusedFrom = Annotated[
    uuid.UUID | None,
    Meta(description="The equal job whose encode, or whose result, it takes; null: it makes its own."),
]


class JobAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """Long work was accepted; `Location` names the job. It may be done already: then it took the result of an equal
    one."""

    job_id: uuid.UUID
    status: JobStatus
    job_url: Address
    status_url: Address
    events_url: Address
    warnings: list[str]
    reused_from: ReusedFrom

    @classmethod
    def of(cls, job: Job, addresses: Addresses) -> JobAccepted:
        return cls(
            job_id=job.id,
            status=job.status,
            job_url=addresses.job(job.id),
            status_url=addresses.status(job.id),
            events_url=addresses.events(job.id),
            warnings=job.warnings or [],
            reused_from=job.reused_from_job_id,
        )


LOCATION = ResponseHeader(
    name="Location",
    description="Address of the job: `/jobs/{job_id}`.",
    documentation_only=True,
    required=True,
)
"""What comes with JobAccepted."""


def accepted(job: Job, addresses: Addresses) -> Response[JobAccepted]:
    """Answer that the job was accepted, and where it is."""
    return Response(JobAccepted.of(job, addresses), headers={"Location": addresses.job(job.id)})
