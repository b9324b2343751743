"""Kinds and states, the words that requests, rows and answers share: of jobs, results, files, qualities, layers."""

from __future__ import annotations

from enum import StrEnum


class VariantKind(StrEnum):
    TRIM = "trim"
    OVERLAY = "overlay"
    WATERMARK = "watermark"
    TRANSCODE = "transcode"
    EDIT = "edit"


class Quality(StrEnum):
    """`source`: at the size of what it was made of; the others are orientation-aware boxes."""

    SOURCE = "source"
    P2160 = "2160p"
    P1440 = "1440p"
    P1080 = "1080p"
    P720 = "720p"
    P480 = "480p"
    P360 = "360p"
    P240 = "240p"


class JobType(StrEnum):
    UPLOAD_PROBE = "upload_probe"
    TRIM = "trim"
    OVERLAY = "overlay"
    WATERMARK = "watermark"
    TRANSCODE_MULTI = "transcode_multi"
    EDIT = "edit"
    IMPORT = "import"


KIND_OF_JOB = {
    JobType.TRIM: VariantKind.TRIM,
    JobType.OVERLAY: VariantKind.OVERLAY,
    JobType.WATERMARK: VariantKind.WATERMARK,
    JobType.TRANSCODE_MULTI: VariantKind.TRANSCODE,
    JobType.EDIT: VariantKind.EDIT,
}
"""What a job makes; those that bring a video in make none."""


class JobStatus(StrEnum):
    PENDING = "PENDING"
    STARTED = "STARTED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        return self in (JobStatus.SUCCESS, JobStatus.FAILURE, JobStatus.CANCELLED)


class OverlayType(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    WATERMARK = "watermark"


class FileRole(StrEnum):
    MAIN = "main"
    POSTER = "poster"
    THUMBNAIL = "thumbnail"
    SPRITE = "sprite"
    VTT = "vtt"
    HLS = "hls"
    DASH = "dash"
    PREVIEW = "preview"
