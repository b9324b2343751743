"""Other numbers for the parameter sets of a stream of x265, which has no option for them, so that one track can hold it
beside another stream. Pure.

It reads what x265 writes with one slice a picture, no tiles and no wavefronts, and refuses all else. Source: ISO/IEC
23008-2, 7.3.
"""

from __future__ import annotations

import msgspec

from reelwright.media.splicing.bits import Bits, Malcoded, packed, payload, protected, trailed, ue, untrailed

IDR = (19, 20)
HEADER_BYTES = 80
"""Of a slice, in which its header ends."""


class SequenceFields(msgspec.Struct, frozen=True, kw_only=True):
    """What of a sequence's parameters is needed to read its slices."""

    chroma: int
    order_bits: int
    sample_offset: bool
    temporal_motion: bool


class PictureFields(msgspec.Struct, frozen=True, kw_only=True):
    """The same of a picture's parameters."""

    output: bool
    extra: int
    cabac: bool
    references: tuple[int, int]
    chroma_qp: bool
    weighted: tuple[bool, bool]
    across: bool
    override: bool
    deblocking_off: bool
    lists: bool
    extension: bool


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
    chroma = bits.ue()
    _demand(chroma in (1, 2))
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
    fields = SequenceFields(
        chroma=chroma, order_bits=order_bits, sample_offset=sample_offset, temporal_motion=bits.flag()
    )
    text = bits.text
    numbered = text[:16] + f"{number:04b}" + text[20:at] + ue(number)
    order = ue(max(held, reorder)) + ue(reorder) + ue(0)
    changed = numbered + text[at + 1 : held_at] + order + text[held_end:]
    return protected(packed(trailed(untrailed(changed)))), fields


def picture(unit: bytes, number: int) -> tuple[bytes, PictureFields]:
    """A picture parameter set with another number, of the sequence parameter set that has it, too."""
    bits = Bits(payload(unit))
    bits.u(16)
    _demand((bits.ue(), bits.ue()) == (0, 0))
    at = bits.at
    _demand(not bits.flag())
    output, extra = bits.flag(), bits.u(3)
    bits.u(1)
    cabac = bits.flag()
    references = (bits.ue() + 1, bits.ue() + 1)
    bits.se()
    bits.u(2)
    if bits.flag():
        bits.ue()
    bits.se()
    bits.se()
    chroma_qp = bits.flag()
    weighted = (bits.flag(), bits.flag())
    bits.u(1)
    _demand(not bits.flag())
    _demand(not bits.flag())
    across = bits.flag()
    override = off = False
    if bits.flag():
        override, off = bits.flag(), bits.flag()
        if not off:
            bits.se()
            bits.se()
    _demand(not bits.flag())
    lists = bits.flag()
    bits.ue()
    fields = PictureFields(
        output=output,
        extra=extra,
        cabac=cabac,
        references=references,
        chroma_qp=chroma_qp,
        weighted=weighted,
        across=across,
        override=override,
        deblocking_off=off,
        lists=lists,
        extension=bits.flag(),
    )
    text = bits.text
    changed = text[:16] + ue(number) * 2 + text[at:]
    return protected(packed(trailed(untrailed(changed)))), fields


def slice_(unit: bytes, sequence: SequenceFields, picture: PictureFields, number: int) -> bytes:
    """A slice of the picture parameter set that has the number now: its header grows, the coded data behind it stay,
    byte for byte."""
    kind = unit[0] >> 1 & 63
    content = payload(unit)
    bits = Bits(content[:HEADER_BYTES])
    bits.u(16)
    _demand(bits.flag())
    if 16 <= kind <= 23:
        bits.u(1)
    at = bits.at
    _demand(bits.ue() == 0)
    bits.u(picture.extra)
    type_ = bits.ue()
    if picture.output:
        bits.u(1)
    before = 0
    motion = False
    if kind not in IDR:
        bits.u(sequence.order_bits)
        _demand(not bits.flag())
        for _ in range(min(bits.ue() + bits.ue(), 32)):
            bits.ue()
            before += bits.u(1)
        if sequence.temporal_motion:
            motion = bits.flag()
    luma = chroma = False
    if sequence.sample_offset:
        luma, chroma = bits.flag(), bits.flag()
    if type_ != 2:
        _inter(bits, picture, type_, before, motion=motion)
    bits.se()
    if picture.chroma_qp:
        bits.se()
        bits.se()
    off = picture.deblocking_off
    if picture.override and bits.flag():
        off = bits.flag()
        if not off:
            bits.se()
            bits.se()
    if picture.across and (luma or chroma or not off):
        bits.u(1)
    if picture.extension:
        for _ in range(bits.ue()):
            bits.u(8)
    end = bits.at
    _demand(bits.flag())
    head = packed(trailed(bits.text[:at] + ue(number) + bits.text[at + 1 : end]))
    return protected(head + content[(end + 8) // 8 :])


def _inter(bits: Bits, picture: PictureFields, type_: int, before: int, *, motion: bool) -> None:
    first, second = picture.references
    both = type_ == 0
    if bits.flag():
        first = bits.ue() + 1
        second = bits.ue() + 1 if both else second
    _demand(not (picture.lists and before > 1))
    if both:
        bits.u(1)
    if picture.cabac:
        bits.u(1)
    if motion:
        from_first = bits.flag() if both else True
        if (from_first and first > 1) or (not from_first and second > 1):
            bits.ue()
    _demand(not picture.weighted[1 if both else 0])
    bits.ue()
