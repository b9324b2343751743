"""VP9 and AV1: copied between key frames, in the order in which they come, which is that of display. Nothing can be put
beside them: MP4 says once what all frames of a track have in common. Of ProRes, DNxHD and Motion JPEG every frame is a
key frame. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

from reelwright.edits.codecs import COPIED_INTO
from reelwright.edits.splice_structs import SourceCoding, SpliceRefusal
from reelwright.media.splicing.bits import NotJoined
from reelwright.media.splicing.seen_packets import PictureKind

NAMES = frozenset({"vp9", "av1", *COPIED_INTO})
TAGS = frozenset(
    {"apco", "apcs", "apcn", "apch", "ap4h", "ap4x", "AVdn", "AVdh", "mjpa"},
)
"""By which MOV calls them; without one the muxer takes the usual, which of ProRes names another quality."""


class Unread(NamedTuple):
    """What MP4 says once of a track, as it is."""

    extradata: bytes
    length_size: int = 0

    def with_sets(self, other: object) -> NoReturn:
        raise NotJoined("frames at an edge were coded, and none were asked for")


class KeyFramed:
    """A track of which no packet is looked into."""

    def __init__(self, extradata: bytes, tag: str = "") -> None:
        self.tag = tag if tag in TAGS else ""
        self.configuration = Unread(extradata)

    def refused(self) -> SpliceRefusal | None:
        return None

    def coding(self, reorder: int) -> SourceCoding | None:
        """Nothing is coded."""
        return None

    def of_edge(self, extradata: bytes, coding: SourceCoding | None) -> NoReturn:
        raise NotJoined("frames at an edge were coded, and none were asked for")

    def begun(self, packet: Any) -> Any:
        return packet

    def without_sets(self, packet: Any) -> Any:
        return packet

    def kind_of(self, packet: Any) -> PictureKind:
        """What a packet of PyAV is."""
        return PictureKind.START if packet.is_keyframe else PictureKind.OTHER
