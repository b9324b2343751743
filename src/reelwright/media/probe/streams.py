"""What FFmpeg says of streams -> MediaInfo: absurd values become None, no text of the file passes but language
tags and titles of one line.

Objects of PyAV are untyped here: which attributes they have depends on the stream.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import msgspec
from av.stream import Disposition

from reelwright.edits.media_info import AudioStream, MediaInfo, OtherStream, VideoStream
from reelwright.edits.text_rules import as_line
from reelwright.media.probe import chapters, field_order
from reelwright.media.probe.chapters import MAX_TITLE_CHARACTERS
from reelwright.media.probe.cropping_and_dolby_vision import Description
from reelwright.media.probe.duration import Ends, believed, duration_s, file_start, seconds
from reelwright.media.probe.frame_rate import FrameTimes, believable_rate
from reelwright.media.probe.main_video import DEFAULT, is_moving
from reelwright.media.probe.packets import Reading

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

QUICKTIME = "qt"
"""Major brand, without the blanks that fill it up."""


@dataclass(frozen=True, slots=True)
class StreamMeasurements:
    """What was found out of a file, beyond what its header says."""

    seen: Reading
    description: Description
    frames: FrameTimes
    ends: Ends
    empty: Set[int]
    """Tracks without a single packet."""


def media_info(container: Any, main: Any, measured: StreamMeasurements, size_bytes: int) -> MediaInfo:
    """All that is known of a file whose video is `main`."""
    video = [_main_stream(main, measured)]
    audio, other = [], []
    for stream in container.streams:
        if stream.index == main.index:
            continue
        if stream.index in measured.empty:
            other.append(_other_stream(stream, kind="empty"))
        elif stream.type == "audio":
            audio.append(audio_stream(stream, measured.seen))
        elif is_moving(stream) and stream.codec_context is not None and stream.width > 0:
            video.append(_further_video(stream))
        else:
            other.append(_other_stream(stream))
    return MediaInfo(
        container=container.format.name,
        quicktime=_is_quicktime(container),
        size_bytes=size_bytes,
        start_s=str(file_start(container)),
        clock_jumps=measured.seen.jumped,
        duration_s=duration_s(container, main, measured.frames, measured.ends),
        bit_rate=_positive(container.bit_rate),
        video=video,
        audio=audio,
        other=other,
        chapters=len(container.chapters()),
        chapter_marks=chapters.marks(container, file_start(container)),
        programs=measured.description.programs,
    )


def _is_quicktime(container: Any) -> bool:
    """QuickTime files older than MP4 state no brand."""
    is_mov: bool = container.format.name.startswith("mov,")
    return is_mov and container.metadata.get("major_brand", QUICKTIME).strip() == QUICKTIME


def _main_stream(main: Any, measured: StreamMeasurements) -> VideoStream:
    frame, frames, ends = measured.seen.frame, measured.frames, measured.ends
    rotation = round(-frame.rotation / 90) * 90 % 360
    first = measured.seen.first if measured.seen.first is not None else main.start_time
    start = seconds(first, main) or Fraction(0)
    duration = ends.picture_s - start if ends.picture_s is not None else None
    rate = frames.sample.rate if frames.sample else None
    if frames.alone and duration:
        rate = 1 / duration
    if frames.variable and frames.count and duration:
        rate = frames.count / duration
    else:
        rate = believable_rate([main.average_rate, main.guessed_rate, main.base_rate], rate)
    width, height = _shown_size(frame, measured.description)
    return _video_stream(
        main,
        width,
        height,
        rotation,
        start=start,
        begins_within_group=measured.seen.lost > 0,
        duration_s=believed(duration),
        frame_rate=_fraction(rate) if rate else None,
        variable_frame_rate=frames.variable,
        frame_count=frames.count,
        longest_frame_s=round(float(frames.longest_s), 6) if frames.longest_s else None,
        last_packet_s=str(ends.last_packet_s) if ends.last_packet_s is not None else None,
        pixel_format=frame.format.name,
        bit_depth=frame.format.components[0].bits,
        color_range=RANGE.get(int(frame.color_range)),
        color_space="gbr" if frame.format.is_rgb else MATRIX.get(int(frame.colorspace)),
        color_transfer=TRANSFER.get(int(frame.color_trc)),
        color_primaries=PRIMARIES.get(int(frame.color_primaries)),
        field_order=measured.seen.field_order
        or field_order.OF_HEADERS.get(main.codec_context.field_order, "progressive"),
        dolby_vision_profile=measured.description.dolby_vision_profile,
        dolby_vision_compatibility=measured.description.dolby_vision_compatibility,
    )


def _shown_size(frame: Any, description: Description) -> tuple[int, int]:
    """Decoders have cut off what the coded picture has too much; ffmpeg cuts off what the container calls so."""
    cropping = description.cropping
    if cropping is None:
        return frame.width, frame.height
    width = frame.width - cropping.left - cropping.right
    height = frame.height - cropping.top - cropping.bottom
    return (width, height) if width > 0 and height > 0 else (frame.width, frame.height)


def _further_video(stream: Any) -> VideoStream:
    """A video stream that is not looked into: what its header says."""
    rate = believable_rate([stream.average_rate], None)
    return _video_stream(
        stream,
        stream.width,
        stream.height,
        0,
        start=seconds(stream.start_time, stream) or Fraction(0),
        duration_s=believed(seconds(stream.duration, stream)),
        frame_rate=_fraction(rate) if rate else None,
    )


def _video_stream(stream: Any, width: int, height: int, rotation: int, *, start: Fraction, **known: Any) -> VideoStream:
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
        start_s=str(start),
        bit_rate=_positive(rate) if rate != MPEG_VARIABLE_BIT_RATE else None,
        **known,
    )


PRIMING_S = Fraction(1, 20)
"""Decoders may begin so much behind the first packet because of what encoders put before the sound; it is left out of
the stated start as well, or not, as containers have it."""


def audio_stream(stream: Any, seen: Reading) -> AudioStream:
    stated_s = seconds(stream.start_time, stream) or Fraction(0)
    heard_s = seen.heard_s.get(stream.index, stated_s)
    late = heard_s - stated_s > (0 if stream.index in seen.cut_into else PRIMING_S)
    context = stream.codec_context
    layout = context.layout.name if context is not None else ""
    return AudioStream(
        index=stream.index,
        codec=context.codec.canonical_name if context is not None else "unknown",
        profile=stream.profile,
        sample_rate=context.sample_rate if context is not None else 0,
        channels=context.layout.nb_channels if context is not None else 0,
        layout=layout if LAYOUT.fullmatch(layout) else None,
        language=_language(stream),
        default=bool(int(stream.disposition) & DEFAULT),
        time_base=_fraction(stream.time_base),
        start_s=str(heard_s if late else stated_s),
        duration_s=believed(seconds(stream.duration, stream)),
        bit_rate=_positive(context.bit_rate) if context is not None else None,
        decodable=context is not None and context.sample_rate > 0 and stream.index not in seen.dumb,
    )


def _other_stream(stream: Any, kind: str | None = None) -> OtherStream:
    if kind is None:
        kind = stream.type if stream.type in ("subtitle", "data", "attachment") else "unknown"
        if stream.type == "video" and not is_moving(stream):
            kind = "attached_picture"
    context = getattr(stream, "codec_context", None)
    found = OtherStream(
        index=stream.index, kind=kind, codec=context.codec.canonical_name if context is not None else None
    )
    if kind != "subtitle":
        return found
    said = stream.metadata.get("title") or stream.metadata.get("name") or ""  # the latter is QuickTime's
    return msgspec.structs.replace(
        found,
        language=_language(stream),
        title=as_line(said, MAX_TITLE_CHARACTERS) or None,
        default=bool(int(stream.disposition) & DEFAULT),
        forced=bool(int(stream.disposition) & Disposition.forced),
    )


def _language(stream: Any) -> str | None:
    language = stream.language or ""
    return language if LANGUAGE.fullmatch(language) and language != "und" else None


def _positive(rate: int | None) -> int | None:
    return rate if rate is not None and rate > 0 else None


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
