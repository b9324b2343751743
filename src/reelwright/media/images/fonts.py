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
import manimgx_fonts_cjk

from reelwright.edits.text_rules import code_point, is_invisible
from reelwright.media.images import font_file
from reelwright.media.images.font_file import Font
from reelwright.media.images.font_languages import han_writing

__all__ = ["Font", "FontBook", "UnknownFont"]

log = logging.getLogger(__name__)

TYPEFACES = Path(__file__).with_name("typefaces")
"""Made by scripts/make_fonts.py: emoji in colour, and every script and symbol that the packages lack."""
BUNDLED = (Path(manimgx_fonts.__file__).parent, Path(manimgx_fonts_cjk.__file__).parent, TYPEFACES)
SYSTEM = (Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))
DEFAULT = "Noto Sans"
REGULAR = ("regular", "book", "normal", "roman", "medium")
EAST_ASIAN = "Noto Sans CJK "
MAX_NAMED = 40
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
        groups = [[font_dir] if font_dir else [], list(BUNDLED), list(system)]
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

    def families(self, text: str, chosen: Font) -> tuple[str, ...]:
        """Families to draw the text with, in order: the chosen font's, then the bundled ones that have what is still
        lacking. What none of them has is left to any other font. May read many files: call it in a thread."""
        missing = {one for one in text if not _needs_no_glyph(one)}
        missing -= font_file.coverage(chosen.path, chosen.index).of(missing)
        found = [chosen.family]
        for font in self._fallbacks(han_writing(text)):
            if not missing:
                break
            if has := font_file.coverage(font.path, font.index).of(missing):
                found.append(font.family)
                missing -= has
        return tuple(dict.fromkeys(found))

    def _lacking(self, text: str, families: Sequence[str], chosen: Font) -> set[str]:
        """The characters that neither the chosen font nor the bundled ones of these families have."""
        missing = {one for one in text if not _needs_no_glyph(one)}
        stand_ins = [font for font in self._fallbacks(han_writing(text)) if font.family in families]
        for font in (chosen, *stand_ins):
            missing -= font_file.coverage(font.path, font.index).of(missing)
        return missing

    def _having(self, characters: set[str]) -> set[Path]:
        """Files of fonts that have any of them."""
        if not characters:
            return set()
        return {font.path for font in self._all if font_file.coverage(font.path, font.index).of(characters)}

    def _fallbacks(self, writing: str | None) -> builtins.list[Font]:
        """One bundled font of each family, in the order in which they stand in for others.

        Han characters look as `writing` has them. Symbols come from East Asian fonts only in East Asian texts.
        """

        def rank(font: Font) -> tuple[bool, int, bool, str]:
            east_asian = font.family.startswith(EAST_ASIAN)
            if "Emoji" in font.family:
                place = 5
            elif any(word in font.family for word in ("Symbols", "Math", "Music")):
                place = 2
            elif east_asian:
                place = 1 if writing else 3
            else:
                place = 4 if font.path.parent == TYPEFACES else 0  # rare scripts' fonts have stray symbols
            return font.family != DEFAULT, place, not font.family.endswith(writing or "SC"), font.family

        first: dict[str, Font] = {}
        for font in self.sources[1]:
            first.setdefault(font.family, font)
        return sorted(first.values(), key=rank)

    def slanted(self, font: Font) -> Font | None:
        """The font's italic of the same source, in the weight that is nearest; None where its family has none."""
        italics = (one for source in self.sources if font in source for one in source)
        alike = [one for one in italics if one.family == font.family and one.italic]
        return min(alike, key=lambda one: (abs(one.weight - font.weight), abs(one.width - font.width)), default=None)

    def rivals(self, chosen: Font, slanted: Font | None = None) -> builtins.list[tuple[Path, str]]:
        """Files and families in them that must not be taken: those of a family that is drawn from another file.

        For the chosen font's family its own file counts, and that of its italic where that is wanted; for any other its
        home.
        """
        own = {chosen.path, *([] if slanted is None else [slanted.path])}
        return list(
            dict.fromkeys(
                (font.path, font.family)
                for source, fonts in enumerate(self.sources)
                for font in fonts
                if (font.path not in own if font.family == chosen.family else source != self._home[font.family])
            )
        )

    @cached_property
    def digest(self) -> str:
        """Changes when any font is added, removed or replaced."""
        state = hashlib.sha256()
        for path in dict.fromkeys(font.path for font in self._all):
            about = path.stat()
            state.update(f"{path}\0{about.st_size}\0{about.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        return state.hexdigest()

    def digest_of(self, text: str, families: Sequence[str], chosen: Font) -> str:
        """Of all that the text may be drawn with: the chosen font, its italic, all others of these families, and every
        font that has any of what they lack. The same on every machine that has the same files under the same names.
        Reads them once: call it in a thread."""
        slanted = self.slanted(chosen)
        own = [chosen.path, *([] if slanted is None else [slanted.path])]
        homes = {
            family: self.sources[self._home[family]]
            for family in families
            if family != chosen.family and family in self._home
        }
        others = {font.path for family, source in homes.items() for font in source if font.family == family}
        state = hashlib.sha256()
        others |= self._having(self._lacking(text, families, chosen))
        for path in (*own, *sorted(others, key=lambda path: path.name)):
            state.update(f"{path.name}\0{font_file.sha256(path)}\n".encode("utf-8", "surrogateescape"))
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
        near = difflib.get_close_matches(name[:100], families, n=MAX_NAMED // 4, cutoff=0.5)
        named = sorted(list(dict.fromkeys([*near, *families]))[:MAX_NAMED])
        more = f" and {len(families) - len(named)} more (GET /fonts lists all)" if len(families) > len(named) else ""
        return f"there is no such font; there are {', '.join(named)}{more}"


def no_glyphs(missing: list[str]) -> str:
    """The sentence for characters that no font has."""
    named = ", ".join(f"{one} ({code_point(one)})" if one.isprintable() else code_point(one) for one in missing[:20])
    more = f" and {len(missing) - 20} more" if len(missing) > 20 else ""
    return f"no font here has {named}{more}"


def _fonts_in(folders: Iterable[Path]) -> Iterable[Font]:
    for folder in folders:
        for parent, below, names in os.walk(folder):
            below.sort()
            for name in sorted(names):
                path = Path(parent, name)
                if path.suffix.lower() not in font_file.SUFFIXES:
                    continue
                if not path.is_file():  # a pipe would be waited for
                    log.warning("A font is left out: %s is not a regular file", name)
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
