"""Names of codecs as players ask for them (RFC 6381), read from a track's sample entry (ISO/IEC 14496-12, 8.5.2)."""

from __future__ import annotations

from collections.abc import Iterator

VISUAL_ENTRY_BYTES, AUDIO_ENTRY_BYTES = 78, 28
"""What a sample entry holds before the boxes in it."""


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(type, content) of the boxes that lie one after the other in `data`. Raises ValueError."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > len(data):
            raise ValueError("a box does not end where it should")
        yield data[at + 4 : at + 8].decode("latin-1"), data[at + 8 : at + size]
        at += size


def inside(data: bytes, *path: str) -> bytes:
    """The content of the first box at a path of types. Raises ValueError."""
    for wanted in path:
        data = next((content for name, content in boxes(data) if name == wanted), b"")
        if not data:
            raise ValueError(f"there is no {wanted} box")
    return data


def codec_name(description: bytes) -> str:
    """The name of the codec of a sample description (the content of an `stsd` box). Raises ValueError."""
    kind, entry = next(boxes(description[8:]))
    try:
        if kind == "Opus":
            return "opus"
        if kind == "mp4a":
            return _mpeg4_audio(inside(entry[AUDIO_ENTRY_BYTES:], "esds"))
        picture = entry[VISUAL_ENTRY_BYTES:]
        if kind == "avc1":
            return f"avc1.{inside(picture, 'avcC')[1:4].hex()}"
        if kind == "hvc1":
            return f"hvc1.{_hevc(inside(picture, 'hvcC'))}"
        if kind == "vp09":
            profile, level, depth = inside(picture, "vpcC")[4:7]
            return f"vp09.{profile:02}.{level:02}.{depth >> 4:02}"
        if kind == "av01":
            return f"av01.{_av1(inside(picture, 'av1C'))}"
    except IndexError:
        pass
    raise ValueError(f"what {kind!r} is coded by is not known")


def _hevc(configuration: bytes) -> str:
    """ISO/IEC 14496-15, E.3: profile, compatibility in reversed bits, tier and level, constraints."""
    space, tier, profile = configuration[1] >> 6, configuration[1] >> 5 & 1, configuration[1] & 31
    compatibility = int(f"{int.from_bytes(configuration[2:6], 'big'):032b}"[::-1], 2)
    constraints = configuration[6:12].rstrip(b"\0")
    parts = [f"{('', 'A', 'B', 'C')[space]}{profile}", f"{compatibility:X}", f"{'LH'[tier]}{configuration[12]}"]
    return ".".join([*parts, *(f"{byte:X}" for byte in constraints)])


def _av1(configuration: bytes) -> str:
    """AV1 in ISOBMFF, section 5: profile, level and tier, bit depth."""
    profile, level = configuration[1] >> 5, configuration[1] & 31
    tier, deep, twelve = (configuration[2] >> place & 1 for place in (7, 6, 5))
    depth = 12 if deep and twelve else 10 if deep else 8
    return f"{profile}.{level:02}{'MH'[tier]}.{depth:02}"


def _mpeg4_audio(descriptor: bytes) -> str:
    """ISO/IEC 14496-1, 7.2.6: ES descriptor, in it the decoder's, in that the audio object type."""
    stream = _descriptor(descriptor[4:], 3)
    decoder = _descriptor(stream[3:], 4)
    if decoder[0] != 0x40:
        return f"mp4a.{decoder[0]:02x}"
    return f"mp4a.40.{_descriptor(decoder[13:], 5)[0] >> 3}"


def _descriptor(data: bytes, tag: int) -> bytes:
    """The content of the descriptor that `data` begins with; its length is coded in 7 bits a byte."""
    if data[0] != tag:
        raise ValueError(f"descriptor {tag} is missing")
    length, at = 0, 1
    while True:
        byte = data[at]
        length, at = length << 7 | byte & 127, at + 1
        if byte < 128:
            return data[at : at + length]
