"""States of outputs, and the time that is left, as a job's row tells them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from reelwright.db.models import Job
from reelwright.edits.vocabulary import JobStatus
from reelwright.jobs.outlook import eta_s, output_state

BEGAN = datetime.datetime(2026, 11, 21, 10, tzinfo=datetime.UTC)


def job(status: JobStatus = JobStatus.STARTED, **columns: Any) -> Job:
    return Job(status=status, **{"started_at": BEGAN, "progress": 50, **columns})


@pytest.mark.parametrize(
    ("row", "states"),
    [
        (job(JobStatus.PENDING), ["waiting", "waiting"]),
        (job(), ["waiting", "waiting"]),
        (job(stage="fetch"), ["waiting", "waiting"]),
        (job(stage="render"), ["rendering", "rendering"]),
        (job(stage="verify"), ["verifying", "verifying"]),
        (job(stage="publish"), ["publishing", "publishing"]),
        (job(JobStatus.SUCCESS), ["done", "done"]),
        (job(JobStatus.CANCELLED), ["cancelled", "cancelled"]),
        (job(JobStatus.FAILURE, error={"code": "stalled"}), ["failed", "failed"]),
        (job(JobStatus.FAILURE, error={"output_index": 1}), ["cancelled", "failed"]),
    ],
)
def test_each_output_has_a_state(row: Job, states: list[str]) -> None:
    """Of the stage while it runs; of the end afterwards, with the one that is to blame."""
    assert [output_state(row, index).value for index in range(2)] == states


def recipe(*commands: tuple[float, str]) -> dict[str, Any]:
    return {"commands": [{"weight": weight, "expected_s": length} for weight, length in commands]}


def test_what_is_left_goes_on_at_the_speed_of_now() -> None:
    """One command at twice the speed; two commands, of which the first runs, then the second at another speed."""
    assert eta_s(job(speed=2.0, recipe_json=recipe((1, "100")))) == 25
    both = recipe((0.5, "100"), (1.0, "201/2"))
    first = job(progress=10, speed=4.0, recipe_json=both)  # a third of all takes 25 s
    assert eta_s(first) == pytest.approx(0.9 * 75, abs=0.1)
    second = job(progress=80, speed=2.0, recipe_json=both)  # two thirds take 50.25 s
    assert eta_s(second) == pytest.approx(0.2 * 1.5 * 50.25, abs=0.1)


def test_without_a_speed_nothing_is_said() -> None:
    """Nor after the end."""
    assert eta_s(job(progress=75, recipe_json=recipe((1, "9")))) is None
    assert eta_s(job(speed=1.0)) is None
    assert eta_s(job(JobStatus.SUCCESS, progress=100, speed=1.0, recipe_json=recipe((1, "9")))) is None
