"""Encoders in hardware: which there may be, how each is told what to do, and what a process has to touch for it.

ffmpeg lists them wherever it was built with them; only one that has coded a picture here counts as there.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from reelwright.edits.edit import VideoEncoding
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import ExpectedOutput
from reelwright.media.encoders.rate_control import rate_options
from reelwright.media.encoders.software import pixel_format
from reelwright.media.ffmpeg.filtergraph import Filter, filter_

RENDER_NODE = "/dev/dri/renderD128"
NVIDIA = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm")
NEEDED: dict[str, tuple[str, ...]] = {"nvenc": NVIDIA, "qsv": (RENDER_NODE,), "vaapi": (RENDER_NODE,)}
"""Device files by interface, in the order in which interfaces are preferred."""
CODECS = ("h264", "hevc")
DESCRIPTIONS = ("/sys/dev/char", "/sys/devices", "/sys/class/drm", "/proc/driver/nvidia")
"""Where drivers look for what their devices are."""
LEAST_SIDE = 256
"""Smaller pictures are refused by some."""


def candidates(listed: set[str]) -> list[str]:
    """Encoders that ffmpeg has and whose devices are there: worth a try."""
    return [
        f"{codec}_{interface}"
        for interface, needed in NEEDED.items()
        for codec in CODECS
        if f"{codec}_{interface}" in listed and all(Path(path).exists() for path in needed)
    ]


def devices() -> tuple[Path, ...]:
    """Those that are there, for a contained process that uses them."""
    paths = dict.fromkeys(path for needed in NEEDED.values() for path in needed)
    return tuple(path for path in map(Path, paths) if path.exists())


def descriptions() -> tuple[Path, ...]:
    return tuple(path for path in map(Path, DESCRIPTIONS) if path.exists())


def trial(encoder: str) -> tuple[str, ...]:
    """Arguments of ffmpeg that code one picture and throw it away."""
    picture = ("-f", "lavfi", "-i", f"color=size={LEAST_SIDE}x{LEAST_SIDE}:rate=25")
    shape = ",".join(map(str, [filter_("format", pix_fmts="yuv420p"), *upload(encoder)]))
    return (
        *("-nostdin", "-hide_banner", "-loglevel", "error", *device_options(encoder), *picture, "-vf", shape),
        *("-c:v", encoder, *_options(encoder, VideoEncoding(crf=23)), "-frames:v", "1", "-f", "null", "-"),
    )


def encoder_for(media: MediaInfo, expected: ExpectedOutput, there: tuple[str, ...]) -> str | None:
    """The one that codes an output; None: software does, by which all can be done."""
    video = expected.output.video
    fits = min(expected.width, expected.height) >= LEAST_SIDE and pixel_format(media, video.codec) == "yuv420p"
    if not video.hardware or video.two_pass or video.segment_s or expected.copied or not fits:
        return None
    return next((encoder for encoder in there if encoder.startswith(f"{video.codec}_")), None)


def device_options(encoder: str) -> tuple[str, ...]:
    """Before the inputs."""
    if not encoder.endswith("_vaapi"):
        return ()
    return ("-init_hw_device", f"vaapi=gpu:{RENDER_NODE}", "-filter_hw_device", "gpu")


def upload(encoder: str) -> list[Filter]:
    """At the end of the picture's filters."""
    if not encoder.endswith("_vaapi"):
        return []
    return [filter_("format", pix_fmts="nv12"), filter_("hwupload")]


def coding(encoder: str, media: MediaInfo, expected: ExpectedOutput) -> tuple[str, ...]:
    """Options for the output's one video stream, whose times are kept."""
    output = expected.output
    exact = media.picture.variable_frame_rate is False and Fraction(media.picture.frame_rate or 0) > 0
    timing = () if exact else ("-enc_time_base", "1:90000")
    tag = ("-tag:v", "hvc1") if (output.video.codec, output.container) == ("hevc", "mp4") else ()
    return ("-c:v", encoder, *_options(encoder, output.video), "-fps_mode", "vfr", *timing, *tag)


def _options(encoder: str, video: VideoEncoding) -> tuple[str, ...]:
    """A bit rate, or the nearest that each has to a constant rate factor."""
    if video.bit_rate is not None:
        return rate_options(video)
    factor = str(video.crf)
    if encoder.endswith("_nvenc"):
        return ("-rc", "vbr", "-cq", factor, "-b:v", "0")
    if encoder.endswith("_qsv"):
        return ("-global_quality", factor)
    if encoder.endswith("_vaapi"):
        return ("-rc_mode", "CQP", "-qp", factor)
    return rate_options(video)
