"""In which encoding a file of subtitles is written: nothing but its bytes tells. Pure."""

from __future__ import annotations

from reelwright.edits.cues.cue import CuesError

MARKS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
"""Byte order marks; UTF-32's begins as UTF-16's does."""
WINDOWS = "cp1252"
"""As Windows writes in the West: what comes without a mark and is not UTF-8 is most often that."""


def decoded(data: bytes) -> tuple[str, str | None]:
    """The text, and what a client should know of how it was read. By its byte order mark; else UTF-8, UTF-16 where
    every other byte is zero, and what is neither as WINDOWS. Raises CuesError."""
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in data[:1000]:
        encoding = "utf-16-le" if data[:1000:2].count(0) < data[1:1000:2].count(0) else "utf-16-be"
    try:
        return data.decode(encoding), None
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise CuesError(f"it begins as {encoding.upper()} and cannot be read as that to its end") from error
    doubt = "the text is not UTF-8 and was read as Windows-1252: store it as UTF-8 if letters are wrong"
    return data.decode(WINDOWS, "ignore"), doubt  # it has no letter for five of the bytes
