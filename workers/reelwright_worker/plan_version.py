"""Whether a worker understands a job's plan: during an upgrade, one that is older than the API comes to plans that it
does not know."""

from __future__ import annotations

from typing import Any

import msgspec

from reelwright.edits.plan import VERSION, Plan
from reelwright.errors import JobFailed

NEWER_PLAN = "the worker that took the job is older than the API that planned it: upgrade the worker"


def understood(stored: str | dict[str, Any] | None) -> Plan:
    """Return the plan of a job's row. Raises JobFailed `newer_plan`: a worker of the new release may take it next."""
    try:
        plan = msgspec.json.decode(stored, type=Plan) if isinstance(stored, str) else msgspec.convert(stored, Plan)
    except msgspec.ValidationError as error:
        raise JobFailed(f"{NEWER_PLAN} ({error})", code="newer_plan", stage="fetch") from error
    if plan.version > VERSION:
        raise JobFailed(NEWER_PLAN, code="newer_plan", stage="fetch")
    return plan
