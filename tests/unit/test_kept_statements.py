"""Statements with options that hold for many."""

from __future__ import annotations

import gc
import weakref

from sqlalchemy import select
from sqlalchemy.orm import LoaderCriteriaOption, with_loader_criteria

from reelwright.db.kept_statements import MOST_OF_ONE, narrowed
from reelwright.db.models import Video
from reelwright.db.ownership import Owned


def option() -> LoaderCriteriaOption:
    return with_loader_criteria(Owned, lambda row: row.project_id.is_(None), include_aliases=True)


def test_the_same_statement_with_the_same_options_is_the_same_object() -> None:
    statement, one, other = select(Video), option(), option()
    assert narrowed(statement, one) is narrowed(statement, one)
    assert narrowed(statement, one) is not narrowed(statement, other)
    assert narrowed(select(Video), one) is not narrowed(statement, one)


def test_what_was_made_of_a_statement_goes_with_it() -> None:
    statement = select(Video)
    made = weakref.ref(narrowed(statement, option()))
    del statement
    gc.collect()
    assert made() is None


def test_of_one_statement_the_last_asked_for_are_kept() -> None:
    statement, often = select(Video), option()
    first, seldom = narrowed(statement, often), weakref.ref(narrowed(statement, option()))
    for _ in range(MOST_OF_ONE):
        narrowed(statement, option())
        assert narrowed(statement, often) is first
    gc.collect()
    assert seldom() is None
