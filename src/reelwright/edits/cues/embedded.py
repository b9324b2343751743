"""Tracks of text that a video file has of its own, as tracks of ours: bounded, in order, on our time line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import msgspec

from reelwright.edits import language_tags, timecode
from reelwright.edits.cues.cue import MAX_CUE_CHARACTERS, MAX_CUE_LINES, MAX_CUES, Cue
from reelwright.edits.cues.packet_text import PacketText
from reelwright.edits.cues.track import (
    MAX_LABEL_CHARACTERS,
    MAX_TOGETHER,
    Amount,
    SubtitleTrack,
    few_together,
    free_label,
)
from reelwright.edits.text_rules import as_line

UNSAID_S = Fraction(5)
"""So long a cue is shown at most of which nothing says how long, if no other comes before."""


class EmbeddedSubtitles(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read of a file, once. `tracks`: with their times on the file's time line; `streams`: the numbers of
    those streams; `warnings`: about what could not be kept, for whoever makes something of the file."""

    tracks: tuple[SubtitleTrack, ...] = ()
    streams: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


NOTHING = EmbeddedSubtitles()


@dataclass(frozen=True, slots=True)
class FoundCue:
    """A packet of text: when it is shown, in seconds from the start of the file; `end` None: not said."""

    start: Fraction
    end: Fraction | None
    text: PacketText


@dataclass(slots=True)
class FoundTrack:
    """A stream of text as it was read. `language` and `title` are the file's own words; `given_up`: why it was not read
    to its end, as the end of a sentence."""

    stream: int
    language: str
    title: str
    default: bool
    forced: bool
    cues: list[FoundCue]
    given_up: str | None = None


def embedded(found: Sequence[FoundTrack]) -> EmbeddedSubtitles:
    """The tracks that there is something to say of, as many as an edit may have, in their order."""
    tracks: list[SubtitleTrack] = []
    streams: list[int] = []
    warnings: list[str] = []
    for number, one in enumerate(found, start=1):
        track, said = _track(one, tracks)
        name = f"the file's subtitle track {number} ({_named(one)})"
        over = one.given_up or (None if track is None else Amount.of([*tracks, track]).excess)
        if over is not None:
            warnings.append(f"{name} is left out: {over}")
            continue
        streams.append(one.stream)
        if track is not None:
            tracks.append(track)
            warnings += [f"{name}: {sentence}" for sentence in said]
    return EmbeddedSubtitles(tracks=tuple(tracks), streams=tuple(streams), warnings=tuple(warnings))


def _track(found: FoundTrack, before: Sequence[SubtitleTrack]) -> tuple[SubtitleTrack | None, list[str]]:
    """None where nothing is ever shown."""
    cues, said = _cues(found.cues)
    if not cues:
        return None, said
    language = _language(found.language)
    track = SubtitleTrack(
        language=language,
        label=free_label(as_line(found.title, MAX_LABEL_CHARACTERS) or language, before),
        default=found.default and not any(other.default for other in before),
        forced=found.forced,
        cues=cues,
    )
    return track, said


def _cues(found: Sequence[FoundCue]) -> tuple[tuple[Cue, ...], list[str]]:
    """In their order, none twice (ASS draws outlines so), no more of them at the same time than a track may have."""
    ordered = sorted((one for one in found if one.text.runs), key=lambda one: one.start)
    cues: list[Cue] = []
    seen: set[Cue] = set()
    long = 0
    begins = sorted({one.start for one in found})
    follows = dict(pairwise(begins))
    for one in ordered:
        end = (
            one.end if one.end is not None else min(follows.get(one.start, one.start + UNSAID_S), one.start + UNSAID_S)
        )
        start, end = max(one.start, Fraction(0)), min(end, Fraction(timecode.MAX_TIME_S))
        if start >= end:
            continue
        cue = Cue(str(start), str(end), one.text.runs, one.text.place)
        if cue in seen:
            continue
        plain = cue.text
        if len(plain) > MAX_CUE_CHARACTERS or plain.count("\n") >= MAX_CUE_LINES:
            long += 1
            continue
        seen.add(cue)
        cues.append(cue)
    said = []
    if long:
        said.append(f"{long} cues of more than {MAX_CUE_CHARACTERS} characters or {MAX_CUE_LINES} lines are left out")
    few, crowded = few_together(cues)
    if crowded:
        said.append(f"{crowded} cues are left out: {MAX_TOGETHER} are shown at the same time")
    if len(few) > MAX_CUES:
        said.append(f"the cues behind the first {MAX_CUES} are left out")
    return few[:MAX_CUES], said


def _language(text: str) -> str:
    try:
        return language_tags.parse(text)
    except ValueError:
        return language_tags.UNKNOWN


def _named(found: FoundTrack) -> str:
    return as_line(found.title, MAX_LABEL_CHARACTERS) or _language(found.language)
