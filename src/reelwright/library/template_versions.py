"""Stores templates: a new version each time, which never changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Text, Uuid, cast, delete, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from reelwright.db.models import TemplateVersion as Row
from reelwright.edits.templates import Template
from reelwright.errors import NotFound


async def add(session: AsyncSession, name: str, template: Template, *, description: str) -> Row:
    """Store a template as the next version of its name, from 1. Who does so at the same time waits."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"template {name}"))))
    newest = await session.scalar(select(func.max(Row.version)).where(Row.name == name)) or 0
    content: dict[str, Any] = msgspec.to_builtins(template)
    row = Row(
        name=name,
        version=newest + 1,
        description=description,
        edit_json=content["edit"],
        variables_json=content["variables"],
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return row


async def find(session: AsyncSession, name: str, version: int | None = None) -> Row:
    """Return a version of a template, or the newest. Raises NotFound."""
    versions = select(Row).where(Row.name == name).order_by(Row.version.desc()).limit(1)
    row = await session.scalar(versions if version is None else versions.where(Row.version == version))
    if row is None:
        raise NotFound("no such template" if version is None else "no such version of a template")
    return row


async def page(session: AsyncSession, *, offset: int, limit: int) -> tuple[Sequence[Row], int]:
    """Return the newest version of each template, by name, and how many templates there are."""
    total = await session.scalar(select(func.count(Row.name.distinct()))) or 0
    newest = select(Row).distinct(Row.name).order_by(Row.name, Row.version.desc()).offset(offset).limit(limit)
    return (await session.scalars(newest)).all(), total


async def remove(session: AsyncSession, name: str) -> None:
    """Delete all versions of a template. Raises NotFound."""
    gone = await session.scalars(delete(Row).where(Row.name == name).returning(Row.version))
    if not gone.all():
        raise NotFound("no such template")


def is_named(
    project_id: InstrumentedAttribute[uuid.UUID], row_id: InstrumentedAttribute[uuid.UUID]
) -> ColumnElement[bool]:
    """Return whether a version of one of the project's templates has the id anywhere in it: as `asset:<id>`, in the key
    of a file, as what a variable is by default."""
    said = cast(Row.edit_json, Text).concat(cast(Row.variables_json, Text))
    named = func.ids_in(said, type_=ARRAY(Uuid))  # of which there is an index
    found = select(Row.name).where(Row.project_id == project_id, named.contains(array([row_id])))
    return exists(found.offset(0))  # asked of each row by that index: not joined, which would read all templates


def content_of(row: Row) -> Template:
    return msgspec.convert({"edit": row.edit_json, "variables": row.variables_json}, Template)
