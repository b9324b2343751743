"""The JSON of where a variant comes from."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Address, Timestamp, Url
from reelwright.api.schemas.labels import TitleOut
from reelwright.edits.kinds_and_states import KIND_OF_JOB, VariantKind
from reelwright.library.lineage import Lineage, Link


class LinkOut(msgspec.Struct, frozen=True, kw_only=True):
    """One step back: a variant, and the edit that made it of the one after it; or, last, the upload. What was deleted
    has no `url`; its job tells what it was."""

    id: uuid.UUID
    type: Literal["variant", "video"]
    kind: Annotated[VariantKind | None, Meta(description="Of a variant: what was done.")]
    deleted: bool
    title: TitleOut
    url: Url | None
    edit: Annotated[dict[str, Any] | None, Meta(description="What was asked for, in terms of the one after it.")]
    job_id: uuid.UUID | None
    job_url: Address | None
    created_at: Timestamp | None

    @classmethod
    def of(cls, link: Link, addresses: Addresses) -> LinkOut:
        variant, job = link.variant, link.job
        job_id = job.id if job is not None else variant.job_id if variant is not None else None
        name = "" if variant is None else PurePosixPath(variant.stored_path).name
        labels = variant.labels if variant is not None else job.labels if job is not None else {}
        return cls(
            id=link.variant_id,
            type="variant",
            kind=variant.kind if variant is not None else KIND_OF_JOB.get(job.type) if job is not None else None,
            deleted=variant is None,
            title=labels.get("title"),
            url=None if variant is None else addresses.variant_file(variant.id, name),
            edit=None if job is None else job.edit_json,
            job_id=job_id,
            job_url=None if job is None else addresses.job(job.id),
            created_at=variant.created_at if variant is not None else job.created_at if job is not None else None,
        )


class LineageOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a variant comes from: itself first, the upload last."""

    variant_id: uuid.UUID
    items: list[LinkOut]
    complete: Annotated[
        bool, Meta(description="False where the job that made one of them is not known: more may have lain between.")
    ]

    @classmethod
    def of(cls, lineage: Lineage, addresses: Addresses) -> LineageOut:
        video = lineage.video
        upload = LinkOut(
            id=video.id,
            type="video",
            kind=None,
            deleted=False,
            title=video.labels.get("title"),
            url=addresses.video_file(video.stored_path),
            edit=None,
            job_id=None,
            job_url=None,
            created_at=video.upload_time,
        )
        items = [*(LinkOut.of(link, addresses) for link in lineage.links), upload]
        return cls(variant_id=lineage.links[0].variant_id, items=items, complete=lineage.complete)
