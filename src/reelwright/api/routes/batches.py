"""/edits/batch: the same edit of many sources."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED

from reelwright.api.context import Services
from reelwright.api.drafted_edits import drafted, template_of
from reelwright.api.http.problem_document import Problem, problem_document
from reelwright.api.openapi import request_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.queued_or_explained import told
from reelwright.api.schemas.accepted_jobs import JobAccepted
from reelwright.api.schemas.batches import BatchIn, BatchItemOut, BatchOut
from reelwright.api.schemas.timing import timing_of
from reelwright.errors import NotFound, ReelwrightError
from reelwright.jobs.submit import submit


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
    template = await template_of(services, data)
    items: list[BatchItemOut] = []
    for index, item in enumerate(data.items):
        try:
            single = data.single(item)
            async with drafted(services, single, template) as (session, draft, labels):
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


router = Router("/", route_handlers=[edit_many], tags=["edits"])
