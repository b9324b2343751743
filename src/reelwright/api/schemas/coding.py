"""The JSON that says how results are coded: what trims, overlays, watermarks and renditions have in common."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from msgspec import Meta

from reelwright.api.schemas.base import Body
from reelwright.api.schemas.keeping import KeepResults
from reelwright.api.schemas.timing import ExpiresAt, Priority, RunAt
from reelwright.edits.codecs import AudioCodec, Codec, VideoContainer
from reelwright.edits.edit import SourceChapters, SourceSubtitles
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.labels import ExternalId, Metadata, Tags, Title
from reelwright.edits.outputs import Channels, Ladder, Preset
from reelwright.edits.splice_structs import CutMode, Reencode

AudioBitRate = Annotated[
    int,
    Meta(
        ge=16_000,
        le=512_000,
        description="Bits a second, for up to two channels; more get more. Omitted: 128000, beside 360p 96000, beside"
        " 240p 64000. Only for sound that is coded.",
    ),
]
MaxChannels = Annotated[
    Channels,
    Meta(
        description="At most so many: 1 mono, 2 stereo, 6 5.1, 8 7.1; more are mixed down. Omitted: as many as there"
        " are; with `hls` and `dash` 2. Only for sound that is coded."
    ),
]


class AudioIn(Body, frozen=True, kw_only=True):
    """How the sound is coded, whatever the codec."""

    bit_rate: AudioBitRate | None = None
    channels: MaxChannels | None = None


class CutSoundIn(AudioIn, frozen=True, kw_only=True):
    """How the sound of a cut is coded: AAC, in WebM Opus; `none` leaves it out."""

    codec: Literal["aac", "opus", "none"] | None = None


class LaidSoundIn(AudioIn, frozen=True, kw_only=True):
    """What becomes of the sound: `copy`, which is the default, leaves it as it is where the container takes that."""

    codec: Literal["aac", "opus", "copy", "none"] | None = None


Reuse = Annotated[
    bool,
    Meta(
        description="Take what an equal edit of the same content has made, or is making, instead of making it again."
        " `false`: make it anew."
    ),
]


CutModeIn = Annotated[
    CutMode | None,
    Meta(
        description="How the cut is made. `exact`: all is coded anew. `smart`: to the frame as well, and what can be is"
        " copied: frames at the edges alone are coded. `copy`: nothing is coded; it begins and ends where that is"
        " possible, and a warning says how far off. `auto`: `smart` where the result is what the source is, else"
        " `exact`. Where no codec is named, `smart` and `copy` take the source's; where"
        " no container is named either, ProRes, DNxHD and Motion JPEG become a MOV. Omitted: as the service is set."
    ),
]


ReencodeIn = Annotated[
    Reencode | None,
    Meta(
        description="Which frames are coded anew. `touched`: those alone that are not as they were, up to the next key"
        " frame; all others are copied, bit for bit. Where that cannot be, or would be most of them, all are coded, and"
        " a warning says why. Where no codec is named, it takes the source's. Omitted: `all`."
    ),
]


SourceSubtitlesIn = Annotated[
    SourceSubtitles,
    Meta(
        description="What becomes of tracks of text that the source has of its own (SubRip, WebVTT, ASS, MP4's timed"
        " text), and what `concat` joins to it: `keep`: each goes along, at its times, into every output that has a"
        " picture; `drop`: none does. Subtitles that are pictures are never kept."
    ),
]


SourceChaptersIn = Annotated[
    SourceChapters,
    Meta(
        description="What becomes of chapters that the source has, and what `concat` joins to it: `keep`: they go"
        " along, at their times, into every file that has a picture; `drop`: none does."
    ),
]


class CodingIn(Body, frozen=True, kw_only=True):
    """How results are coded, one or many."""

    codec: Annotated[Codec, Meta(description="Omitted: h264. All others keep ten bits and HDR.")] | None = None
    container: Annotated[VideoContainer, Meta(description="Omitted: mp4.")] | None = None
    crf: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=63,
                description="Constant rate factor: 1 to 51 with h264, 0 to 51 with hevc, 0 to 63 with vp9 and av1."
                " Omitted: one that fits quality and codec.",
            ),
        ]
        | None
    ) = None
    preset: (
        Annotated[Preset, Meta(description="The encoder's speed; slower makes smaller files. Omitted: veryfast.")]
        | None
    ) = None


WebhookUrl = (
    Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2048,
            description="Is told how the job goes, as a webhook is, signed with the project's secret"
            " (`GET /webhooks/signing-secret`).",
        ),
    ]
    | None
)


SourceId = Annotated[uuid.UUID, Meta(description="What is worked on: an upload, or a variant, by its own id.")]
VariantId = Annotated[
    uuid.UUID | None, Meta(description="Build on this variant of the video; the same as to name it as `video_id`.")
]


class EditIn(CodingIn, frozen=True, kw_only=True):
    """How the one result is coded, what the client says of it, and whether it is made where it is there already."""

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
    codec: Annotated[Codec, Meta(description="Omitted: h264. All others keep ten bits, trims HDR as well.")] | None = (
        None
    )
    quality: (
        Annotated[
            Quality,
            Meta(description="A box that the result fits into. Omitted: `source`, as large as what it is made of."),
        ]
        | None
    ) = None

    def coding(self, audio: CutSoundIn | LaidSoundIn | None, usual: AudioCodec | None = None) -> Ladder:
        """Return how the result is coded. `usual`: what becomes of sound of which nothing is said."""
        bit_rate = audio.bit_rate if audio is not None else None
        channels = audio.channels if audio is not None else None
        codec: AudioCodec | None = audio.codec if audio is not None else None
        if codec is None and bit_rate is None and channels is None:
            codec = usual
        return Ladder(
            qualities=(self.quality or Quality.SOURCE,),
            codec=self.codec or "h264",
            container=self.container or "mp4",
            crf=self.crf,
            preset=self.preset or "veryfast",
            audio_codec=codec,
            audio_bit_rate=bit_rate,
            audio_channels=channels,
        )
