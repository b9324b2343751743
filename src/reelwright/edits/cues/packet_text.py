"""One cue's text as containers hold it: SubRip, WebVTT, ASS, the timed text of MP4. Turned into runs of looks. Pure.

What files hold comes from anywhere: what cannot be read is text, or nothing. Source: Matroska's page on subtitles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reelwright.edits.cues import ass_text, markup, mp4_timed_text
from reelwright.edits.cues.ass_text import AssStyle
from reelwright.edits.cues.cue import ANYWHERE, MAX_CUE_MARKUP, CuePlace, CueRun
from reelwright.edits.cues.cue_settings import placed_by

TEXT_CODECS = frozenset({"subrip", "text", "webvtt", "ass", "mov_text"})
"""By FFmpeg's names; SSA is one of ASS."""
MAX_CODED_BYTES = 4 * MAX_CUE_MARKUP
"""Of a cue: of what is longer nothing is read."""


class PacketText(NamedTuple):
    """What a cue says, in runs, none where there is nothing to see; and where it wants to be."""

    runs: tuple[CueRun, ...]
    place: CuePlace = ANYWHERE


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """What a track says once. `styles` of ASS by name; `color`: usual one of MP4's letters, "#rrggbb"."""

    styles: Mapping[str, AssStyle] = field(default_factory=dict)
    color: str | None = None


def header_of(codec: str, data: bytes) -> TrackHeader:
    """`data`: what comes before a track's first packet."""
    if codec == "ass":
        return TrackHeader(styles=ass_text.styles_of(data[: 2**20].decode("utf-8", "replace")))
    if codec == "mov_text":
        return TrackHeader(color=mp4_timed_text.usual_color(data))
    return TrackHeader()


def text_of(codec: str, data: bytes, header: TrackHeader, settings: str = "") -> PacketText:
    """A packet of a track of TEXT_CODECS. `settings`: those of WebVTT."""
    data = data[:MAX_CODED_BYTES]
    if codec == "mov_text":
        return PacketText(mp4_timed_text.text_of(data, header.color))
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\0")
    if codec == "ass":
        return PacketText(*ass_text.text_of(text, header.styles))
    runs, place = markup.runs(text, webvtt=codec == "webvtt")
    return PacketText(runs, place or (placed_by(settings) if codec == "webvtt" else ANYWHERE))
