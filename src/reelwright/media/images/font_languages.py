"""Which font families write a language, the best first, and in whose way a text's Han characters are written. Pure."""

from __future__ import annotations

WRITINGS = ((0x3040, 0x30FF, "JP"), (0x1100, 0x11FF, "KR"), (0xAC00, 0xD7A3, "KR"), (0x3100, 0x312F, "TC"))
"""First and last character of what only one writing of Han characters goes along with."""
HAN = ((0x2E80, 0x303F), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x323AF))

_DEVANAGARI, _BENGALI, _ARABIC = "Noto Sans Devanagari", "Noto Sans Bengali", ("Noto Sans Arabic", "Noto Naskh Arabic")
FAMILIES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("hi", "mr", "ne", "sa", "kok"), (_DEVANAGARI,)),
    **dict.fromkeys(("bn", "as"), (_BENGALI,)),
    "pa": ("Noto Sans Gurmukhi",),
    "gu": ("Noto Sans Gujarati",),
    "or": ("Noto Sans Oriya",),
    "ta": ("Noto Sans Tamil",),
    "te": ("Noto Sans Telugu",),
    "kn": ("Noto Sans Kannada",),
    "ml": ("Noto Sans Malayalam",),
    "si": ("Noto Sans Sinhala",),
    **dict.fromkeys(("ar", "fa", "ps", "sd"), _ARABIC),
    "ur": ("Noto Nastaliq Urdu", *_ARABIC),
    **dict.fromkeys(("he", "yi"), ("Noto Sans Hebrew",)),
    "th": ("Noto Sans Thai",),
    "lo": ("Noto Sans Lao",),
    "km": ("Noto Sans Khmer",),
    "my": ("Noto Sans Myanmar",),
    "am": ("Noto Sans Ethiopic",),
    "hy": ("Noto Sans Armenian",),
    "ka": ("Noto Sans Georgian",),
    "zh": ("Noto Sans CJK SC", "Noto Sans SC"),
    "zh-hant": ("Noto Sans CJK TC", "Noto Sans TC"),
    "zh-tw": ("Noto Sans CJK TC", "Noto Sans TC"),
    "zh-hk": ("Noto Sans CJK HK", "Noto Sans HK"),
    "ja": ("Noto Sans CJK JP", "Noto Sans JP"),
    "ko": ("Noto Sans CJK KR", "Noto Sans KR"),
}
"""By language tag. Any other language takes the default font, which falls back to whatever has the letters."""


def families(language: str) -> tuple[str, ...]:
    """Return the families for a language tag ("zh-TW", "hi"), the best first, be they installed or not."""
    tag = language.replace("_", "-").lower()
    return FAMILIES.get(tag) or FAMILIES.get(tag.partition("-")[0], ())


def han_writing(text: str) -> str | None:
    """How Han characters of the text look: as in Japan, Korea, Taiwan or China. None: it is not East Asian.

    A text says so itself by what it has beside them; of one that does not, China's is meant, unless its font is named.
    """
    numbers = [ord(character) for character in text]
    for first, last, writing in WRITINGS:
        if any(first <= number <= last for number in numbers):
            return writing
    return "SC" if any(first <= number <= last for number in numbers for first, last in HAN) else None
