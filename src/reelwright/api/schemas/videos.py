"""The JSON of uploaded videos."""

from __future__ import annotations

import uuid

import msgspec

from reelwright.api.http.addresses import Addresses
from reelwright.api.schemas.base import Address, DownloadUrl, Page, Timestamp, Url
from reelwright.api.schemas.keeping import KeptUntil
from reelwright.api.schemas.labels import ExternalIdOut, MetadataOut, TagsOut, TitleOut, shown
from reelwright.api.schemas.media_info import MediaInfoOut
from reelwright.db.models import Video


class VideoOut(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded video. `width` and `height` are as displayed; `stored_path` is relative to the media root."""

    id: uuid.UUID
    original_filename: str
    url: Url
    download_url: DownloadUrl
    variants_url: Address
    stored_path: str
    size_bytes: int
    duration_sec: float | None
    width: int
    height: int
    format: str
    mime_type: str
    upload_time: Timestamp
    kept_until: KeptUntil
    sha256: str
    title: TitleOut
    tags: TagsOut
    external_id: ExternalIdOut
    metadata: MetadataOut
    media_info: MediaInfoOut

    @classmethod
    def of(cls, video: Video, addresses: Addresses, *, in_list: bool = False) -> VideoOut:
        """`in_list`: without the chapters of its `media_info`."""
        return cls(
            id=video.id,
            original_filename=video.original_filename,
            url=addresses.video_file(video.stored_path),
            download_url=addresses.video_download(video.id),
            variants_url=addresses.variants(video.id),
            stored_path=video.stored_path,
            size_bytes=video.size_bytes,
            duration_sec=None if video.duration_sec is None else float(video.duration_sec),
            width=video.width,
            height=video.height,
            format=video.format,
            mime_type=video.mime_type,
            upload_time=video.upload_time,
            kept_until=video.kept_until,
            sha256=video.sha256,
            **shown(video.labels),
            media_info=MediaInfoOut.of(video.media_info, in_list=in_list),
        )


class VideoPage(Page[VideoOut], frozen=True, kw_only=True):
    """One page of videos: their `media_info` has no `chapter_marks`, which `GET /videos/{id}` tells."""
