"""Cues written as WebVTT, always the same way: as a track of a file, and for players of HLS and DASH."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits.cues.cue import Cue, CuePlace, CueRun
from reelwright.edits.cues.markup import CLASS_COLORS

_CLASSES = {tint: name for name, tint in CLASS_COLORS.items()}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\u00a0": "&nbsp;"})
"""'>' too: "-->" in a text would be a time."""
_POSITIONS = {"start": "line-left", "center": "center", "end": "line-right"}


def written(cues: Sequence[Cue], *, first_lines: Sequence[str] = ()) -> str:
    """The whole file. Times are rounded to milliseconds, WebVTT's; `first_lines`: of its header, behind "WEBVTT"."""
    tints = sorted({run.color for cue in cues for run in cue.runs if run.color} - _CLASSES.keys())
    style = ["STYLE", *(f"::cue(.{_class_of(tint)}) {{ color: {tint} }}" for tint in tints)] if tints else []
    blocks = [["WEBVTT", *first_lines], style]
    for cue in cues:
        start, end = _milliseconds(cue.start), _milliseconds(cue.end)
        if start < end:
            times = f"{_time(start)} --> {_time(end)}"
            blocks.append([" ".join([times, *_settings(cue.place)]), "".join(map(_run, cue.runs))])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _class_of(tint: str) -> str:
    return _CLASSES.get(tint) or f"color{tint.removeprefix('#')}"


def _run(run: CueRun) -> str:
    text = run.text.translate(_ESCAPES)
    for tag, wanted in (("u", run.underline), ("b", run.bold), ("i", run.italic)):
        text = f"<{tag}>{text}</{tag}>" if wanted else text
    return f"<c.{_class_of(run.color)}>{text}</c>" if run.color else text


def _settings(place: CuePlace) -> list[str]:
    settings = []
    edge = "" if place.line_align == "start" else f",{place.line_align}"
    if place.line_percent is not None:
        settings.append(f"line:{_number(place.line_percent)}%{edge}")
    elif place.line is not None:
        settings.append(f"line:{place.line}{edge}")
    if place.position_percent is not None:
        beside = "" if place.position_align is None else f",{_POSITIONS[place.position_align]}"
        settings.append(f"position:{_number(place.position_percent)}%{beside}")
    if place.size_percent is not None:
        settings.append(f"size:{_number(place.size_percent)}%")
    if place.align is not None:
        settings.append(f"align:{place.align}")
    return settings


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _milliseconds(time: Fraction) -> int:
    return round(time * 1000)


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
