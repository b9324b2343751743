"""ASS as Matroska holds it: a line's text with its override tags, and the styles of a track's header, turned into runs
of looks and into places. Pure. Source: the format as libass reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from reelwright.edits.cues import markup
from reelwright.edits.cues.cue import ANYWHERE, CuePlace, CueRun

_BLOCK = re.compile(r"\{([^{}]{0,2000})\}")
_BREAK = re.compile(r"\\[Nnh]")
_LOOK = re.compile(r"([ibu])(\d{0,4})", re.ASCII)
_NUMPAD = re.compile(r"an([1-9])", re.ASCII)
_COLOUR = re.compile(r"1?c(?:&?[Hh]?([0-9A-Fa-f]{1,8})&?)?", re.ASCII)
_DRAWING = re.compile(r"p(\d{1,2})", re.ASCII)
_LOOK_NAMES = {"i": "italic", "b": "bold", "u": "underline"}
_BREAKS = {"\\N": "\n", "\\n": " ", "\\h": "\u00a0"}
BOLD_WEIGHT = 600
"""`\\b700` says how heavy letters are."""
MAX_STYLES = 500


class AssStyle(msgspec.Struct, frozen=True):
    """What the style of a line says of it."""

    look: CueRun = CueRun("")
    place: CuePlace = ANYWHERE


def text_of(text: str, styles: Mapping[str, AssStyle]) -> tuple[tuple[CueRun, ...], CuePlace]:
    """What a packet says, in runs, and where it wants to be. Its fields: ReadOrder, Layer, Style, Name, MarginL,
    MarginR, MarginV, Effect, Text."""
    fields = text.split(",", 8)
    if len(fields) < 9:
        return (), ANYWHERE
    style = styles.get(fields[2].strip().lstrip("*"), AssStyle())
    look, place, drawing, at = style.look, style.place, False, 0
    found: list[tuple[str, CueRun]] = []
    said = fields[8]
    for block in _BLOCK.finditer(said):
        if not drawing:
            found.append((_broken(said[at : block.start()]), look))
        at = block.end()
        for one in block[1].split("\\")[1:]:
            one = one.strip()
            if (numpad := _NUMPAD.fullmatch(one)) is not None:
                place = markup.NUMPAD[int(numpad[1])]
            elif (drawn := _DRAWING.fullmatch(one)) is not None:
                drawing = int(drawn[1]) > 0
            else:
                look = _overridden(look, one, style.look)
    if not drawing:
        found.append((_broken(said[at:]), look))
    return markup.tidied(found), place


def _overridden(look: CueRun, tag: str, usual: CueRun) -> CueRun:
    """The look behind a tag of ASS; what is none of ours leaves it."""
    if tag.startswith("r"):
        return usual
    if (said := _LOOK.fullmatch(tag)) is not None:
        name = _LOOK_NAMES[said[1]]
        wanted = getattr(usual, name) if not said[2] else int(said[2]) == 1 or int(said[2]) >= BOLD_WEIGHT
        return msgspec.structs.replace(look, **{name: wanted})
    if (tinted := _COLOUR.fullmatch(tag)) is not None:
        return msgspec.structs.replace(look, color=usual.color if tinted[1] is None else _bgr(tinted[1]))
    return look


def _bgr(digits: str) -> str:
    number = int(digits, 16) & 0xFFFFFF
    return f"#{number & 0xFF:02x}{number >> 8 & 0xFF:02x}{number >> 16:02x}"


def _broken(text: str) -> str:
    return _BREAK.sub(lambda found: _BREAKS[found[0]], text)


def styles_of(text: str) -> dict[str, AssStyle]:
    """Those of a header of ASS. Their colours are the track's own taste, and so are sizes: players have theirs."""
    found: dict[str, AssStyle] = {}
    names: list[str] = []
    numpad = "[v4+ styles]" in text.lower()  # before, alignments were other numbers
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "format" and not found:
            names = [name.strip().lower() for name in value.split(",")]
        if key.strip().lower() != "style" or len(found) == MAX_STYLES:
            continue
        said = dict(zip(names, (one.strip() for one in value.split(",")), strict=False))
        italic, bold, underline = (said.get(name, "0") not in ("0", "") for name in ("italic", "bold", "underline"))
        alignment = _NUMPAD.fullmatch(f"an{said.get('alignment', '2')}") if numpad else None
        place = ANYWHERE if alignment is None else markup.NUMPAD[int(alignment[1])]
        found[said.get("name", "").lstrip("*")] = AssStyle(CueRun("", italic, bold, underline), place)
    return found
