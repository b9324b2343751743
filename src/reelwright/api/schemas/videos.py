"""The JSON that the first surface takes and gives, but for jobs. Every struct here is part of the API."""

from __future__ import annotations

import datetime
import uuid
from pathlib import PurePosixPath
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Body, Moment
from reelwright.api.schemas.coding import CutSoundIn, EditIn, LaidSoundIn
from reelwright.api.schemas.media_info import MediaInfoOut
from reelwright.db.models import Asset, File, Variant, Video
from reelwright.edits.edit import AnyLayer, ImageLayer, Place, TextLayer, VideoLayer, WatermarkLayer
from reelwright.edits.enums import FileRole, Quality, VariantKind
from reelwright.edits.placement import Anchored

Item = TypeVar("Item")

Url = Annotated[str, Meta(description="Address of the file's bytes on this host, from the slash on.")]

Timestamp = Annotated[datetime.datetime, Meta(tz=True)]
"""A point in time, as RFC 3339 has it."""


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """One page of a list."""

    items: list[Item]
    total: int
    page: int
    page_size: int


class VideoOut(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded video. `width` and `height` are as displayed; `stored_path` is relative to the media root."""

    id: uuid.UUID
    original_filename: str
    url: Url
    stored_path: str
    size_bytes: int
    duration_sec: float | None
    width: int
    height: int
    format: str
    mime_type: str
    upload_time: Timestamp
    sha256: str
    media_info: MediaInfoOut

    @classmethod
    def of(cls, video: Video, addresses: Addresses) -> VideoOut:
        return cls(
            id=video.id,
            original_filename=video.original_filename,
            url=addresses.video_file(video.stored_path),
            stored_path=video.stored_path,
            size_bytes=video.size_bytes,
            duration_sec=None if video.duration_sec is None else float(video.duration_sec),
            width=video.width,
            height=video.height,
            format=video.format,
            mime_type=video.mime_type,
            upload_time=video.upload_time,
            sha256=video.sha256,
            media_info=MediaInfoOut.of(video.media_info),
        )


class VideoPage(Page[VideoOut], frozen=True, kw_only=True):
    """One page of videos."""


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


class VariantOut(msgspec.Struct, frozen=True, kw_only=True):
    """A result made of a video. Wherever a `video_id` is asked for, its `id` names it too."""

    id: uuid.UUID
    video_id: uuid.UUID
    kind: VariantKind
    quality: Quality | None
    url: Url
    stored_path: str
    size_bytes: int
    duration_sec: float | None
    width: int
    height: int
    created_at: Timestamp
    job_id: uuid.UUID | None
    source_variant_id: uuid.UUID | None
    files: list[FileOut]

    @classmethod
    def of(cls, variant: Variant, files: list[File], addresses: Addresses) -> VariantOut:
        return cls(
            id=variant.id,
            video_id=variant.video_id,
            kind=variant.kind,
            quality=variant.quality,
            url=addresses.variant_file(variant.id, PurePosixPath(variant.stored_path).name),
            stored_path=variant.stored_path,
            size_bytes=variant.size_bytes,
            duration_sec=None if variant.duration_sec is None else float(variant.duration_sec),
            width=variant.width,
            height=variant.height,
            created_at=variant.created_at,
            job_id=variant.job_id,
            source_variant_id=variant.source_variant_id,
            files=[FileOut.of(file, variant.id, addresses) for file in files],
        )


class AssetOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that overlays may name as `asset:<id>`. `width` and `height` are as displayed."""

    id: uuid.UUID
    name: str
    url: Url
    kind: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    created_at: Timestamp

    @classmethod
    def of(cls, asset: Asset, addresses: Addresses) -> AssetOut:
        return cls(
            id=asset.id,
            name=asset.name,
            url=addresses.asset_file(asset.id),
            kind=asset.kind,
            content_type=asset.content_type,
            width=asset.width,
            height=asset.height,
            size_bytes=asset.size_bytes,
            sha256=asset.sha256,
            created_at=asset.created_at,
        )


class AssetPage(Page[AssetOut], frozen=True, kw_only=True):
    """One page of assets."""


SourceId = Annotated[uuid.UUID, Meta(description="What is worked on: an upload, or a variant, by its own id.")]
VariantId = Annotated[
    uuid.UUID | None, Meta(description="Build on this variant of the video; the same as to name it as `video_id`.")
]


class TrimIn(EditIn, frozen=True, kw_only=True):
    """Keep the frames with start <= t < end of the video, or of an earlier result of it."""

    video_id: SourceId
    start: Moment
    end: Annotated[Moment | None, Meta(description="As `start`. Omitted: to the end of the video.")] = None
    source_variant_id: VariantId = None
    audio: CutSoundIn | None = None


class WatermarkIn(Body, frozen=True, kw_only=True):
    """A picture throughout. `x`, `y`: pixels or arithmetic; W and H are the video's sides, w and h the picture's."""

    image_path: Annotated[str, Meta(min_length=1, max_length=1024)]
    x: Place = "W-w-20"
    y: Place = "H-h-20"
    opacity: Annotated[float, Meta(ge=0, le=1)] = 0.5

    def layer(self) -> WatermarkLayer:
        return WatermarkLayer(image_path=self.image_path, x=self.x, y=self.y, opacity=self.opacity)


class OverlaysIn(EditIn, frozen=True, kw_only=True):
    """Lay texts, images and videos over the video, in one encode; the watermark lies above all."""

    video_id: SourceId
    source_variant_id: VariantId = None
    overlays: Annotated[list[TextLayer | ImageLayer | VideoLayer], Meta(max_length=20)] = msgspec.field(
        default_factory=list
    )
    watermark: WatermarkIn | None = None
    audio: LaidSoundIn | None = None

    @property
    def layers(self) -> tuple[AnyLayer, ...]:
        return (*self.overlays, *([self.watermark.layer()] if self.watermark else []))


class PlacedWatermarkIn(EditIn, frozen=True, kw_only=True):
    """Lay a picture over the whole video, in a corner or the middle."""

    video_id: SourceId
    image_path: Annotated[str, Meta(min_length=1, max_length=1024)]
    position: Literal["top-left", "top-right", "bottom-left", "bottom-right", "center"] = "bottom-right"
    margin: Annotated[float, Meta(ge=0, le=10_000)] = 10
    opacity: Annotated[float, Meta(ge=0, le=1)] = 0.8
    source_variant_id: VariantId = None
    audio: LaidSoundIn | None = None

    @property
    def layers(self) -> tuple[AnyLayer, ...]:
        anchor = Anchored(anchor=self.position, margin=self.margin)
        return (WatermarkLayer(image_path=self.image_path, position=anchor, opacity=self.opacity),)


class FontOut(msgspec.Struct, frozen=True, kw_only=True):
    """A font that texts can name by `family`, by family and `style`, or by `file_name`."""

    family: str
    style: str
    file_name: str


class ServiceOut(msgspec.Struct, frozen=True, kw_only=True):
    """What this is and where its documentation lies."""

    message: str
    name: str
    version: str
    docs: str
    redoc: str
    openapi: str


class HealthOut(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: Literal["healthy"] = "healthy"


class CheckOut(msgspec.Struct, frozen=True, kw_only=True):
    """One part that the service needs."""

    name: str
    ok: bool
    detail: str | None = None


class ReadyOut(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the service can do its work, part by part. `degraded`: it takes uploads and jobs, which wait for a worker
    that can do them."""

    status: Literal["ready", "degraded", "not_ready"]
    checks: list[CheckOut]
