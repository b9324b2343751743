"""Cues written as SRT, always the same way: as tracks of files whose players know no other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.markup import NUMPAD

_PLACES = {place: number for number, place in NUMPAD.items() if number != 2}
_LOOKS_LIKE_MARKUP = re.compile(r"<(?=[A-Za-z/])|\\|\{(?=\\)|--(?=>)")
_WORD_JOINER = "\u2060"
"""Invisible, and of no width. SRT has no way to say that "<i>" is text, or "-->": players take them for a tag, or for a
time, unless something stands in it."""


def written(cues: Sequence[Cue], *, places: bool = True) -> str:
    """The whole file. `places`: whether cues say where they want to be, as ASS does, whose way SRT files borrow."""
    blocks = []
    for number, cue in enumerate(cues, start=1):
        place = f"{{\\an{_PLACES[cue.place]}}}" if places and cue.place in _PLACES else ""
        times = f"{_time(round(cue.start * 1000))} --> {_time(round(cue.end * 1000))}"
        blocks.append(f"{number}\n{times}\n{place}{''.join(map(_run, cue.runs))}\n")
    return "\n".join(blocks)


def _run(run: CueRun) -> str:
    text = _LOOKS_LIKE_MARKUP.sub(lambda found: found[0] + _WORD_JOINER, run.text)
    for tag, wanted in (("u", run.underline), ("b", run.bold), ("i", run.italic)):
        text = f"<{tag}>{text}</{tag}>" if wanted else text
    return f'<font color="{run.color}">{text}</font>' if run.color else text


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}"
