"""The JSON of variants: of their files, their tracks of subtitles, and what they were held to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Address, DownloadUrl, Page, Timestamp, Url
from reelwright.api.schemas.keeping import VariantKeptUntil
from reelwright.api.schemas.labels import ExternalIdOut, MetadataOut, TagsOut, TitleOut, shown
from reelwright.db.models import File, Variant
from reelwright.edits.cues.track import ToldTrack
from reelwright.edits.kinds_and_states import FileRole, Quality, VariantKind
from reelwright.edits.result_check import Outcome


class FileOut(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a variant, at `/variants/{id}/files/{name}`."""

    name: str
    url: Url
    role: FileRole
    size_bytes: int
    content_type: str

    @classmethod
    def of(cls, file: File, variant_id: uuid.UUID, addresses: Addresses) -> FileOut:
        return cls(
            name=file.name,
            url=addresses.variant_file(variant_id, file.name),
            role=file.role,
            size_bytes=file.size_bytes,
            content_type=file.content_type,
        )


class OutputCheckOut(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a result was held to before it was published."""

    name: str
    outcome: Annotated[
        Outcome,
        Meta(
            description="`noted`: worth a look, and no fault: a source may be black or silent, too. One that `failed`"
            " fails its job."
        ),
    ]
    seen: Annotated[str, Meta(description="What the file turned out to be.")]
    wanted: Annotated[str | None, Meta(description="What was planned, where there is a plan for it.")] = None


class SubtitlesOut(msgspec.Struct, frozen=True, kw_only=True):
    """A track of subtitles that a variant has."""

    language: Annotated[str, Meta(description="A tag of BCP 47; `und` where it is not known.", examples=["pt-BR"])]
    label: str
    default: bool
    forced: bool
    cues: int
    url: Annotated[
        str | None,
        Meta(description="The same as a WebVTT file; null where that lies beside a better variant of the same job."),
    ]


def subtitles_of(
    stored: Mapping[str, Any], files: list[File], variant_id: uuid.UUID, addresses: Addresses
) -> list[SubtitlesOut]:
    """Return the tracks as they were stored."""
    names = {file.name for file in files}
    return [
        SubtitlesOut(
            language=track.language,
            label=track.label,
            default=track.default,
            forced=track.forced,
            cues=track.cues,
            url=addresses.variant_file(variant_id, track.name) if track.name in names else None,
        )
        for track in msgspec.convert(stored.get("subtitles", []), list[ToldTrack])
    ]


def checks_of(stored: Mapping[str, Any]) -> list[OutputCheckOut]:
    """Return the checks as they were stored; none of results that were made before there were any."""
    return msgspec.convert(stored.get("checks", []), list[OutputCheckOut])


class VariantOut(msgspec.Struct, frozen=True, kw_only=True):
    """A result made of a video. Wherever a `video_id` is asked for, its `id` names it too. `reused_from`: the variant
    of an equal edit whose bytes it shares; each can be deleted by itself."""

    id: uuid.UUID
    video_id: uuid.UUID
    kind: VariantKind
    quality: Quality | None
    url: Url
    download_url: DownloadUrl
    job_url: Address | None
    lineage_url: Address
    stored_path: str
    size_bytes: int
    duration_sec: float | None
    width: int
    height: int
    created_at: Timestamp
    kept_until: VariantKeptUntil
    job_id: uuid.UUID | None
    source_variant_id: uuid.UUID | None
    reused_from: uuid.UUID | None
    title: TitleOut
    tags: TagsOut
    external_id: ExternalIdOut
    metadata: MetadataOut
    files: list[FileOut]
    subtitles: Annotated[
        list[SubtitlesOut], Meta(description="Tracks of text that it has, or that go with sound alone.")
    ]
    checks: Annotated[
        list[OutputCheckOut], Meta(description="What it was held to; empty for one that an older release made.")
    ]

    @classmethod
    def of(cls, variant: Variant, files: list[File], addresses: Addresses) -> VariantOut:
        return cls(
            id=variant.id,
            video_id=variant.video_id,
            kind=variant.kind,
            quality=variant.quality,
            url=addresses.variant_file(variant.id, PurePosixPath(variant.stored_path).name),
            download_url=addresses.variant_download(variant.id),
            job_url=None if variant.job_id is None else addresses.job(variant.job_id),
            lineage_url=addresses.lineage(variant.id),
            stored_path=variant.stored_path,
            size_bytes=variant.size_bytes,
            duration_sec=None if variant.duration_sec is None else float(variant.duration_sec),
            width=variant.width,
            height=variant.height,
            created_at=variant.created_at,
            kept_until=variant.kept_until,
            job_id=variant.job_id,
            source_variant_id=variant.source_variant_id,
            reused_from=variant.reused_from_variant_id,
            **shown(variant.labels),
            files=[FileOut.of(file, variant.id, addresses) for file in files],
            subtitles=subtitles_of(variant.checks, files, variant.id, addresses),
            checks=checks_of(variant.checks),
        )


class VariantPage(Page[VariantOut], frozen=True, kw_only=True):
    """One page of variants, newest first."""
