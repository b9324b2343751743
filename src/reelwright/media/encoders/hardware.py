"""Encoders in hardware: which of them work here, which outputs they code, and how each is told what to do.

ffmpeg lists them wherever it was built with them; only one that has coded a frame here counts as there.
"""

from __future__ import annotations

import logging

from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import VideoEncoding
from reelwright.edits.plan import ExpectedOutput
from reelwright.errors import MediaProcessFailed
from reelwright.media.encoders.frame_times import times
from reelwright.media.encoders.kept_hdr_and_fields import pixel_format
from reelwright.media.encoders.muxing import codec_tag
from reelwright.media.encoders.rate_control import average_rate, crf_or_rate
from reelwright.media.ffmpeg import hardware_devices
from reelwright.media.ffmpeg.capabilities import listed_encoders
from reelwright.media.ffmpeg.executable import ask
from reelwright.media.ffmpeg.filtergraph import Filter, filter_
from reelwright.media.sandbox import contained
from reelwright.settings import Settings

logger = logging.getLogger(__name__)

CODECS = ("h264", "hevc")
INTERFACES = ("nvenc", "qsv", "vaapi")
"""The one that is preferred first."""
MIN_SIDE = 256
"""Smaller frames are refused by some."""


async def hardware_encoders(settings: Settings) -> tuple[str, ...]:
    """Return those that have coded a frame here, contained as jobs are. Where no device is, nothing is started."""
    listed = await listed_encoders(settings) if hardware_devices.devices() else set()
    return tuple([encoder for encoder in candidates(listed) if await encodes(settings, encoder)])


async def encodes(settings: Settings, encoder: str) -> bool:
    """Return whether the encoder codes one frame on this machine."""
    try:
        access = contained.Access(read=hardware_devices.descriptions(), devices=hardware_devices.devices())
        await ask(settings, *trial(encoder), access=access)
    except (MediaProcessFailed, TimeoutError) as error:
        logger.info("%s does not work here: %s", encoder, error)
        return False
    return True


def chosen(media: MediaInfo, expected: ExpectedOutput, working: tuple[str, ...]) -> str | None:
    """Return the encoder that codes an output, of those that work here; None: software does, which can do all."""
    video = expected.output.pictures
    fits = min(expected.width, expected.height) >= MIN_SIDE and pixel_format(media, video.codec) == "yuv420p"
    if not video.hardware or video.two_pass or video.segment_s or expected.copied or not fits:
        return None
    return next((encoder for encoder in working if encoder.startswith(f"{video.codec}_")), None)


def coded_video(encoder: str, media: MediaInfo, expected: ExpectedOutput) -> tuple[str, ...]:
    """Return how the one video stream of an output is coded by the encoder that was chosen, its times kept."""
    output = expected.output
    return ("-c:v", encoder, *options(encoder, output.pictures), *codec_tag(output), *times(media))


def candidates(listed: set[str]) -> list[str]:
    """Return encoders that ffmpeg has and whose devices are there: worth a try."""
    there = hardware_devices.interfaces()
    names = (f"{codec}_{interface}" for interface in INTERFACES if interface in there for codec in CODECS)
    return [name for name in names if name in listed]


def trial(encoder: str) -> tuple[str, ...]:
    """Return arguments of ffmpeg that code one frame and throw it away."""
    frame = ("-f", "lavfi", "-i", f"color=size={MIN_SIDE}x{MIN_SIDE}:rate=25")
    shape = ",".join(map(str, [filter_("format", pix_fmts="yuv420p"), *upload(encoder)]))
    return (
        *("-nostdin", "-hide_banner", "-loglevel", "error", *device_options(encoder), *frame, "-vf", shape),
        *("-c:v", encoder, *options(encoder, VideoEncoding(crf=23)), "-frames:v", "1", "-f", "null", "-"),
    )


def device_options(encoder: str) -> tuple[str, ...]:
    """Return what stands before the inputs: VA-API's filters and encoders have to be given their device; NVENC and
    Quick Sync open theirs."""
    if not encoder.endswith("_vaapi"):
        return ()
    return ("-init_hw_device", f"vaapi=gpu:{hardware_devices.RENDER_NODE}", "-filter_hw_device", "gpu")


def upload(encoder: str) -> list[Filter]:
    """Return the end of the video's filters: VA-API codes frames that lie in the device's memory, as NV12."""
    if not encoder.endswith("_vaapi"):
        return []
    return [filter_("format", pix_fmts="nv12"), filter_("hwupload")]


def options(encoder: str, video: VideoEncoding) -> tuple[str, ...]:
    """Return a bit rate, or the nearest that each has to a constant rate factor."""
    if video.bit_rate is not None:
        return average_rate(video)
    factor = str(video.crf)
    if encoder.endswith("_nvenc"):
        return ("-rc", "vbr", "-cq", factor, "-b:v", "0")  # without the 0 its default bit rate would be the limit
    if encoder.endswith("_qsv"):
        return ("-global_quality", factor)
    if encoder.endswith("_vaapi"):
        return ("-rc_mode", "CQP", "-qp", factor)  # one quantiser for all frames
    return crf_or_rate(video)
