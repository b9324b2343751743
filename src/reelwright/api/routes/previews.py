"""/edits/preview: what an edit would make, seen before it is made."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from reelwright.api.context import Services
from reelwright.api.http.disconnection import unless_gone
from reelwright.api.http.idempotency import NOTHING_MADE
from reelwright.api.named_templates import named_template
from reelwright.api.openapi import preview_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.previews import LookIn
from reelwright.api.schemas.templates import made_of, telling
from reelwright.edits.output_shorthand import read_word
from reelwright.errors import Busy, FieldError, InvalidInput, NotFound
from reelwright.jobs import previews
from reelwright.jobs.draft_edit import EditRequest, drafted_edit
from reelwright.media.recipes.preview import ImageFormat

MEDIA_TYPES: dict[str, str] = {"png": "image/png", "webp": "image/webp", "mp4": "video/mp4"}


@post(
    "/edits/preview",
    summary="Look at what an edit would make",
    status_code=200,
    opt=NOTHING_MADE,
    operation_class=operation(
        request_examples=preview_examples.PREVIEWS,
        bodies=("application/octet-stream", *MEDIA_TYPES.values()),  # generators take the first for what it is
        errors=[
            NotFound("no such video or variant"),
            InvalidInput([FieldError("/t", "is not before the end of the result (3 s)")]),
            Busy("Too much is being examined or drawn at the moment."),
        ],
    ),
)
async def preview_edit(
    request: Request[Any, Any, Any],
    data: JSONBody[LookIn],
    services: NamedDependency[Services],
    format: Annotated[  # noqa: A002
        Literal["png", "webp"] | None, QueryParameter(description="Of the frame. Omitted: as `Accept` says, else png.")
    ] = None,
    duration: Annotated[
        float | None,
        QueryParameter(
            gt=0, description="Instead of a frame, a draft of so many seconds: a small MP4, coded in haste."
        ),
    ] = None,
) -> Response[bytes]:
    """The frame that is on display at `t`, through the same graph as the result's. No job is made, and none is kept
    waiting: there are few places for looks, and 503 with `Retry-After` when all are taken for too long."""
    image = format or _accepted(request.headers.get("accept", ""))
    wanted = (read_word("mp4"),)
    steps, attempt = data.steps, None
    template = await named_template(services, data.template, has_own=bool(data.steps))
    if template is not None:
        made_edit, attempt = made_of(template, data.variables or {}, data.source)
        steps = made_edit.steps
    elif data.variables:
        raise InvalidInput([FieldError("/variables", "go into a template, and none is named")])
    longest_s = services.settings.max_preview_s
    with telling(attempt):
        asked = EditRequest(data.source, steps, wanted, ((),), source_subtitles="drop", source_chapters="drop")
        async with drafted_edit(services.layer_sources, asked) as (_, draft):
            plan, look = previews.planned(draft, data.t, duration, image, longest_s=longest_s)
            files = previews.files_of(draft)
    paths = await services.previews.paths(plan, files)
    made = await unless_gone(request.receive, services.previews.make(plan, look, paths))
    kind = MEDIA_TYPES[look.file_name.rpartition(".")[2]]
    return Response(made, media_type=kind, headers={"Cache-Control": "no-store"})


def _accepted(accept: str) -> ImageFormat:
    """WebP for those who name it and not PNG before it."""
    named = [part.partition(";")[0].strip() for part in accept.lower().split(",")]
    return next(
        ("webp" if kind == "image/webp" else "png" for kind in named if kind in ("image/png", "image/webp")), "png"
    )


router = Router("/", route_handlers=[preview_edit], tags=["edits"])
