"""A cue's text with its tags, turned into runs: what SRT files and WebVTT files have in common, and what not.

Sources: WebVTT (W3C), sections 3.5 and 6.4; what players make of SRT files, which no standard describes. A tag that is
none is text ("I <3 you"); in WebVTT a tag that is not known is left out, as the standard has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import msgspec

from reelwright.edits import color
from reelwright.edits.cues.cue import ANYWHERE, CuePlace, CueRun

CLASS_COLORS = {
    "white": "#ffffff",
    "lime": "#00ff00",
    "cyan": "#00ffff",
    "red": "#ff0000",
    "yellow": "#ffff00",
    "magenta": "#ff00ff",
    "blue": "#0000ff",
    "black": "#000000",
}
"""WebVTT's default classes (section 5)."""

_TOKENS = re.compile(
    r"""<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,9})?(?P<rest>[^<>]{0,500})>
    | \{\\(?P<override>[^{}]{0,500})\}
    | &(?P<entity>[A-Za-z]{2,4}|\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6});""",
    re.VERBOSE,
)
_FONT_COLOR = re.compile(r"""\bcolor\s*=\s*["']?\s*([#\w]{1,40})""", re.ASCII | re.IGNORECASE)
_HEX = re.compile(r"[0-9a-fA-F]{6}", re.ASCII)
_MOMENT = re.compile(r"[\d:.]+", re.ASCII)
_OVERRIDE = re.compile(r"(an|[ibu])(\d{1,2})", re.ASCII)
_ENTITIES = {
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "quot": '"',
    "apos": "'",
    "nbsp": "\u00a0",
    "lrm": "\u200e",
    "rlm": "\u200f",
}
_LOOKS = {"i": "italic", "em": "italic", "b": "bold", "strong": "bold", "u": "underline"}
_KNOWN = frozenset({*_LOOKS, "font", "c", "v", "lang", "ruby", "rt", "br", "s"})
_NO_TEXT = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
"""Control characters, halves of surrogate pairs."""
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029\u0085]")
NUMPAD = {
    1: CuePlace(position_percent=0, align="left"),
    2: ANYWHERE,
    3: CuePlace(position_percent=100, align="right"),
    4: CuePlace(line_percent=50, line_align="center", position_percent=0, align="left"),
    5: CuePlace(line_percent=50, line_align="center"),
    6: CuePlace(line_percent=50, line_align="center", position_percent=100, align="right"),
    7: CuePlace(line=0, position_percent=0, align="left"),
    8: CuePlace(line=0),
    9: CuePlace(line=0, position_percent=100, align="right"),
}
"""What "{\\an8}", which many SRT files borrow from ASS, says: places as the keys of a number pad lie."""


@dataclass(slots=True)
class _OpenTags:
    """How what follows looks: each tag that is open, with the look that it brought."""

    open: list[tuple[str, str, str]] = field(default_factory=list)
    """(tag, field of a run, value)."""

    def now(self) -> CueRun:
        """A run that looks so, without its text."""
        looks = {name: value for _, name, value in self.open}  # the innermost of each counts
        tint = looks.get("color")
        return CueRun("", "italic" in looks, "bold" in looks, "underline" in looks, tint or None)

    def close(self, tag: str) -> None:
        for number in reversed(range(len(self.open))):
            if self.open[number][0] == tag:
                del self.open[number]
                return


MAX_OPEN = 16
"""Tags within each other."""


def runs(
    text: str, *, webvtt: bool, colors: Mapping[str, str] | None = None
) -> tuple[tuple[CueRun, ...], CuePlace | None]:
    """The runs of a cue's text, none where there is nothing to see; and where it says that it wants to be.

    `colors`: those of classes, which a WebVTT file may bring along.
    """
    text = _LINE_ENDS.sub("\n", text)
    look, place, at = _OpenTags(), None, 0
    found: list[tuple[str, CueRun]] = []
    for token in _TOKENS.finditer(text):
        if at < token.start():
            found.append((text[at : token.start()], look.now()))
        at = token.end()
        literal: str | None = None
        if token["entity"] is not None:
            literal = _character(token["entity"]) or token[0]
        elif token["override"] is not None:
            if webvtt:
                literal = token[0]
            else:
                place = _override(token["override"], look) or place
        else:
            literal = _tag(token, look, webvtt=webvtt, colors=colors or CLASS_COLORS)
        if literal:
            found.append((literal, look.now()))
    found.append((text[at:], look.now()))
    return tidied(found), place


