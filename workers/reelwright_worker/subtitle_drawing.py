"""Draws the subtitles of a plan that were only laid out when it was made, before anything is coded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reelwright.edits.facts import LaidSubtitlesFacts
from reelwright.edits.plan import Plan
from reelwright.errors import Busy, JobFailed
from reelwright.library.overlay_images import OverlayImages


async def undrawn(plan: Plan, images: OverlayImages) -> list[LaidSubtitlesFacts]:
    """Return the subtitles of a plan that nobody has drawn yet."""
    return [facts for facts in plan.laid_subtitles if not await images.is_drawn(facts)]


async def draw(subtitles: Sequence[LaidSubtitlesFacts], images: OverlayImages, report: Callable[[float], None]) -> None:
    """Draw them. `report`: told how much of it is done, 0 to 1. Raises JobFailed, NotFound."""
    whole, done = sum(facts.cues for facts in subtitles), 0

    def drawn(share: float) -> None:
        report((done + share * facts.cues) / whole)

    for facts in subtitles:
        try:
            await images.draw_subtitles(facts, report=drawn)
        except Busy as error:  # says nothing of them
            raise JobFailed(error.detail, code="busy", of_machine=True) from error
        done += facts.cues
