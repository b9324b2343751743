"""Files are told by content, from one table."""

from __future__ import annotations

import pytest

from reelwright.file_formats import (
    GIF,
    IMAGES,
    JPEG,
    MATROSKA,
    MP4,
    PNG,
    QUICKTIME,
    WEBM,
    WEBP,
    FileFormat,
    of_image,
    of_video,
)


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", PNG),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", JPEG),
        (b"RIFF\x24\0\0\0WEBPVP8 ", WEBP),
        (b"RIFF\x24\0\0\0AVI LIST", None),
        (b"GIF89a\x01\0", GIF),
        (b"GIF88a\x01\0", None),
        (b"\x1a\x45\xdf\xa3", None),
        (b"<svg xmlns=", None),
        (b"", None),
    ],
)
def test_an_image_is_known_by_its_first_bytes(head: bytes, known: FileFormat | None) -> None:
    """What is none of the four is none; a video is no image."""
    assert of_image(head) is known
    assert known is None or known in IMAGES


@pytest.mark.parametrize(
    ("demuxer", "codecs", "quicktime", "known"),
    [
        ("mov,mp4,m4a,3gp,3g2,mj2", {"h264"}, False, MP4),
        ("mov,mp4,m4a,3gp,3g2,mj2", {"prores"}, True, QUICKTIME),
        ("matroska,webm", {"vp9", "opus"}, False, WEBM),
        ("matroska,webm", {"vp9", "aac"}, False, MATROSKA),
        ("gif", {"gif"}, False, GIF),
    ],
)
def test_a_video_is_stored_as_what_is_in_it(demuxer: str, codecs: set[str], quicktime: bool, known: FileFormat) -> None:
    """Matroska with nothing but WebM's codecs is WebM."""
    assert of_video(demuxer, codecs, quicktime=quicktime) is known
