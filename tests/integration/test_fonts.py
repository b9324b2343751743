"""The catalogue of fonts, on the bundled ones and on folders of copies."""

import os
import shutil
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from reelwright.media.images.fonts import BUNDLED, TYPEFACES, FontBook, UnknownFont

BOOK = FontBook.scan(None, system=())
NOTO = BUNDLED[0]


@pytest.mark.parametrize(
    ("name", "family", "style", "weight"),
    [
        (None, "Noto Sans", "Regular", 400),
        ("NotoSansDevanagari-Regular.ttf", "Noto Sans Devanagari", "Regular", 400),
        ("NotoSansDevanagari-Bold.ttf", "Noto Sans Devanagari", "Bold", 700),
        ("NotoSansDevanagari[wght].ttf", "Noto Sans Devanagari", "Regular", 400),
        ("NotoSans-BoldItalic.ttf", "Noto Sans", "Bold Italic", 700),
        ("Noto Sans Tamil", "Noto Sans Tamil", "Regular", 400),
        ("noto sans telugu semibold", "Noto Sans Telugu", "SemiBold", 600),
        ("NotoSansHebrew-Regular.ttf", "Noto Sans Hebrew", "Regular", 400),
        ("Noto Emoji", "Noto Emoji", "Regular", 400),
        ("NotoColorEmoji.ttf", "Noto Color Emoji", "Regular", 400),
        ("Noto Sans CJK JP", "Noto Sans CJK JP", "Regular", 400),
        ("NotoSansCJKkr-Bold.otf", "Noto Sans CJK KR", "Bold", 700),
        ("NotoSansCherokee-Regular.ttf", "Noto Sans Cherokee", "Regular", 400),
    ],
)
def test_a_font_is_found_by_file_name_or_family(name: str | None, family: str, style: str, weight: int) -> None:
    """`<Family>-<Style>.ttf` is understood of variable fonts, too."""
    found = BOOK.find(name)
    assert (found.family, found.style, found.weight) == (family, style, weight)


@pytest.mark.parametrize(
    "name", ["Arial", "../NotoSans.ttf/x", "/etc/passwd", "NotoSans-Regular.ttf:0", "\0", "é" * 999]
)
def test_an_unknown_font_is_refused_with_a_list_of_what_there_is(name: str) -> None:
    """A name is only ever compared: no path, no pattern."""
    with pytest.raises(UnknownFont, match=r"there are .*Noto Sans Devanagari") as refused:
        BOOK.find(name)
    assert len(str(refused.value)) < 1500


def test_the_catalogue_has_every_style_of_every_bundled_file() -> None:
    """Variable fonts of several styles, collections of several families: listed once each."""
    listed = BOOK.list()
    files = {path.name for folder in BUNDLED for path in folder.iterdir() if path.suffix in (".ttf", ".ttc")}
    assert {font.file_name for font in listed} == files
    assert len({(font.family, font.style) for font in listed}) == len(listed)
    assert all(font.variable for font in listed if font.path.parent != TYPEFACES)


SAMPLES = {
    "Chinese, Japanese, Korean": "汉字漢字 ひらがなカタカナ 한국어 ㄅㄆㄇ 「、。」 ！？ ㈱ ㎞",
    "emoji": "😀👨🏽🚀❤⚽🇮🇳🏴🫠🪿🫨",
    "Tibetan, Mongolian": "བོད་ཡིག ᠮᠣᠩᠭᠣᠯ",
    "Syriac, Thaana, N'Ko, Tifinagh": "ܣܘܪܝܝܐ ދިވެހި ߒߞߏ ⵜⵉⴼⵉⵏⴰⵖ",
    "Americas": "ᏣᎳᎩ ꭰꭱ ᐃᓄᒃᑎᑐᑦ 𐓏𐒰𐓓",
    "Africa": "አማርኛ 𞤀𞤣 ꕙꔤ ꛀꛣ 𞠀",
    "South and South East Asia": "ꦗꦮ ᬩᬮ ᮞᮥᮔ᮪ᮓ ᱥᱟᱱ ꯃꯩ 𑄌 𐴀 ᨒᨚ ᯅᯖ ꨌꩌ ᥖᥭᥰ ᦺᦑ ᨴᩱ ꪼꪕ ᤛᤡᤖ ᰛᰩ ꠌ ꢱ",
    "East Asia": "ꆈꌠ ꓡꓲ 𖼀 𑒅",
    "signs": "₹€£¥₩₿ ←→⇒⇄ ∀∑∫√≈≤ ½⅓ №™℃ ┌─┐█▓ ■●▲★☆ ①②③ ✓✗ ♠♥♪𝄞 ⌘⏎ ⠃ 𝒜𝔅ℂ",
    "old": "ᚠᚢ 𐌰𐌱 Ϣϣ Ⰰⰱ 𓀀 𒀀 ᚁᚂ",
}


@pytest.mark.parametrize("letters", SAMPLES.values(), ids=list(SAMPLES))
def test_every_script_has_a_font(letters: str) -> None:
    """With nothing but what is installed along."""
    assert BOOK.missing_glyphs(letters) == []


