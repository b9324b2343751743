"""/trim: a part of a video as a video of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.openapi import examples, request_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.queued_or_explained import Answer, ValidateOnly, answer
from reelwright.api.schemas.accepted_jobs import LOCATION
from reelwright.api.schemas.labels import labels_of
from reelwright.api.schemas.trim import TrimIn
from reelwright.edits.pointers import Pointer
from reelwright.edits.splice_structs import CutMode
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.draft import Draft, draft_trim
from reelwright.jobs.from_original import of_original
from reelwright.jobs.source_of_edit import find_source


@post(
    "/trim",
    summary="Trim a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=request_examples.TRIMS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/end", "is not after start")])],
    ),
)
async def trim_video(
    data: JSONBody[TrimIn], services: NamedDependency[Services], validate_only: ValidateOnly = False
) -> Answer:
    """Keeps the frames with start <= t < end, exactly: the cut is coded again, as H.264 (CRF 18) and AAC in MP4 where
    nothing else is said. `codec: hevc`, `av1` or `vp9` keep ten bits and HDR.

    Where `start` falls into a picture that stands for longer than half a second (a slide, a pause), it is held
    from 0 on until the next one comes; where no frame begins in the interval, so is the one on display, but an interval
    between two frames of a constant rate is refused. So is one that begins behind the picture's end.

    `mode` says how: `smart` copies what can be copied and codes the frames at the edges alone, to the same frame;
    `copy` codes nothing, and begins and ends where that is possible; `auto` is `smart` where the result is what the
    source is. What cannot be made so is coded anew, and says why.

    An end beyond the video's is clamped, with a warning. Times refer to what is trimmed: the upload, or the variant
    that `source_variant_id` names.
    """
    labels = labels_of(data)
    await services.embedded_texts.require_read(data.video_id)
    mode = data.mode or services.settings.trim_mode
    async with services.surveyor.surveyed(partial(_drafted, services, data, mode), mode) as (session, draft):
        return await answer(services, session, draft, data, labels=labels, validate_only=validate_only)


@asynccontextmanager
async def _drafted(services: Services, data: TrimIn, mode: CutMode) -> AsyncIterator[tuple[AsyncSession, Draft]]:
    """What a request asks for, drafted. Raises NotFound, InvalidInput."""
    async with services.sessions.begin() as session:
        draft = draft_trim(
            await find_source(session, data.video_id, data.source_variant_id),
            data.start,
            data.end,
            coding=data.coding(data.audio),
            codec_is_named=data.codec is not None,
            container_is_named=data.container is not None,
            pointer=Pointer(),
            mode=mode,
        )
        images = services.overlay_images
        yield session, await of_original(session, draft, images, data.source_subtitles, data.source_chapters)


router = Router("/", route_handlers=[trim_video], tags=["edits"])
