"""Which font families write a language, the best first."""

from __future__ import annotations

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
