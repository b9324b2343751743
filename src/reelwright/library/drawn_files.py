"""The files of what was drawn for steps: under which keys they lie, and how long they are kept. Each is kept under its
SHA-256, the video of subtitles under that of what was laid out, as long as a job needs it. It has no rows: plans name
it."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from reelwright.edits.facts import AnyFacts, Facts, ImageFacts, LaidSubtitlesFacts, SubtitlesFacts

RETENTION_DAYS = 7
"""So long a job that failed can be retried with the pictures that were drawn for it."""


def image_key(sha256: str) -> str:
    return f"pictures/{sha256}.png"


def subtitles_key(sha256: str) -> str:
    return f"pictures/{sha256}.mov"


def laid_out_key(sha256: str) -> str:
    return f"pictures/{sha256}.json"


def prepared_key(source: Facts | AnyFacts) -> str | None:
    """The key of what was made ready for a step when it was planned; None where a source is a stored video."""
    return laid_out_key(source.sha256) if isinstance(source, LaidSubtitlesFacts) else drawn_key(source)


def drawn_key(source: Facts | AnyFacts) -> str | None:
    """The key of what is drawn for a step; None where a source is a stored video."""
    if isinstance(source, ImageFacts):
        return image_key(source.sha256)
    return subtitles_key(source.sha256) if isinstance(source, SubtitlesFacts) else None


async def drawn_files_in_use(database: AsyncSession | AsyncConnection) -> dict[str, str]:
    """Return key -> SHA-256 of those that a job needs, or would need when it is retried within RETENTION_DAYS."""
    rows = await database.execute(
        text(
            "SELECT DISTINCT facts ->> 'kind', facts ->> 'sha256' FROM jobs, jsonb_path_query(plan_json,"
            " '$.steps[*].**{0 to 3}.facts ?"
            ' (@.kind == "picture" || @.kind == "subtitles" || @.kind == "laid_subtitles")\') AS facts'
            " WHERE status IN ('PENDING', 'STARTED')"
            " OR (status <> 'SUCCESS' AND updated_at > now() - make_interval(days => :days))"
        ),
        {"days": RETENTION_DAYS},
    )
    keys = {"picture": image_key, "subtitles": subtitles_key, "laid_subtitles": laid_out_key}
    return {keys[kind](sha256): sha256 for kind, sha256 in rows}
