"""Every file format that is stored or made: its short name, extension, MIME type and first bytes, in one table. Pure.

None of the MIME types can run in a browser.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NamedTuple


class FileFormat(NamedTuple):
    name: str
    extension: str
    mime_type: str
    demuxer: str | None = None
    """FFmpeg's name, or the first of its names, of what reads it."""
    first_bytes: tuple[bytes, ...] = ()
    """One of them begins the file. Empty where a fixed beginning does not tell."""


MP4 = FileFormat("mp4", ".mp4", "video/mp4", "mov")
QUICKTIME = FileFormat("mov", ".mov", "video/quicktime")
MATROSKA = FileFormat("matroska", ".mkv", "video/x-matroska", "matroska", (b"\x1a\x45\xdf\xa3",))
WEBM = FileFormat("webm", ".webm", "video/webm")
_VIDEOS = (
    MP4,
    QUICKTIME,
    MATROSKA,
    WEBM,
    FileFormat("avi", ".avi", "video/x-msvideo", "avi"),
    FileFormat("mpegts", ".ts", "video/mp2t", "mpegts"),
    FileFormat("flv", ".flv", "video/x-flv", "flv", (b"FLV\x01",)),
    FileFormat("asf", ".wmv", "video/x-ms-wmv", "asf", (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",)),
    FileFormat("mpeg", ".mpg", "video/mpeg", "mpeg", (b"\x00\x00\x01\xba",)),
    FileFormat("mpegvideo", ".mpg", "video/mpeg", "mpegvideo", (b"\x00\x00\x01\xb3",)),
    FileFormat("ogg", ".ogv", "video/ogg", "ogg", (b"OggS",)),
    FileFormat("dv", ".dv", "video/dv", "dv", (b"\x1f\x07\x00\x3f", b"\x1f\x07\x00\xbf")),
    FileFormat("mxf", ".mxf", "application/mxf", "mxf", (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01",)),
)

PNG = FileFormat("png", ".png", "image/png", None, (b"\x89PNG\r\n\x1a\n",))
JPEG = FileFormat("jpeg", ".jpg", "image/jpeg", None, (b"\xff\xd8\xff",))
WEBP = FileFormat("webp", ".webp", "image/webp")
GIF = FileFormat("gif", ".gif", "image/gif", "gif", (b"GIF87a", b"GIF89a"))
IMAGES = (PNG, JPEG, WEBP, GIF)
"""What an overlay may be made of."""

M4A = FileFormat("m4a", ".m4a", "audio/mp4", "mov")
SOUNDS = (
    M4A,
    FileFormat("mp3", ".mp3", "audio/mpeg", "mp3"),
    FileFormat("wav", ".wav", "audio/wav", "wav"),
    FileFormat("flac", ".flac", "audio/flac", "flac"),
    FileFormat("ogg", ".ogg", "audio/ogg", "ogg"),
    FileFormat("mka", ".mka", "audio/x-matroska", "matroska"),
)
"""Of sound alone: what may be mixed in."""
HLS = FileFormat("hls", ".m3u8", "application/vnd.apple.mpegurl")
DASH = FileFormat("dash", ".mpd", "application/dash+xml")
WEBVTT = FileFormat("vtt", ".vtt", "text/vtt; charset=utf-8")
SUBRIP = FileFormat("srt", ".srt", "application/x-subrip")

MIME_TYPES = frozenset(known.mime_type for known in (*_VIDEOS, *IMAGES, *SOUNDS, HLS, DASH, WEBVTT, SUBRIP))

IMAGE_SIGNATURE_BYTES = 16
"""So many first bytes tell which image it is."""

_BY_DEMUXER = {known.demuxer: known for known in (*_VIDEOS, GIF) if known.demuxer is not None}
_BY_FIRST_BYTES = [(first, known) for known in (*_VIDEOS, *IMAGES) for first in known.first_bytes]
_WEBM_CODECS = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})


def of_video(demuxer: str, codecs: AbstractSet[str], *, quicktime: bool) -> FileFormat:
    """Return the format of a file that FFmpeg reads with the demuxer, by content alone: a Matroska file with nothing
    but WebM's codecs is WebM, QuickTime's brand is no MP4."""
    if quicktime:
        return QUICKTIME
    family = demuxer.split(",")[0]
    return WEBM if family == "matroska" and codecs <= _WEBM_CODECS else _BY_DEMUXER[family]


def demuxer_of(container: str) -> str:
    """Return the first of the demuxers' names by which FFmpeg reads a container that is made."""
    if container in ("mkv", "webm"):
        return "matroska"
    if container == QUICKTIME.name:
        return "mov"
    return next(known.demuxer for known in (MP4, *SOUNDS) if known.name == container and known.demuxer is not None)


def of_sound(demuxer: str) -> FileFormat:
    """Return the format of a file of sound alone that FFmpeg reads with the demuxer."""
    family = demuxer.split(",")[0]
    return next(known for known in SOUNDS if known.demuxer == family)


def of_image(head: bytes) -> FileFormat | None:
    """Return the format of the image that begins with `head`, IMAGE_SIGNATURE_BYTES of it; None where it is none."""
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    known = by_first_bytes(head)
    return known if known in IMAGES else None


def by_first_bytes(head: bytes) -> FileFormat | None:
    """Return the format whose fixed first bytes begin `head`."""
    return next((known for first, known in _BY_FIRST_BYTES if head.startswith(first)), None)
