"""What the packets of a source say, asked before an edit that copies of it is planned: outside of any transaction, for
it may take a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.sessions import outside
from reelwright.edits.plan import splicing
from reelwright.edits.splice_structs import CutMode, Survey
from reelwright.jobs.draft import Draft
from reelwright.media.splicing.requests import SurveyRequest
from reelwright.media.splicing.splicer import Splicer
from reelwright.storage.local import LocalStorage

Drafting = Callable[[], AbstractAsyncContextManager[tuple[AsyncSession, Draft]]]
"""Drafts what a request asks for, in a transaction in which its sources are found."""


@dataclass(frozen=True, slots=True)
class Surveyor:
    splicer: Splicer
    storage: LocalStorage

    @asynccontextmanager
    async def surveyed(self, drafted: Drafting, mode: CutMode) -> AsyncIterator[tuple[AsyncSession, Draft]]:
        """What a request asks for, with what is to be known of its source's packets; `mode`: how it is made.

        It is drafted before they are read, in a transaction that ends, so that nothing is locked meanwhile; and again
        afterwards, until both are made of the same file: an original may be deleted between the two. Raises
        InvalidInput, NotFound, Busy."""
        first, survey = None, None
        while True:
            if mode != "exact":
                with outside():
                    async with drafted() as (_, first):
                        pass
                survey = await self.survey(first)
            async with drafted() as (session, draft):
                if first is None or first.source.file.id == draft.source.file.id:
                    yield session, replace(draft, survey=survey)
                    return

    async def survey(self, draft: Draft) -> Survey | None:
        """What is to be known of the source of a draft whose mode is not `exact`; None where nothing is. Raises
        InvalidInput, NotFound, Busy."""
        plan = await asyncio.to_thread(draft.resolved)  # thousands of cues take a second
        asked = splicing.wanted(plan, draft.edit.cut_mode, draft.texts)
        if not isinstance(asked, splicing.SurveyQuestion):
            return None
        request = SurveyRequest(
            video_stream=plan.inputs[0].media.main_video.index,
            intervals=asked.intervals,
            chosen=asked.chosen,
            touched=asked.touched,
        )
        return await self.splicer.survey(self.storage.path(draft.source.file.key), request)
