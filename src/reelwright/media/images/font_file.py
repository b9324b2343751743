"""What a font file says of itself: its families, styles and the characters it has. Read with fontTools, no drawing.

fontTools is imported when the first font is read: a process that draws nothing starts without it.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_COLLECTIONS = frozenset({".ttc", ".otc"})


@dataclass(frozen=True, slots=True)
class Font:
    """One style of a family, and where it is. A variable font is several of these: one for each named style."""

    family: str
    style: str
    file_name: str
    path: Path
    index: int
    """Number of the face in its file; 0 but in collections."""
    variable: bool
    weight: int
    """OpenType's usWeightClass: 400 regular, 700 bold."""
    width: int
    """OpenType's usWidthClass, 1 to 9: 5 is normal."""
    italic: bool


class Coverage:
    """A set of characters, small in memory: the bounds of its runs."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._bounds = array("I")
        for number in sorted(numbers):
            if self._bounds and self._bounds[-1] == number:
                self._bounds[-1] = number + 1
            else:
                self._bounds.extend((number, number + 1))

    def __contains__(self, character: str) -> bool:
        return bisect_right(self._bounds, ord(character)) % 2 == 1

    def of(self, characters: set[str]) -> set[str]:
        """Those of them that it has."""
        return {character for character in characters if character in self}


def read(path: Path) -> list[Font]:
    """Every style in the file. Raises ValueError when it cannot be read as a font."""
    from fontTools.ttLib import TTCollection, TTFont

    try:
        if path.suffix.lower() not in _COLLECTIONS:
            with TTFont(path, lazy=True) as face:
                return _styles(face, path, 0)
        with TTCollection(path, lazy=True) as collection:
            return [font for index, face in enumerate(collection) for font in _styles(face, path, index)]
    except Exception as error:  # whatever fontTools meets in a damaged file: its parsers raise all kinds
        raise ValueError(f"{path.name} is not a font that can be read: {error}") from error


@lru_cache(maxsize=1024)
def coverage(path: Path, index: int) -> Coverage:
    """The characters that the face has glyphs for."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True, fontNumber=index) as face:
        return Coverage(face.getBestCmap() or ())


def sha256(path: Path) -> str:
    """Of the file as it is now; empty where it has gone."""
    try:
        about = path.stat()
        return _sha256(path, about.st_size, about.st_mtime_ns)
    except FileNotFoundError:
        return ""


@lru_cache(maxsize=1024)
def _sha256(path: Path, size_bytes: int, changed_ns: int) -> str:
    """Read once, as long as it stays as it is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _styles(face: Any, path: Path, index: int) -> list[Font]:
    names, metrics = face["name"], face["OS/2"]
    family = names.getBestFamilyName()
    if not family or not family.isprintable() or "," in family:  # a comma separates families in Pango's descriptions
        raise ValueError("no usable family name")
    italic = bool(metrics.fsSelection & 1)

    def font(style: str, weight: float, width: int = metrics.usWidthClass) -> Font:
        return Font(family, style, path.name, path, index, "fvar" in face, round(weight), width, italic)

    if "fvar" not in face:
        return [font(names.getBestSubFamilyName() or "Regular", metrics.usWeightClass)]
    found: dict[str, Font] = {}
    for instance in face["fvar"].instances:  # a variable font's own style name is often wrong: its instances count
        style = names.getDebugName(instance.subfamilyNameID) or "Regular"
        width = _width_class(instance.coordinates.get("wdth"), metrics.usWidthClass)
        found.setdefault(style, font(style, instance.coordinates.get("wght", metrics.usWeightClass), width))
    return list(found.values()) or [font("Italic" if italic else "Regular", metrics.usWeightClass)]


def _width_class(per_cent: float | None, otherwise: int) -> int:
    """usWidthClass for a `wdth` axis value, by OpenType's table of the two."""
    if per_cent is None:
        return otherwise
    table = (50, 62.5, 75, 87.5, 100, 112.5, 125, 150, 200)
    return min(range(9), key=lambda number: abs(table[number] - per_cent)) + 1
