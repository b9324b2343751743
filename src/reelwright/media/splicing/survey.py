"""A source's packets round the edges of a cut -> Survey. Nothing between the edges is read, and nothing is decoded.
Runs only in the splicer's children; objects of PyAV are untyped here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from reelwright.edits.splice_structs import FrameRun, SplicedInterval, SpliceRefusal, Survey, Ticks
from reelwright.media.splicing import copy_end, copy_start, seen_packets
from reelwright.media.splicing.packet_source import NotCopied, PacketSource, opened
from reelwright.media.splicing.requests import SurveyRequest
from reelwright.media.splicing.seen_packets import NotSo, PictureKind, Reordering, SeenPacket
from reelwright.media.splicing.vp9_av1_and_intra import KeyFramed

NO_KEY_FRAME = SpliceRefusal(reason="key_frame", detail="no frame from which decoding can begin lies within it")

BETWEEN_KEY_FRAMES = SpliceRefusal(
    reason="key_frame", detail="its codec is copied from a key frame on alone, and the cut does not begin at one"
)


def survey(media_fd: int, request: SurveyRequest) -> Survey:
    """Raises FFmpegError: the file cannot be read."""
    try:
        with opened(media_fd) as container:
            return _Survey(PacketSource(container, request.video_stream)).of(request)
    except NotCopied as error:
        return Survey(refused=error.refused)
    except NotSo as error:
        return Survey(refused=SpliceRefusal(reason="times", detail=str(error)))


class _Survey:
    def __init__(self, source: PacketSource) -> None:
        self.source = source
        self.reordering = Reordering()

    def of(self, request: SurveyRequest) -> Survey:
        found: list[SplicedInterval] = []
        for begin, end in request.intervals:
            touched = [window for window in request.touched if begin <= window[0] < end]
            if touched:
                found += self._parts(begin, end, touched)
            else:
                found.append(self._interval(begin, end, exact=request.chosen == "smart"))
        return Survey(coding=self.source.codec.coding(self.reordering.frames), intervals=tuple(found))

    def _parts(self, begin: int, end: int, touched: list[Ticks]) -> Iterator[SplicedInterval]:
        """An interval in parts: each begins with what is coded anew, up to where copying can begin again."""
        copied = list(self._copied(begin, end, touched))
        if not copied:
            raise NotCopied(SpliceRefusal(reason="touched", detail="no key frame lies in what is not touched of it"))
        behind = (run.last_tick + 1 for run in copied)
        heads = [self._coded(after, run.first_tick) for after, run in zip((begin, *behind), copied, strict=False)]
        tail = self._coded(copied[-1].last_tick + 1, end)
        starts = [(head or run).first_tick for head, run in zip(heads, copied, strict=True)]
        borders = pairwise((begin, *starts[1:], end))
        for run, head, (start, stop) in zip(copied, heads, borders, strict=True):
            last = tail if stop == end else None
            yield SplicedInterval(start_tick=start, end_tick=stop, head=head, copied=run, tail=last)

    def _copied(self, begin: int, end: int, touched: list[Ticks]) -> Iterator[FrameRun]:
        """What can be copied of that which is not touched."""
        at = begin
        for start, stop in (*touched, (end, end)):
            head = copy_start.head(self._seen(at), at, start) if at < start else None
            if head is not None:
                yield FrameRun(first_tick=head.start, last_tick=self._tail(head.start, start).last)
            at = stop

    def _coded(self, begin: int, end: int) -> FrameRun | None:
        return _run(seen_packets.shown(self._seen(begin), begin, end)) if begin < end else None

    def _interval(self, begin: int, end: int, *, exact: bool) -> SplicedInterval:
        head = copy_start.head(self._seen(begin), begin, end)
        if head is None and not exact:
            head = copy_start.head(self._seen(begin), self._key_before(begin), end)
        if head is None:
            raise NotCopied(NO_KEY_FRAME)
        start = head.start
        if not exact:
            start = self._nearest(head, begin, end)
        tail = self._tail(start, end)
        if exact:
            if isinstance(self.source.codec, KeyFramed) and (head.frames or tail.frames):
                raise NotCopied(BETWEEN_KEY_FRAMES)
            return SplicedInterval(
                start_tick=begin,
                end_tick=end,
                head=_run(head.frames),
                copied=FrameRun(first_tick=start, last_tick=tail.last),
                tail=_run(tail.frames),
            )
        ends = tail.frames[0] if tail.frames else end
        return SplicedInterval(start_tick=start, end_tick=ends, copied=FrameRun(first_tick=start, last_tick=tail.last))

    def _key_before(self, tick: int) -> int:
        """When the last picture at or before a tick is shown from which decoding can begin."""
        found = next(iter(self._seen(tick)), None)
        if found is None or found.kind is not PictureKind.START:
            raise NotCopied(NO_KEY_FRAME)
        return found.pts

    def _nearest(self, head: copy_start.RunHead, begin: int, end: int) -> int:
        try:
            before = self._key_before(begin)
        except NotCopied:
            before = None
        return copy_start.nearest(before, head.start, begin, end)

    def _tail(self, start: int, end: int) -> copy_end.RunTail:
        look = end
        while True:
            packets = list(self._seen_from(look, start, end))
            from_start = packets[0].pts <= start if packets else True
            found = copy_end.tail(iter(packets), start, end, from_start=from_start)
            if found is not None:
                return found
            if from_start:
                raise NotCopied(NO_KEY_FRAME)
            look = packets[0].pts - 1

    def _seen_from(self, look: int, start: int, end: int) -> Iterator[SeenPacket]:
        """The packets that `copy_end.tail` looks at, from the last key frame before `look` on, but none before the
        run's start."""
        behind = 0
        begun = False
        count = 0
        for seen in self._seen(max(look, start)):
            if not begun and seen.pts < start:
                continue
            begun = True
            yield seen
            count += 1
            if count > seen_packets.MAX_EDGE_FRAMES:
                raise NotSo("its key frames are too far apart")
            behind += seen.pts >= end
            if behind > seen_packets.REORDERED or (seen.dts is not None and seen.dts >= end):
                return

    def _seen(self, tick: int) -> Iterator[SeenPacket]:
        self.reordering.interrupt()
        for packet in self.source.packets(tick):
            seen = self.source.seen(packet)
            self.reordering.feed(seen.pts)
            yield seen


def _run(frames: list[int]) -> FrameRun | None:
    return FrameRun(first_tick=frames[0], last_tick=frames[-1], count=len(frames)) if frames else None
