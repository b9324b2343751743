"""Statements with options that hold for many of them, made once for each statement: SQLAlchemy keeps with a statement
what it has found out about it, and looks at a copy anew, which takes longer than all that the option is for."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import Executable
from sqlalchemy.sql.base import ExecutableOption

MOST_OF_ONE = 64
"""Of one statement so many are kept, as for so many projects; what was not asked for the longest time goes first."""

_made: WeakKeyDictionary[Executable, dict[tuple[ExecutableOption, ...], Executable]] = WeakKeyDictionary()


def narrowed(statement: Executable, *options: ExecutableOption) -> Executable:
    """Return the statement with these options: the same object for the same ones, as long as the statement is there."""
    made = _made.setdefault(statement, {})
    found = made.pop(options, None)
    if found is None:
        found = statement.options(*options)
        if len(made) >= MOST_OF_ONE:
            del made[next(iter(made))]
    made[options] = found
    return found
