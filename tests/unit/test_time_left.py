"""States of outputs, and the time that is left, as a job's row tells them."""

from __future__ import annotations

import datetime
from typing import Any, get_args

import msgspec
import pytest

from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.edits.outputs import Preset, VideoEncoding
from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs.forecast import ENOUGH, Work
from reelwright.jobs.output_states import output_state
from reelwright.jobs.past_jobs import Foretold, Mark, Past, PastJob, Took
from reelwright.jobs.time_before_progress import lead_s, usual_lead_s
from reelwright.jobs.time_left import likely_left_s, measured_s, seconds_left
from reelwright.media.encoders.software import first_pass_share

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
    assert measured_s(job(speed=2.0, recipe_json=recipe((1, "100")))) == 25
    both = recipe((0.5, "100"), (1.0, "201/2"))
    first = job(progress=10, speed=4.0, recipe_json=both)  # a third of all takes 25 s
    assert measured_s(first) == pytest.approx(0.9 * 75, abs=0.1)
    second = job(progress=80, speed=2.0, recipe_json=both)  # two thirds take 50.25 s
    assert measured_s(second) == pytest.approx(0.2 * 1.5 * 50.25, abs=0.1)


def test_what_was_drawn_before_a_command_is_behind_it() -> None:
    """A fifth of the whole: while that is done nothing is said by a speed; then a half of the command is left."""
    drawn = {**recipe((0.8, "100")), "drawing_weight": 0.2}
    begun: dict[str, Any] = {"attempt": 1, "updated_at": BEGAN + datetime.timedelta(seconds=5), "recipe_json": drawn}
    assert measured_s(job(progress=10, **begun)) == 45
    assert measured_s(job(progress=60, speed=2.0, **{**begun, "attempt": 2})) == 25


TWO_PASSES: dict[str, Any] = {
    "commands": [
        {"weight": 0.03, "expected_s": "12", "gains": [{"name": "gain-1"}]},
        {"weight": 0.45, "expected_s": "12"},
        {"weight": 1.0, "expected_s": "12"},
        {"weight": 0.02, "expected_s": "12"},
    ]
}
"""The first ends at 2 %, the second at 32 %, the third at 98.7 %."""


def after(elapsed_s: float, progress: int, speed: float | None) -> float | None:
    now = BEGAN + datetime.timedelta(seconds=elapsed_s)
    row = job(progress=progress, speed=speed, attempt=1, updated_at=now, recipe_json=TWO_PASSES)
    return measured_s(row)


def test_nothing_is_said_before_something_is_known() -> None:
    """Sound that is only measured runs at hundreds of times real time, and a first report is nearly none."""
    assert [after(0.3, 0, 500.0), after(0.3, 1, 585.0), after(0.9, 4, 3.0)] == [None, None, None]
    assert after(2.3, 12, 2.9) is not None


def test_what_is_left_does_not_jump_where_a_command_begins() -> None:
    """A pass that has just begun seems slow, or has said nothing yet; in the last per cent of a command nobody knows
    which one has spoken. The time that all took until then says more; once it has run for long, its own speed does."""
    passes = [(5.0, 29, 2.42), (5.6, 31, 2.4), (6.0, 32, None), (6.1, 32, 0.1), (6.3, 33, 0.5), (7.3, 37, 0.72)]
    for elapsed_s, progress, speed in passes:
        left_s = after(elapsed_s, progress, speed)
        assert left_s == pytest.approx(19.0 - elapsed_s, rel=0.2), (elapsed_s, progress, speed, left_s)
    assert after(12.3, 63, 0.6) == pytest.approx(0.37 * 1.5 * 12 / 0.6, abs=0.1)


def test_a_later_attempt_counts_on_its_own_speed_alone() -> None:
    """When it began is not written down."""
    later = job(progress=40, speed=0.5, attempt=2, updated_at=BEGAN + datetime.timedelta(hours=2))
    later.recipe_json = TWO_PASSES
    assert measured_s(later) == pytest.approx(0.6 * 1.5 * 24, abs=0.1)
    later.progress = 33
    assert measured_s(later) is None


def test_the_first_pass_of_a_slow_preset_is_a_small_part() -> None:
    """x264 looks at the video in the same way at any preset; what follows takes longer."""
    wanted = {preset: VideoEncoding(preset=preset, two_pass=True) for preset in get_args(Preset)}
    shares = [first_pass_share(video) for video in wanted.values()]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.8
    assert shares[-1] < 0.4


def test_without_a_speed_nothing_is_said() -> None:
    """Nor after the end."""
    assert measured_s(job(progress=75, recipe_json=recipe((1, "9")))) is None
    assert measured_s(job(speed=1.0)) is None
    assert measured_s(job(JobStatus.SUCCESS, progress=100, speed=1.0, recipe_json=recipe((1, "9")))) is None


