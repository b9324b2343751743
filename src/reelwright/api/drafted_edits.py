"""An edit as a request asks for it, drafted: of its own steps or a template; surveyed where something may be copied."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.named_templates import named_template
from reelwright.api.schemas.batches import BatchIn
from reelwright.api.schemas.edits import EditsIn
from reelwright.api.schemas.labels import labels_of
from reelwright.api.schemas.outputs import USUAL_OUTPUTS
from reelwright.api.schemas.templates import made_of, telling
from reelwright.edits.cut_modes import asked_mode, mode_of
from reelwright.edits.labels import Labels
from reelwright.edits.templates import Template
from reelwright.errors import FieldError, InvalidInput
from reelwright.jobs.draft import Draft
from reelwright.jobs.draft_edit import EditRequest, drafted_edit


async def template_of(services: Services, data: EditsIn | BatchIn) -> Template | None:
    """Return the template that a request names, if it does. Raises InvalidInput, NotFound."""
    has_own = bool(data.steps) or data.outputs != USUAL_OUTPUTS
    return await named_template(services, data.template, has_own=has_own)


@asynccontextmanager
async def drafted(
    services: Services, data: EditsIn, template: Template | None
) -> AsyncIterator[tuple[AsyncSession, Draft, Labels]]:
    """What a request asks for, drafted, with what the client says of it. Raises NotFound, InvalidInput."""
    labels, asked = labels_of(data), asked_mode(data.mode, data.reencode)
    kept = data.source_subtitles, data.source_chapters
    await services.embedded_texts.require_read(data.source)
    attempt = None
    if template is not None:
        data, attempt = made_of(template, data.variables or {}, data.source)
        asked = asked_mode(data.mode, data.reencode) if asked.mode is None else asked
    elif data.variables:
        raise InvalidInput([FieldError("/variables", "go into a template, and none is named")])
    with telling(attempt):
        data.check()
        cut_mode = mode_of(asked, data.steps, usual=services.settings.trim_mode)
        request = EditRequest(data.source, data.steps, data.wanted, data.pointers, cut_mode, data.names_outputs, *kept)
        drafting = partial(drafted_edit, services.layer_sources, request)
        async with services.surveyor.surveyed(drafting, cut_mode) as (session, draft):
            yield session, draft, labels
