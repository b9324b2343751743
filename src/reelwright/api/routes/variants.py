"""/variants: results, one by one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import HttpMethod, Router, delete, get, route
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter

from reelwright.api.context import Services
from reelwright.api.downloads import download as send
from reelwright.api.downloads import download_variant
from reelwright.api.http.file_response import FileDownload
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.videos import VariantOut
from reelwright.library import deletion, queries


@get("/{variant_id:uuid}", summary="Look up a variant", operation_class=operation(responses={200: examples.VARIANT}))
async def get_variant(variant_id: FromPath[UUID], services: NamedDependency[Services]) -> VariantOut:
    """A result and its files."""
    async with services.sessions() as session:
        variant = await queries.variant(session, variant_id)
        return VariantOut.of(variant, await queries.files_of_variant(session, variant_id), services.addresses)


@route(
    "/{variant_id:uuid}/download",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download a variant",
    operation_class=operation(download="video/*"),
)
async def download(variant_id: FromPath[UUID], services: NamedDependency[Services]) -> FileDownload:
    """The variant's main file. Takes `Range`, `If-Range`, `If-None-Match` and `HEAD`."""
    async with services.sessions() as session:
        return await download_variant(services, session, variant_id)


@route(
    "/{variant_id:uuid}/files/{name:str}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Fetch one file of a variant",
    operation_class=operation(download="*/*"),
)
async def download_file(
    variant_id: FromPath[UUID],
    name: Annotated[str, PathParameter(description="One of the variant's `files`.")],
    services: NamedDependency[Services],
) -> FileDownload:
    """Any file of the variant by its name, to be shown in the page."""
    async with services.sessions() as session:
        variant = await queries.variant(session, variant_id)
        file = await queries.named_file(session, variant_id, name)
    return send(services, file, filename=file.name, last_modified=variant.created_at, inline=True)


@delete("/{variant_id:uuid}", summary="Delete a variant", operation_class=operation(errors=[examples.IN_USE]))
async def delete_variant(variant_id: FromPath[UUID], services: NamedDependency[Services]) -> None:
    """Deletes the result and its files. 409 `in_use` while an unfinished job reads it."""
    async with services.sessions.begin() as session:
        keys = await deletion.delete_variant(session, variant_id)
    await deletion.remove_files(services.storage, keys)


router = Router("/variants", route_handlers=[get_variant, download, download_file, delete_variant], tags=["variants"])
