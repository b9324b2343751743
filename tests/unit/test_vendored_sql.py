"""The queue's SQL is procrastinate's as shipped, but for one condition in one function."""

from __future__ import annotations

from pathlib import Path

SQL = Path(__file__).parents[2] / "migrations" / "sql"
SCHEMA = SQL / "procrastinate_3.10.0.sql"
FETCH = SQL / "procrastinate_3.10.0_fetch_job.sql"
FETCH_UNLESS_PAUSED = SQL / "procrastinate_3.10.0_fetch_job_unless_paused.sql"


def statement(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith("-- ")]


def test_what_a_downgrade_puts_back_is_as_shipped() -> None:
    """To the letter."""
    shipped = "\n".join(statement(FETCH)).replace("CREATE OR REPLACE FUNCTION", "CREATE FUNCTION")
    assert shipped.startswith("CREATE FUNCTION procrastinate_fetch_job_v2(")
    assert shipped in SCHEMA.read_text()


def test_ours_differs_by_the_pause_alone() -> None:
    """One line more, and nothing else."""
    ours = statement(FETCH_UNLESS_PAUSED)
    (added,) = [line for line in ours if "queues" in line]
    assert added.strip() == "AND jobs.queue_name NOT IN (SELECT name FROM queues WHERE paused_at IS NOT NULL)"
    ours.remove(added)
    assert ours == statement(FETCH)
