"""Subtitles as they come, SRT or WebVTT, as bytes or text, turned into cues.

Files from the world are taken as players take them: any line ends, a byte order mark, counters missing or wrong, a
comma or a point before the decimals, cues in any order, empty lines within a text. What cannot be a file of subtitles
is refused with the number of the line. Every step takes time by the length of the text, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from reelwright.edits import color, timecode
from reelwright.edits.cues import cue_settings, markup, text_encoding
from reelwright.edits.cues.cue import (
    ANYWHERE,
    MAX_BYTES,
    MAX_CUE_CHARACTERS,
    MAX_CUE_LINES,
    MAX_CUE_MARKUP,
    MAX_CUES,
    Cue,
    CuePlace,
    CuesError,
)

MAX_WARNINGS = 20
MAX_SHOWN = 60
"""Characters of a line that an error shows."""

_LINE_ENDS = re.compile("\r\n|[\r\n\u2028\u2029]")
_ARROW = "-->"
_TIME = r"(?:(\d{1,5})\s?:\s?)?(\d{1,3})\s?:\s?(\d{1,2})(?:\s?[,.:;]\s?(\d{1,9}))?"
_TIMES = re.compile(rf"\s{{0,9}}{_TIME}\s{{0,9}}-->\s{{0,9}}{_TIME}(?:\s(.{{0,1000}}))?\s{{0,9}}", re.ASCII)
_COUNTER = re.compile(r"\s{0,9}\d{1,9}\s{0,9}", re.ASCII)
_CLASS_STYLE = re.compile(r"::cue\(\s?\.([A-Za-z_][\w-]{0,63})\s?\)\s?\{([^{}]{0,1000})\}", re.ASCII)
_STYLE_COLOR = re.compile(r"(?<![\w-])color\s?:\s?([^;]{1,64})", re.ASCII)
_OTHER_FORMATS = {
    "[script info]": "ASS or SSA",
    "<?xml": "XML, TTML perhaps",
    "<tt": "TTML",
    "<sami": "SAMI",
    "{1}{": "MicroDVD",
    "{0}{": "MicroDVD",
}


@dataclass(frozen=True, slots=True)
class Subtitles:
    """Cues by their start, and what a client should know of how they were read."""

    cues: tuple[Cue, ...]
    warnings: tuple[str, ...] = ()
    webvtt: bool = False
    """Whether they are WebVTT's, else SRT's."""


def read(content: bytes | str) -> Subtitles:
    """The cues of an SRT or WebVTT file; its own beginning tells which it is. Raises CuesError."""
    warnings = _Warnings()
    if isinstance(content, bytes):
        if len(content) > MAX_BYTES:
            raise CuesError(f"a file of subtitles has at most {MAX_BYTES} bytes")
        content, doubt = text_encoding.decoded(content)
        if doubt:
            warnings.add(doubt)
    elif len(content) > MAX_BYTES:
        raise CuesError(f"subtitles have at most {MAX_BYTES} characters")
    lines = _LINE_ENDS.split(content.removeprefix("\ufeff"))
    head = next((line.strip().lower() for line in lines if line.strip()), "")
    for beginning, name in _OTHER_FORMATS.items():
        if head.startswith(beginning):
            raise CuesError(f"this is {name}: subtitles are taken as SRT or WebVTT")
    webvtt = head.startswith("webvtt") and not head[6:7].strip()
    cues = _webvtt(lines, warnings) if webvtt else _srt(lines, warnings)
    if not cues:
        raise CuesError('there is no cue in it: a cue begins with a line like "00:00:01,000 --> 00:00:03,500"')
    return Subtitles(tuple(sorted(cues, key=lambda cue: cue.start)), warnings.told(), webvtt)


def inline(start: Fraction, end: Fraction, text: str) -> Cue:
    """A cue that a client gives as it is; its text may have the tags of SRT. Raises CuesError."""
    if end <= start:
        raise CuesError("the cue ends before it begins" if end < start else "the cue ends when it begins")
    cue = _cue((start, end), text, ANYWHERE, webvtt=False)
    if cue is None:
        raise CuesError("there is nothing to see in the cue's text")
    return cue


class _Warnings:
    """Sentences, each kind once with the first line that it is about, and how many more there are."""

    def __init__(self) -> None:
        self._lines: dict[str, list[int]] = {}

    def add(self, sentence: str, line: int | None = None) -> None:
        self._lines.setdefault(sentence, []).extend([] if line is None else [line])

    def told(self) -> tuple[str, ...]:
        return tuple(_told(sentence, lines) for sentence, lines in list(self._lines.items())[:MAX_WARNINGS])


def _told(sentence: str, lines: Sequence[int]) -> str:
    if not lines:
        return sentence
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return f"line {lines[0]}{more}: {sentence}"


def _webvtt(lines: Sequence[str], warnings: _Warnings) -> list[Cue]:
    cues: list[Cue] = []
    colors = dict(markup.CLASS_COLORS)
    head = next(number for number, line in enumerate(lines) if line.strip())
    for number, block in _blocks(["", *lines[head + 1 :]], first=head):
        if block[0].split(" ")[0].split("\t")[0] in ("NOTE", "REGION"):
            continue
        if block[0].rstrip() == "STYLE":
            colors |= _class_colors("\n".join(block[1:]))
            continue
        at = next((place for place, line in enumerate(block[:2]) if _ARROW in line), None)
        if at is None:
            if number > head + 1:  # else it is more of the header
                warnings.add("this is in no cue and was left out", number + 1)
            continue
        times, settings = _times(block[at], number + at)
        text = "\n".join(block[at + 1 :])
        _add(cues, times, text, cue_settings.placed_by(settings), number + at, warnings, webvtt=True, colors=colors)
    return cues


def _blocks(lines: Sequence[str], first: int) -> Iterator[tuple[int, list[str]]]:
    """Lines between empty ones, with the number of the first, counted from `first`; a second time begins a block of its
    own, too."""
    block: list[str] = []
    begin, timed = first, False
    for number, line in enumerate(lines, start=first):
        if line and not (timed and _ARROW in line):
            timed = timed or _ARROW in line
            begin = begin if block else number
            block.append(line)
            continue
        if block:
            yield begin, block
        block, begin, timed = [line] if line else [], number, bool(line)
    if block:
        yield begin, block


def _srt(lines: Sequence[str], warnings: _Warnings) -> list[Cue]:
    """A cue goes from its times to the next ones; the number before those is none of its text."""
    cues: list[Cue] = []
    begins = [number for number, line in enumerate(lines) if _ARROW in line]
    for begin, behind in zip(begins, [*begins[1:], len(lines)], strict=False):
        times, _ = _times(lines[begin], begin)
        end = behind
        while behind == len(lines) and end - 1 > begin and not lines[end - 1].strip():
            end -= 1
        counted = behind < len(lines) or not lines[end - 2].strip()  # the file may end with the number of a cue to come
        if counted and end - 1 > begin and _COUNTER.fullmatch(lines[end - 1]):
            end -= 1
        _add(cues, times, "\n".join(lines[begin + 1 : end]), ANYWHERE, begin, warnings, webvtt=False)
    before = lines[: begins[0]] if begins else []
    stray = next((n for n, line in enumerate(before) if line.strip() and not _COUNTER.fullmatch(line)), None)
    if stray is not None:
        warnings.add("this is in no cue and was left out", stray + 1)
    return cues


def _add(
    cues: list[Cue],
    times: tuple[Fraction, Fraction],
    text: str,
    place: CuePlace,
    line: int,
    warnings: _Warnings,
    *,
    webvtt: bool,
    colors: Mapping[str, str] | None = None,
) -> None:
    if times[1] <= times[0]:
        warnings.add("the cue does not end after it begins and is never shown", line + 1)
        return
    try:
        cue = _cue(times, text, place, webvtt=webvtt, colors=colors)
    except CuesError as error:
        raise CuesError(f"line {line + 1}: {error}") from error
    if cue is not None:
        if len(cues) == MAX_CUES:
            raise CuesError(f"line {line + 1}: there are more than {MAX_CUES} cues")
        cues.append(cue)


def _cue(
    times: tuple[Fraction, Fraction],
    text: str,
    place: CuePlace,
    *,
    webvtt: bool,
    colors: Mapping[str, str] | None = None,
) -> Cue | None:
    """None where there is nothing to see. Raises CuesError: it is too long."""
    if len(text) > MAX_CUE_MARKUP:
        raise CuesError(f"a cue has at most {MAX_CUE_MARKUP} characters with its tags")
    runs, said = markup.runs(text, webvtt=webvtt, colors=colors)
    if not runs:
        return None
    cue = Cue(str(times[0]), str(times[1]), runs, said or place)
    plain = cue.text
    if len(plain) > MAX_CUE_CHARACTERS:
        raise CuesError(f"a cue has at most {MAX_CUE_CHARACTERS} characters, this one has {len(plain)}")
    if (lines := plain.count("\n") + 1) > MAX_CUE_LINES:
        raise CuesError(f"a cue has at most {MAX_CUE_LINES} lines, this one has {lines}")
    return cue


def _times(line: str, number: int) -> tuple[tuple[Fraction, Fraction], str]:
    """When a cue is shown, and what stands behind."""
    found = _TIMES.fullmatch(line)
    if found is None:
        raise _wrong(line, number, "is not a time like 00:00:01,000 --> 00:00:03,500")
    parts = found.groups()
    return (_time(parts[0:4], line, number), _time(parts[4:8], line, number)), found[9] or ""


def _time(parts: Sequence[str | None], line: str, number: int) -> Fraction:
    hours, minutes, seconds = int(parts[0] or 0), int(parts[1] or 0), int(parts[2] or 0)
    if seconds >= 60 or (parts[0] is not None and minutes >= 60):
        raise _wrong(line, number, "has minutes or seconds that are above 59")
    time = hours * 3600 + minutes * 60 + seconds + Fraction(f"0.{parts[3] or 0}")
    if time > timecode.MAX_TIME_S:
        raise _wrong(line, number, f"has a time of more than {timecode.MAX_TIME_S // 3600} hours")
    return time


def _wrong(line: str, number: int, what: str) -> CuesError:
    shown = "".join(one if one.isprintable() else "\ufffd" for one in line.strip()[:MAX_SHOWN])
    return CuesError(f'line {number + 1}: "{shown}" {what}')


def _class_colors(style: str) -> dict[str, str]:
    """The colours of classes in a STYLE block; anything else in it means nothing here."""
    found = {}
    for one in _CLASS_STYLE.finditer(style):
        said = _STYLE_COLOR.search(one[2])
        try:
            found[one[1]] = color.parse(said[1]).hex if said else ""
        except ValueError:
            continue
    return {name: tint for name, tint in found.items() if tint}
