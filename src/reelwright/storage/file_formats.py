"""Container formats by what the probe found: the extension a file is stored under, its short name and MIME type."""

from __future__ import annotations

from typing import NamedTuple

from reelwright.edits.media_info import MediaInfo


class Format(NamedTuple):
    name: str
    extension: str
    mime_type: str


_BY_DEMUXER = {
    "mov": Format("mp4", ".mp4", "video/mp4"),
    "matroska": Format("matroska", ".mkv", "video/x-matroska"),
    "avi": Format("avi", ".avi", "video/x-msvideo"),
    "mpegts": Format("mpegts", ".ts", "video/mp2t"),
    "flv": Format("flv", ".flv", "video/x-flv"),
    "asf": Format("asf", ".wmv", "video/x-ms-wmv"),
    "mpeg": Format("mpeg", ".mpg", "video/mpeg"),
    "mpegvideo": Format("mpegvideo", ".mpg", "video/mpeg"),
    "ogg": Format("ogg", ".ogv", "video/ogg"),
    "dv": Format("dv", ".dv", "video/dv"),
    "mxf": Format("mxf", ".mxf", "application/mxf"),
    "gif": Format("gif", ".gif", "image/gif"),
}

_QUICKTIME = Format("mov", ".mov", "video/quicktime")
_WEBM = Format("webm", ".webm", "video/webm")
_WEBM_CODECS = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})


def of(media: MediaInfo) -> Format:
    """By content alone: a Matroska file with nothing but WebM's codecs is WebM, QuickTime's brand is no MP4."""
    family = media.container.split(",")[0]
    if media.quicktime:
        return _QUICKTIME
    codecs = {stream.codec for stream in media.video} | {stream.codec for stream in media.audio}
    if family == "matroska" and codecs <= _WEBM_CODECS:
        return _WEBM
    return _BY_DEMUXER[family]
