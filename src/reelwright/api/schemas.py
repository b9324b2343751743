"""The JSON that the first surface takes and gives. Every struct here is part of the API."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from reelwright.db.models import File, Job, JobEvent, Variant, Video
from reelwright.edits.model import AnyLayer, ImageLayer, TextLayer, VideoLayer, WatermarkLayer
from reelwright.edits.placement import Anchor
from reelwright.edits.source import MediaInfo
from reelwright.edits.timecode import Time
from reelwright.edits.vocabulary import FileRole, JobStatus, JobType, Quality, VariantKind

Item = TypeVar("Item")

Moment = Annotated[
    Time,
    Meta(
        description='Seconds (`2.5`) or `"HH:MM:SS(.sss)"` (`"00:00:02.500"`).',
        examples=[2.5, "00:00:02.500"],
    ),
]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body: unknown fields are refused."""


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
    stored_path: str
    size_bytes: int
    duration_sec: float | None
    width: int
    height: int
    format: str
    mime_type: str
    upload_time: datetime.datetime
    sha256: str
    media_info: MediaInfo

    @classmethod
    def of(cls, video: Video) -> VideoOut:
        return cls(
            id=video.id,
            original_filename=video.original_filename,
            stored_path=video.stored_path,
            size_bytes=video.size_bytes,
            duration_sec=None if video.duration_sec is None else float(video.duration_sec),
            width=video.width,
            height=video.height,
            format=video.format,
            mime_type=video.mime_type,
            upload_time=video.upload_time,
            sha256=video.sha256,
            media_info=msgspec.convert(video.media_info, MediaInfo),
        )


