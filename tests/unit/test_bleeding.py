"""Transparent pixels take the colour of the ink around them, and nothing that is seen changes."""

from __future__ import annotations

from random import Random

import numpy as np
import pyvips
from hypothesis import given
from hypothesis import strategies as st

from reelwright.media.images.alpha_bleed import bled


def picture(pixels: np.typing.NDArray[np.uint8]) -> pyvips.Image:
    return pyvips.Image.new_from_array(pixels).copy(interpretation="srgb")


@given(st.integers(1, 40), st.integers(1, 40), st.randoms(use_true_random=False))
def test_what_is_seen_stays_and_what_is_not_is_never_black(width: int, height: int, dice: Random) -> None:
    """Ink of one colour, at any places and opacities: every pixel has that colour afterwards, opacity is untouched."""
    random = np.random.default_rng(dice.getrandbits(32))
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., 3] = random.choice([0, 0, 0, 7, 128, 255], (height, width))
    pixels[random.integers(height), random.integers(width), 3] = 255
    pixels[pixels[..., 3] > 0, :3] = (200, 10, 120)
    found = bled(picture(pixels)).numpy().reshape(height, width, 4)
    assert (found[..., 3] == pixels[..., 3]).all()
    assert (found[..., :3] == (200, 10, 120)).all()


def test_each_pixel_takes_the_nearest_ink() -> None:
    """Red at the left, blue at the right: no purple but in the middle."""
    pixels = np.zeros((64, 256, 4), np.uint8)
    pixels[20:40, 20:40] = (255, 0, 0, 255)
    pixels[20:40, 216:236] = (0, 0, 255, 255)
    found = bled(picture(pixels)).numpy()
    assert (found[:, :48, 2] < 32).all()
    assert (found[:, -40:, 0] < 32).all()


def test_an_empty_picture_stays_empty() -> None:
    """There is no ink to take."""
    assert not bled(picture(np.zeros((5, 7, 4), np.uint8))).numpy().any()
