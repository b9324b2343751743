"""How video is coded: an encoder a module; here the one that codes an output on this machine is chosen and told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reelwright.edits.codecs import CODECS
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import VideoEncoding
from reelwright.edits.plan import ExpectedOutput
from reelwright.errors import JobFailed
from reelwright.media.encoders import hardware, svt_av1, vpx, x264, x265
from reelwright.media.encoders.frame_format import pixel_format
from reelwright.media.encoders.muxing import codec_tag, times
from reelwright.media.encoders.rate_control import Coding
from reelwright.media.encoders.segments import segment_key_frames
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


def coded_by_hardware(encoder: str, media: MediaInfo, expected: ExpectedOutput) -> tuple[str, ...]:
    """Return the same for an encoder that `hardware_encoder` chose."""
    output = expected.output
    return ("-c:v", encoder, *hardware.options(encoder, output.pictures), *codec_tag(output), *times(media))


def hardware_encoder(media: MediaInfo, expected: ExpectedOutput, working: tuple[str, ...]) -> str | None:
    """Return the encoder in hardware that codes an output, of those that work here; None: software does, by which all
    can be done."""
    video = expected.output.pictures
    fits = min(expected.width, expected.height) >= hardware.MIN_SIDE and pixel_format(media, video.codec) == "yuv420p"
    if not video.hardware or video.two_pass or video.segment_s or expected.copied or not fits:
        return None
    return next((encoder for encoder in working if encoder.startswith(f"{video.codec}_")), None)


def first_pass_share(video: VideoEncoding) -> float:
    """Return what the first of two passes takes beside the second one, about."""
    return SOFTWARE[CODECS[video.codec].encoder].first_pass_share(video)
