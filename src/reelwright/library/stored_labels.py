"""Labels of what is stored: changed, and looked for by. What they may be: edits/labels.py."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, any_, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Labelled, Variant, Video
from reelwright.db.ownership import confines_itself, project_of_task
from reelwright.edits.labels import Labels

MOST_FEW = 1000
"""So many rows that have a label are sorted for a page of them; where there are more, the list of all is read until a
page is full."""


async def change(
    session: AsyncSession, kind: type[Video] | type[Variant], row_id: uuid.UUID, said: Labels, given: Iterable[str]
) -> None:
    """Set the given labels of a video or a variant, in one step: who changes others at the same time loses none. One
    that is given and empty is taken away."""
    changed = kind.labels.op("-")(cast(list(given), ARRAY(Text))).op("||")(cast(said.stored, JSONB))
    await session.execute(update(kind).where(kind.id == row_id).values(labels=changed))


async def having(session: AsyncSession, kind: type[Labelled], wanted: Labels) -> list[ColumnElement[bool]]:
    """Return the condition that a row has all these labels, if there are any.

    Who sees one project finds few rows by the index of its labels. Of many, the list of all its rows by time gives a
    page sooner; the planner, which knows how often all projects use a label and not how often this one does, is told.
    """
    if not (said := wanted.stored):
        return []
    if (project_id := project_of_task()) is None:
        return [kind.labels.contains(said)]
    row: Any = kind
    named = func.owned_labels(row.project_id, row.labels, type_=JSONB)
    theirs = func.owned_labels(literal(project_id, Uuid), literal(said, JSONB), type_=JSONB)
    few = confines_itself(select(row.id).where(named.contains(theirs)).limit(MOST_FEW + 1))
    found = list(await session.scalars(few))
    if len(found) <= MOST_FEW:
        return [row.id == any_(literal(found, ARRAY(Uuid)))]
    return [func.jsonb_contains(row.labels, literal(said, JSONB))]  # @>, of which no index knows
