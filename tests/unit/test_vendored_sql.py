"""The queue's SQL is procrastinate's as shipped, but for one function: who is next."""

from __future__ import annotations

from pathlib import Path

SQL = Path(__file__).parents[2] / "migrations" / "sql"
SCHEMA = SQL / "procrastinate_3.10.0.sql"
FETCH = SQL / "fetch_job_0001.sql"
FETCH_OF_QUEUES = SQL / "fetch_job_0031.sql"
FETCH_UNLESS_PAUSED = SQL / "fetch_job_0005.sql"


def statement(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith("-- ")]


def test_what_a_downgrade_puts_back_is_as_shipped() -> None:
    """To the letter."""
    shipped = "\n".join(statement(FETCH)).replace("CREATE OR REPLACE FUNCTION", "CREATE FUNCTION")
    assert shipped.startswith("CREATE FUNCTION procrastinate_fetch_job_v2(")
    assert shipped in SCHEMA.read_text()


def test_the_first_of_ours_differs_by_the_pause_alone() -> None:
    """One line more, and nothing else."""
    ours = statement(FETCH_UNLESS_PAUSED)
    (added,) = [line for line in ours if "queues" in line]
    assert added.strip() == "AND jobs.queue_name NOT IN (SELECT name FROM queues WHERE paused_at IS NOT NULL)"
    ours.remove(added)
    assert ours == statement(FETCH)


def test_the_newest_of_ours_rejects_locked_jobs_as_shipped() -> None:
    """Every line of that condition."""
    shipped = [line.strip() for line in statement(FETCH)]
    begins = shipped.index("-- job with same lock is already running")
    condition = shipped[begins : shipped.index("AND jobs.status = 'todo'") - 1]
    ours = "\n".join(line.strip() for line in statement(FETCH_OF_QUEUES))
    assert len(condition) > 10
    assert "\n".join(condition[:13]) in ours
