"""Bits of coded headers, read and written; units of H.264 and HEVC (NAL) found in a packet. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av

MAX_UNIT_HEADER = 400
"""Bytes of a slice that hold its header: what is read of it."""


class Malcoded(Exception):
    """What was read cannot be so."""


class NotJoined(Exception):
    """What was made at the edges does not go with the source, or that is not what it was; the message is the end of a
    sentence."""


def units(packet: bytes | memoryview, length_size: int) -> Iterator[memoryview]:
    """The units of a packet in which each comes behind its length. Raises Malcoded."""
    view, at = memoryview(packet), 0
    while at < len(view):
        begin = at + length_size
        at = begin + int.from_bytes(view[at:begin], "big")
        if at > len(view):
            raise Malcoded("a unit is longer than its packet")
        if at > begin:
            yield view[begin:at]


def joined(parts: list[bytes], length_size: int) -> bytes:
    """A packet of these units. Raises Malcoded: one is too long for its length's size."""
    try:
        return b"".join(len(part).to_bytes(length_size, "big") + part for part in parts)
    except OverflowError as error:
        raise Malcoded("a unit is too long") from error


def like(packet: Any, content: bytes) -> Any:
    """A packet of PyAV with other content, at the same time."""
    made = av.Packet(content)
    made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
    made.is_keyframe = packet.is_keyframe
    return made


def from_start_codes(packet: bytes, length_size: int) -> bytes:
    """The same packet where each unit comes behind its length, not behind a start code."""
    found = (unit.rstrip(b"\0") for unit in packet.split(b"\0\0\1")[1:])
    return joined([unit for unit in found if unit], length_size)


def parameter_sets(extradata: bytes, at: int, count: int) -> tuple[tuple[bytes, ...], int]:
    """So many parameter sets, each behind its length in two bytes, and where they end. Raises Malcoded.

    Source: ISO/IEC 14496-15, 5.3.3 and 8.3.3.
    """
    found = []
    for _ in range(count):
        begin = at + 2
        at = begin + int.from_bytes(extradata[at:begin], "big")
        if at > len(extradata) or at == begin:
            raise Malcoded("its parameters break off")
        found.append(extradata[begin:at])
    return tuple(found), at


def payload(unit: bytes) -> bytes:
    """A unit without the bytes that keep start codes out of it."""
    return bytes(unit).replace(b"\0\0\3", b"\0\0")


def protected(content: bytes) -> bytes:
    """The other way round."""
    found = bytearray()
    zeros = 0
    for byte in content:
        if zeros >= 2 and byte <= 3:
            found.append(3)
            zeros = 0
        found.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(found)


class Bits:
    """Reads from the first bit on. Raises Malcoded where there is none left."""

    def __init__(self, content: bytes) -> None:
        self.text = f"{int.from_bytes(content, 'big'):0{8 * len(content)}b}" if content else ""
        self.at = 0

    def u(self, count: int) -> int:
        """So many bits as a number."""
        if self.at + count > len(self.text):
            raise Malcoded("a header ends too early")
        self.at += count
        return int(self.text[self.at - count : self.at], 2) if count else 0

    def flag(self) -> bool:
        return self.u(1) == 1

    def ue(self) -> int:
        """An Exp-Golomb number."""
        one = self.text.find("1", self.at)
        zeros = one - self.at
        if one < 0 or zeros > 32:
            raise Malcoded("a number in a header is too long")
        self.at = one
        return self.u(zeros + 1) - 1

    def se(self) -> int:
        """A signed one."""
        coded = self.ue()
        return (coded + 1) // 2 if coded & 1 else -(coded // 2)


def ue(number: int) -> str:
    """The bits of an Exp-Golomb number."""
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits


def packed(bits: str) -> bytes:
    """Bytes of bits that are eight each."""
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def trailed(bits: str) -> str:
    """With the one and the zeros that end a unit or a header."""
    bits += "1"
    return bits + "0" * (-len(bits) % 8)


def untrailed(bits: str) -> str:
    """Without them. Raises Malcoded."""
    last = bits.rfind("1")
    if last < 0:
        raise Malcoded("a unit has no end")
    return bits[:last]
