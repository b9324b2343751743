"""/edits: everything that is done with a video, in one request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.http.problem_document import Problem, problem_document
from reelwright.api.named_templates import named_template
from reelwright.api.openapi import examples, look_examples, request_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.queued_or_explained import EXPLAINED, Answer, ValidateOnly, answer, told
from reelwright.api.schemas.batches import BatchIn, BatchItemOut, BatchOut
from reelwright.api.schemas.edits import EditsIn
from reelwright.api.schemas.jobs import LOCATION, JobAccepted
from reelwright.api.schemas.labels import labels_of
from reelwright.api.schemas.outputs import USUAL_OUTPUTS
from reelwright.api.schemas.templates import made_of, telling
from reelwright.api.schemas.timing import timing_of
from reelwright.edits.cut_modes import asked_mode, mode_of
from reelwright.edits.labels import Labels
from reelwright.edits.templates import Template
from reelwright.errors import FieldError, InvalidInput, NotFound, ReelwrightError
from reelwright.jobs.draft import Draft
from reelwright.jobs.draft_edit import EditRequest, drafted_edit
from reelwright.jobs.submit import submit


@post(
    "/edits",
    summary="Edit a video",
    status_code=202,
    response_headers=[LOCATION],
    responses=EXPLAINED,
    operation_class=operation(
        request_examples=request_examples.EDITS,
        responses={202: examples.ACCEPTED, 200: look_examples.EXPLANATION},
        errors=[NotFound("no such video or variant"), InvalidInput([FieldError("/steps/0/end", "is not after start")])],
    ),
)
async def edit_video(
    data: JSONBody[EditsIn], services: NamedDependency[Services], validate_only: ValidateOnly = False
) -> Answer:
    """Any steps, in any order, each in terms of what the one before it made: one decode, one encode for each output,
    whatever the number of steps.

    Between two steps the picture is upright and progressive, in square pixels. Outputs are words for the usual
    (`mp4:720p`, `webm:480p`, `hls`, `mp3`, `gif`, `jpg:poster`) or objects with all that `POST /transcode` takes; sound
    alone and images alone are outputs, too. Instead of steps and outputs, a `template` with its `variables`.
    """
    template = await _template(services, data)
    async with _drafted(services, data, template) as (session, draft, labels):
        return await answer(services, session, draft, data, labels=labels, validate_only=validate_only)


@post(
    "/edits/batch",
    summary="Edit many videos alike",
    status_code=202,
    operation_class=operation(
        request_examples=request_examples.BATCHES,
        responses={202: request_examples.BATCH},
        errors=[NotFound("no such template", pointer="/template")],
    ),
)
async def edit_many(
    request: Request[Any, Any, Any], data: JSONBody[BatchIn], services: NamedDependency[Services]
) -> BatchOut:
    """The same edit of many sources: of a template with variables, or of `steps` and `outputs`. Each item stands for
    itself: it gets its job, or the problem that `POST /edits` would have answered, and the others go on."""
    webhook_url, timing = told(services, data), timing_of(data)
    template = await _template(services, data)
    items: list[BatchItemOut] = []
    for index, item in enumerate(data.items):
        try:
            single = data.single(item)
            async with _drafted(services, single, template) as (session, draft, labels):
                job = await submit(
                    session,
                    draft,
                    labels=labels,
                    reuse_from=services.reuse_from(single.reuse),
                    webhook_url=webhook_url,
                    timing=timing,
                    keep_s=single.keep_s,
                    keep_rules=services.keep_rules,
                    past_of=services.past.of,
                    max_failures=services.settings.max_failures,
                )
        except ReelwrightError as error:
            document = problem_document(request.scope, error.status, error.code, error.detail, error.extra)
            problem = msgspec.convert(document, Problem)
            items.append(BatchItemOut(index=index, status=error.status, job=None, problem=problem))
        else:
            taken = JobAccepted.of(job, services.addresses)
            items.append(BatchItemOut(index=index, status=HTTP_202_ACCEPTED, job=taken, problem=None))
    count = sum(item.job is not None for item in items)
    return BatchOut(accepted=count, refused=len(items) - count, items=items)


async def _template(services: Services, data: EditsIn | BatchIn) -> Template | None:
    """Return the template that a request names, if it does. Raises InvalidInput, NotFound."""
    has_own = bool(data.steps) or data.outputs != USUAL_OUTPUTS
    return await named_template(services, data.template, has_own=has_own)


@asynccontextmanager
async def _drafted(
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
        survey = None
        if request.mode != "exact":
            async with drafted_edit(services.layer_sources, request) as (_, draft):
                pass  # its transaction ends: nothing is locked while the packets are read
            survey = await services.surveyor.survey(draft)
        async with drafted_edit(services.layer_sources, request) as (session, draft):
            yield session, replace(draft, survey=survey), labels


router = Router("/", route_handlers=[edit_video, edit_many], tags=["edits"])
