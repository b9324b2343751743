"""/edits: everything that is done with a video, in one request."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED

from reelwright.api.context import Services
from reelwright.api.http.problems import Problem, problem_document
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.jobs import LOCATION, JobAccepted, accepted
from reelwright.api.schemas.labels import labels_of
from reelwright.api.schemas.templates import BatchIn, BatchItemOut, BatchOut, made_of, telling
from reelwright.api.schemas.whole_edits import USUAL_OUTPUTS, EditsIn
from reelwright.db.models import Job
from reelwright.edits.templates import Template
from reelwright.errors import FieldError, InvalidInput, NotFound, ReelwrightError
from reelwright.jobs.submit import submit
from reelwright.jobs.submit_edit import EditRequest, drafted_edit
from reelwright.library import templates


@post(
    "/edits",
    summary="Edit a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=examples.EDITS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video or variant"), InvalidInput([FieldError("/steps/0/end", "is not after start")])],
    ),
)
async def edit_video(data: JSONBody[EditsIn], services: NamedDependency[Services]) -> Response[JobAccepted]:
    """Any steps, in any order, each in terms of what the one before it made: one decode, one encode for each output,
    whatever the number of steps.

    Between two steps the picture is upright and progressive, in square pixels. Outputs are words for the usual
    (`mp4:720p`, `webm:480p`, `hls`, `jpg:poster`) or objects with all that `POST /transcode` takes. Instead of both, a
    `template` with its `variables`.
    """
    template = await _template(services, data)
    return accepted(await _submit(services, data, template), services.addresses)


@post(
    "/edits/batch",
    summary="Edit many videos alike",
    status_code=202,
    operation_class=operation(
        request_examples=examples.BATCHES,
        responses={202: examples.BATCH},
        errors=[NotFound("no such template", pointer="/template")],
    ),
)
async def edit_many(
    request: Request[Any, Any, Any], data: JSONBody[BatchIn], services: NamedDependency[Services]
) -> BatchOut:
    """The same edit of many sources: of a template with variables, or of `steps` and `outputs`. Each item stands for
    itself: it gets its job, or the problem that `POST /edits` would have answered, and the others go on."""
    template = await _template(services, data)
    items: list[BatchItemOut] = []
    for index, item in enumerate(data.items):
        try:
            job = await _submit(services, data.single(item), template)
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
    if data.template is None:
        return None
    if data.steps or data.outputs != USUAL_OUTPUTS:
        raise InvalidInput([FieldError("/template", "has steps and outputs of its own: leave those out")])
    name, _, version = data.template.partition("@")
    async with services.sessions() as session:
        try:
            return templates.content_of(await templates.find(session, name, int(version) if version else None))
        except NotFound as error:
            raise NotFound(error.detail, pointer="/template") from error


async def _submit(services: Services, data: EditsIn, template: Template | None) -> Job:
    labels = labels_of(data)
    attempt = None
    reuse = data.reuse
    if template is not None:
        data, attempt = made_of(template, data.variables or {}, data.source)
    elif data.variables:
        raise InvalidInput([FieldError("/variables", "go into a template, and none is named")])
    with telling(attempt):
        data.check()
        request = EditRequest(data.source, data.steps, data.wanted, data.pointers)
        async with drafted_edit(services.layer_sources, request) as (session, draft):
            return await submit(
                session,
                draft,
                labels=labels,
                reuse_from=services.reuse_from(reuse),
                max_failures=services.settings.max_failures,
            )


router = Router("/", route_handlers=[edit_video, edit_many], tags=["edits"])
