"""PostgreSQL's own programs: which one is taken, and how it is led to the database."""

from __future__ import annotations

import pytest

from reelwright.db.client_programs import connection, program
from reelwright.db.unusable import DatabaseUnusable


def test_a_password_is_in_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lists processes sees those. What the caller's environment says of other databases does not count."""
    monkeypatch.setenv("PGHOST", "another.example")
    (option,), environment = connection("postgresql://me:s3cret%2F@db.example:5433/films")
    assert "s3cret" not in option
    assert "host=db.example" in option
    assert environment["PGPASSWORD"] == "s3cret/"
    assert "PGHOST" not in environment


def test_a_server_newer_than_every_program_is_named() -> None:
    """An older pg_dump would refuse it with words of its own."""
    with pytest.raises(DatabaseUnusable, match=r"No pg_dump for PostgreSQL 99 is installed here \(found: .*\d"):
        program("pg_dump", 99)
