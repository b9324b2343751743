"""/assets: upload, list, look up, change, download, delete the pictures, sounds and subtitles that edits use."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import HttpMethod, Request, Response, Router, delete, get, patch, post, route
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from reelwright.access.concurrent_uploads import uploading
from reelwright.api.context import Services
from reelwright.api.downloads import download as send
from reelwright.api.http.file_response import FileDownload
from reelwright.api.http.multipart import incoming_file
from reelwright.api.http.upload_checksum import declared_checksum
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.assets import AssetOut, AssetPage
from reelwright.api.schemas.keeping import AssetPatch, AssetSaidIn
from reelwright.api.schemas.pages import After, PageNumber, PageSize, wanted
from reelwright.api.schemas.upload_forms import ASSET_FORM_FIELDS, keep_s_in_form
from reelwright.api.video_uploads import file_bytes, of_right_fields
from reelwright.db.models import Asset
from reelwright.errors import NoSpace, RequestTimeout, TooLarge, UnreadableMedia, UnsupportedMedia
from reelwright.library import deletion, queries, retention, uploaded_assets

LOCATION = ResponseHeader(
    name="Location", description="Address of the asset: `/assets/{id}`.", documentation_only=True, required=True
)

Order = Literal["created_at", "-created_at", "size_bytes", "-size_bytes", "name", "-name"]


@post(
    "/",
    summary="Upload a picture, a sound or subtitles",
    request_max_body_size=None,
    response_headers=[LOCATION],
    operation_class=operation(
        upload="file",
        form=AssetSaidIn,
        responses={201: examples.ASSET},
        errors=[
            UnsupportedMedia(uploaded_assets.UNSUPPORTED),
            UnreadableMedia("The picture is damaged: reading it failed."),
            UnreadableMedia(
                "The picture has 8192 x 4320 pixels, 25000000 in all are taken: make it smaller.",
                code="too_many_pixels",
            ),
            TooLarge("The file is larger than 20971520 bytes."),
            RequestTimeout("Nothing came for 60 s."),
            NoSpace("there is no room for 20480 more bytes on the storage disk"),
        ],
    ),
)
async def upload(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[AssetOut]:
    """A picture (PNG, JPEG, WebP, GIF), a sound (MP3, WAV, M4A, Ogg, FLAC) or subtitles (SRT, WebVTT), by content.
    Overlays name a picture `asset:<id>` wherever they take an `image_path`; the steps `audio` and `concat` take it or a
    sound as a `source`, the step `subtitles` its `file`.

    `width` and `height` are as shown, after the picture's own rotation mark; a sound has its `duration_s`, measured.
    What is refused leaves nothing behind.
    """
    settings = services.settings
    async with (
        uploading(services.sessions, file_bytes(request)),
        incoming_file(
            request,
            texts=ASSET_FORM_FIELDS,
            max_file_bytes=settings.max_asset_bytes,
            idle_timeout_s=settings.upload_idle_timeout_s,
        ) as incoming,
    ):
        asset = await uploaded_assets.store_asset(
            of_right_fields(incoming, keep_s_in_form),
            name=incoming.filename,
            storage=services.storage,
            overlay_images=services.overlay_images,
            prober=services.prober,
            sessions=services.sessions,
            expected_bytes=request.content_length or 0,
            expected_sha256=declared_checksum(request.scope),
            asked_keep_s=lambda: keep_s_in_form(incoming.fields),
            keep_rules=services.keep_rules,
        )
    location = services.addresses.asset(asset.id)
    return Response(AssetOut.of(asset, services.addresses), headers={"Location": location})


@get("/", summary="List assets", operation_class=operation(responses={200: examples.ASSETS}))
async def list_assets(
    services: NamedDependency[Services],
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: After = None,
    order: Annotated[
        Order, QueryParameter(description="Field to order by; a minus before it: descending.")
    ] = "-created_at",
) -> AssetPage:
    """Newest first, unless another order is asked for."""
    descending = order.startswith("-") if order.endswith("created_at") else None
    asked = wanted(page, page_size, cursor, descending=descending)
    async with services.sessions() as session:
        part = await queries.assets(session, asked, order)
    items = [AssetOut.of(asset, services.addresses) for asset in part.rows]
    return AssetPage.of(part, asked, items)


@get("/{asset_id:uuid}", summary="Look up an asset", operation_class=operation(responses={200: examples.ASSET}))
async def get_asset(asset_id: FromPath[UUID], services: NamedDependency[Services]) -> AssetOut:
    """All that is known of an asset."""
    async with services.sessions() as session:
        return AssetOut.of(await queries.asset(session, asset_id), services.addresses)


@patch(
    "/{asset_id:uuid}",
    summary="Change how long an asset is kept",
    operation_class=operation(request_examples=examples.ASSET_CHANGES, responses={200: examples.ASSET}),
)
async def change_asset(
    asset_id: FromPath[UUID], data: JSONBody[AssetPatch], services: NamedDependency[Services]
) -> AssetOut:
    """`keep_s` counts from now; null: as the project's rule says. What is left out stays as it is."""
    async with services.sessions.begin() as session:
        if data.keep_s is not UNSET:
            await retention.change(session, Asset, asset_id, data.keep_s, services.keep_rules)
        return AssetOut.of(await queries.asset(session, asset_id), services.addresses)


@route(
    "/{asset_id:uuid}/download",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download an asset",
    operation_class=operation(download="image/*"),
)
async def download(asset_id: FromPath[UUID], services: NamedDependency[Services]) -> FileDownload:
    """The file as it came. Takes `Range`, `If-Range`, `If-None-Match` and `HEAD`."""
    async with services.sessions() as session:
        asset = await queries.asset(session, asset_id)
        file = await queries.file_of_asset(session, asset_id)
    return send(services, file, filename=asset.name, last_modified=asset.created_at)


@delete("/{asset_id:uuid}", summary="Delete an asset", operation_class=operation(errors=[examples.IN_USE]))
async def delete_asset(asset_id: FromPath[UUID], services: NamedDependency[Services]) -> None:
    """A picture or subtitles at any time: a job keeps what was drawn of them when it was accepted. A sound when no
    unfinished job reads it: 409 `in_use` else. Templates that name it are let be."""
    async with services.sessions.begin() as session:
        keys = await deletion.delete_asset(session, asset_id)
    await deletion.remove_files(services.storage, keys)


router = Router(
    "/assets",
    route_handlers=[upload, list_assets, get_asset, change_asset, download, delete_asset],
    tags=["assets"],
)
