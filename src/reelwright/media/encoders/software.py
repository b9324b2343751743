"""How a picture is coded and into which container it goes, as options of one output."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from reelwright.edits.edit import FileOutput, VideoEncoding
from reelwright.edits.first_frame import stands
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.geometry import even
from reelwright.edits.losses import DEEP
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import JobFailed
from reelwright.media.encoders.rate_control import pass_options, rate_options, x265_pass

WITHOUT_METADATA = ("-map_metadata", "-1", "-map_chapters", "-1")
NOWHERE = ("-f", "null", "-")
"""The end of an output that is only looked at."""

ENCODERS = {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1", "vp9": "libvpx-vp9"}
INTERLACED = ("tt", "tb", "bb", "bt")

_SVT_PRESETS: Mapping[str, int] = {
    "ultrafast": 12,
    "superfast": 11,
    "veryfast": 10,
    "faster": 9,
    "fast": 8,
    "medium": 7,
    "slow": 5,
    "slower": 4,
}
_VP9_DEADLINE_US = "2000000000"
"""Good quality. What is shown for longer than the deadline would be coded as in real time, as a key frame at that."""
_VP9_SPEEDS: Mapping[str, int] = {
    "ultrafast": 8,
    "superfast": 7,
    "veryfast": 6,
    "faster": 5,
    "fast": 4,
    "medium": 3,
    "slow": 2,
    "slower": 1,
}


def keeps_hdr(media: MediaInfo, codec: str) -> bool:
    return media.picture.is_hdr and codec in DEEP


def keeps_fields(media: MediaInfo, output: FileOutput, *, height: int) -> bool:
    """Whether an interlaced picture stays so in an output that high: its lines must be the source's, in pairs of each
    field, and only H.264 tells players."""
    as_it_was = height == even(media.picture.upright_size)[1] and height % 4 == 0
    return output.video.codec == "h264" and as_it_was and media.picture.field_order in INTERLACED


def pixel_format(media: MediaInfo, codec: str) -> str:
    deep = codec in DEEP and (media.picture.bit_depth or 8) > 8
    return "yuv420p10le" if deep else "yuv420p"


def picture_options(
    media: MediaInfo,
    output: FileOutput,
    *,
    threads: int,
    encoders: tuple[str, ...],
    keep_fields: bool = False,
    number: int = 0,
    pass_number: int = 2,
) -> tuple[str, ...]:
    """Options for the one video stream of output `number`, whose times are kept; `keep_fields`: an interlaced one stays
    so. `pass_number`: of two, where there are two.

    Raises JobFailed `unsupported_here`.
    """
    video = output.video
    if (encoder := ENCODERS[video.codec]) not in encoders:
        raise JobFailed(f"this machine's ffmpeg cannot encode {video.codec} ({encoder})", code="unsupported_here")
    timing = () if _counted_in_frames(media) else ("-enc_time_base", "1:90000")
    fields = _fields(media.picture.field_order) if keep_fields else ()
    budget = () if fields else _even_budget(media, video)
    passes = pass_options(video, pass_number)
    quality = _quality(output, threads, x265_pass(video, pass_number, number))
    return ("-c:v", encoder, *quality, *passes, *_borders(video), "-fps_mode", "vfr", *timing, *fields, *budget)


def _counted_in_frames(media: MediaInfo) -> bool:
    """Whether every frame is shown at a whole number of frame durations: ffmpeg's own clock for encoders. Pictures that
    stand may be cut anywhere."""
    grid = frame_grid(media)
    return grid is not None and (grid.first_s / grid.frame_s).denominator == 1 and not stands(grid.frame_s)


NEVER = "1000000"
"""Frames between key frames that no video has."""


def _borders(video: VideoEncoding) -> tuple[str, ...]:
    """A key frame is the first frame of each segment, and no other; what is shown for longer than a segment takes the
    borders in it with it. Half a millisecond of room for times that are not exact in binary."""
    if video.segment_s is None:
        return ()
    cell = f"floor(({{}}+0.0005)/{video.segment_s})"
    first = f"expr:isnan(prev_forced_t)+gt({cell.format('t')},{cell.format('prev_forced_t')})"
    only = {"h264": ("-sc_threshold", "0"), "vp9": ("-keyint_min", NEVER)}.get(video.codec, ())
    return ("-force_key_frames", first, "-g", NEVER, *only)


def _fields(order: str) -> tuple[str, ...]:
    """For x264: coded as interlaced, the field that is shown first named."""
    if order not in INTERLACED:
        return ()
    return ("-flags", "+ildct+ilme", "-x264-params", "tff=1" if order[0] == "t" else "bff=1")


def _even_budget(media: MediaInfo, video: VideoEncoding) -> tuple[str, ...]:
    """For x264 under a highest rate: every frame gets the bits of one at this rate. By the time until the next one,
    which is a tick where a file says two times alike, a frame would get none. Bursts are held to the limit up to
    USUAL_RATE."""
    rate = Fraction(media.picture.frame_rate or 0)
    if video.codec != "h264" or media.picture.variable_frame_rate is False or not rate:
        return ()
    if video.peak_bit_rate is not None:
        rate = max(rate, USUAL_RATE)
    elif video.bit_rate is None:
        return ()
    return ("-x264-params", f"force-cfr=1:fps={rate.numerator}/{rate.denominator}")


USUAL_RATE = Fraction(30)


def _quality(output: FileOutput, threads: int, x265: str) -> tuple[str, ...]:
    video, limit = output.video, ("-threads:v", str(threads))
    rate = rate_options(video)
    if video.codec == "h264":
        return ("-preset", video.preset, *rate, "-profile:v", "high", *limit)
    if video.codec == "hevc":
        tag = ("-tag:v", "hvc1") if output.container == "mp4" else ()  # Apple's players know no other
        closed = ":scenecut=0:open-gop=0:min-keyint=1" if video.segment_s is not None else ""
        params = f"pools={threads}:log-level=warning{closed}{x265}"
        return ("-preset", video.preset, *rate, *limit, "-x265-params", params, *tag)
    if video.codec == "av1":
        params = f"lp={threads}" if video.segment_s is None else f"lp={threads}:scd=0"
        return ("-preset", str(_SVT_PRESETS[video.preset]), *rate, "-svtav1-params", params)
    speed = ("-deadline", _VP9_DEADLINE_US, "-cpu-used", str(_VP9_SPEEDS[video.preset]), "-row-mt", "1")
    return (*rate, *speed, *limit)


def into(container: str, slot: str) -> tuple[str, ...]:
    """The end of an output's options."""
    if container == "mp4":
        return ("-movflags", "+faststart", "-f", "mp4", slot)
    return ("-f", "matroska" if container == "mkv" else "webm", slot)
