"""What the program that splices is asked, and what it answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from reelwright.edits.codecs import CopyContainer
from reelwright.edits.splice_structs import Chosen, CopiedTrack, SourceCoding, SplicedInterval, Ticks


class SurveyRequest(msgspec.Struct, frozen=True, kw_only=True, tag="survey"):
    """Look at a source's packets: how would these intervals be cut, if what is `touched` of them is coded anew? Its
    answer is a Survey."""

    video_stream: int
    intervals: tuple[Ticks, ...]
    chosen: Chosen
    touched: tuple[Ticks, ...] = ()


class SpliceRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What joining and proving have in common. `decoders`, `max_pixels`, `threads`: as for an Inspection."""

    video_stream: int
    coding: SourceCoding | None
    intervals: tuple[SplicedInterval, ...]
    decoders: str
    max_pixels: int
    threads: int = 1


class JoinRequest(SpliceRequest, frozen=True, kw_only=True, tag="join"):
    """Make one file of a source's packets and of coded edges, which lie in `folder`. `tracks` of the
    source are copied; or those of a file in `folder`, which `sound` names, are taken in their place. `text` names
    another file there, whose tracks of text come behind; `chapters` one of ffmpeg's metadata, whose chapters it has."""

    folder: str
    container: Literal["mp4", CopyContainer] = "mp4"
    tracks: tuple[CopiedTrack, ...] = ()
    sound: str = ""
    text: str = ""
    chapters: str = ""


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """Frames of the finished file."""

    copied: int
    encoded: int
    contents: tuple[str, ...]
    """By track, the digest of what was written (`packet_digests`)."""


class ProofRequest(SpliceRequest, frozen=True, kw_only=True, tag="proof"):
    """Compare a joined file with what was written, and with its source round every seam; what is `touched` with what
    was coded of it, which lies in `folder`."""

    contents: tuple[str, ...]
    folder: str = ""
    touched: tuple[Ticks, ...] = ()


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen. `wrong`: what is not as it should be, in sentences."""

    copied: int
    """Frames that were compared and are the source's, bit for bit."""
    encoded: int
    lowest_psnr: float | None
    drawn: int = 0
    """Frames that steps touch, and are what was coded of them, bit for bit."""
    wrong: tuple[str, ...]


Request = SurveyRequest | JoinRequest | ProofRequest


def edge_file(number: int, *, is_head: bool) -> str:
    """The name of the coded frames at an edge of interval `number`."""
    return f"{'head' if is_head else 'tail'}{number}.mp4"


SOUND_FILE = "sound.mp4"
TEXT_FILE = "subtitles.mp4"

REMUX_FILE = "source.mp4"
"""The pictures of a source that MP4 does not hold as they are, in one that does."""
