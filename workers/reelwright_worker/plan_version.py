"""Whether a worker understands a job's plan: during an upgrade, one that is older than the API comes to plans that it
does not know."""

from __future__ import annotations

import msgspec

from reelwright.db.models import Job
from reelwright.edits.plan import VERSION, Plan
from reelwright.errors import JobFailed

NEWER_PLAN = "the worker that took the job is older than the API that planned it: upgrade the worker"


def understood(job: Job) -> Plan:
    """Return the job's plan. Raises JobFailed `newer_plan`: a worker of the new release may take it next."""
    try:
        plan = msgspec.convert(job.plan_json, Plan)
    except msgspec.ValidationError as error:
        raise JobFailed(f"{NEWER_PLAN} ({error})", code="newer_plan", stage="fetch") from error
    if plan.version > VERSION:
        raise JobFailed(NEWER_PLAN, code="newer_plan", stage="fetch")
    return plan
