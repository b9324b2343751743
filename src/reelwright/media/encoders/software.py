"""Encoders in software: the one that codes an output is found by its codec, and told what all are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reelwright.edits.codecs import CODECS
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import VideoEncoding
from reelwright.edits.plan import ExpectedOutput
from reelwright.errors import JobFailed
from reelwright.media.encoders import svt_av1, vpx, x264, x265
from reelwright.media.encoders.frame_times import times
from reelwright.media.encoders.muxing import codec_tag
from reelwright.media.encoders.rate_control import Coding
from reelwright.media.encoders.segment_key_frames import segment_key_frames
from reelwright.media.ffmpeg.capabilities import Capabilities


class Encoder(Protocol):
    """What a module of an encoder in software has."""

    def options(self, coding: Coding) -> tuple[str, ...]:
        """Return what this encoder is told beside what all are."""

    def first_pass_share(self, video: VideoEncoding) -> float:
        """Return what the first of two passes takes beside the second one, about: measured."""


SOFTWARE: Mapping[str, Encoder] = {"libx264": x264, "libx265": x265, "libsvtav1": svt_av1, "libvpx-vp9": vpx}
"""By ffmpeg's names, which the rows of `CODECS` have."""


def coded_video(
    media: MediaInfo,
    expected: ExpectedOutput,
    capabilities: Capabilities,
    *,
    keep_fields: bool = False,
    begins_late: bool = False,
    number: int = 0,
    pass_number: int = 2,
) -> tuple[str, ...]:
    """Return how the one video stream of output `number` is coded, its times kept; `keep_fields`: an interlaced one
    stays so; `begins_late`: the first frame comes some time after the start; `pass_number`: of two, where there are
    two.

    Raises JobFailed `unsupported_here`.
    """
    output = expected.output
    encoder = CODECS[output.pictures.codec].encoder
    if encoder not in capabilities.encoders:
        raise JobFailed(
            f"this machine's ffmpeg cannot encode {output.pictures.codec} ({encoder})", code="unsupported_here"
        )
    coding = Coding(
        media=media,
        video=output.pictures,
        threads=capabilities.threads,
        keep_fields=keep_fields,
        output_number=number,
        pass_number=pass_number,
    )
    own = SOFTWARE[encoder].options(coding)
    return (
        "-c:v",
        encoder,
        *own,
        *codec_tag(output),
        *segment_key_frames(output.pictures),
        *times(media, begins_late=begins_late),
    )


def first_pass_share(video: VideoEncoding) -> float:
    """Return what the first of two passes takes beside the second one, about."""
    return SOFTWARE[CODECS[video.codec].encoder].first_pass_share(video)