def _tag(token: re.Match[str], look: _OpenTags, *, webvtt: bool, colors: Mapping[str, str]) -> str | None:
    """What a tag puts into the text: nothing, as a rule."""
    name = (token["name"] or "").lower()
    if name not in _KNOWN:
        is_moment = not name and _MOMENT.fullmatch(token["rest"]) is not None
        closes_all = bool(token["close"]) and not name and not token["rest"]
        return None if is_moment or closes_all or webvtt else token[0]
    if name == "br":
        return "\n"
    if token["close"]:
        look.close(name)
        return ")" if name == "rt" else None
    if len(look.open) < MAX_OPEN:
        look.open += [(name, *brought) for brought in _brought(name, token["rest"], colors)]
    return " (" if name == "rt" else None


def _brought(name: str, rest: str, colors: Mapping[str, str]) -> list[tuple[str, str]]:
    """The look that a tag brings: (field of a run, value); none where it means nothing to the eye."""
    if name == "font":
        said = _FONT_COLOR.search(rest)
        return [("color", tint)] if said and (tint := _color(said[1])) else [("", "")]
    if name in _LOOKS:
        return [(_LOOKS[name], "yes")]
    if name == "c":
        classes = rest.split(maxsplit=1)[0].split(".") if rest.strip() else []
        tints = [colors[one] for one in classes if one in colors]
        return [("color", tints[-1])] if tints else [("", "")]
    return [("", "")]


def _color(text: str) -> str | None:
    try:
        return color.parse(f"#{text}" if _HEX.fullmatch(text) else text).hex
    except ValueError:
        return None


def _override(text: str, look: _OpenTags) -> CuePlace | None:
    """What is borrowed from ASS: "{\\an8}" is a place, "{\\i1}" a look until "{\\i0}"; the rest means nothing here."""
    place = None
    for one in text.split("\\"):
        said = _OVERRIDE.fullmatch(one.strip())
        if said is None:
            continue
        if said[1] == "an":
            place = NUMPAD.get(int(said[2]), place)
        elif said[2] == "0":
            look.close(f"\\{said[1]}")
        elif len(look.open) < MAX_OPEN:
            look.open.append((f"\\{said[1]}", _LOOKS[said[1]], "yes"))
    return place


def _character(entity: str) -> str | None:
    if not entity.startswith("#"):
        return _ENTITIES.get(entity)
    number = int(entity[2:], 16) if entity[1] in "xX" else int(entity[1:])
    return chr(number) if 0 < number <= 0x10FFFF else None


def tidied(found: list[tuple[str, CueRun]]) -> tuple[CueRun, ...]:
    """Nothing invisible at the ends of lines and of the whole, no empty line, no control character; alike neighbours
    are one run."""
    lines: list[list[tuple[str, CueRun]]] = [[]]
    for text, look in found:
        plain = _NO_TEXT.sub("", text.replace("\t", " "))
        for number, part in enumerate(plain.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append((part, look))
    kept: list[tuple[str, CueRun]] = []
    for line in lines:
        while line and line[-1][0].isspace():
            line.pop()
        if line:
            line[-1] = line[-1][0].rstrip(), line[-1][1]
        begin = next((number for number, (part, _) in enumerate(line) if not part.isspace()), len(line))
        if begin < len(line):
            kept += [("\n", kept[-1][1])] if kept else []
            kept += [(line[begin][0].lstrip(), line[begin][1]), *line[begin + 1 :]]
    return tuple(
        msgspec.structs.replace(look, text="".join(part for part, _ in parts))
        for look, parts in groupby(kept, key=itemgetter(1))
    )
