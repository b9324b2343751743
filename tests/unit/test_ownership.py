"""Statements that confine themselves to a project."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError

from reelwright.db.models import File
from reelwright.db.ownership import PROJECT, confining


def test_a_statement_that_confines_itself_finds_nothing_before_it_is_told_of_whom() -> None:
    """Who forgets it is told so, and sees nobody's rows."""
    statement = confining(select(File), File).compile()
    assert "files.project_id = " in str(statement)
    with pytest.raises(InvalidRequestError, match=PROJECT):
        statement.construct_params({})
    assert statement.construct_params({PROJECT: None}) == {PROJECT: None}