FORETOLD: dict[str, Any] = {"seconds": {"low_s": 60.0, "likely_s": 100.0, "high_s": 150.0}}


def test_what_was_foretold_is_said_at_the_start() -> None:
    """And what has passed since is not left any more."""
    begun = job(progress=0, attempt=1, updated_at=BEGAN, forecast=FORETOLD, recipe_json=recipe((1, "100")))
    left = seconds_left(begun)
    assert left is not None
    assert (left.low_s, left.likely_s, left.high_s) == (60, 100, 150)
    later = seconds_left(begun, 20)
    assert later is not None
    assert (later.low_s, later.high_s) == (40, 130)


def test_what_is_measured_counts_more_and_more() -> None:
    """A job that is half as fast as was foretold: what is said comes near to what is measured; the interval narrows,
    until most of what is left is what follows the work."""
    said = []
    for progress in (10, 25, 50, 75, 90):
        running = job(progress=progress, attempt=1, forecast=FORETOLD, speed=0.5, recipe_json=recipe((1, "100")))
        running.started_at, running.updated_at = BEGAN, BEGAN + datetime.timedelta(seconds=2 * progress)
        left = seconds_left(running)
        assert left is not None
        assert left.low_s < left.likely_s < left.high_s
        said.append((left.likely_s / (2 * (100 - progress)), left.high_s / left.low_s))
    *shares, at_the_end = [share for share, _ in said]
    assert shares == sorted(shares)
    assert shares[0] < 0.75 < 0.8 < at_the_end
    widths = [width for _, width in said[:3]]
    assert widths == sorted(widths, reverse=True)


def test_without_a_forecast_what_is_measured_is_said() -> None:
    """It is the middle of an interval, as wide as is usual."""
    left = seconds_left(job(speed=2.0, recipe_json=recipe((1, "100"))))
    assert left is not None
    assert left.likely_s == 25
    assert left.low_s < 25 < left.high_s
    assert seconds_left(job(progress=0, recipe_json=recipe((1, "100")))) is None


def test_a_job_begun_again_may_be_behind_what_is_seen_of_it() -> None:
    """Its interval has both ends: it goes on from there, or from the start."""
    again = job(progress=80, attempt=2, forecast=FORETOLD, recipe_json=recipe((1, "100")))
    left = seconds_left(again)
    assert left is not None
    assert left.low_s == pytest.approx(12)
    assert left.high_s == 150


@pytest.mark.parametrize("forecast", [None, {}, {"seconds": "soon"}, {"points": [[1]]}])
def test_what_another_release_foretold_is_nothing(forecast: dict[str, Any] | None) -> None:
    """Nor what none did."""
    assert seconds_left(job(progress=0, forecast=forecast, recipe_json=recipe((1, "9")))) is None


def took(seconds: float, *marks: tuple[int, float], kind: str = "trim") -> PastJob:
    """An earlier job, with how far it was so many seconds after its start."""
    work = Work(kinds=((kind,), ("any",)), size=1e6, density=1.0)
    seen = tuple(Mark(percent, elapsed_s, None) for percent, elapsed_s in marks)
    return PastJob(work, seconds, "", Foretold(), Took(stages={}, marks=seen))


def test_what_goes_before_the_percentage_rises_is_learned_of_jobs_of_the_kind() -> None:
    """Of some it is half of all, of others next to nothing; of one that said too little it is not known."""
    slow = [took(3.0, (25, 1.5), (50, 2.0), (75, 2.5))] * ENOUGH
    even = [took(8.0, (25, 2.0), (50, 4.0), kind="other")] * 2 * ENOUGH
    past = Past((took(2.0, (50, 1.9)), *slow, *even))
    assert [lead_s(job) for job in (past.jobs[0], slow[0], even[0])] == [None, pytest.approx(1), pytest.approx(0)]
    assert [usual_lead_s(job.work, past) for job in (slow[0], even[0])] == [pytest.approx(1), pytest.approx(0)]
    assert usual_lead_s(None, past) == usual_lead_s(slow[0].work, Past(())) == 0


def test_what_went_before_the_work_is_over_when_the_percentage_rises() -> None:
    """After 1.5 of 3 seconds a quarter is done, and 1.5 seconds are left: not 4.5, nor three quarters of three."""
    whole = SecondsLeft(low_s=2.5, likely_s=3.0, high_s=3.5)
    foretold = Foretold(seconds=whole, lead_s=1.0)
    assert likely_left_s(foretold, 0) == 3
    assert likely_left_s(foretold, 25) == pytest.approx(1.5, rel=0.01)
    begun: dict[str, Any] = {
        "attempt": 1,
        "updated_at": BEGAN + datetime.timedelta(seconds=1.5),
        "recipe_json": recipe((1, "9")),
    }
    assert measured_s(job(progress=25, forecast=msgspec.to_builtins(foretold), **begun)) == 1.5
    assert measured_s(job(progress=25, **begun)) == 4.5
