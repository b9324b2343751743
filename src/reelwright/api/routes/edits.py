"""The routes that make new variants: each request is an Edit, each answer names a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reelwright.api.context import Services
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.edits import OverlaysIn, PlacedWatermarkIn, TrimIn
from reelwright.api.schemas.fonts import FontOut
from reelwright.api.schemas.jobs import LOCATION, JobAccepted, accepted
from reelwright.db.models import Job
from reelwright.edits import ladder
from reelwright.edits.edit import LAID, OVERLAY_CRF, TRIM_CRF, AnyLayer, Ladder, trim
from reelwright.edits.enums import JobType
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.overlay_facts import draw, submit_overlay
from reelwright.jobs.submit import find_source, submit


@contextmanager
def pointers(renamed: Mapping[str, str] | None = None) -> Iterator[None]:
    """Point at the request's fields where an error points into the Edit."""
    try:
        yield
    except InvalidInput as invalid:
        raise InvalidInput([_renamed(error, renamed or {}) for error in invalid.errors]) from invalid


def _renamed(error: FieldError, names: Mapping[str, str]) -> FieldError:
    return replace(error, pointer=_pointer(error.pointer, names))


def _pointer(pointer: str, names: Mapping[str, str]) -> str:
    field = pointer.removeprefix("/steps/0").removeprefix("/")
    for name, other in names.items():
        if field == name or field.startswith(f"{name}/"):
            field = (other + field.removeprefix(name)).lstrip("/")
            break
    return f"/{field}"


async def submit_trim(services: Services, data: TrimIn) -> Job:
    """Raises NotFound, InvalidInput."""
    with pointers():
        async with services.sessions.begin() as session:
            source = await find_source(session, data.video_id, data.source_variant_id)
            shown = source.facts.media.picture.display_size
            output = ladder.single(data.wanted(data.audio), shown, usual_crf=TRIM_CRF)
            return await submit(
                session,
                trim(data.start, data.end, output),
                source,
                type=JobType.TRIM,
                max_failures=services.settings.max_failures,
            )


@post(
    "/trim",
    summary="Trim a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=examples.TRIMS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/end", "is not after start")])],
    ),
)
async def trim_video(data: JSONBody[TrimIn], services: NamedDependency[Services]) -> Response[JobAccepted]:
    """Keeps the frames with start <= t < end, exactly: the cut is coded again, as H.264 (CRF 18) and AAC in MP4 where
    nothing else is said. `codec: hevc`, `av1` or `vp9` keep ten bits and HDR.

    Where `start` falls into a picture that stands for longer than half a second (a slide, a pause), it is held
    from 0 on until the next one comes; where no frame begins in the interval, so is the one on display, but an interval
    between two frames of a constant rate is refused. So is one that begins behind the picture's end.

    An end beyond the video's is clamped, with a warning. Times refer to what is trimmed: the upload, or the variant
    that `source_variant_id` names.
    """
    return accepted(await submit_trim(services, data), services.addresses)


async def submit_layers(
    services: Services,
    video_id: UUID,
    variant_id: UUID | None,
    layers: tuple[AnyLayer, ...],
    names: Mapping[str, str],
    wanted: Ladder | None = None,
) -> Job:
    """Draw first, outside of the transaction, then submit. Raises NotFound, InvalidInput; `names` as for pointers,
    `wanted`: how the result is coded."""
    with pointers(names):
        async with services.sessions() as session:
            await find_source(session, video_id, variant_id)
        drawn = await draw(
            layers,
            studio=services.studio,
            settings=services.settings,
            storage=services.storage,
            sessions=services.sessions,
            asset_videos=services.asset_videos,
        )
        async with services.sessions.begin() as session:
            source = await find_source(session, video_id, variant_id)
            shown = source.facts.media.picture.display_size
            return await submit_overlay(
                session,
                layers,
                drawn,
                source,
                output=LAID if wanted is None else ladder.single(wanted, shown, usual_crf=OVERLAY_CRF),
                renamed=lambda pointer: _pointer(pointer, names),
                max_failures=services.settings.max_failures,
            )


@post(
    "/overlays",
    summary="Lay texts, images and videos over a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=examples.OVERLAYS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/overlays/0/color", "is no colour")])],
    ),
)
async def overlay_video(data: JSONBody[OverlaysIn], services: NamedDependency[Services]) -> Response[JobAccepted]:
    """All in one encode; the sound is kept where the container takes it. Texts are shaped right in any script that a
    font is there for.

    Positions are pixels, arithmetic on `W H w h tw th` (see the schema), or an anchor with a margin. A picture is one
    of the assets folder (`logo.png`) or one that was uploaded with `POST /assets` (`asset:<id>`); a video is named by
    `video:<id>`, `variant:<id>` or its stored path.
    """
    if not data.layers:
        raise InvalidInput([FieldError("/overlays", "is empty, and there is no watermark")])
    names = {f"layers/{number}": f"overlays/{number}" for number in range(len(data.overlays))}
    names[f"layers/{len(data.overlays)}"] = "watermark"
    wanted = data.wanted(data.audio, "copy")
    job = await submit_layers(services, data.video_id, data.source_variant_id, data.layers, names, wanted)
    return accepted(job, services.addresses)


@post(
    "/watermark",
    summary="Watermark a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=examples.WATERMARKS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/image_path", "no such asset")])],
    ),
)
async def watermark_video(
    data: JSONBody[PlacedWatermarkIn], services: NamedDependency[Services]
) -> Response[JobAccepted]:
    """A picture over the whole video, in a corner or the middle; named as in `/overlays`: `logo.png`, `asset:<id>`."""
    wanted, names = data.wanted(data.audio, "copy"), {"layers/0": ""}
    job = await submit_layers(services, data.video_id, data.source_variant_id, data.layers, names, wanted)
    return accepted(job, services.addresses)


@get("/fonts", summary="List fonts", operation_class=operation(responses={200: examples.FONTS}))
async def list_fonts(services: NamedDependency[Services]) -> list[FontOut]:
    """Those that texts can be drawn with: bundled, in FONT_DIR, the system's."""
    book = await services.studio.fonts()
    return [FontOut(family=font.family, style=font.style, file_name=font.path.name) for font in book.list()]


router = Router("/", route_handlers=[trim_video, overlay_video, watermark_video, list_fonts], tags=["edits"])
