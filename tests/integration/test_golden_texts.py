"""Shaping: what Pango draws of a text in each script, against pictures that HarfBuzz's hb-view made of it.

`scripts/make_goldens.py` makes the pictures. Both draw the same outlines; what differs is where letters stand: Pango
rounds each to whole pixels, hb-view does not. So texts are drawn four times as large and reduced, each word is laid
over its reference at the best of the quarter pixels around, and the square of 6 pixels that differs most is looked at.
Of the same shapes, edges differ: up to 0.16 of the square. A conjunct not made, a vowel sign on the wrong side or a
mark left out: 0.5 to 1, which the last test proves on misspelt texts. The tolerance lies between.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import pyvips

from reelwright.edits.layers import TextStyle
from tests.support.images import Pixels, RendererForTests, ink, opacity, pixels

GOLDEN = Path(__file__).parents[1] / "golden"
WORDS: dict[str, tuple[str, str]] = json.loads((GOLDEN / "words.json").read_text())
SIZE_PX, FINER = 48, 4
TOLERANCE = 0.22
WINDOW_PX = 6
GAP_PX = 10
"""Empty columns between words; within one there are fewer at this size."""


def words(grey: Pixels, gap: int) -> Iterator[Pixels]:
    """The picture cut where it is empty for `gap` columns."""
    columns = np.flatnonzero((grey > 16).any(0))
    for part in np.split(columns, np.flatnonzero(np.diff(columns) > gap) + 1):
        yield ink(grey[:, part[0] : part[-1] + 1])


def difference(fine: Pixels, reference: Pixels) -> float:
    """Of a word drawn FINER times as large and its reference: how much ink is elsewhere at the worst place, as a share
    of a WINDOW_PX square."""
    height = max(-(-fine.shape[0] // FINER), reference.shape[0]) + 4 + WINDOW_PX
    width = max(-(-fine.shape[1] // FINER), reference.shape[1]) + 4 + WINDOW_PX
    places = [(row, column) for row in (0, 1) for column in (0, 1)]  # whole pixels, then quarters
    wanted = [np.pad(reference, ((row, height - row - len(reference)), (0, 0))) for row, _ in places]
    wanted = [
        np.pad(one, ((0, 0), (column, width - column - reference.shape[1])))
        for one, (_, column) in zip(wanted, places, strict=True)
    ]
    best = np.inf
    below, behind = height * FINER - fine.shape[0], width * FINER - fine.shape[1]
    for top in range(FINER):
        rows = np.pad(fine, ((top, below - top), (0, 0))).reshape(height, FINER, -1).mean(1)
        for left in range(FINER):
            reduced = np.pad(rows, ((0, 0), (left, behind - left))).reshape(height, width, FINER).mean(2)
            best = min(best, *(worst_window(np.abs(reduced - one)) for one in wanted))
    return best


def worst_window(elsewhere: Pixels) -> float:
    sums = np.pad(elsewhere, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    n = WINDOW_PX
    windows = sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]
    return float(windows.max() / (255 * n * n))


async def worst_difference(renderer: RendererForTests, name: str, text: str, font: str | None, target: Path) -> float:
    """Of the text's words; 9 when there are more or fewer of them than in the reference."""
    await renderer.draw_text(text, TextStyle(font=font, font_size=SIZE_PX * FINER), target)
    drawn = list(words(opacity(target), GAP_PX * FINER))
    wanted = list(words(255 - pixels(GOLDEN / f"{name}.png")[:, :, 0], GAP_PX))
    if len(drawn) != len(wanted):
        return 9
    return max(difference(*pair) for pair in zip(drawn, wanted, strict=True))


@pytest.mark.parametrize("name", WORDS)
async def test_a_script_is_shaped_as_harfbuzz_shapes_it(name: str, renderer: RendererForTests, tmp_path: Path) -> None:
    """With no font named: the script's own is found."""
    _, text = WORDS[name]
    assert await worst_difference(renderer, name, text, None, tmp_path / "text.png") < TOLERANCE


async def test_a_named_font_and_the_one_that_is_found_draw_the_same(renderer: RendererForTests, tmp_path: Path) -> None:
    """To the byte."""
    family, text = WORDS["devanagari"]
    for font in (None, family, "NotoSansDevanagari-Regular.ttf"):
        await renderer.draw_text(text, TextStyle(font=font), tmp_path / f"{font}.png")
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("devanagari", "क्ष", "क्\u200cष"),  # a visible virama for the ligature
        ("devanagari", "हि", "ही"),  # the vowel sign on the other side
        ("devanagari", "स्ते", "स्\u200cते"),
        ("bengali", "ক্ষ", "ক্\u200cষ"),
        ("telugu", "స్త్రీ", "స్\u200cత్రీ"),
        ("malayalam", "ക്ഷ", "ക്\u200cഷ"),
        ("sinhala", "ක්‍ර", "ක්ර"),
        ("arabic", "السلام", "الس\u200cلام"),  # letters not joined
        ("hebrew", "שָׁ", "שׁ"),  # a point left out
        ("thai", "ที่", "ที"),
        ("khmer", "ស្ត្រី", "សត្រី"),
        ("tamil", "டு", "ட\u200cு"),
    ],
)
async def test_the_tolerance_tells_right_from_wrong(
    name: str, right: str, wrong: str, renderer: RendererForTests, tmp_path: Path
) -> None:
    """One wrong cluster in one word is found."""
    _, text = WORDS[name]
    assert right in text
    found = await worst_difference(renderer, name, text.replace(right, wrong), None, tmp_path / "text.png")
    assert found > TOLERANCE * 2


async def test_emoji_are_drawn_as_a_browser_draws_them(renderer: RendererForTests, tmp_path: Path) -> None:
    """Sequences of several characters as one picture, in the same colours; another order would be found."""
    text = (GOLDEN / "emoji.txt").read_text().strip()
    wanted = small(GOLDEN / "emoji.png")

    async def difference(text: str) -> float:
        await renderer.draw_text(text, TextStyle(font_size=2 * SIZE_PX), tmp_path / "text.png")
        return float(np.abs(small(tmp_path / "text.png") - wanted).mean())

    assert await difference(text) < 12
    assert await difference(text[1:] + text[0]) > 36


def small(path: Path) -> Pixels:
    """The ink, premultiplied, as a picture of one size."""
    drawn = pixels(path)
    rows, columns = np.nonzero(drawn[:, :, 3] > 16)
    part = drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    part = np.dstack([part[:, :, :3] * part[:, :, 3:] / 255, part[:, :, 3]]).astype("uint8")
    image = pyvips.Image.new_from_array(part)
    return np.asarray(image.resize(256 / image.width, vscale=32 / image.height).numpy(), dtype=float)
