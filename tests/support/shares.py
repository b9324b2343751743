"""Parts of a whole, for properties that hold at any instant."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

PARTS = 720_720
"""Halves, thirds, up to sixteenths are whole numbers of these."""


def shares(*, below_one: bool = False) -> st.SearchStrategy[Fraction]:
    """From 0 to 1. Of one number each: `st.fractions` draws the numerator after the denominator, by a strategy that it
    makes anew each time, which takes longer than what is proven by it."""
    return st.integers(0, PARTS - below_one).map(lambda number: Fraction(number, PARTS))
