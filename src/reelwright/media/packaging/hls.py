"""HLS playlists (RFC 8216 with fMP4 byte ranges), written from what was measured. Pure."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.language_tags import UNKNOWN, tag_of
from reelwright.edits.streaming import playlist_of
from reelwright.media.packaging.bandwidth import average_bit_rate, peak_bit_rate
from reelwright.media.packaging.fragmented_mp4 import Fragments
from reelwright.media.packaging.presentation import AudioRendition, Presentation, SubtitlesRendition, VideoRendition

BEGINNING = ("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS")
VIDEO_RANGES = {"smpte2084": "PQ", "arib-std-b67": "HLG"}
GROUP, SUBTITLES_GROUP = "audio", "subtitles"


def master(presentation: Presentation) -> str:
    """All that there is to choose from. The picture that is named first is what many players begin with."""
    target_s, sounds = presentation.target_s, presentation.sounds
    lines = [*BEGINNING, *_sounds(sounds), *map(subtitles_named, presentation.subtitles)]
    peak = max((peak_bit_rate(sound.media.segments, target_s) for sound in sounds), default=0)
    average = max((average_bit_rate(sound.media.segments) for sound in sounds), default=0)
    codecs = sorted({sound.media.codec for sound in sounds})
    for picture in presentation.pictures:
        attributes = [
            f"BANDWIDTH={peak_bit_rate(picture.media.segments, target_s) + peak}",
            f"AVERAGE-BANDWIDTH={average_bit_rate(picture.media.segments) + average}",
            f'CODECS="{",".join([picture.media.codec, *codecs])}"',
            f"RESOLUTION={picture.width}x{picture.height}",
            *_rate(picture),
            f"VIDEO-RANGE={VIDEO_RANGES.get(picture.transfer or '', 'SDR')}",
            *([f'AUDIO="{GROUP}"'] if sounds else []),
            *([f'SUBTITLES="{SUBTITLES_GROUP}"'] if presentation.subtitles else []),
        ]
        lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", playlist_of(picture.media.name)]
    return "\n".join([*lines, ""])


def _rate(picture: VideoRendition) -> list[str]:
    return [] if picture.frame_rate is None else [f"FRAME-RATE={float(picture.frame_rate):.3f}"]


def _sounds(sounds: tuple[AudioRendition, ...]) -> list[str]:
    """A name is told once, and a player chooses by itself between languages, never between tracks of one."""
    lines: list[str] = []
    seen: list[str] = []
    for sound in sounds:
        tag = tag_of(sound.language)
        again = seen.count(tag)
        seen.append(tag)
        attributes = [
            "TYPE=AUDIO",
            f'GROUP-ID="{GROUP}"',
            f'NAME="{tag}{f" {again + 1}" if again else ""}"',
            *([f'LANGUAGE="{tag}"'] if sound.language else []),
            f"DEFAULT={'YES' if sound.default else 'NO'}",
            f"AUTOSELECT={'YES' if sound.default or not again else 'NO'}",
            f'CHANNELS="{sound.channels}"',
            f'URI="{playlist_of(sound.media.name)}"',
        ]
        lines.append(f"#EXT-X-MEDIA:{','.join(attributes)}")
    return lines


def subtitles_named(track: SubtitlesRendition) -> str:
    """Players choose one by themselves where the viewer's system asks for its language."""
    attributes = [
        "TYPE=SUBTITLES",
        f'GROUP-ID="{SUBTITLES_GROUP}"',
        f'NAME="{_quoted(track.label)}"',
        *([f'LANGUAGE="{track.language}"'] if track.language != UNKNOWN else []),
        f"DEFAULT={'YES' if track.default else 'NO'}",
        "AUTOSELECT=YES",
        f"FORCED={'YES' if track.forced else 'NO'}",
        f'URI="{playlist_of(track.name)}"',
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _quoted(text: str) -> str:
    """What may stand between quotes (RFC 8216, 4.2), which has no way to write one."""
    return text.replace('"', "\u201d")


def subtitles_playlist(track: SubtitlesRendition, duration_s: Fraction) -> str:
    """The whole track as one segment, which that of subtitles may be (RFC 8216, 6.2.4)."""
    lines = [
        *BEGINNING[:2],
        f"#EXT-X-TARGETDURATION:{max(1, int(duration_s + Fraction(1, 2)))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXTINF:{_decimal(duration_s)},",
        track.name,
        "#EXT-X-ENDLIST",
        "",
    ]
    return "\n".join(lines)


def media_playlist(media: Fragments, target_s: int) -> str:
    """The segments of one media file, by byte ranges."""
    lines = [
        *BEGINNING,
        f"#EXT-X-TARGETDURATION:{target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f'#EXT-X-MAP:URI="{media.name}",BYTERANGE="{media.init_bytes}@0"',
    ]
    for segment in media.segments:
        lines += [
            f"#EXTINF:{_decimal(segment.duration_s)},",
            f"#EXT-X-BYTERANGE:{segment.size_bytes}@{segment.offset}",
            media.name,
        ]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _decimal(value: Fraction) -> str:
    return f"{float(value):.6f}"
