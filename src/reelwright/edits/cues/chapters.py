"""Chapters: named parts of a video, which go along with it as a track does whose cues are their names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.language_tags import UNKNOWN
from reelwright.edits.media_info import Chapter


def track_of(chapters: Sequence[Chapter]) -> tuple[SubtitleTrack, ...]:
    """The chapters of a file as the one track that they are; none where there are none."""
    cues = tuple(Cue(one.start_s, one.end_s, (CueRun(one.title),)) for one in chapters)
    return (SubtitleTrack(language=UNKNOWN, label="", kind="chapters", cues=cues),) if cues else ()


def one_after_another(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """The same for files in which one chapter ends where the next begins, and the first begins at zero: what lies
    before and between them has one without a name. Of two that begin together the later stays."""
    begins = {cue.start: cue for cue in cues}
    found: list[Cue] = []
    end = Fraction(0)
    ordered = sorted(begins)
    for start, following in pairwise([*ordered, None]):
        assert start is not None
        if start > end:
            found.append(Cue(str(end), str(start), (CueRun(""),)))
        cue = begins[start]
        end = cue.end if following is None else min(cue.end, following)
        found.append(Cue(str(start), str(end), cue.runs))
    return tuple(found)
