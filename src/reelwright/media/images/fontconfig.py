"""fonts.conf: which files Pango draws with, nothing of the system's configuration in it. Source: fonts-conf(5)."""

from __future__ import annotations

import os
from pathlib import Path
from xml.sax.saxutils import escape

from reelwright.media.images import emoji
from reelwright.media.images.font_file import Font
from reelwright.media.images.fonts import FontBook

_SAME_EVERYWHERE = """
<match target="pattern"><edit name="prgname" mode="delete"/></match>
<match target="font">
  <edit name="antialias" mode="assign"><bool>true</bool></edit>
  <edit name="hinting" mode="assign"><bool>false</bool></edit>
  <edit name="hintstyle" mode="assign"><const>hintnone</const></edit>
  <edit name="autohint" mode="assign"><bool>false</bool></edit>
  <edit name="rgba" mode="assign"><const>none</const></edit>
</match>
"""
"""Letters keep the designer's shapes at every size: pictures are filmed, not read on one known screen."""

_BITMAP_SCALE = """
<match target="font">
  <test name="outline" compare="eq"><bool>false</bool></test>
  <edit name="pixelsizefixupfactor" mode="assign">
    <divide><name target="pattern">pixelsize</name><name target="font">pixelsize</name></divide>
  </edit>
  <edit name="matrix" mode="assign">
    <times>
      <name>matrix</name>
      <matrix>
        <name>pixelsizefixupfactor</name><double>0</double><double>0</double><name>pixelsizefixupfactor</name>
      </matrix>
    </times>
  </edit>
  <edit name="size" mode="assign"><divide><name>size</name><name>pixelsizefixupfactor</name></divide></edit>
</match>
"""
"""Colour emoji are pictures of one size; without this they are drawn at that size, whatever the text's."""


_LEANING = """
<match target="font">
  <test name="slant"><const>roman</const></test>
  <test target="pattern" name="slant" compare="not_eq"><const>roman</const></test>
  <test name="outline"><bool>true</bool></test>
  <test name="color"><bool>false</bool></test>
  <edit name="matrix" mode="assign">
    <times>
      <name>matrix</name>
      <matrix><double>1</double><double>0.2</double><double>0</double><double>1</double></matrix>
    </times>
  </edit>
  <edit name="slant" mode="assign"><const>oblique</const></edit>
</match>
"""
"""Letters lean where a family has no italic and one is asked for."""


def configuration(book: FontBook, chosen: Font, cache: Path, *, italics: bool = False) -> str:
    """The file's text. `cache`: fontconfig's own folder, one for each state of the fonts: it keeps what it found in
    a folder of fonts, even that there was nothing. `italics`: some words may lean."""
    slanted = book.slanted(chosen) if italics else None
    leaning = _LEANING if italics else ""
    folders = "".join(f"<dir>{_path(folder)}</dir>\n" for folder in book.folders)
    rejected = "".join(_pattern(path, family) for path, family in book.rivals(chosen, slanted))
    emoji_families = "".join(f"<family>{name}</family>" for name in emoji.families(chosen.family))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"{folders}<cachedir>{_path(cache)}</cachedir>\n"
        '<selectfont><rejectfont>\n<pattern><patelt name="scalable"><bool>false</bool></patelt></pattern>\n'
        f"{rejected}</rejectfont></selectfont>\n"
        f'<alias binding="strong"><family>emoji</family><prefer>{emoji_families}</prefer></alias>\n'
        f"{_SAME_EVERYWHERE}{leaning}{_BITMAP_SCALE}</fontconfig>\n"
    )


def _pattern(path: Path, family: str) -> str:
    """One family of a file: a collection holds others."""
    return (
        f'<pattern><patelt name="file"><string>{_path(path)}</string></patelt>'
        f'<patelt name="family"><string>{escape(family)}</string></patelt></pattern>\n'
    )


def _path(path: Path) -> str:
    return escape(os.fspath(path))
