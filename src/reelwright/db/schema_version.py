"""Whether a database's schema fits this version: at its newest revision, behind it, or ahead of it.

Behind: the code would name columns that are not there, so it does not start. Ahead: a newer version migrated while
this one runs, or this one was put back; it goes on, for migrations keep what the version before them uses.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from reelwright.db.connection_pool import close, create_engine
from reelwright.db.database import located
from reelwright.db.outages import is_away
from reelwright.db.revisions import current_revision, known_revisions, newest_revision
from reelwright.db.unusable import DatabaseUnusable, hopeless
from reelwright.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Schema:
    """The revision that a database is at (None: it was never migrated), seen from this version."""

    revision: str | None
    newest: str
    known: frozenset[str]

    @property
    def is_behind(self) -> bool:
        return self.revision != self.newest and (self.revision is None or self.revision in self.known)

    @property
    def is_ahead(self) -> bool:
        return self.revision is not None and self.revision not in self.known

    @property
    def remark(self) -> str | None:
        """One sentence for an operator; None where the revision is the newest."""
        if self.is_behind:
            at = "has no schema yet" if self.revision is None else f"is at schema {self.revision}"
            return f"The database {at}, this version needs {self.newest}: run `reelwright migrate`."
        if self.is_ahead:
            return (
                f"The database is at schema {self.revision}, which a newer version made (this one's newest is "
                f"{self.newest}): upgrade the program as well."
            )
        return None


def seen(revision: str | None) -> Schema:
    return Schema(revision, newest_revision(), known_revisions())


async def require(url: str) -> None:
    """Look at the schema. Raises DatabaseUnusable when it is behind, or can be nowhere: its host has no address, or
    the server refuses us. One that is away says nothing: it may come back."""
    engine = create_engine(url, application_name="reelwright-look")
    try:
        schema = await asyncio.to_thread(seen, await current_revision(engine))
    except Exception as error:
        if (unusable := hopeless(url, error)) is not None:
            raise unusable from error
        if not is_away(error):
            raise
        return
    finally:
        await close(engine)
    if schema.is_behind:
        raise DatabaseUnusable(schema.remark)
    if schema.remark:
        logger.warning("%s", schema.remark)


async def require_configured(settings: Settings) -> None:
    """`require` for the database of these settings, which is not made here. Raises EmbeddedPostgresError, too."""
    async with located(settings, make=False) as url:
        await require(url)
