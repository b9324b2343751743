"""What was coded for a splice, read again: its frames in the form that the source's packets have. Runs only in the
splicer's children; objects of PyAV are untyped here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from reelwright.edits.splice_structs import FrameRun
from reelwright.media.splicing.bits import NotJoined
from reelwright.media.splicing.h264 import H264
from reelwright.media.splicing.hevc import HevcEdge
from reelwright.media.splicing.packet_source import PacketSource, opened
from reelwright.media.splicing.requests import JoinRequest, edge_file


class JoinedPicture:
    """A packet on its way: `packet` is the source's own, `data` an edge's."""

    __slots__ = ("data", "is_key", "packet", "tick")

    def __init__(self, tick: int, *, is_key: bool, packet: Any = None, data: bytes = b"") -> None:
        self.tick, self.is_key, self.packet, self.data = tick, is_key, packet, data


class Edges:
    """Coded frames, in the form that the source's packets have; and the parameters of both."""

    def __init__(self, source: PacketSource, request: JoinRequest) -> None:
        self._source, self._request = source, request
        self.configuration: Any = source.codec.configuration
        for number, interval in enumerate(request.intervals):
            for is_head, run in ((True, interval.head), (False, interval.tail)):
                if run is not None:
                    with self._opened(number, is_head=is_head) as edge:
                        coded: Any = self._coded(edge).configuration
                        self.configuration = self.configuration.with_sets(coded)

    def frames(self, number: int, run: FrameRun | None, *, is_head: bool) -> Iterator[JoinedPicture]:
        """The frames of one edge, in the source's time."""
        if run is None:
            return
        with self._opened(number, is_head=is_head) as edge:
            coded, stream = self._coded(edge), edge.streams.video[0]
            scale = Fraction(stream.time_base) / Fraction(self._source.stream.time_base)
            count, first, last = 0, run.last_tick, run.first_tick
            for packet in edge.demux(stream):
                if not packet.size:
                    continue
                tick = run.first_tick + packet.pts * scale
                if tick.denominator != 1:
                    raise NotJoined("a frame at an edge lies between two ticks")
                if not count and not (packet.is_keyframe and tick == run.first_tick):
                    raise NotJoined("the frames at an edge do not begin with a key frame")
                count, first, last = count + 1, min(first, int(tick)), max(last, int(tick))
                data = coded.beside(bytes(packet), self._source.codec.configuration.length_size)
                yield JoinedPicture(int(tick), is_key=packet.is_keyframe, data=data)
        if (count, first, last) != (run.count, run.first_tick, run.last_tick):
            raise NotJoined(f"{count} frames were coded at an edge that has {run.count}")

    def _coded(self, edge: Any) -> H264 | HevcEdge:
        extradata = edge.streams.video[0].codec_context.extradata or b""
        return self._source.codec.of_edge(extradata, self._request.coding)

    @contextmanager
    def _opened(self, number: int, *, is_head: bool) -> Iterator[Any]:
        path = Path(self._request.folder) / edge_file(number, is_head=is_head)
        with path.open("rb") as file, opened(file.fileno()) as edge:
            yield edge
