"""migrations/README.md tells where each function, view and trigger of the database is: as the revisions leave them."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
SQL = ROOT / "migrations" / "sql"


def test_the_page_is_what_the_revisions_do() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "document_migrations.py"))
    for path, write in script["DOCUMENTS"].items():
        assert path.read_text() == write(), f"run scripts/document_migrations.py: {path.name} is old"


def test_what_was_replaced_is_looked_for_where_it_is_now() -> None:
    """A function that was replaced and its trigger that was not, one that was several times, one of procrastinate's."""
    rows = [
        line.split("|") for line in (ROOT / "migrations" / "README.md").read_text().splitlines() if line[:3] == "| `"
    ]
    places = {(name.strip(" `"), what.split()[0]): now.split("`")[1] for _, name, what, now, *_ in rows}
    assert len(places) == len(rows)
    assert places["event_of_video", "function"] == "events_of_deletion_0023.sql"
    assert places["event_of_video", "trigger"] == "event_log_0022.sql"
    assert places["retry_job", "function"].startswith("retry_")
    assert places["procrastinate_fetch_job_v2", "function"].startswith("fetch_job_")
    assert all((SQL / file).is_file() for file in places.values())


def test_each_file_names_the_revision_that_runs_it() -> None:
    """At its end, but for what is procrastinate's as shipped."""
    revisions = {path.name[:4]: path.read_text() for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py")}
    for path in SQL.glob("*.sql"):
        if path.name.startswith("procrastinate_"):
            continue
        number = re.search(r"_(\d{4})\.sql$", path.name)
        assert number is not None, path.name
        assert path.name == "fetch_job_0001.sql" or path.name in revisions[number[1]], path.name
