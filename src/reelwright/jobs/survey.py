"""What the packets of a source say, asked before an edit that copies of it is planned: outside of any transaction, for
it may take a while."""

from __future__ import annotations

from dataclasses import dataclass

from reelwright.edits.plan import splicing
from reelwright.edits.splice_structs import Survey
from reelwright.jobs.draft import Draft
from reelwright.media.splicing.requests import SurveyRequest
from reelwright.media.splicing.splicer import Splicer
from reelwright.storage.local import LocalStorage


@dataclass(frozen=True, slots=True)
class Surveyor:
    splicer: Splicer
    storage: LocalStorage

    async def survey(self, draft: Draft) -> Survey | None:
        """What is to be known of the source of a draft whose mode is not `exact`; None where nothing is. Raises
        InvalidInput, NotFound, Busy."""
        plan = draft.resolved()
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
