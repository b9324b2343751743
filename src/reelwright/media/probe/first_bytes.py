"""What a file seems to be by its first bytes, a container of ours or anything else, and what its owner can do. Read
without a parser: to word a refusal, not to trust a file."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from reelwright import file_formats

SIGNATURE_BYTES = 1024

_ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot")

SEARCHED_BYTES = 64 * 2**20
"""How far a picture is searched for a video behind it."""
CHUNK_BYTES = 1 << 20


class KnownFormat(NamedTuple):
    """What a file seems to be ("a PDF document"), and what its owner can do."""

    name: str
    advice: str = ""


PICTURE_ADVICE = "To lay a picture over a video, upload it as an asset."
SOUND_ADVICE = "Sound alone is not edited here."
ARCHIVE_ADVICE = "Unpack it and upload the video that is in it."
SCRIPT_ADVICE = (
    "It only names other files: upload the video itself, for example what `ffmpeg -i PLAYLIST -c copy video.mp4` makes."
)


def _picture(name: str) -> KnownFormat:
    return KnownFormat(f"a picture ({name})", PICTURE_ADVICE)


def _sound(name: str) -> KnownFormat:
    return KnownFormat(f"a sound file ({name})", SOUND_ADVICE)


def _raw(name: str, suffix: str) -> KnownFormat:
    command = f"`ffmpeg -framerate 25 -i video.{suffix} -c copy video.mp4`, with its own frame rate,"
    return KnownFormat(f"raw {name} without a container", f"{command} puts it into MP4 without loss.")


def _foreign(name: str) -> KnownFormat:
    return KnownFormat(name, "Convert it, for example with `ffmpeg -i FILE -c:v libx264 -c:a aac video.mp4`.")


MOTION_PHOTO = KnownFormat(
    "a motion photo, a picture with a short video behind it",
    "Share or export it as a video on the phone and upload that.",
)
PHONE_PICTURE = _picture("HEIC or AVIF")
STILL_GIF = _picture("a GIF with a single frame")
EMPTY = KnownFormat("empty", "Was it saved whole?")

_LEADING: tuple[tuple[int, bytes, KnownFormat], ...] = (
    (0, b"\xff\xd8\xff", _picture("JPEG")),
    (0, b"\x89PNG", _picture("PNG")),
    (0, b"GIF8", STILL_GIF),
    (8, b"WEBP", _picture("WebP")),
    (0, b"BM", _picture("BMP")),
    (0, b"II*\0", _picture("TIFF")),
    (0, b"MM\0*", _picture("TIFF")),
    (0, b"\xff\x0a", _picture("JPEG XL")),
    (4, b"JXL ", _picture("JPEG XL")),
    (0, b"8BPS", _picture("Photoshop")),
    (0, b"ID3", _sound("MP3")),
    (0, b"\xff\xfb", _sound("MP3")),
    (0, b"\xff\xf3", _sound("MP3")),
    (0, b"\xff\xf1", _sound("AAC")),
    (0, b"\xff\xf9", _sound("AAC")),
    (8, b"WAVE", _sound("WAV")),
    (0, b"fLaC", _sound("FLAC")),
    (0, b"FORM", _sound("AIFF")),
    (0, b"#!AMR", _sound("AMR")),
    (0, b"MThd", _sound("MIDI")),
    (0, b"%PDF", KnownFormat("a PDF document")),
    (0, b"PK\x03\x04", KnownFormat("a ZIP archive or an office document", ARCHIVE_ADVICE)),
    (0, b"Rar!", KnownFormat("a RAR archive", ARCHIVE_ADVICE)),
    (0, b"7z\xbc\xaf", KnownFormat("a 7-Zip archive", ARCHIVE_ADVICE)),
    (0, b"\x1f\x8b", KnownFormat("a gzip archive", ARCHIVE_ADVICE)),
    (257, b"ustar", KnownFormat("a tar archive", ARCHIVE_ADVICE)),
    (0, b"DKIF", KnownFormat("IVF", "`ffmpeg -i video.ivf -c copy video.mkv` puts it into Matroska without loss.")),
    (0, b"YUV4MPEG2", _foreign("uncompressed video (YUV4MPEG2)")),
    (0, b".RMF", _foreign("RealMedia")),
    (0, b"nut/multimedia", _foreign("NUT")),
    (0, b"\xb7\xd8\x00\x20", _foreign("a Windows recording (WTV)")),
    (0, b"\x7fELF", KnownFormat("a program")),
    (0, b"MZ", KnownFormat("a program")),
    (0, b"bplist", KnownFormat("a property list")),
)
_START_CODE = re.compile(rb"\A\x00{2,3}\x01", re.DOTALL)
_TEXTS: tuple[tuple[re.Pattern[bytes], KnownFormat], ...] = (
    (
        re.compile(rb"<!doctype html|<html|<head|<body", re.IGNORECASE),
        KnownFormat(
            "a web page",
            "The link led to a page, often one to log in or an error, not to the video: download the video itself.",
        ),
    ),
    (re.compile(rb"#EXTM3U|<MPD\b|ffconcat|\[playlist\]", re.IGNORECASE), KnownFormat("a playlist", SCRIPT_ADVICE)),
    (re.compile(rb"<svg\b", re.IGNORECASE), _picture("SVG")),
    (re.compile(rb"WEBVTT|-->"), KnownFormat("subtitles")),
)


def container_kind(head: bytes) -> str | None:
    """FFmpeg's name of the container that begins with `head` (SIGNATURE_BYTES of it); None: none that we know."""
    known = file_formats.by_first_bytes(head)
    if known is not None and known not in file_formats.IMAGES:
        return known.demuxer
    if head[4:8] in _ISO_BOXES:
        return "mov"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    for packet, offset in ((188, 0), (192, 4)):
        syncs = head[offset::packet]
        if len(syncs) >= 4 and set(syncs) == {0x47}:
            return "mpegts"
    return None


def kind(head: bytes) -> KnownFormat | None:
    """What a file that is no container of ours begins like."""
    if not head:
        return EMPTY
    for offset, leading, found in _LEADING:
        if head.startswith(leading, offset):
            return found
    if _START_CODE.match(head):
        return _elementary(head.lstrip(b"\0")[1:])
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, found in _TEXTS:
        if pattern.search(text[:512]):
            return found
    return KnownFormat("a text file") if _is_text(head) else None


def _elementary(unit: bytes) -> KnownFormat | None:
    """By the first unit behind a start code: parameter sets and delimiters of H.264 and HEVC."""
    if not unit:
        return None
    if unit[0] & 0x9F in (7, 9) or unit[0] & 0x9F == 6:
        return _raw("H.264", "h264")
    if unit[0] & 0x81 == 0 and unit[0] >> 1 in (32, 33, 35, 39):
        return _raw("HEVC", "h265")
    return None


def _is_text(head: bytes) -> bool:
    try:
        head.decode(errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # else a character that the end of the head tore apart
            return False
    return not any(byte < 32 and byte not in b"\t\n\r\f" for byte in head)


def has_video_behind(media_fd: int) -> bool:
    """Whether an MP4 begins somewhere in the file: phones append it to a picture."""
    kept = b""
    for position in range(0, SEARCHED_BYTES, CHUNK_BYTES):
        chunk = os.pread(media_fd, CHUNK_BYTES, position)
        if not chunk:
            return False
        if re.search(rb"\0\0\0.ftyp(?:mp4|isom|qt  |avc1|M4V|3gp)", kept + chunk, re.DOTALL):
            return True
        kept = chunk[-16:]
    return False