class FileOut(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a variant, at `/variants/{id}/files/{name}`."""

    name: str
    role: FileRole
    size_bytes: int
    content_type: str

    @classmethod
    def of(cls, file: File) -> FileOut:
        return cls(name=file.name, role=file.role, size_bytes=file.size_bytes, content_type=file.content_type)


class VariantOut(msgspec.Struct, frozen=True, kw_only=True):
    """A result made of a video."""

    id: uuid.UUID
    video_id: uuid.UUID
    kind: VariantKind
    quality: Quality | None
    stored_path: str
    size_bytes: int
    duration_sec: float | None
    width: int
    height: int
    created_at: datetime.datetime
    job_id: uuid.UUID | None
    source_variant_id: uuid.UUID | None
    files: list[FileOut]

    @classmethod
    def of(cls, variant: Variant, files: list[File]) -> VariantOut:
        return cls(
            id=variant.id,
            video_id=variant.video_id,
            kind=variant.kind,
            quality=variant.quality,
            stored_path=variant.stored_path,
            size_bytes=variant.size_bytes,
            duration_sec=None if variant.duration_sec is None else float(variant.duration_sec),
            width=variant.width,
            height=variant.height,
            created_at=variant.created_at,
            job_id=variant.job_id,
            source_variant_id=variant.source_variant_id,
            files=[FileOut.of(file) for file in files],
        )


class TrimIn(Body, frozen=True, kw_only=True):
    """Keep the frames with start <= t < end of the video, or of an earlier result of it."""

    video_id: uuid.UUID
    start: Moment
    end: Moment
    source_variant_id: Annotated[uuid.UUID | None, Meta(description="Build on this variant of the video.")] = None


class WatermarkIn(Body, frozen=True, kw_only=True):
    """A picture throughout. `x`, `y`: pixels or arithmetic; W and H are the video's sides, w and h the picture's."""

    image_path: Annotated[str, Meta(min_length=1, max_length=1024)]
    x: float | str = "W-w-20"
    y: float | str = "H-h-20"
    opacity: Annotated[float, Meta(ge=0, le=1)] = 0.5

    def layer(self) -> WatermarkLayer:
        return WatermarkLayer(image_path=self.image_path, x=self.x, y=self.y, opacity=self.opacity)


class OverlaysIn(Body, frozen=True, kw_only=True):
    """Lay texts, images and videos over the video, in one encode; the watermark lies above all."""

    video_id: uuid.UUID
    source_variant_id: Annotated[uuid.UUID | None, Meta(description="Build on this variant of the video.")] = None
    overlays: Annotated[list[TextLayer | ImageLayer | VideoLayer], Meta(max_length=20)] = []
    watermark: WatermarkIn | None = None

    @property
    def layers(self) -> tuple[AnyLayer, ...]:
        return (*self.overlays, *([self.watermark.layer()] if self.watermark else []))


class PlacedWatermarkIn(Body, frozen=True, kw_only=True):
    """Lay a picture over the whole video, in a corner or the middle."""

    video_id: uuid.UUID
    image_path: Annotated[str, Meta(min_length=1, max_length=1024)]
    position: Literal["top-left", "top-right", "bottom-left", "bottom-right", "center"] = "bottom-right"
    margin: Annotated[float, Meta(ge=0, le=10_000)] = 10
    opacity: Annotated[float, Meta(ge=0, le=1)] = 0.8
    source_variant_id: uuid.UUID | None = None

    @property
    def layers(self) -> tuple[AnyLayer, ...]:
        anchor = Anchor(anchor=self.position, margin=self.margin)
        return (WatermarkLayer(image_path=self.image_path, position=anchor, opacity=self.opacity),)


class FontOut(msgspec.Struct, frozen=True, kw_only=True):
    """A font that texts can name by `family`, by family and `style`, or by `file_name`."""

    family: str
    style: str
    file_name: str


class JobAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """Long work was accepted; `Location` names the job."""

    job_id: uuid.UUID
    status: JobStatus
    warnings: list[str]

    @classmethod
    def of(cls, job: Job) -> JobAccepted:
        return cls(job_id=job.id, status=job.status, warnings=job.warnings or [])


class StatusOut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job is. `progress`: per cent, 100 exactly when SUCCESS."""

    job_id: uuid.UUID
    status: JobStatus
    progress: int
    error_message: str | None

    @classmethod
    def of(cls, job: Job) -> StatusOut:
        return cls(job_id=job.id, status=job.status, progress=job.progress, error_message=job.error_message)


class JobErrorOut(msgspec.Struct, frozen=True, kw_only=True):
    """Why a job, or its last attempt, failed."""

    code: str
    detail: str
    stage: str | None = None
    exit_status: int | None = None
    stderr_tail: str | None = None


class OutputOut(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a job. `variant_id` is there when it is done."""

    index: int
    quality: Quality
    width: int
    height: int
    progress: int
    variant_id: uuid.UUID | None


class JobOut(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a job. `speed` is times real time; `eta_s` an estimate; `commands` have slots for paths."""

    job_id: uuid.UUID
    type: JobType
    status: JobStatus
    progress: int
    stage: str | None
    video_id: uuid.UUID | None
    input_variant_id: uuid.UUID | None
    output_variant_id: uuid.UUID | None
    outputs: list[OutputOut]
    warnings: list[str]
    error_message: str | None
    error: JobErrorOut | None
    attempt: int
    failures: int
    max_failures: int
    worker: str | None
    speed: float | None
    eta_s: float | None
    created_at: datetime.datetime
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    updated_at: datetime.datetime
    edit: dict[str, Any] | None
    plan: dict[str, Any] | None
    plan_digest: str | None
    commands: list[list[str]]

    @classmethod
    def of(cls, job: Job) -> JobOut:
        recipe = job.recipe_json or {"commands": []}
        return cls(
            job_id=job.id,
            type=job.type,
            status=job.status,
            progress=job.progress,
            stage=job.stage,
            video_id=job.video_id,
            input_variant_id=job.input_variant_id,
            output_variant_id=job.output_variant_id,
            outputs=_outputs(job),
            warnings=job.warnings or [],
            error_message=job.error_message,
            error=None if job.error is None else msgspec.convert(job.error, JobErrorOut),
            attempt=job.attempt,
            failures=job.failures,
            max_failures=job.max_failures,
            worker=job.worker,
            speed=job.speed,
            eta_s=_eta_s(job),
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            updated_at=job.updated_at,
            edit=job.edit_json,
            plan=job.plan_json,
            plan_digest=job.plan_digest,
            commands=[["ffmpeg", *command["arguments"]] for command in recipe["commands"]],
        )


def _outputs(job: Job) -> list[OutputOut]:
    planned = job.plan_json["outputs"] if job.plan_json else []
    return [
        OutputOut(
            index=index,
            quality=Quality(expected["output"]["quality"]),
            width=expected["width"],
            height=expected["height"],
            progress=job.progress,
            variant_id=job.output_variant_id,
        )
        for index, expected in enumerate(planned)
    ]


def _eta_s(job: Job) -> float | None:
    if job.status is not JobStatus.STARTED or not job.started_at or job.progress < 2:
        return None
    elapsed_s = (datetime.datetime.now(datetime.UTC) - job.started_at).total_seconds()
    return round(max(0.0, elapsed_s * (100 - job.progress) / job.progress), 1)


class StateEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A transition of a job, as `event: state`; its id is the sequence number."""

    job_id: uuid.UUID
    status: JobStatus
    attempt: int
    at: datetime.datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, event: JobEvent) -> StateEvent:
        return cls(
            job_id=event.job_id,
            status=JobStatus(event.type),
            attempt=event.attempt,
            at=event.created_at,
            data=event.data,
        )


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is, as `event: progress`."""

    job_id: uuid.UUID
    status: JobStatus
    progress: int
    stage: str | None
    speed: float | None
    eta_s: float | None

    @classmethod
    def of(cls, job: Job) -> ProgressEvent:
        return cls(
            job_id=job.id,
            status=job.status,
            progress=job.progress,
            stage=job.stage,
            speed=job.speed,
            eta_s=_eta_s(job),
        )


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
    """Whether the service can do its work, part by part."""

    status: Literal["ready", "not_ready"]
    checks: list[CheckOut]
