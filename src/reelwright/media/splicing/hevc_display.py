"""How players show a sequence of HEVC, as its parameter set says it: size, bits, shape of pixels, range, where chroma
lies; and what units beside the pictures say of HDR. Pure.

Source: ISO/IEC 23008-2, 7.3.2.2, 7.3.7 and annexes D and E.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reelwright.media.splicing.bits import Bits, Malcoded, payload
from reelwright.media.splicing.h264 import EXPLICIT, SHAPES, UNKNOWN_SHAPE

MAX_SETS, MAX_PICTURES = 64, 16
"""Of reference pictures, as many as there may be."""
REGISTERED = 4
"""A message by ITU-T T.35: the country, then who has made it up."""
HDR10_PLUS = bytes.fromhex("b5003c0001")
STATIC = frozenset({137, 144})
"""Messages that say by which screen pictures were graded, and how bright they are at most."""


class PictureLook(NamedTuple):
    """What has to be the same in all parts of a track. What a sequence does not say is as players take it then."""

    chroma: int
    size: tuple[int, int]
    bits: tuple[int, int]
    shape: tuple[int, ...] = UNKNOWN_SHAPE
    full_range: bool = False
    chroma_place: tuple[int, int] = (0, 0)

    def goes_with(self, source: PictureLook) -> bool:
        """Whether frames like these may stand beside a source's: what shape its pixels have its container may say."""
        return self._replace(shape=source.shape) == source and (
            source.shape == UNKNOWN_SHAPE or self.shape == source.shape
        )


def shown(unit: bytes) -> PictureLook:
    """Read a sequence parameter set. Raises Malcoded."""
    bits = Bits(payload(unit))
    bits.u(20)
    layers = bits.u(3)
    skip_profile(bits, layers)
    bits.ue()
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)
    width, height = bits.ue(), bits.ue()
    left, right, top, bottom = (bits.ue() for _ in range(4)) if bits.flag() else (0, 0, 0, 0)
    rows, columns = (2, 2) if chroma == 1 else (1, 2)
    size = width - columns * (left + right), height - rows * (top + bottom)
    depth = bits.ue(), bits.ue()
    order_bits = bits.ue() + 4
    for _ in range(layers + 1 if bits.flag() else 1):
        for _ in range(3):
            bits.ue()
    for _ in range(6):
        bits.ue()
    if bits.flag() and bits.flag():
        _skip_scaling(bits)
    bits.u(2)
    if bits.flag():
        bits.u(8)
        bits.ue()
        bits.ue()
        bits.u(1)
    _skip_references(bits)
    if bits.flag():
        for _ in range(_few(bits.ue(), 2 * MAX_PICTURES)):
            bits.u(order_bits + 1)
    bits.u(2)
    if not bits.flag():
        return PictureLook(chroma, size, depth)
    return PictureLook(chroma, size, depth, *_usability(bits))


def _usability(bits: Bits) -> tuple[tuple[int, ...], bool, tuple[int, int]]:
    """The shape of pixels, range, and where chroma lies. How colours are called is compared as decoders tell it."""
    shape: tuple[int, ...] = UNKNOWN_SHAPE
    if bits.flag():
        number = bits.u(8)
        if number == EXPLICIT:
            shape = bits.u(16), bits.u(16)
        elif number < len(SHAPES):
            shape = SHAPES[number]
    if bits.flag():
        bits.u(1)
    full = False
    if bits.flag():
        bits.u(3)
        full = bits.flag()
        if bits.flag():
            bits.u(24)
    return shape, full, (bits.ue(), bits.ue()) if bits.flag() else (0, 0)


def skip_profile(bits: Bits, layers: int) -> None:
    """Read on behind profile, tier and level."""
    bits.u(1)
    bits.u(96)
    said = [(bits.flag(), bits.flag()) for _ in range(layers)]
    if layers:
        bits.u(2 * (8 - layers))
    for profile, level in said:
        bits.u(88 * profile + 8 * level)


def _skip_scaling(bits: Bits) -> None:
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):
            if not bits.flag():
                bits.ue()
                continue
            if size > 1:
                bits.se()
            for _ in range(min(64, 1 << (4 + 2 * size))):
                bits.se()


def _skip_references(bits: Bits) -> None:
    """The sets of pictures that others refer to: each by itself, or by how it differs from the one before."""
    before: list[int] = []
    for number in range(_few(bits.ue(), MAX_SETS)):
        if number and bits.flag():
            negative, distance = bits.u(1), bits.ue() + 1
            apart = -distance if negative else distance
            found = []
            for delta in (*before, 0):
                used = bits.flag()
                if (used or bits.flag()) and delta + apart:
                    found.append(delta + apart)
            before = sorted((delta for delta in found if delta < 0), reverse=True)
            before += sorted(delta for delta in found if delta > 0)
            continue
        counts = _few(bits.ue(), MAX_PICTURES), _few(bits.ue(), MAX_PICTURES)
        before = []
        for sign, count in zip((-1, 1), counts, strict=True):
            delta = 0
            for _ in range(count):
                delta += sign * (bits.ue() + 1)
                bits.u(1)
                before.append(delta)


def _few(count: int, most: int) -> int:
    if count > most:
        raise Malcoded("a header counts too much")
    return count


def messages(unit: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages (SEI) of a unit, by their types."""
    content, at = payload(unit)[2:], 0
    while at + 2 < len(content):  # behind the last one the unit's end takes a byte
        told = []
        for _ in range(2):
            number = 0
            while at < len(content) and content[at] == 255:
                number, at = number + 255, at + 1
            if at >= len(content):
                return
            told.append(number + content[at])
            at += 1
        kind, size = told
        yield kind, content[at : at + size]
        at += size


def is_dynamic(unit: bytes) -> bool:
    """Whether it says of single frames how they are to be shown (HDR10+)."""
    return any(kind == REGISTERED and content.startswith(HDR10_PLUS) for kind, content in messages(unit))


def is_static(unit: bytes) -> bool:
    """Whether it says what holds of all frames of an HDR10 video, and nothing else."""
    kinds = {kind for kind, _ in messages(unit)}
    return bool(kinds) and kinds <= STATIC
