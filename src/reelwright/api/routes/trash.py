"""/trash: videos that were deleted, and can be had back for a while."""

from __future__ import annotations

from uuid import UUID

from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from reelwright.api.context import Services
from reelwright.api.openapi import retention_examples as examples
from reelwright.api.openapi.examples import VIDEO
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.pages import PageNumber, PageSize
from reelwright.api.schemas.trash import TrashedOut, TrashPage
from reelwright.api.schemas.videos import VideoOut
from reelwright.db.models import Video
from reelwright.library import deletion, trash


@get("/trash", summary="List the trash", operation_class=operation(responses={200: examples.TRASH}))
async def list_trash(services: NamedDependency[Services], page: PageNumber = 1, page_size: PageSize = 20) -> TrashPage:
    """Videos that were deleted where TRASH_DAYS, or the project's rule, keeps them for a while; what goes first before
    others. They are hidden everywhere else, and count as stored bytes."""
    async with services.sessions() as session:
        rows, total = await trash.page(session, offset=(page - 1) * page_size, limit=page_size)
    items = [TrashedOut.of(row, services.addresses) for row in rows]
    return TrashPage(items=items, total=total, page=page, page_size=page_size, next_cursor=None)


@delete("/trash/{video_id:uuid}", summary="Delete a video for good", operation_class=operation())
async def delete_for_good(video_id: FromPath[UUID], services: NamedDependency[Services]) -> None:
    """A video that is in the trash, now: nobody can have it back."""
    async with services.sessions.begin() as session:
        await trash.find(session, video_id)
        keys = await deletion.delete_video(session, video_id, Video.trash_until.is_not(None))
    await deletion.remove_files(services.storage, keys)


@post(
    "/videos/{video_id:uuid}/undelete",
    summary="Have a video back",
    status_code=200,
    operation_class=operation(responses={200: VIDEO}),
)
async def undelete_video(video_id: FromPath[UUID], services: NamedDependency[Services]) -> VideoOut:
    """From the trash, with all that was made of it, as it was. One that was deleted because its end had come is kept
    for good from now on, unless `PATCH /videos/{id}` says otherwise. 404 for what is not in the trash."""
    async with services.sessions.begin() as session:
        return VideoOut.of(await trash.have_back(session, video_id), services.addresses)


router = Router("/", route_handlers=[list_trash, delete_for_good, undelete_video], tags=["videos"])
