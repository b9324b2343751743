"""The JSON that the first surface takes and gives, but for jobs. Every struct here is part of the API."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from reelwright.api.bodies import Body, Moment
from reelwright.api.still_schemas import StillsIn
from reelwright.db.models import Asset, File, Variant, Video
from reelwright.edits.model import (
    AnyLayer,
    Codec,
    Container,
    ImageLayer,
    Ladder,
    Place,
    Preset,
    TextLayer,
    VideoLayer,
    WatermarkLayer,
)
from reelwright.edits.placement import Anchor
from reelwright.edits.profiles import PLAIN, PROFILES, ProfileName, ladder_of
from reelwright.edits.source import MediaInfo
from reelwright.edits.streaming import SEGMENT_S, SegmentSeconds, Streaming
from reelwright.edits.vocabulary import FileRole, Quality, VariantKind

Item = TypeVar("Item")

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
    stored_path: str
    size_bytes: int
    duration_sec: float | None
    width: int
    height: int
    format: str
    mime_type: str
    upload_time: Timestamp
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


class VideoPage(Page[VideoOut], frozen=True, kw_only=True):
    """One page of videos."""


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
    created_at: Timestamp
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


class AssetOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that overlays may name as `asset:<id>`. `width` and `height` are as displayed."""

    id: uuid.UUID
    name: str
    kind: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    created_at: Timestamp

    @classmethod
    def of(cls, asset: Asset) -> AssetOut:
        return cls(
            id=asset.id,
            name=asset.name,
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


class TrimIn(Body, frozen=True, kw_only=True):
    """Keep the frames with start <= t < end of the video, or of an earlier result of it."""

    video_id: uuid.UUID
    start: Moment
    end: Moment
    source_variant_id: Annotated[uuid.UUID | None, Meta(description="Build on this variant of the video.")] = None


class WatermarkIn(Body, frozen=True, kw_only=True):
    """A picture throughout. `x`, `y`: pixels or arithmetic; W and H are the video's sides, w and h the picture's."""

    image_path: Annotated[str, Meta(min_length=1, max_length=1024)]
    x: Place = "W-w-20"
    y: Place = "H-h-20"
    opacity: Annotated[float, Meta(ge=0, le=1)] = 0.5

    def layer(self) -> WatermarkLayer:
        return WatermarkLayer(image_path=self.image_path, x=self.x, y=self.y, opacity=self.opacity)


class OverlaysIn(Body, frozen=True, kw_only=True):
    """Lay texts, images and videos over the video, in one encode; the watermark lies above all."""

    video_id: uuid.UUID
    source_variant_id: Annotated[uuid.UUID | None, Meta(description="Build on this variant of the video.")] = None
    overlays: Annotated[list[TextLayer | ImageLayer | VideoLayer], Meta(max_length=20)] = msgspec.field(
        default_factory=list
    )
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


class SoundIn(Body, frozen=True, kw_only=True):
    """How the sound is coded: AAC, in WebM Opus; `copy` leaves it as it is where the container takes that; `none`
    leaves it out."""

    codec: Literal["aac", "opus", "copy", "none"] | None = None
    bit_rate: (
        Annotated[
            int,
            Meta(
                ge=16_000,
                le=512_000,
                description="Bits a second, for up to two channels; more get more. Omitted: 128000.",
            ),
        ]
        | None
    ) = None
    loudness: (
        Annotated[
            float,
            Meta(
                ge=-30,
                le=-8,
                description="What each track is brought to, in LUFS (EBU R 128): -23 for broadcast, -16 or -14 on the"
                " web. Peaks are held at -1 dBTP.",
            ),
        ]
        | None
    ) = None


class TranscodeIn(StillsIn, frozen=True, kw_only=True):
    """Renditions of one video, all made by one decode."""

    qualities: (
        Annotated[
            list[Quality],
            Meta(
                max_length=8,
                description="Boxes that the picture fits into: all that are named are made. Omitted: 1080p, 720p and"
                " 480p without those above the source, one at least.",
                examples=[["1080p", "720p", "480p"]],
            ),
        ]
        | None
    ) = None
    profile: (
        Annotated[ProfileName, Meta(description="Named choices, see GET /presets: any field wins over it.")] | None
    ) = None
    codec: (
        Annotated[Codec, Meta(description="Omitted: h264. All others keep ten bits and HDR where the source has them.")]
        | None
    ) = None
    container: Annotated[Container, Meta(description="Omitted: mp4.")] | None = None
    crf: (
        Annotated[
            int,
            Meta(ge=0, le=63, description="Constant rate factor, for all; omitted: one that fits quality and codec."),
        ]
        | None
    ) = None
    video_bitrate: (
        Annotated[
            int,
            Meta(
                ge=50_000,
                le=200_000_000,
                description="Bits a second, on average, instead of crf. It is the largest rendition's; a smaller one"
                " gets its share: pixels to the power of 0.75.",
            ),
        ]
        | None
    ) = None
    two_pass: (
        Annotated[
            bool, Meta(description="Look at the whole video first and spend the bit rate where it is needed. Not av1.")
        ]
        | None
    ) = None
    copy_conforming: Annotated[
        bool,
        Meta(
            description="A quality that the video has already (H.264, 8-bit 4:2:0, progressive, SDR, upright, square"
            " pixels, of just that size) is copied instead of being coded again. Only for h264 in mp4."
        ),
    ] = False
    preset: (
        Annotated[Preset, Meta(description="The encoder's speed; slower makes smaller files. Omitted: veryfast.")]
        | None
    ) = None
    hardware: (
        Annotated[
            Literal["auto"],
            Meta(
                description="An encoder in hardware where the worker has one that works, else software. For h264 and"
                " hevc in one pass with 8 bits. Omitted: software."
            ),
        ]
        | None
    ) = None
    audio: SoundIn = SoundIn()
    hls: Annotated[bool, Meta(description="Also for adaptive streaming: `master.m3u8` with the best rendition.")] = (
        False
    )
    dash: Annotated[bool, Meta(description="The same with a DASH manifest: `manifest.mpd`.")] = False
    segment_s: Annotated[SegmentSeconds, Meta(description="Seconds that a segment of `hls` and `dash` lasts.")] = (
        SEGMENT_S
    )

    def ladder(self) -> Ladder:
        return ladder_of(
            PROFILES[self.profile] if self.profile else PLAIN,
            qualities=None if self.qualities is None else tuple(self.qualities),
            codec=self.codec,
            container=self.container,
            crf=self.crf,
            video_bit_rate=self.video_bitrate,
            two_pass=self.two_pass,
            copy_conforming=self.copy_conforming,
            hardware=self.hardware == "auto",
            preset=self.preset,
            audio_codec=self.audio.codec,
            audio_bit_rate=self.audio.bit_rate,
            loudness_lufs=self.audio.loudness,
            streaming=Streaming(hls=self.hls, dash=self.dash, segment_s=self.segment_s)
            if self.hls or self.dash
            else None,
        )
