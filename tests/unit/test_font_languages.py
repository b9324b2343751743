"""A text's font is chosen by its language, where the request names that alone."""

from __future__ import annotations

import pytest

from reelwright.media.images.font_languages import FAMILIES, families
from tests.support.images import BUNDLED_ONLY

BEST = {
    "hi": "Noto Sans Devanagari",
    "hi_IN": "Noto Sans Devanagari",
    "ur-PK": "Noto Nastaliq Urdu",
    "zh": "Noto Sans CJK SC",
    "zh-CN": "Noto Sans CJK SC",
    "zh-TW": "Noto Sans CJK TC",
}


@pytest.mark.parametrize(("language", "best"), BEST.items())
def test_a_region_may_follow_the_language(language: str, best: str) -> None:
    """And it decides where it has fonts of its own."""
    assert families(language)[0] == best


def test_an_unknown_language_has_no_font_of_its_own() -> None:
    """The default font draws it."""
    assert families("tlh") == families("") == ()


def test_most_languages_are_served_by_bundled_fonts() -> None:
    """All but Chinese, Japanese and Korean, which need fonts of the system's."""
    served = {language for language, fonts in FAMILIES.items() if any(font in BUNDLED_ONLY for font in fonts)}
    assert {language.partition("-")[0] for language in set(FAMILIES) - served} <= {"zh", "ja", "ko"}
