"""/variants: results, one by one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import HttpMethod, Router, delete, get, patch, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter
from msgspec import UNSET

from reelwright.api import downloads
from reelwright.api.context import Services
from reelwright.api.http.file_response import FileDownload
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.keeping import StoredPatch
from reelwright.api.schemas.label_filters import ExternalIdParameter, MetadataParameter, TagParameter
from reelwright.api.schemas.lineage import LineageOut
from reelwright.api.schemas.pages import After, PageNumber, PageSize, wanted
from reelwright.api.schemas.variants import VariantOut, VariantPage
from reelwright.db.models import Variant
from reelwright.edits.kinds_and_states import VariantKind
from reelwright.errors import FieldError, InvalidInput
from reelwright.library import deletion, lineage, queries, retention, stored_labels


@get("/", summary="List variants", operation_class=operation(responses={200: examples.VARIANTS}))
async def list_variants(
    services: NamedDependency[Services],
    kind: Annotated[VariantKind | None, QueryParameter(description="Only what was made so.")] = None,
    video_id: Annotated[UUID | None, QueryParameter(description="Only what was made of this upload.")] = None,
    tag: TagParameter = None,
    external_id: ExternalIdParameter = None,
    metadata: MetadataParameter = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: After = None,
) -> VariantPage:
    """Everything that was made, newest first; only what has all that is named."""
    asked = wanted(page, page_size, cursor, tag=tag, external_id=external_id, metadata=metadata)
    async with services.sessions() as session:
        part = await queries.all_variants(session, asked, kind=kind, video_id=video_id)
        files = await queries.files_of_variants(session, [variant.id for variant in part.rows])
    items = [VariantOut.of(variant, files.get(variant.id, []), services.addresses) for variant in part.rows]
    return VariantPage.of(part, asked, items)


@get("/{variant_id:uuid}", summary="Look up a variant", operation_class=operation(responses={200: examples.VARIANT}))
async def get_variant(variant_id: FromPath[UUID], services: NamedDependency[Services]) -> VariantOut:
    """A result and its files."""
    async with services.sessions() as session:
        variant = await queries.variant(session, variant_id)
        return VariantOut.of(variant, await queries.files_of_variant(session, variant_id), services.addresses)


@patch(
    "/{variant_id:uuid}",
    summary="Change what is said of a variant",
    operation_class=operation(
        request_examples=examples.CHANGES,
        responses={200: examples.VARIANT},
        errors=[InvalidInput([FieldError("/tags/0", "is blank")])],
    ),
)
async def change_variant(
    variant_id: FromPath[UUID], data: JSONBody[StoredPatch], services: NamedDependency[Services]
) -> VariantOut:
    """As of a video. What its job was given at first stays with the job."""
    labels, given = data.change()
    async with services.sessions.begin() as session:
        await stored_labels.change(session, Variant, variant_id, labels, given)
        if data.keep_s is not UNSET:
            await retention.change(session, Variant, variant_id, data.keep_s, services.keep_rules)
        variant = await queries.variant(session, variant_id)
        return VariantOut.of(variant, await queries.files_of_variant(session, variant_id), services.addresses)


@get(
    "/{variant_id:uuid}/lineage",
    summary="Where a variant comes from",
    operation_class=operation(responses={200: examples.LINEAGE}),
)
async def get_lineage(variant_id: FromPath[UUID], services: NamedDependency[Services]) -> LineageOut:
    """The variant, what it was made of, and so on, back to the upload; each with the edit and the job that made it.
    What was deleted since is named and marked."""
    async with services.sessions() as session:
        return LineageOut.of(await lineage.lineage(session, variant_id), services.addresses)


@route(
    "/{variant_id:uuid}/download",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download a variant",
    operation_class=operation(download="*/*"),
)
async def download(variant_id: FromPath[UUID], services: NamedDependency[Services]) -> FileDownload:
    """The variant's main file. Takes `Range`, `If-Range`, `If-None-Match` and `HEAD`."""
    async with services.sessions.single_statements() as session:
        return await downloads.download_variant(services, session, variant_id)


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
    async with services.sessions.single_statements() as session:
        return await downloads.download_file(services, session, variant_id, name)


@delete("/{variant_id:uuid}", summary="Delete a variant", operation_class=operation(errors=[examples.IN_USE]))
async def delete_variant(variant_id: FromPath[UUID], services: NamedDependency[Services]) -> None:
    """Deletes the result and its files. 409 `in_use` while an unfinished job reads it."""
    async with services.sessions.begin() as session:
        keys = await deletion.delete_variant(session, variant_id)
    await deletion.remove_files(services.storage, keys)


router = Router(
    "/variants",
    route_handlers=[list_variants, get_variant, change_variant, get_lineage, download, download_file, delete_variant],
    tags=["variants"],
)
