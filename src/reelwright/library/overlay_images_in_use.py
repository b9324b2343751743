"""Drawn pictures that jobs still need: they have no rows of their own, the plans name them."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from reelwright.library.overlay_images import picture_key

RETENTION_DAYS = 7
"""So long a job that failed can be retried with the pictures that were drawn for it."""


async def pictures_in_use(database: AsyncSession | AsyncConnection) -> dict[str, str]:
    """Key -> SHA-256 of those that a job needs, or would need when it is retried within the retention time."""
    found = await database.execute(
        text(
            "SELECT DISTINCT layer #>> '{facts,sha256}' FROM jobs,"
            " jsonb_path_query(plan_json, '$.steps[*].layers[*] ? (@.facts.kind == \"picture\")') AS layer"
            " WHERE status IN ('PENDING', 'STARTED')"
            " OR (status <> 'SUCCESS' AND updated_at > now() - make_interval(days => :days))"
        ),
        {"days": RETENTION_DAYS},
    )
    return {picture_key(sha256): sha256 for sha256 in found.scalars()}
