"""Whose rows a task sees: those of one project, where a project is set, in every query of the ORM; else all of them.

One rule for all: who forgets to ask whose a row is finds only rows of the project. It does not reach statements in SQL
text; those that answer clients look at `project_id` themselves. Those that are `confining` do, too, and fail without.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TypeVarTuple

from sqlalchemy import Select, Uuid, bindparam, event, or_, text
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    Mapped,
    ORMExecuteState,
    Session,
    mapped_column,
    with_loader_criteria,
)

from reelwright.db.kept_statements import narrowed

DEFAULT_PROJECT_ID = uuid.UUID("00000000-0000-7000-8000-000000000001")
"""Of what is made where no keys are asked for, and of what was there before there were projects."""

PROJECT = "project_of_task"
"""Parameter of statements that confine themselves."""
_CONFINES_ITSELF = "confines_itself"
Columns = TypeVarTuple("Columns")

_project_id: ContextVar[uuid.UUID | None] = ContextVar("project_id", default=None)


def project_of_task() -> uuid.UUID | None:
    """Return the project whose rows alone this task sees; None: it sees all."""
    return _project_id.get()


def project_of_new() -> uuid.UUID:
    """Return the project that a new row belongs to."""
    return _project_id.get() or DEFAULT_PROJECT_ID


def is_seen(project_id: uuid.UUID) -> bool:
    """Return whether this task sees rows of the project."""
    return _project_id.get() in (None, project_id)


@contextmanager
def confined(project_id: uuid.UUID | None) -> Iterator[None]:
    """Let this task, and those that it starts, see the rows of one project alone, and make rows of it. None: let it see
    all, for what is told of all projects."""
    token = _project_id.set(project_id)
    try:
        yield
    finally:
        _project_id.reset(token)


class Owned:
    """A row that belongs to a project. There is no foreign key: projects stay, and a check for every row costs."""

    project_id: Mapped[uuid.UUID] = mapped_column(
        default=project_of_new, server_default=text(f"'{DEFAULT_PROJECT_ID}'"), sort_order=1000
    )


def confines_itself(statement: Select[*Columns]) -> Select[*Columns]:
    """Return a statement that finds rows of one project alone by what it asks, without the rule for all."""
    return statement.execution_options(**{_CONFINES_ITSELF: True})


def confining(statement: Select[*Columns], owned: type[Owned]) -> Select[*Columns]:
    """Return a statement, made once, that confines itself: its parameter PROJECT is `project_of_task()`. Its other
    rows have to be of the same project as those of `owned`. For what is asked for most: the rule for all the others
    takes 0.1 ms, more than the look at the key."""
    project_id = bindparam(PROJECT, type_=Uuid())
    seen = or_(project_id.is_(None), owned.project_id == project_id)
    return confines_itself(statement.where(seen))


@event.listens_for(Session, "do_orm_execute")
def _confine(state: ORMExecuteState) -> None:
    project_id = _project_id.get()
    if project_id is None or state.execution_options.get(_CONFINES_ITSELF):
        return
    if state.is_select or state.is_update or state.is_delete:
        state.statement = narrowed(state.statement, _rows_of(project_id))


@lru_cache(maxsize=1024)  # to make one costs more than to look a row up
def _rows_of(project_id: uuid.UUID) -> LoaderCriteriaOption:
    return with_loader_criteria(Owned, lambda row: row.project_id == project_id, include_aliases=True)
