"""What FFmpeg says of streams -> MediaInfo: absurd values become None, no text of the file passes but language tags.

Objects of PyAV are untyped here: which attributes they have depends on the stream.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from reelwright.edits.source import AudioStream, MediaInfo, OtherStream, VideoStream
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.timing import Ends, FrameTimes, believable_rate

ATTACHED_PICTURE, TIMED_THUMBNAILS, STILL_IMAGE, DEFAULT = 0x400, 0x800, 0x100000, 0x1
MICROSECOND = Fraction(1, 1_000_000)
LONGEST_BELIEVED_S = 10 * 365 * 86400
STATED_WITHIN_S = Fraction(1, 10)
"""Headers count in what the last packets do not say: encoder delay, how long the last frame is shown."""
ROUNDED_S = Fraction(1, 1000)
MPEG_VARIABLE_BIT_RATE = 0x3FFFF * 400
LANGUAGE = re.compile(r"[a-z]{3}", re.ASCII)
LAYOUT = re.compile(r"[0-9A-Za-z.()\-]{1,32}", re.ASCII)

# ITU-T H.273, by FFmpeg's names; 2 is "unspecified".
PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020"}
PRIMARIES |= {10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213"}
TRANSFER = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100"}
TRANSFER |= {10: "log316", 11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10"}
TRANSFER |= {15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67"}
MATRIX = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco"}
MATRIX |= {9: "bt2020nc", 10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c"}
MATRIX |= {14: "ictcp"}
RANGE = {1: "tv", 2: "pc"}
FIELD_ORDER = {2: "tt", 3: "bb", 4: "tb", 5: "bt"}

QUICKTIME = "qt"
"""Major brand, without the blanks that fill it up."""


def main_video(container: Any) -> Any:
    """The moving picture that edits work on: the default one, else the largest, else the first."""
    moving = [stream for stream in container.streams if is_moving_picture(stream)]
    if not moving:
        raise UnreadableMedia("The file has no moving picture.", code="no_video_stream")
    known = [stream for stream in moving if stream.codec_context is not None]
    if not known:
        raise UnsupportedMedia("The video is coded in a way that is not known here.", code="unsupported_codec")
    return min(known, key=lambda one: (not one.disposition & DEFAULT, -one.width * one.height, one.index))


def is_moving_picture(stream: Any) -> bool:
    still = ATTACHED_PICTURE | TIMED_THUMBNAILS | STILL_IMAGE
    return stream.type == "video" and not int(stream.disposition) & still


def media_info(container: Any, main: Any, frame: Any, frames: FrameTimes, ends: Ends, size_bytes: int) -> MediaInfo:
    """All that is known of a file whose video `main` begins with `frame` and has its frames at `frames`."""
    video = [_main_stream(main, frame, frames, ends)]
    audio, other = [], []
    for stream in container.streams:
        if stream.index == main.index:
            continue
        if stream.type == "audio":
            audio.append(_audio_stream(stream))
        elif is_moving_picture(stream) and stream.codec_context is not None and stream.width > 0:
            video.append(_further_video(stream))
        else:
            other.append(_other_stream(stream))
    return MediaInfo(
        container=container.format.name,
        quicktime=_is_quicktime(container),
        size_bytes=size_bytes,
        start_s=str(_start(container)),
        duration_s=_duration_s(container, main, frames, ends),
        bit_rate=_positive(container.bit_rate),
        video=video,
        audio=audio,
        other=other,
    )


def _is_quicktime(container: Any) -> bool:
    """QuickTime files older than MP4 state no brand."""
    is_mov: bool = container.format.name.startswith("mov,")
    return is_mov and container.metadata.get("major_brand", QUICKTIME).strip() == QUICKTIME


def _main_stream(main: Any, frame: Any, frames: FrameTimes, ends: Ends) -> VideoStream:
    rotation = round(-frame.rotation / 90) * 90 % 360
    measured = frames.sample.rate if frames.sample else None
    start = seconds(main.start_time, main) or Fraction(0)
    duration = _found(seconds(main.duration, main), ends.picture_s, start)
    if frames.variable and frames.count and duration:
        rate: Fraction | None = frames.count / duration
    else:
        rate = believable_rate([main.average_rate, main.guessed_rate, main.base_rate], measured)
    order = FIELD_ORDER.get(main.codec_context.field_order)
    return _video_stream(
        main,
        frame.width,
        frame.height,
        rotation,
        duration_s=_believed(duration),
        frame_rate=_fraction(rate) if rate else None,
        variable_frame_rate=frames.variable,
        frame_count=frames.count,
        longest_frame_s=round(float(frames.longest_s), 6) if frames.longest_s else None,
        last_packet_s=str(ends.last_packet_s) if ends.last_packet_s is not None else None,
        pixel_format=frame.format.name,
        bit_depth=frame.format.components[0].bits,
        color_range=RANGE.get(int(frame.color_range)),
        color_space=MATRIX.get(int(frame.colorspace)),
        color_transfer=TRANSFER.get(int(frame.color_trc)),
        color_primaries=PRIMARIES.get(int(frame.color_primaries)),
        field_order=order or ("unknown" if frame.interlaced_frame else "progressive"),
    )


def _further_video(stream: Any) -> VideoStream:
    """A video stream that is not looked into: what its header says."""
    rate = believable_rate([stream.average_rate], None)
    return _video_stream(
        stream,
        stream.width,
        stream.height,
        0,
        duration_s=_believed(seconds(stream.duration, stream)),
        frame_rate=_fraction(rate) if rate else None,
    )


def _video_stream(stream: Any, width: int, height: int, rotation: int, **known: Any) -> VideoStream:
    aspect = stream.sample_aspect_ratio
    if aspect is None or not Fraction(1, 16) <= aspect <= 16:
        aspect = Fraction(1)
    shown = max(1, round(width * aspect)), height
    display_width, display_height = shown if rotation % 180 == 0 else shown[::-1]
    rate = stream.codec_context.bit_rate
    return VideoStream(
        index=stream.index,
        codec=stream.codec_context.codec.canonical_name,
        profile=stream.profile,
        width=width,
        height=height,
        display_width=display_width,
        display_height=display_height,
        rotation=rotation,
        sample_aspect_ratio=_fraction(aspect),
        time_base=_fraction(stream.time_base),
        start_s=str(seconds(stream.start_time, stream) or Fraction(0)),
        bit_rate=_positive(rate) if rate != MPEG_VARIABLE_BIT_RATE else None,
        **known,
    )


def _audio_stream(stream: Any) -> AudioStream:
    context = stream.codec_context
    layout = context.layout.name if context is not None else ""
    language = stream.language or ""
    return AudioStream(
        index=stream.index,
        codec=context.codec.canonical_name if context is not None else "unknown",
        profile=stream.profile,
        sample_rate=context.sample_rate if context is not None else 0,
        channels=context.layout.nb_channels if context is not None else 0,
        layout=layout if LAYOUT.fullmatch(layout) else None,
        language=language if LANGUAGE.fullmatch(language) and language != "und" else None,
        default=bool(int(stream.disposition) & DEFAULT),
        time_base=_fraction(stream.time_base),
        start_s=str(seconds(stream.start_time, stream) or Fraction(0)),
        duration_s=_believed(seconds(stream.duration, stream)),
        bit_rate=_positive(context.bit_rate) if context is not None else None,
        decodable=context is not None and context.sample_rate > 0,
    )


def _other_stream(stream: Any) -> OtherStream:
    kind = stream.type if stream.type in ("subtitle", "data", "attachment") else "unknown"
    if stream.type == "video" and not is_moving_picture(stream):
        kind = "attached_picture"
    context = getattr(stream, "codec_context", None)
    return OtherStream(
        index=stream.index, kind=kind, codec=context.codec.canonical_name if context is not None else None
    )


def _start(container: Any) -> Fraction:
    """The container's first timestamp, which FFmpeg rounds to microseconds; exact where a stream has it exactly."""
    if container.start_time is None:
        return Fraction(0)
    rounded = container.start_time * MICROSECOND
    starts = (seconds(stream.start_time, stream) for stream in container.streams if stream.type in ("video", "audio"))
    return next((start for start in starts if start is not None and abs(start - rounded) < MICROSECOND), rounded)


def _duration_s(container: Any, main: Any, frames: FrameTimes, ends: Ends) -> float | None:
    stated = container.duration * MICROSECOND if container.duration else seconds(main.duration, main)
    found = _found(stated, ends.file_s, _start(container))
    if found is None and frames.all_seen and frames.sample and frames.sample.rate:
        return _believed(frames.sample.span_s + 1 / frames.sample.rate)
    return _believed(found)


def _found(stated: Fraction | None, end: Fraction | None, start: Fraction) -> Fraction | None:
    """The duration as it is stated, unless what was read ends later or much earlier."""
    if end is None or (stated is not None and -ROUNDED_S <= stated - (end - start) <= STATED_WITHIN_S):
        return stated
    return end - start


def seconds(ticks: int | None, stream: Any) -> Fraction | None:
    return None if ticks is None or not stream.time_base else ticks * Fraction(stream.time_base)


def _believed(duration: Fraction | None) -> float | None:
    return round(float(duration), 6) if duration is not None and 0 < duration < LONGEST_BELIEVED_S else None


def _positive(rate: int | None) -> int | None:
    return rate if rate is not None and rate > 0 else None


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
