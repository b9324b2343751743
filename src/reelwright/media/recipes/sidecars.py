"""Pictures that are taken out of a video: filters of a branch of the decoded picture, and the options that write it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits.codecs import PREVIEW_ENCODER
from reelwright.edits.gifs_and_previews import Gif, Preview
from reelwright.edits.media_info import AudioStream, MediaInfo, VideoStream
from reelwright.edits.posters_and_thumbnails import CANDIDATES, Poster
from reelwright.edits.sidecars import PlannedSidecar
from reelwright.edits.sprite_sheet import Sprite
from reelwright.errors import JobFailed
from reelwright.media.ffmpeg.filtergraph import NANOSECONDS, Filter, every, filter_, grid, moments_before
from reelwright.media.recipes.color_names import named_colors

JPEG_QUALITY = 3
"""ffmpeg's scale: 2 is best, 31 worst."""
WEBP_QUALITY = 60
"""libwebp's scale: 100 is best."""
BROADCAST = frozenset({"mpegts", "mpeg", "ogg"})
"""Containers whose times may jump (FFmpeg's AVFMT_TS_DISCONT)."""
PALETTED = "paletteuse"
"""The filter that brings frames to a palette."""
PICTURES_A_SECOND = 1000
"""At which stills are numbered, so that they never seem to be further than the renditions are."""


def branch(
    still: PlannedSidecar, picture: VideoStream, length: Fraction, error: Fraction = Fraction(0)
) -> list[Filter]:
    """From the upright SDR picture to what is coded. Frames are picked before they are scaled. `error`: the clock's."""
    if isinstance(still.request, Poster) and not still.at_s:  # as older plans have a typical one
        shape = [*named_colors(picture), *_shape(still)]
        return [filter_("select", expr=every(length / CANDIDATES)), *shape, filter_("thumbnail", n=CANDIDATES)]
    return [*picked(still, picture, error), *combined(still)]


def picked(still: PlannedSidecar, picture: VideoStream, error: Fraction = Fraction(0)) -> list[Filter]:
    """From the upright SDR picture to the frame of each of its times, in its size."""
    request = still.request
    rate = request.frame_rate if isinstance(request, Preview | Gif) else PICTURES_A_SECOND
    times = [Fraction(at) + error for at in still.at_s]
    return [*at_moments(times, rate), *named_colors(picture), *_shape(still)]


def combined(still: PlannedSidecar) -> list[Filter]:
    """From those frames to what is coded."""
    request = still.request
    if isinstance(request, Poster) and len(still.at_s) > 1:
        return [filter_("thumbnail", n=len(still.at_s))]
    if isinstance(request, Sprite):
        return [filter_("tile", layout=grid(still.columns, still.rows))]
    if isinstance(request, Gif):
        # an ordered pattern stays where it is from frame to frame: what does not move needs no bytes
        return [filter_(PALETTED, dither="bayer", bayer_scale=4, diff_mode="rectangle")]
    return []


def at_moments(times: Sequence[Fraction], rate: int) -> list[Filter]:
    """One frame for each of the rising times, in order, at a rate: the first one that is not before it, or the last
    one there is.

    Each frame is stamped with the number of times that are over before it, so that of equal stamps the last frame is
    the one that is wanted; where a frame stands for several times, it is repeated.
    """
    return [
        filter_("settb", expr=NANOSECONDS),
        filter_("setpts", expr=moments_before(times, 1_000_000_000 // rate)),
        filter_("fps", fps=rate, round="down", eof_action="pass"),  # of frames with one number, the last
        filter_("tpad", stop_mode="clone", stop=len(times)),  # times behind the last frame show that
        filter_("trim", end_frame=len(times)),
    ]


def clock_error(media: MediaInfo, tracks: Sequence[AudioStream]) -> Fraction:
    """How much later ffmpeg sees a frame than it is on the clients' time line, when it reads the picture and these
    tracks: it counts in whole ticks from the file's start; in a broadcast, from the start of what it reads."""
    start, tick = media.start, Fraction(media.main_video.time_base)
    if media.container in BROADCAST:
        start = min(map(Fraction, (media.main_video.start_s, *(track.start_s for track in tracks))))
    return media.start - round(start / tick) * tick


def _shape(still: PlannedSidecar) -> list[Filter]:
    """JPEG means BT.601 in full range (ITU-T T.871), WebP in limited range (RFC 9649), GIF has RGB."""
    if isinstance(still.request, Gif):
        size = filter_("scale", w=still.width, h=still.height, flags="bicubic", out_range="full")
        return [size, filter_("setsar", sar=1), filter_("format", pix_fmts="bgra")]
    full = "limited" if isinstance(still.request, Preview) else "full"
    size = filter_("scale", w=still.width, h=still.height, flags="bicubic", out_color_matrix="bt601", out_range=full)
    return [size, filter_("setsar", sar=1), filter_("format", pix_fmts="yuv420p")]


def options(still: PlannedSidecar, encoders: Sequence[str]) -> tuple[str, ...]:
    """The output of a branch. Raises JobFailed `unsupported_here`."""
    name = still.files[0].name
    if isinstance(still.request, Preview):
        if PREVIEW_ENCODER not in encoders:
            raise JobFailed(
                f"this machine's ffmpeg cannot make a preview (it lacks {PREVIEW_ENCODER})", code="unsupported_here"
            )
        # passthrough: frames have been picked, none is to be repeated or dropped for a rate; loop 0: for ever
        return (
            *("-c:v", PREVIEW_ENCODER, "-quality", str(WEBP_QUALITY), "-compression_level", "4"),
            *("-fps_mode", "passthrough", "-loop", "0", "-f", "webp", f"<{name}>"),
        )
    if isinstance(still.request, Gif):
        return ("-c:v", "gif", "-fps_mode", "passthrough", "-loop", "0", "-f", "gif", f"<{name}>")
    coded = ("-c:v", "mjpeg", "-q:v", str(JPEG_QUALITY), "-fps_mode", "passthrough", "-f", "image2")
    if isinstance(still.request, Poster):
        return ("-frames:v", "1", *coded, "-update", "1", f"<{name}>")  # update: there is no number in the name
    pattern = "sprite-%d.jpg" if isinstance(still.request, Sprite) else "thumbnail-%04d.jpg"
    return (*coded, f"<{pattern}>")
