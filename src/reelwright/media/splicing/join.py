"""Coded edges and a source's packets -> one file. Runs only in the splicer's children; objects of PyAV are untyped
here.

Nothing of the source is held but the packet at hand; of the file that is made, what the muxer keeps of it. Of every
packet that is given to the muxer a digest is taken (`packet_digests`): reading the finished file must give the same.
"""

from __future__ import annotations

import heapq
import math
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from operator import itemgetter
from pathlib import Path
from typing import Any

import av
from av.stream import Discard, Disposition

from reelwright.edits.splice_structs import CopiedTrack, FrameRun, SplicedInterval
from reelwright.media.splicing.bits import NotJoined
from reelwright.media.splicing.copied_sound import PREROLL_S, OwnSamples, OwnTrack
from reelwright.media.splicing.edge_packets import Edges, JoinedPicture
from reelwright.media.splicing.packet_digests import Contents, sample_bytes, usual_layout
from reelwright.media.splicing.packet_source import PacketSource, Positioned, opened, opened_again, opened_to_copy
from reelwright.media.splicing.requests import Joined, JoinRequest
from reelwright.media.splicing.seen_packets import PictureKind
from reelwright.media.splicing.vp9_av1_and_intra import KeyFramed

MAX_REORDER = 16
LEAD = 8
EVERY = 64
"""So many-th packets tell how far it is."""

Tell = Callable[[float], None]


def join(source_fd: int, made_fd: int, request: JoinRequest, tell: Tell) -> Joined:
    """Write the file to `made_fd`. Raises NotCopied, NotJoined, Malcoded, FFmpegError."""
    with opened_to_copy(
        source_fd, request.video_stream, decoders=request.decoders, max_pixels=request.max_pixels
    ) as container:
        source = PacketSource(container, request.video_stream)
        edges = Edges(source, request)
        coding = request.coding or source.codec.coding(0)
        reorder = 0 if coding is None else coding.reorder
        while True:
            try:
                return _Joining(source, edges, request, (source_fd, made_fd), reorder, tell).run()
            except _ReorderedMore:
                if reorder >= MAX_REORDER:
                    raise NotJoined("its frames are in an order that cannot be") from None
                reorder += 1


class _ReorderedMore(Exception):
    """Frames are decoded later than was taken for certain."""


