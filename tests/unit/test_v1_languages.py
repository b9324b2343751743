"""The second surface chooses a text's font by its language."""

from __future__ import annotations

import uuid

import pytest

from reelwright.api.v1.schemas import FONTS, V1Overlay
from tests.support.images import BUNDLED_ONLY


def families(language: str) -> tuple[str, ...]:
    return V1Overlay(video_id=uuid.uuid4(), overlay_type="text", content="a", language=language).families


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
    served = {language for language, found in FONTS.items() if any(one in BUNDLED_ONLY for one in found)}
    assert {language.partition("-")[0] for language in set(FONTS) - served} <= {"zh", "ja", "ko"}
