"""One cue's text as containers hold it: SubRip, WebVTT, ASS, the timed text of MP4. Turned into runs of looks. Pure.

What files hold comes from anywhere: what cannot be read is text, or nothing.
Sources: Matroska's page on subtitles; 3GPP TS 26.245, 5.17 (tx3g); the ASS format as libass reads it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from reelwright.edits.cues import markup
from reelwright.edits.cues.cue import ANYWHERE, MAX_CUE_MARKUP, CuePlace, CueRun
from reelwright.edits.cues.cue_settings import placed_by

TEXT_CODECS = frozenset({"subrip", "text", "webvtt", "ass", "mov_text"})
"""By FFmpeg's names; SSA is one of ASS."""
MAX_CODED_BYTES = 4 * MAX_CUE_MARKUP
"""Of a cue: of what is longer nothing is read."""

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


class PacketText(NamedTuple):
    """What a cue says, in runs, none where there is nothing to see; and where it wants to be."""

    runs: tuple[CueRun, ...]
    place: CuePlace = ANYWHERE


class AssStyle(msgspec.Struct, frozen=True):
    """What the style of a line says of it."""

    look: CueRun = CueRun("")
    place: CuePlace = ANYWHERE


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """What a track says once. `styles` of ASS by name; `color`: usual one of MP4's letters, "#rrggbb"."""

    styles: Mapping[str, AssStyle] = field(default_factory=dict)
    color: str | None = None


def header_of(codec: str, data: bytes) -> TrackHeader:
    """`data`: what comes before a track's first packet."""
    if codec == "ass":
        return TrackHeader(styles=_styles(data[: 2**20].decode("utf-8", "replace")))
    if codec == "mov_text" and len(data) >= 30:
        return TrackHeader(color=f"#{data[26:29].hex()}")
    return TrackHeader()


def text_of(codec: str, data: bytes, header: TrackHeader, settings: str = "") -> PacketText:
    """A packet of a track of TEXT_CODECS. `settings`: those of WebVTT."""
    data = data[:MAX_CODED_BYTES]
    if codec == "mov_text":
        return PacketText(_timed_text(data, header))
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\0")
    if codec == "ass":
        return _ass(text, header)
    runs, place = markup.runs(text, webvtt=codec == "webvtt")
    return PacketText(runs, place or (placed_by(settings) if codec == "webvtt" else ANYWHERE))


def _timed_text(data: bytes, header: TrackHeader) -> tuple[CueRun, ...]:
    """A sample of 3GPP timed text: a length, so many bytes of text, boxes, of which one says how letters look."""
    length = int.from_bytes(data[:2])
    coded, boxes = data[2 : 2 + length], data[2 + length :]
    encoding = "utf-16" if coded[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = coded.decode(encoding, "replace")
    looks = [CueRun("")] * len(text)
    for first, end, face, tint in _styled(boxes):
        color = None if tint == header.color else tint
        for at in range(min(first, len(text)), min(end, len(text))):
            looks[at] = CueRun("", bool(face & 2), bool(face & 1), bool(face & 4), color)
    return markup.tidied(list(zip(text.replace("\r\n", " \n").replace("\r", "\n"), looks, strict=True)))


def _styled(boxes: bytes) -> Iterator[tuple[int, int, int, str]]:
    """First letter, the one behind the last, face, colour of each style record."""
    while len(boxes) >= 8:
        size, kind = struct.unpack_from(">I4s", boxes)
        if size < 8:
            return
        if kind == b"styl":
            body = boxes[10:size]
            for at in range(0, len(body) - 11, 12):
                first, end, _, face, _ = struct.unpack_from(">HHHBB", body, at)
                yield first, end, face, f"#{body[at + 8 : at + 11].hex()}"
        boxes = boxes[size:]


def _ass(text: str, header: TrackHeader) -> PacketText:
    """ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text."""
    fields = text.split(",", 8)
    if len(fields) < 9:
        return PacketText(())
    style = header.styles.get(fields[2].strip().lstrip("*"), AssStyle())
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
    return PacketText(markup.tidied(found), place)


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


def _styles(text: str) -> dict[str, AssStyle]:
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
