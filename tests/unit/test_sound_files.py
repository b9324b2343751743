"""Files of sound alone are measured, or refused with a sentence; they are made here, byte by byte."""

from __future__ import annotations

import io
import random
import struct
import tempfile
import wave
from dataclasses import replace
from typing import Any

import pytest

from reelwright.edits.media_info import MediaInfo
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.probe import sound_files
from reelwright.media.probe.prober import probe_rules
from reelwright.settings import SOUND_CONTAINERS, Settings

RULES = replace(probe_rules(Settings()), sound=True, formats=SOUND_CONTAINERS)
SECONDS, RATE = 2, 8000


def examined(content: bytes, **rules: Any) -> MediaInfo:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        return sound_files.examine(file.fileno(), replace(RULES, **rules)).media


def wav() -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * RATE * SECONDS))
    return written.getvalue()


def flac(frames: bytes) -> bytes:
    """A header (RFC 9639, 8.2), and what would be frames behind it."""
    described = struct.pack(">HH", 4096, 4096) + bytes(6)
    stream = (RATE << 44 | 15 << 36 | RATE * SECONDS).to_bytes(8)
    return b"fLaC\x80\0\0\x22" + described + stream + bytes(16) + frames


def m4a() -> bytes:
    """Without a track."""

    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), name) + content

    times = bytes(12) + struct.pack(">II", 1000, 1000) + bytes(80)
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", box(b"mvhd", times)) + box(b"mdat", bytes(100))


def test_a_sound_lasts_as_long_as_what_is_in_it() -> None:
    """Where the time is up before all of it was read, as long as is stated."""
    assert examined(wav()[:-RATE]).duration_s == SECONDS - 0.5
    assert examined(wav(), timeout_s=0).duration_s == SECONDS


@pytest.mark.parametrize(
    ("content", "rules", "kind", "sentence"),
    [
        (wav(), {"max_streams": 0}, UnreadableMedia, "has 1 tracks of sound, 0 are taken"),
        (wav(), {"max_duration_s": 1.5}, UnreadableMedia, "lasts 2 s, 1.5 s are taken"),
        (flac(b""), {}, UnreadableMedia, "No sound of the file can be decoded"),
        (flac(random.Random(1).randbytes(20_000)), {}, UnreadableMedia, "No sound of the file can be decoded"),
        (m4a(), {}, UnsupportedMedia, "A sound is an MP3, WAV"),
        (b"plain words", {}, UnsupportedMedia, "A sound is an MP3, WAV"),
    ],
)
def test_what_is_no_sound_or_too_much_of_it_is_refused(
    content: bytes, rules: dict[str, Any], kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        examined(content, **rules)
