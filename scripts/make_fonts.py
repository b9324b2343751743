#!/usr/bin/env python3
"""Makes the fonts in src/reelwright/media/images/typefaces: what no Python package has as it is needed.

    NotoColorEmoji.ttf   of the npm package @fontsource/noto-color-emoji, without its pictures as SVG, which only
                         browsers draw: the outlines in colour (COLRv1) stay
    NotoMore.ttc         of Debian's fonts-noto-core, without hints, one collection: the regular styles for all that
                         manimgx-fonts and manimgx-fonts-cjk lack, living and old scripts, symbols, mathematics

Both are under the SIL Open Font License. The packages are fetched by npm and apt-get and checked against the hashes
below; what is made is the same each time. Needs those two programs, dpkg-deb, and brotli in the project's `.venv`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import tarfile
import tempfile
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import manimgx_fonts
import manimgx_fonts_cjk
from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

TARGET = Path(__file__).parents[1] / "src" / "reelwright" / "media" / "images" / "typefaces"
EMOJI = "@fontsource/noto-color-emoji@5.3.2"
EMOJI_SHA512 = "rO15sQ45Dc28hMAMz1X1oSOWxcbqNL+CiHHJ7JPn1gmfiGIuR/QyLuHqBrXivSYHsHVTXGT/m6/DuQ42s5xQkw=="
EMOJI_FILE = "package/files/noto-color-emoji-emoji-400-normal.woff2"
NOTO = "fonts-noto-core=20201225-1"
NOTO_SHA256 = "58f4f0bb6720f919f92096b3508e1412a0f1544424ade6c5b5bf1eb694dd64ba"
LEFT_OUT = {"NotoSansSignWriting", "NotoSerifTangut"}
"""9 MB for what hardly anybody writes; their characters are refused, as all that no font has."""
WANTED_ANYHOW = {"NotoNastaliqUrdu"}
"""Adds no character: Urdu's readers expect it."""
FEWEST = 8
"""New characters that make a font worth its place."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        emoji(Path(folder))
        more(Path(folder))


def emoji(folder: Path) -> None:
    subprocess.run(["npm", "pack", "--silent", EMOJI], cwd=folder, check=True)
    (package,) = folder.glob("*.tgz")
    require(base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode(), EMOJI_SHA512)
    with tarfile.open(package) as archive:
        file = archive.extractfile(EMOJI_FILE)
        assert file is not None
        font = TTFont(io.BytesIO(file.read()), recalcTimestamp=False)
    del font["SVG "]
    font.flavor = None
    font.save(TARGET / "NotoColorEmoji.ttf")


def more(folder: Path) -> None:
    subprocess.run(["apt-get", "download", "-q", NOTO], cwd=folder, check=True)
    (package,) = folder.glob("*.deb")
    require(hashlib.sha256(package.read_bytes()).hexdigest(), NOTO_SHA256)
    subprocess.run(["dpkg-deb", "-x", package, folder / "noto"], check=True)
    bundled = (Path(module.__file__ or "").parent for module in (manimgx_fonts, manimgx_fonts_cjk))
    have = characters(path for found in bundled for path in found.iterdir() if path.suffix in (".ttf", ".ttc"))
    have |= characters([TARGET / "NotoColorEmoji.ttf"])
    collection = TTCollection()
    for path in sorted((folder / "noto").rglob("*-Regular.ttf"), key=rank):
        name = path.stem.removesuffix("-Regular")
        new = characters([path]) - have
        if name in LEFT_OUT or (len(new) < FEWEST and name not in WANTED_ANYHOW):
            continue
        have |= new
        collection.fonts.append(without_hints(path))
        print(name, len(new))
    collection.save(TARGET / "NotoMore.ttc")


def require(hash_found: str, hash_wanted: str) -> None:
    if hash_found != hash_wanted:
        raise SystemExit(f"another package than expected: {hash_found}")


def rank(path: Path) -> tuple[bool, bool, str]:
    """Sans before Serif, scripts before symbols."""
    return "NotoSans" not in path.name, "Symbols" in path.name or "Math" in path.name, path.name


def characters(paths: Iterable[Path]) -> set[int]:
    found: set[int] = set()
    for path in paths:
        fonts = TTCollection(path, lazy=True) if path.suffix == ".ttc" else [TTFont(path, lazy=True)]
        for font in fonts:
            found |= set(font.getBestCmap())
    return {number for number in found if unicodedata.category(chr(number)) not in ("Cn", "Co", "Cc", "Cf")}


def without_hints(path: Path) -> TTFont:
    options = subset.Options(hinting=False, layout_features=["*"], glyph_names=False, notdef_outline=True)
    options.name_IDs = ["*"]
    options.recalc_timestamp = False
    font = TTFont(path, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(glyphs=font.getGlyphOrder())
    subsetter.subset(font)
    return font


if __name__ == "__main__":
    main()