class _Joining:
    """One way through."""

    def __init__(
        self,
        source: PacketSource,
        edges: Edges,
        request: JoinRequest,
        files: tuple[int, int],
        reorder: int,
        tell: Tell,
    ) -> None:
        self.source, self.edges, self.request, self.tell = source, edges, request, tell
        self.source_fd, made_fd = files
        self.reorder = reorder
        self.tick = Fraction(source.stream.time_base)
        rate = source.stream.average_rate
        frame = 1 / (rate * self.tick) if rate else Fraction(1)
        self.frame = max(1, round(frame))
        # by so much each of the first packets comes before the next; where frames are not even, the muxer wants less
        # than lies between any two of them
        self.lead = self.frame if frame.denominator == 1 else max(1, self.frame // LEAD)
        self.length = sum(interval.length for interval in request.intervals)
        os.lseek(made_fd, 0, os.SEEK_SET)
        os.ftruncate(made_fd, 0)
        self.file = os.fdopen(os.dup(made_fd), "w+b", buffering=0)
        # the index goes to the front, for which the muxer reads what it has written; the edit list has sound begin at
        # its very sample and a late picture at its very tick
        clock = str(max(self.tick.denominator, 1000))
        self.made = av.open(
            self.file,
            "w",
            format=request.container,
            options={"movflags": "+faststart", "use_editlist": "1", "movie_timescale": clock},
            io_open=lambda *_: Positioned(made_fd),
        )
        # as it is, where nothing is to change of what the track says once: no encoder has a part in it
        self.video = self.made.add_stream_from_template(source.stream, opaque=isinstance(source.codec, KeyFramed))
        self.video.metadata.clear()
        self.video.time_base = source.stream.time_base
        if source.stream.sample_aspect_ratio:  # the container's, which players heed, where the stream says another
            self.video.codec_context.sample_aspect_ratio = source.stream.sample_aspect_ratio
        if not isinstance(source.codec, KeyFramed):
            self.video.codec_context.extradata = edges.configuration.extradata
        if source.codec.tag:
            self.video.codec_context.codec_tag = source.codec.tag
        self.copied = self.encoded = 0
        self.contents: dict[int, Contents] = {}

    def run(self) -> Joined:
        tick_s = float(self.tick)
        with ExitStack() as opened_files:
            opened_files.enter_context(self.file)
            opened_files.enter_context(self.made)
            if self.request.chapters:
                self.made.set_chapters(self._chapters())
            # the first of each is asked for at once, before anything is written: then all tracks are known
            sound = heapq.merge(self._sound(opened_files), self._texts(opened_files), key=itemgetter(0))
            ahead = next(sound, None)
            for packet in self._stamped(self._moved()):
                due_s = packet.dts * tick_s
                while ahead is not None and ahead[0] <= due_s:
                    self._mux(ahead[1])
                    ahead = next(sound, None)
                self._mux(packet)
                if self.copied % EVERY == 0:
                    self.tell(min(packet.pts / self.length, 1.0))
            while ahead is not None:
                self._mux(ahead[1])
                ahead = next(sound, None)
        contents = tuple(self.contents[index].digest for index in sorted(self.contents))
        return Joined(copied=self.copied, encoded=self.encoded, contents=contents)

    def _chapters(self) -> list[Any]:
        path = Path(self.request.folder) / self.request.chapters
        with path.open("rb") as file, av.open(file, format="ffmetadata") as container:
            chapters: list[Any] = container.chapters()
        return chapters

    def _mux(self, packet: Any) -> None:
        if packet.stream.type == "subtitle":
            self.made.mux(packet)
            return
        if (contents := self.contents.get(packet.stream.index)) is None:
            contents = self.contents[packet.stream.index] = Contents(sample_bytes(packet.stream))
        self.made.mux(packet)
        contents.feed(packet)  # its times are in the track's ticks now

    def _moved(self) -> Iterator[JoinedPicture]:
        """All pictures in the order of decoding, in the time of what is made."""
        at = 0
        for number, interval in enumerate(self.request.intervals):
            for picture in self._interval(number, interval):
                picture.tick += at - interval.start_tick
                yield picture
            at += interval.length

    def _interval(self, number: int, interval: SplicedInterval) -> Iterator[JoinedPicture]:
        """In the source's time."""
        yield from self.edges.frames(number, interval.head, is_head=True)
        yield from self._run(interval.copied)
        yield from self.edges.frames(number, interval.tail, is_head=False)

    def _run(self, run: FrameRun) -> Iterator[JoinedPicture]:
        """The copied pictures: from the run's first one on, as long as none is shown after its last one."""
        begun = False
        for packet in self.source.packets(run.first_tick):
            seen = self.source.seen(packet)
            if not begun and seen.pts < run.first_tick:
                continue
            if not begun:
                if seen.pts != run.first_tick or seen.kind is not PictureKind.START:
                    raise NotJoined("the source is not what it was when the cut was planned")
                packet = self.source.codec.begun(packet)
            elif seen.pts > run.last_tick:
                return
            elif seen.pts < run.first_tick:
                if seen.kind is PictureKind.LEADING:
                    continue
                raise NotJoined("a frame that is decoded after a key frame is shown before it")
            begun = True
            if seen.kind is PictureKind.START:
                packet = self.source.codec.without_sets(packet)
            yield JoinedPicture(seen.pts, is_key=packet.is_keyframe, packet=packet)

    def _stamped(self, pictures: Iterator[JoinedPicture]) -> Iterator[Any]:
        """Packets with all their times. The first picture is the first one that is shown; each is decoded when the one
        is shown that comes `reorder` places earlier."""
        waiting: list[int] = []
        first, last = 0, None
        for place, picture in enumerate(pictures):
            if not 0 <= picture.tick < self.length:
                raise NotJoined("a frame is shown outside of the cut")
            if place == 0:
                first = picture.tick
            heapq.heappush(waiting, picture.tick)
            early = self.reorder - place
            dts = first - early * self.lead if early > 0 else heapq.heappop(waiting)
            if (last is not None and dts <= last) or dts > picture.tick:
                raise _ReorderedMore
            last = dts
            yield self._packet(picture, dts)

    def _packet(self, picture: JoinedPicture, dts: int) -> Any:
        packet = picture.packet
        if packet is None:
            packet = av.Packet(picture.data)
            packet.is_keyframe = picture.is_key
            self.encoded += 1
        else:
            self.copied += 1
        packet.pts, packet.dts = picture.tick, dts
        # what players go by is the time to the next frame; of the last one alone this is all that they know
        packet.duration = min(self.frame, self.length - picture.tick)
        packet.time_base = self.source.stream.time_base
        packet.stream = self.video
        return packet

    def _sound(self, opened_files: ExitStack) -> Iterator[tuple[float, Any]]:
        """Packets, and when each is due, in seconds."""
        if self.request.sound:
            file = opened_files.enter_context((Path(self.request.folder) / self.request.sound).open("rb"))
            return self._coded_sound(opened_files.enter_context(opened(file.fileno())))
        if not self.request.tracks:
            return iter(())
        # a second reader, which has its own place in the file
        return self._own_sound(opened_files.enter_context(opened_again(self.source_fd)))

    def _texts(self, opened_files: ExitStack) -> Iterator[tuple[float, Any]]:
        """Packets of the tracks of text, and when each is due, in seconds. What they are called is ours."""
        if not self.request.text:
            return
        file = opened_files.enter_context((Path(self.request.folder) / self.request.text).open("rb"))
        container = opened_files.enter_context(opened(file.fileno()))
        made = {}
        for stream in container.streams.subtitles:
            track = made[stream.index] = self.made.add_stream_from_template(stream)
            track.metadata["language"] = stream.language or "und"
            track.metadata["title"] = stream.metadata.get("name", "")  # read under one name, written by another
            track.disposition = stream.disposition
        for packet in container.demux(*container.streams.subtitles):
            if packet.size:
                packet.stream = made[packet.stream.index]
                yield float(packet.dts * packet.time_base), packet

    def _coded_sound(self, container: Any) -> Iterator[tuple[float, Any]]:
        streams = container.streams.audio
        made = {one.index: self._track(one, track) for one, track in zip(streams, self.request.tracks, strict=True)}
        for packet in container.demux(*streams):
            if packet.size:
                packet.stream = made[packet.stream.index]
                yield float(packet.dts * packet.time_base), packet

    def _track(self, stream: Any, track: CopiedTrack) -> Any:
        """No text of the source goes along but a language that is one."""
        made = self.made.add_stream_from_template(stream)
        made.metadata.clear()
        if (layout := usual_layout(stream)) is not None:
            made.codec_context.layout = layout
        if track.language:
            made.metadata["language"] = track.language
        made.disposition = Disposition.default if track.default else Disposition(0)
        return made

    def _own_sound(self, container: Any) -> Iterator[tuple[float, Any]]:
        """The source's packets from a little before the cut on, which the edit list has not heard, to its end."""
        # sound is copied where intervals follow one another
        origin, length = self.request.intervals[0].start_tick * self.tick, self.length * self.tick
        tracks: dict[int, OwnTrack | OwnSamples] = {}
        for track in self.request.tracks:
            stream = container.streams[track.stream]
            kind = OwnSamples if sample_bytes(stream) else OwnTrack
            tracks[track.stream] = kind(stream, self._track(stream, track), origin, length)
        for stream in container.streams:
            if stream.index not in tracks:
                stream.discard = Discard.all
        streams = [container.streams[index] for index in tracks]
        early = origin - 2 * PREROLL_S
        # a seek to the very start leaves out what decoders are given before it
        if early > Fraction(streams[0].start_time or 0) * streams[0].time_base:
            container.seek(math.floor(early / streams[0].time_base), stream=streams[0], backward=True)
        going_on = set(tracks)
        for packet in container.demux(*streams):
            if not packet.size:
                continue
            own = tracks[packet.stream.index]
            if not own.goes_on(packet):
                going_on.discard(packet.stream.index)
                if not going_on:
                    return
                continue
            for one in own.heard(packet):
                one.stream = own.made
                yield one.dts * own.tick_s, one
