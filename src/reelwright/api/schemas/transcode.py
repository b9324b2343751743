"""The JSON that asks for renditions, and for what goes with them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from reelwright.api.schemas.coding import AudioIn, CodingIn, Reuse, SourceChaptersIn, SourceSubtitlesIn, WebhookUrl
from reelwright.api.schemas.keeping import KeepResults
from reelwright.api.schemas.sidecars import PosterIn, PreviewIn, SpriteIn, ThumbnailsIn
from reelwright.api.schemas.timing import ExpiresAt, Priority, RunAt
from reelwright.edits.gifs_and_previews import Preview
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.labels import ExternalId, Metadata, Tags, Title
from reelwright.edits.outputs import Ladder
from reelwright.edits.pointers import Pointer
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails
from reelwright.edits.profiles import PROFILES, ProfileName, ladder_of
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.sprite_sheet import Sprite
from reelwright.edits.streaming import SEGMENT_S, SegmentSeconds, Streaming

MAX_QUALITIES = 8


class SoundIn(AudioIn, frozen=True, kw_only=True):
    """How the sound is coded: AAC, in WebM Opus; `copy` leaves it as it is where the container takes that; `none`
    leaves it out."""

    other_spellings: ClassVar[dict[str, str]] = {"bitrate": "bit_rate"}

    codec: Literal["aac", "opus", "copy", "none"] | None = None
    loudness: (
        Annotated[
            float,
            Meta(
                ge=-30,
                le=-8,
                description="What each track is brought to, in LUFS (EBU R 128): -23 for broadcast, -16 or -14 on the"
                " web. True peaks are held at -2 dBTP before the sound is coded; codecs add to that: most often less"
                " than 1 dB, up to 4 dB at sharp attacks.",
            ),
        ]
        | None
    ) = None


class RenditionsIn(CodingIn, frozen=True, kw_only=True):
    """Renditions of one video, all made by one decode, and what goes with them."""

    other_spellings: ClassVar[dict[str, str]] = {"video_bit_rate": "video_bitrate"}
    sidecar_kinds: ClassVar[dict[str, type[AnySidecar]]] = {
        "poster": Poster,
        "thumbnails": Thumbnails,
        "sprite": Sprite,
        "preview": Preview,
    }

    qualities: (
        Annotated[
            list[Quality],
            Meta(
                max_length=MAX_QUALITIES,
                description="Boxes that the picture fits into: all that are named are made. Omitted: 1080p, 720p and"
                " 480p without those above the source, one at least.",
                examples=[["1080p", "720p", "480p"]],
            ),
        ]
        | None
    ) = None
    profile: (
        Annotated[ProfileName, Meta(description="Named choices, see GET /profiles: any field wins over it.")] | None
    ) = None
    video_bitrate: (
        Annotated[
            int,
            Meta(
                ge=50_000,
                le=200_000_000,
                description="Bits a second, on average, instead of crf: what the encoder aims at; it misses by more the"
                " shorter the video is, by least in two passes. It is the largest rendition's; a smaller one gets its"
                " share: pixels to the power of 0.75.",
            ),
        ]
        | None
    ) = None
    two_pass: (
        Annotated[
            bool,
            Meta(
                description="Look at the whole video first and spend the bit rate where it is needed. Not av1. Omitted:"
                " only with vp9, which misses the bit rate otherwise."
            ),
        ]
        | None
    ) = None
    copy_conforming: Annotated[
        bool,
        Meta(
            description="A quality that the video has already (H.264, 8-bit 4:2:0, progressive, SDR, upright, square"
            " pixels, of just that size, in MP4, QuickTime or Matroska) is copied instead of being coded again; a"
            " warning says why where none is. Only for h264 in mp4, without hls and dash."
        ),
    ] = False
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
    segment_s: (
        Annotated[
            SegmentSeconds, Meta(description="Seconds that a segment of `hls` and `dash` lasts, 2 to 10. Omitted: 4.")
        ]
        | None
    ) = None

    poster: (
        Annotated[PosterIn, Meta(description="One image beside the best rendition; an empty object takes a good one.")]
        | None
    ) = None
    thumbnails: Annotated[ThumbnailsIn, Meta(description="Images of given times.")] | None = None
    sprite: Annotated[SpriteIn, Meta(description="Small images of all the video on few sheets.")] | None = None
    preview: Annotated[PreviewIn, Meta(description="A short animation.")] | None = None

    def ladder(self) -> Ladder:
        return ladder_of(
            PROFILES[self.profile] if self.profile else None,
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
            audio_channels=self.audio.channels,
            loudness_lufs=self.audio.loudness,
            streaming=Streaming(hls=self.hls, dash=self.dash, segment_s=self.segment_s or SEGMENT_S)
            if self.hls or self.dash or self.segment_s
            else None,
        )

    @property
    def sidecars(self) -> tuple[AnySidecar, ...]:
        """What is asked for, as the edit holds it: with a tag that tells its kind."""
        kinds = ((kind, getattr(self, field)) for field, kind in self.sidecar_kinds.items())
        return tuple(kind(**msgspec.structs.asdict(given)) for kind, given in kinds if given is not None)

    @property
    def pointers(self) -> tuple[Pointer, ...]:
        """Where the sidecars are."""
        return tuple(Pointer(f"/{sidecar.__struct_config__.tag}") for sidecar in self.sidecars)


class TranscodeIn(RenditionsIn, frozen=True, kw_only=True):
    """Renditions of one video, all made by one decode; and what the client says of them."""

    title: Title | None = None
    tags: Tags | None = None
    external_id: ExternalId | None = None
    metadata: Metadata | None = None
    reuse: Reuse = True
    webhook_url: WebhookUrl = None
    keep_s: KeepResults = None
    priority: Priority = 0
    run_at: RunAt = None
    expires_at: ExpiresAt = None
    source_subtitles: SourceSubtitlesIn = "keep"
    source_chapters: SourceChaptersIn = "keep"
