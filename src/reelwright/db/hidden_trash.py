"""Deleted videos that can be had back, and what was made of them, are found by no query of the ORM: not by their ids,
not in lists, not counted. A session that has to do with them says so.

Their files are found: bytes may be shared, and whoever deletes others that share them has to know of all. Who looks for
a file on behalf of a client asks for `File.trashed_at` itself.
"""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from reelwright.db.kept_statements import narrowed
from reelwright.db.models import Variant, Video

_SEEN = "sees trash"
_HIDDEN = tuple(
    with_loader_criteria(kind, lambda row: row.trashed_at.is_(None), include_aliases=True) for kind in (Video, Variant)
)


def see_trash(session: AsyncSession) -> None:
    """Let the session find what is in the trash, too."""
    session.info[_SEEN] = True


@event.listens_for(Session, "do_orm_execute")
def _hide(state: ORMExecuteState) -> None:
    if state.is_select and not state.session.info.get(_SEEN):
        state.statement = narrowed(state.statement, *_HIDDEN)
