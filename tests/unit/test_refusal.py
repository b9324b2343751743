"""A refusal says what the file seems to be, what is taken and what to do."""

import os
import struct
import tempfile
from pathlib import Path

import pytest

from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.probe import first_bytes, mp4_boxes, refusal

FORMATS = ("mov", "matroska", "avi")
PAGE = b"\xef\xbb\xbf\n <!DOCTYPE html><html><head><title>Sign in</title>"

KINDS = {
    b"\xff\xd8\xff\xe0\0\x10JFIF": ("a picture (JPEG)", "asset"),
    b"\x89PNG\r\n\x1a\n": ("a picture (PNG)", "asset"),
    b"RIFF\0\0\0\0WEBPVP8 ": ("a picture (WebP)", "asset"),
    b"RIFF\0\0\0\0WAVEfmt ": ("a sound file (WAV)", "Sound alone"),
    b"ID3\x04\0\0": ("a sound file (MP3)", "Sound alone"),
    b"%PDF-1.7\n": ("a PDF document", ""),
    b"PK\x03\x04\x14\0": ("a ZIP archive", "Unpack it"),
    PAGE: ("a web page", "download the video itself"),
    b"#EXTM3U\n#EXTINF:1,\na.ts\n": ("a playlist", "only names other files"),
    b"ffconcat version 1.0\nfile a.mp4\n": ("a playlist", "only names other files"),
    b"1\n00:00:00,000 --> 00:00:01,000\nhello\n": ("subtitles", ""),
    b"plain words": ("a text file", ""),
    b"a torn letter, \xc3": ("a text file", ""),
    b"\0\0\0\x01\x67\x42\xc0\x1e": ("raw H.264 without a container", "ffmpeg -framerate"),
    b"\0\0\0\x01\x09\xf0\0\0\0\x01\x67": ("raw H.264 without a container", "ffmpeg -framerate"),
    b"\0\0\0\x01\x40\x01\x0c\x01": ("raw HEVC without a container", "video.h265"),
    b"DKIF\0\0 \0VP80": ("IVF", "-c copy"),
    b"": ("it is empty", "saved whole"),
}


def refused(folder: Path, data: bytes, formats: tuple[str, ...] = FORMATS) -> UnsupportedMedia | UnreadableMedia:
    path = folder / "file"
    path.write_bytes(data)
    opened = os.open(path, os.O_RDONLY)
    try:
        return refusal.refused(opened, formats)
    finally:
        os.close(opened)


@pytest.mark.parametrize("head", KINDS, ids=[name for name, _ in KINDS.values()])
def test_what_the_file_seems_to_be_is_named_with_a_way_out(tmp_path: Path, head: bytes) -> None:
    name, advice = KINDS[head]
    error = refused(tmp_path, head)
    assert (type(error), error.status) == (UnsupportedMedia, 415)
    assert name in error.detail
    assert advice in error.detail
    assert error.detail.endswith("Taken are MP4 or MOV, Matroska, AVI.")


def test_what_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    for data in (bytes(1000), b"\x93\xf1\x02" * 300, b"\0\0\x01\xff\xff", b"\0\0\x01"):
        assert "what it is cannot be told" in refused(tmp_path, data).detail


def test_a_video_behind_a_picture_is_a_motion_photo(tmp_path: Path) -> None:
    """Wherever it begins: here across the pieces in which the file is searched."""
    behind = first_bytes.CHUNK_BYTES - 6
    photo = b"\xff\xd8\xff\xe1" + bytes(behind - 4) + b"\0\0\0\x18ftypmp42" + bytes(100)
    error = refused(tmp_path, photo)
    assert "a motion photo" in error.detail
    assert "export it as a video" in error.detail


def test_a_container_that_is_not_taken_here_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, b"FLV\x01\x05")
    assert isinstance(error, UnsupportedMedia)
    assert "FLV, which is not taken on this server" in error.detail


def test_a_video_that_cannot_be_opened_is_damaged_not_unsupported(tmp_path: Path) -> None:
    for head, name in ((b"\x1a\x45\xdf\xa3", "Matroska"), (b"RIFF\0\0\0\0AVI LIST", "AVI")):
        error = refused(tmp_path, head + bytes(100))
        assert isinstance(error, UnreadableMedia)
        assert f"begins as {name}" in error.detail


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


@pytest.mark.parametrize(
    ("boxes", "fragmented"),
    [
        ((box(b"ftyp"), box(b"moov", bytes(30)), box(b"mdat", b"moof" * 9)), False),
        ((box(b"ftyp"), box(b"moov", bytes(30)), box(b"moof")), True),
        ((box(b"ftyp"), struct.pack(">I4sQ", 1, b"mdat", 20), b"data", box(b"moof")), True),
        ((box(b"ftyp"), struct.pack(">I4s", 0, b"mdat"), box(b"moof")), False),
        ((box(b"ftyp"), struct.pack(">I4s", 7, b"mdat"), box(b"free")), True),
        ((box(b"ftyp"), struct.pack(">I4s", 100, b"mdat"), box(b"free")), False),
        ((box(b"free"),) * mp4_boxes.MAX_BOXES, True),
    ],
    ids=["none", "moof", "behind a large box", "in the last box", "damaged", "cut off", "too many"],
)
def test_samples_in_fragments_are_noticed(boxes: tuple[bytes, ...], fragmented: bool) -> None:
    """Of which the index does not tell. What cannot be followed to its end may have some."""
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(boxes))
        file.flush()
        assert mp4_boxes.has_fragments(file.fileno()) == fragmented
