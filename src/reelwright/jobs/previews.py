"""Previews: a frame of what an edit makes, or a short video of it, while the client waits. No job is made of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from reelwright.db.models import File
from reelwright.edits import timecode
from reelwright.edits.edit import Edit
from reelwright.edits.plan import Plan
from reelwright.edits.plan.several_steps import resolve_several_steps
from reelwright.edits.timecode import Time
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.draft import Draft
from reelwright.library.drawn_files import drawn_key
from reelwright.library.overlay_images import OverlayImages
from reelwright.media.ffmpeg import capabilities, executable, preview_run
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.preview import ImageFormat, Look, preview_command, result_of
from reelwright.media.sandbox.fair_slots import Turns
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

MOST_BYTES = 2**28
"""Of what is answered: a picture of 8192 x 4320 that hardly compresses."""


class Previews:
    """Makes them, a few at once: each client has its share of the places, and nobody waits long."""

    def __init__(self, settings: Settings, storage: LocalStorage, overlay_images: OverlayImages) -> None:
        self._settings = settings
        self._storage = storage
        self._overlay_images = overlay_images
        self._turns = Turns(settings.previews_at_once, wait_s=settings.preview_wait_s)
        self._asking = asyncio.Lock()
        self._capabilities: Capabilities | None = None

    async def make(self, plan: Plan, look: Look, paths: Sequence[Path]) -> bytes:
        """Return what is looked at. `paths`: of the plan's sources, in order.

        Raises Busy (no turn, or it takes too long), UnreadableMedia, JobFailed.
        """
        async with self._turns.turn(large=look.lasting is not None):
            command = preview_command(plan, look, await self._able())
            began = time.monotonic()
            made = await preview_run.make(
                command,
                look.file_name,
                {f"in{number}": path for number, path in enumerate(paths)},
                ffmpeg=executable.ffmpeg_path(self._settings),
                work_root=self._settings.work_path,
                timeout_s=self._settings.preview_timeout_s,
                memory_bytes=self._settings.media_memory_bytes,
                most_bytes=MOST_BYTES,
            )
            took_s = round(time.monotonic() - began, 3)
            logger.info("preview made", extra={"file": look.file_name, "size_bytes": len(made), "duration_s": took_s})
            return made

    async def paths(self, plan: Plan, files: Sequence[File]) -> list[Path]:
        """Return where the plan's sources lie, subtitles drawn. Raises NotFound when one is gone, Busy, JobFailed."""
        for laid in plan.laid_subtitles:
            await self._overlay_images.draw_subtitles(laid)
        keys = {file.sha256: file.key for file in files}
        found = [self._storage.path(drawn_key(facts) or keys[facts.sha256]) for facts in plan.sources]
        if not await asyncio.to_thread(lambda: all(path.is_file() for path in found)):
            raise NotFound("a stored file that the edit needs is missing", code="file_missing")
        return found

    async def _able(self) -> Capabilities:
        """What ffmpeg can do here, asked once."""
        async with self._asking:
            if self._capabilities is None:
                self._capabilities = await capabilities.capabilities(self._settings)
            return self._capabilities


def planned(
    draft: Draft, at: Time, lasting_s: float | None, image: ImageFormat, *, longest_s: float
) -> tuple[Plan, Look]:
    """Return the plan of a draft's steps, one graph whatever they are, and what of its result is looked at.

    Raises InvalidInput.
    """
    facts = draft.source.facts
    length = Fraction(repr(facts.media.duration_s)) if facts.media.duration_s is not None else None
    plan = resolve_several_steps(Edit(steps=draft.edit.steps), facts, length, [], (), draft.base)
    whole, moment = result_of(plan).length, timecode.parse(at)
    if moment >= whole:
        late = f"is not before the end of the result ({timecode.show(whole)})"
        raise InvalidInput([FieldError("/t", late)])
    if lasting_s is None:
        return plan, Look(moment, image=image)
    if lasting_s > longest_s:
        raise InvalidInput([FieldError("?duration", f"is more than {longest_s:g} s: those are the most here")])
    return plan, Look(moment, min(Fraction(repr(lasting_s)), whole - moment), image)


def files_of(draft: Draft) -> tuple[File, ...]:
    """The stored files that a draft reads."""
    return (draft.source.file, *draft.layer_files)
