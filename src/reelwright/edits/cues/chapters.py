"""Chapters: named parts of a video, which go along with it as a track does whose cues are their names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from reelwright.edits.codecs import Container
from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.language_tags import UNKNOWN
from reelwright.edits.media_info import Chapter


def track_of(chapters: Sequence[Chapter]) -> tuple[SubtitleTrack, ...]:
    """The chapters of a file as the one track that they are; none where there are none."""
    cues = tuple(Cue(one.start_s, one.end_s, (CueRun(one.title),)) for one in chapters)
    return (SubtitleTrack(language=UNKNOWN, label="", kind="chapters", cues=cues),) if cues else ()


def in_file(cues: Sequence[Cue], container: Container) -> tuple[Cue, ...]:
    """The same as files of a container hold them, in order. Of those that begin together the last one stays: ffmpeg
    reads no other of Matroska."""
    begins = {cue.start: cue for cue in cues}
    ordered = [begins[start] for start in sorted(begins)]
    return tuple(ordered) if container in ("mkv", "webm") else _one_after_another(ordered)


def _one_after_another(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """For MP4 and QuickTime, in which one ends where the next begins, and the first begins at zero: what lies before
    and between them has one without a name. They begin one after another."""
    found: list[Cue] = []
    end = Fraction(0)
    for cue, following in pairwise([*cues, None]):
        assert cue is not None
        if cue.start > end:
            found.append(Cue(str(end), cue.start_s, (CueRun(""),)))
        end = cue.end if following is None else min(cue.end, following.start)
        found.append(Cue(cue.start_s, str(end), cue.runs))
    return tuple(found)
