"""The catalogue of fonts: FONT_DIR's own, the bundled ones, the system's, in this order of preference.

A name is found in the first of the three that has it, so a machine with more fonts draws the same text the same
way. What a chosen font lacks is drawn with the bundled ones, then with any.
"""

from __future__ import annotations

import builtins
import difflib
import hashlib
import logging
import os
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import manimgx_fonts

from reelwright.edits.lettering import is_invisible
from reelwright.media import font_file
from reelwright.media.font_file import Font

__all__ = ["Font", "FontBook", "UnknownFont"]

log = logging.getLogger(__name__)

BUNDLED = Path(manimgx_fonts.__file__).parent
SYSTEM = (Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))
DEFAULT = "Noto Sans"
REGULAR = ("regular", "book", "normal", "roman", "medium")
MOST_NAMED = 40
"""Families that an error lists."""


class UnknownFont(ValueError):
    """No font of that name; the sentence lists what there is."""


@dataclass(frozen=True)
class FontBook:
    """Every font that texts may be drawn with. Made once a process by `scan`; fonts that come later are not seen."""

    sources: tuple[tuple[Font, ...], ...]
    folders: tuple[Path, ...]
    """Where the fonts are: all that a drawing process has to read."""

    @classmethod
    def scan(cls, font_dir: Path | None, *, system: Sequence[Path] = SYSTEM) -> FontBook:
        """Read every font's names (some 0.5 ms a file: call it in a thread). Files that are no fonts are skipped,
        with a line in the log."""
        groups = [[font_dir] if font_dir else [], [BUNDLED], list(system)]
        return cls(
            sources=tuple(tuple(_fonts_in(group)) for group in groups),
            folders=tuple(folder.absolute() for group in groups for folder in group if folder.is_dir()),
        )

    def list(self) -> builtins.list[Font]:
        """All fonts by family, then weight; one that a preferred source has under the same name is left out."""
        found: dict[tuple[str, str], Font] = {}
        for font in self._all:
            found.setdefault((font.family, font.style), font)
        return sorted(found.values(), key=lambda font: (font.family.casefold(), font.italic, font.weight, font.style))

    def __contains__(self, name: str) -> bool:
        """Whether `find` knows it."""
        return _plain(_without_suffix(name)) in self._by_name

    def find(self, name: str | None) -> Font:
        """The font with that file name, family (its regular style), or family and style, written "Noto Sans Bold"
        or "NotoSans-Bold.ttf". Case, spaces and hyphens do not count. None: the default.

        Raises UnknownFont.
        """
        found = self._by_name.get(_plain(_without_suffix(name or DEFAULT)))
        if found is None:
            raise UnknownFont(self._unknown(name or DEFAULT))
        return found

    def missing_glyphs(self, text: str, font: Font | None = None) -> builtins.list[str]:
        """The characters, in order and once each, that no font has. May read many files: call it in a thread."""
        missing = {one: None for one in text if not _needs_no_glyph(one)}
        for path, index in dict.fromkeys((one.path, one.index) for one in (*([font] if font else ()), *self._all)):
            if not missing:
                break
            has = font_file.coverage(path, index)
            missing = {one: None for one in missing if one not in has}
        return list(missing)

    def fallback_families(self) -> tuple[str, ...]:
        """Families for what a font lacks, in order: the bundled ones, emoji last."""
        names = dict.fromkeys(font.family for font in self.sources[1])
        return tuple(sorted(names, key=lambda name: ("Emoji" in name, "Symbols" in name, name != DEFAULT, name)))

    def rivals(self, chosen: Font) -> builtins.list[Path]:
        """Files that must not be taken: those of a family that is drawn from another file.

        For the chosen font's family its own file counts, for any other its home.
        """
        rejected = dict.fromkeys(
            font.path
            for source, fonts in enumerate(self.sources)
            for font in fonts
            if (font.path != chosen.path if font.family == chosen.family else source != self._home[font.family])
        )
        return [path for path in rejected if path != chosen.path]

    @cached_property
    def digest(self) -> str:
        """Changes when any font is added, removed or replaced."""
        state = hashlib.sha256()
        for path in dict.fromkeys(font.path for font in self._all):
            about = path.stat()
            state.update(f"{path}\0{about.st_size}\0{about.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        return state.hexdigest()

    @cached_property
    def _all(self) -> tuple[Font, ...]:
        return tuple(font for fonts in self.sources for font in fonts)

    @cached_property
    def _home(self) -> dict[str, int]:
        """Family -> number of the source that it comes from: the first with its regular style, else the first."""
        found: dict[str, int] = {}
        for wanted in (True, False):
            for source, fonts in enumerate(self.sources):
                for font in fonts:
                    if not wanted or _is_regular(font):
                        found.setdefault(font.family, source)
        return found

    @cached_property
    def _by_name(self) -> dict[str, Font]:
        found: dict[str, Font] = {}
        for source, fonts in enumerate(self.sources):
            ordered = sorted(fonts, key=lambda font: (_plainness(font), font.file_name))
            for font in ordered:
                found.setdefault(_plain(_without_suffix(font.file_name)), font)
            for font in ordered:
                if self._home[font.family] == source:
                    found.setdefault(_plain(font.family), font)
            for font in ordered:
                found.setdefault(_plain(font.family + font.style), font)
        return found

    def _unknown(self, name: str) -> str:
        families = list(dict.fromkeys(font.family for font in self._all))
        near = difflib.get_close_matches(name[:100], families, n=MOST_NAMED, cutoff=0.5)
        named = sorted(list(dict.fromkeys([*near, *families]))[:MOST_NAMED])
        more = f" and {len(families) - len(named)} more (GET /fonts lists all)" if len(families) > len(named) else ""
        return f"there is no such font; there are {', '.join(named)}{more}"


def _fonts_in(folders: Iterable[Path]) -> Iterable[Font]:
    for folder in folders:
        for parent, below, names in os.walk(folder):
            below.sort()
            for name in sorted(names):
                path = Path(parent, name)
                if path.suffix.lower() not in font_file.SUFFIXES:
                    continue
                try:
                    yield from font_file.read(path.absolute())
                except ValueError as error:
                    log.warning("A font is left out: %s", error)


def _is_regular(font: Font) -> bool:
    return font.style.casefold() in REGULAR and not font.italic


def _plainness(font: Font) -> tuple[bool, int, int, int]:
    """Sorts a family's regular style first."""
    rank = REGULAR.index(font.style.casefold()) if _is_regular(font) else len(REGULAR)
    return font.italic, abs(font.width - 5), rank, abs(font.weight - 400)


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _without_suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in font_file.SUFFIXES else name


def _needs_no_glyph(character: str) -> bool:
    """Line ends, spaces (drawn as gaps whether a font has them or not) and what only steers others."""
    return character == "\n" or unicodedata.category(character) == "Zs" or is_invisible(character)
