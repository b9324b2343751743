"""Other numbers for the parameter sets of a stream of x265, which has no option for them, so that one track can hold it
beside another stream. Pure.

It reads what x265 writes with one slice and one reference a picture, no picture between two that it refers to, no
weights, tiles and wavefronts, and refuses all else. Source: ISO/IEC 23008-2, 7.3.
"""

from __future__ import annotations

import msgspec

from reelwright.media.splicing.bits import Bits, Malcoded, packed, payload, protected, trailed, ue, untrailed

IDR = (19, 20)
PREDICTED, INTRA = 1, 2
"""Types of slices."""
HEADER_BYTES = 80
"""Of a slice, in which its header ends."""


class SequenceFields(msgspec.Struct, frozen=True, kw_only=True):
    """What of a sequence's parameters is needed to read its slices."""

    order_bits: int
    sample_offset: bool
    temporal_motion: bool


def _demand(holds: bool) -> None:
    if not holds:
        raise Malcoded("frames at an edge were coded in another way than was asked for")


def video(unit: bytes, number: int) -> bytes:
    """A video parameter set with another number."""
    content = payload(unit)
    return protected(content[:2] + bytes([(content[2] & 0x0F) | number << 4]) + content[3:])


def sequence(unit: bytes, number: int, reorder: int) -> tuple[bytes, SequenceFields]:
    """A sequence parameter set with another number, of the video parameter set that has it, too. `reorder`: by how many
    frames decoders have to hold back what they show; the same throughout a track."""
    bits = Bits(payload(unit))
    bits.u(20)
    _demand(bits.u(3) == 0)
    bits.u(1)
    bits.u(96)
    at = bits.at
    _demand(bits.ue() == 0)
    _demand(bits.ue() == 1)
    bits.ue()
    bits.ue()
    if bits.flag():
        for _ in range(4):
            bits.ue()
    bits.ue()
    bits.ue()
    order_bits = bits.ue() + 4
    bits.u(1)
    held_at = bits.at
    held, _, _ = bits.ue(), bits.ue(), bits.ue()
    held_end = bits.at
    for _ in range(6):
        bits.ue()
    _demand(not bits.flag())
    bits.u(1)
    sample_offset = bits.flag()
    _demand(not bits.flag())
    _demand(bits.ue() == 0)
    _demand(not bits.flag())
    fields = SequenceFields(order_bits=order_bits, sample_offset=sample_offset, temporal_motion=bits.flag())
    text = bits.text
    numbered = text[:16] + f"{number:04b}" + text[20:at] + ue(number)
    order = ue(max(held, reorder)) + ue(reorder) + ue(0)
    changed = numbered + text[at + 1 : held_at] + order + text[held_end:]
    return protected(packed(trailed(untrailed(changed)))), fields


def picture(unit: bytes, number: int) -> tuple[bytes, bool]:
    """A picture parameter set with another number, of the sequence parameter set that has it, too; and whether its
    slices say if they are filtered across their borders."""
    bits = Bits(payload(unit))
    bits.u(16)
    _demand((bits.ue(), bits.ue()) == (0, 0))
    at = bits.at
    _demand(bits.u(5) == 0)
    bits.u(1)
    _demand(not bits.flag())
    _demand((bits.ue(), bits.ue()) == (0, 0))
    bits.se()
    bits.u(2)
    if bits.flag():
        bits.ue()
    bits.se()
    bits.se()
    _demand(bits.u(3) == 0)
    bits.u(1)
    _demand(bits.u(2) == 0)
    across = bits.flag()
    _demand(bits.u(3) == 0)
    bits.ue()
    _demand(not bits.flag())
    text = bits.text
    changed = text[:16] + ue(number) * 2 + text[at:]
    return protected(packed(trailed(untrailed(changed)))), across


def slice_(unit: bytes, sequence: SequenceFields, number: int, *, across: bool) -> bytes:
    """A slice of the picture parameter set that has the number now: its header grows, the coded data behind it stay,
    byte for byte. `across`: as of that set."""
    kind = unit[0] >> 1 & 63
    content = payload(unit)
    bits = Bits(content[:HEADER_BYTES])
    bits.u(16)
    _demand(bits.flag())
    if 16 <= kind <= 23:
        bits.u(1)
    at = bits.at
    _demand(bits.ue() == 0)
    type_ = bits.ue()
    _demand(type_ in (PREDICTED, INTRA))
    if kind not in IDR:
        bits.u(sequence.order_bits)
        _demand(not bits.flag())
        for _ in range(min(bits.ue() + bits.ue(), 32)):
            bits.ue()
            bits.u(1)
        if sequence.temporal_motion:
            bits.u(1)
    if sequence.sample_offset:
        bits.u(2)
    if type_ == PREDICTED:
        _demand(not bits.flag())
        bits.ue()
    bits.se()
    if across:
        bits.u(1)
    end = bits.at
    _demand(bits.flag())
    head = packed(trailed(bits.text[:at] + ue(number) + bits.text[at + 1 : end]))
    return protected(head + content[(end + 8) // 8 :])
