"""The JSON of the second surface, exactly as its clients know it."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reelwright.api.schemas.base import Body, Timestamp
from reelwright.db.models import Job, Variant, Video
from reelwright.edits.kinds_and_states import JobStatus, Quality
from reelwright.edits.layers import ColorText, ImageLayer, TextLayer, VideoLayer, WatermarkLayer
from reelwright.edits.outputs import Ladder
from reelwright.edits.placement import Anchored

Status = Literal["pending", "processing", "completed", "failed"]

STATUSES: dict[JobStatus, Status] = {
    JobStatus.PENDING: "pending",
    JobStatus.STARTED: "processing",
    JobStatus.SUCCESS: "completed",
    JobStatus.FAILURE: "failed",
    JobStatus.CANCELLED: "failed",
}


class V1Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job's answer."""

    job_id: uuid.UUID
    status: Status
    progress: Annotated[int, Meta(ge=0, le=100)]
    created_at: Timestamp
    error_message: str | None

    @classmethod
    def of(cls, job: Job) -> V1Job:
        return cls(
            job_id=job.id,
            status=STATUSES[job.status],
            progress=job.progress,
            created_at=job.created_at,
            error_message=error_message(job),
        )


class V1Upload(V1Job, frozen=True, kw_only=True):
    """An upload's answer: a job that is done, and the video."""

    video_id: uuid.UUID


def error_message(job: Job) -> str | None:
    return "cancelled" if job.status is JobStatus.CANCELLED else job.error_message


class V1Video(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded video."""

    id: uuid.UUID
    filename: str
    original_filename: str
    file_size: int
    duration: float | None
    width: int
    height: int
    format: str
    mime_type: str
    upload_time: Timestamp

    @classmethod
    def of(cls, video: Video) -> V1Video:
        return cls(
            id=video.id,
            filename=video.stored_path.removeprefix("uploads/"),
            original_filename=video.original_filename,
            file_size=video.size_bytes,
            duration=None if video.duration_sec is None else float(video.duration_sec),
            width=video.width,
            height=video.height,
            format=video.format,
            mime_type=video.mime_type,
            upload_time=video.upload_time,
        )


class V1VideoList(msgspec.Struct, frozen=True, kw_only=True):
    """One page of videos, newest first."""

    videos: list[V1Video]
    total: int
    page: int
    limit: int


class V1Trim(Body, frozen=True, kw_only=True):
    """Keep the frames with start_time <= t < end_time, seconds."""

    video_id: uuid.UUID
    start_time: Annotated[float, Meta(ge=0)]
    end_time: Annotated[float, Meta(gt=0)]


class V1Overlay(Body, frozen=True, kw_only=True):
    """Lay one text, picture or video over a video. `content`: the text, or a picture below the assets folder, or a
    stored video; `language` chooses the font."""

    video_id: uuid.UUID
    overlay_type: Literal["text", "image", "video"]
    content: Annotated[str, Meta(min_length=1, max_length=1024)]
    position_x: Annotated[int, Meta(ge=0)] = 0
    position_y: Annotated[int, Meta(ge=0)] = 0
    start_time: Annotated[float, Meta(ge=0)] = 0.0
    end_time: Annotated[float, Meta(gt=0)] | None = None
    font_size: Annotated[int, Meta(gt=0, le=1000)] = 24
    font_color: ColorText = "white"
    language: str = "en"

    def layer(self, font: str | None) -> TextLayer | ImageLayer | VideoLayer:
        """`font`: for a text, None the default."""
        x, y, start, end = float(self.position_x), float(self.position_y), self.start_time, self.end_time
        if self.overlay_type == "text":
            return TextLayer(
                text=self.content,
                font=font,
                font_size=self.font_size,
                color=self.font_color,
                x=x,
                y=y,
                start=start,
                end=end,
            )
        if self.overlay_type == "image":
            return ImageLayer(image_path=self.content, x=x, y=y, start=start, end=end)
        return VideoLayer(video_path=self.content, x=x, y=y, start=start, end=end)


class V1Watermark(Body, frozen=True, kw_only=True):
    """Lay a picture over the whole video."""

    video_id: uuid.UUID
    watermark_path: Annotated[str, Meta(min_length=1, max_length=1024)]
    position: Literal["top-left", "top-right", "bottom-left", "bottom-right", "center"] = "bottom-right"
    opacity: Annotated[float, Meta(ge=0.1, le=1)] = 0.8

    def layer(self) -> WatermarkLayer:
        anchor = Anchored(anchor=self.position, margin=10)
        return WatermarkLayer(image_path=self.watermark_path, position=anchor, opacity=self.opacity)


class V1Quality(Body, frozen=True, kw_only=True):
    """Make a video in several qualities; all that are named are made."""

    video_id: uuid.UUID
    qualities: Annotated[tuple[str, ...], Meta(max_length=8)] = ("1080p", "720p", "480p")

    def ladder(self) -> Ladder:
        return Ladder(qualities=tuple(map(Quality, self.qualities)))


class V1Output(msgspec.Struct, frozen=True, kw_only=True):
    """One of several outputs."""

    quality: str
    processed_video_id: uuid.UUID
    file_path: str

    @classmethod
    def of(cls, variant: Variant) -> V1Output:
        quality = variant.quality.value if variant.quality else "source"
        return cls(quality=quality, processed_video_id=variant.id, file_path=variant.stored_path)


class V1Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a job, in any state. `results`: where it has several outputs, those that are there; the path
    beside them is the best one's, null once that is deleted."""

    job_id: uuid.UUID
    status: Status
    result_file_path: str | None
    processed_video_id: uuid.UUID | None
    error_message: str | None
    results: list[V1Output] | msgspec.UnsetType = msgspec.UNSET