def test_characters_that_no_font_has_are_named() -> None:
    """Once each and in order; spaces, joiners and selectors need no glyph."""
    text = "Hi नमस्ते 👨\u200d👩\u200d👧 ❤\ufe0f a\u3000b\n𐕰漢\ue000𐕰\U0010ffff"
    assert BOOK.missing_glyphs(text, BOOK.find("Noto Sans Tamil")) == ["𐕰", "\ue000", "\U0010ffff"]


@pytest.mark.parametrize(
    ("text", "font", "families"),
    [
        ("Hi", None, ("Noto Sans",)),
        ("直角", None, ("Noto Sans", "Noto Sans CJK SC")),
        ("直角です", None, ("Noto Sans", "Noto Sans CJK JP")),
        ("직각 直角", None, ("Noto Sans", "Noto Sans CJK KR")),
        ("直角 ㄓˊ", None, ("Noto Sans", "Noto Sans CJK TC")),
        ("直角です", "Noto Sans CJK TC", ("Noto Sans CJK TC",)),
        ("直→①", None, ("Noto Sans", "Noto Sans CJK SC")),
        ("a→①", None, ("Noto Sans", "Noto Sans Math", "Noto Sans Symbols")),
        ("नमस्ते", "Noto Sans Tamil", ("Noto Sans Tamil", "Noto Sans Devanagari")),
    ],
)
def test_what_a_font_lacks_comes_from_the_one_that_fits(text: str, font: str | None, families: tuple[str, ...]) -> None:
    """Han characters look as the rest of the text says, or as the font that is named has them."""
    assert BOOK.families(text, BOOK.find(font)) == families


@pytest.fixture
def font_dir(tmp_path: Path) -> Path:
    """The operator's fonts: a family of her own, and a bold only of a family that is bundled, too."""
    folder = tmp_path / "fonts & <more>"
    (folder / "deeper").mkdir(parents=True)
    bold = instancer.instantiateVariableFont(
        TTFont(NOTO / "NotoSansLao[wght].ttf"), {"wght": 700}, updateFontNames=False
    )
    for name, text in ((16, "Noto Sans"), (1, "Noto Sans"), (17, "Bold"), (2, "Bold")):
        bold["name"].setName(text, name, 3, 1, 0x409)
    bold["OS/2"].usWeightClass = 700
    bold.save(folder / "deeper" / "NotoSans-Bold.ttf")
    for name, text in ((16, "Mine"), (1, "Mine")):
        bold["name"].setName(text, name, 3, 1, 0x409)
    bold.save(folder / "mine-file.otf")
    return folder


def test_fonts_of_ones_own_come_first(font_dir: Path) -> None:
    """What FONT_DIR has is taken from there; what it lacks, another style of the family too, from the bundled ones."""
    book = FontBook.scan(font_dir, system=())
    assert book.find("Mine").path == book.find("mine-file.otf").path == font_dir / "mine-file.otf"
    assert book.find("Noto Sans Bold").path == font_dir / "deeper" / "NotoSans-Bold.ttf"
    assert book.find("Noto Sans").path == book.find(None).path == NOTO / "NotoSans[wght].ttf"
    assert book.digest != BOOK.digest


def test_of_a_familys_files_only_the_chosen_one_is_drawn_with(font_dir: Path) -> None:
    """Fontconfig cannot choose another file of the same name."""
    book = FontBook.scan(font_dir, system=())
    own, bundled = font_dir / "deeper" / "NotoSans-Bold.ttf", NOTO / "NotoSans[wght].ttf"
    assert (bundled, "Noto Sans") in book.rivals(book.find("NotoSans-Bold.ttf"))
    assert (own, "Noto Sans") not in book.rivals(book.find("NotoSans-Bold.ttf"))
    assert (own, "Noto Sans") in book.rivals(book.find(None))
    assert (own, "Noto Sans") in book.rivals(book.find("Noto Sans Tamil"))


def test_files_that_are_no_fonts_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged font costs a line in the log, not the catalogue."""
    whole = (NOTO / "NotoSansLao[wght].ttf").read_bytes()
    for number, content in enumerate(
        [b"", b"text", whole[:200], whole[:2000], b"ttcf" + b"\xff" * 50, whole[:12] * 50]
    ):
        (tmp_path / f"bad{number}.{'ttc' if number == 4 else 'ttf'}").write_bytes(content)
    shutil.copy(NOTO / "NotoSansLao[wght].ttf", tmp_path / "good.ttf")
    (tmp_path / "loop").symlink_to(tmp_path)
    book = FontBook.scan(tmp_path, system=())
    assert {font.file_name for font in book.sources[0]} == {"good.ttf"}
    assert caplog.text.count("A font is left out") == 6


def test_a_pipe_among_the_fonts_is_left_out(tmp_path: Path) -> None:
    """Nobody waits for what somebody may write into it."""
    os.mkfifo(tmp_path / "pipe.ttf")
    (tmp_path / "loop.otf").symlink_to("loop.otf")
    assert FontBook.scan(tmp_path, system=()).sources[0] == ()
