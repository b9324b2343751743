"""All that cues show as one small video: a picture for each change of the screen, none between. Runs contained.

It is as large as what holds all cues. QuickTime's container, for its times are as fine as is said; PNG, for it keeps
opacity, is small, and is decoded in a moment. Equal cues, style and fonts make equal bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from io import BytesIO

import av
import pyvips

from reelwright.edits.cues import layout, time_line
from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.layout import Box
from reelwright.edits.cues.style import PixelStyle
from reelwright.media.images import cue_image
from reelwright.media.images.requests import CuesToDraw, Face, LaidCues

TICKS_PER_S = 1_000_000
MAX_GAP_S = 1000
"""Between frames: QuickTime holds so long a one in 32 bits. A longer one is told in several."""
COMPRESSION = 3
MAX_TOLD = 5


def laid_out(what: CuesToDraw) -> LaidCues:
    """Where `write` will draw them: letters are measured and not drawn, a tenth of the work."""
    try:
        boxes, states = _boxes(what.cues, what.style, what.face)
    except _CannotBeDrawn as cannot:
        return LaidCues(wrong=(cannot.number, cannot.sentence))
    return _laid(boxes, states, layout.bounds(boxes.values(), what.style), what.style)


def write(what: CuesToDraw, target_fd: int, report: Callable[[float], None]) -> LaidCues:
    """Draw all cues, and write them to the file. `report`: told how much of it is done, 0 to 1."""
    try:
        boxes, states = _boxes(what.cues, what.style, what.face)
    except _CannotBeDrawn as cannot:
        return LaidCues(wrong=(cannot.number, cannot.sentence))
    strip = layout.bounds(boxes.values(), what.style)
    if strip is not None:
        size = strip.right - strip.left, strip.bottom - strip.top
        with os.fdopen(os.dup(target_fd), "wb") as target:
            _mux(_told(_frames(what, boxes, states, strip), len(states), report), size, target)
    return _laid(boxes, states, strip, what.style)


def _told(
    frames: Iterator[tuple[Fraction, bytes]], count: int, report: Callable[[float], None]
) -> Iterator[tuple[Fraction, bytes]]:
    for number, frame in enumerate(frames, start=1):
        yield frame
        report(number / count)


def _laid(
    boxes: Mapping[int, Box], states: Sequence[time_line.Screen], strip: Box | None, style: PixelStyle
) -> LaidCues:
    if strip is None:
        return LaidCues()
    cut_off = [number for number, box in boxes.items() if not _holds(style, box)][:MAX_TOLD]
    width, height = strip.right - strip.left, strip.bottom - strip.top
    inked = sum(_pixels(boxes[number]) for state in states for number in state.shown)
    return LaidCues(x=strip.left, y=strip.top, width=width, height=height, inked_pixels=inked, cut_off=tuple(cut_off))


def _pixels(box: Box) -> int:
    return (box.right - box.left) * (box.bottom - box.top)


def load() -> None:
    """Have PyAV load all that it loads when it first writes a file: a child could not any more. Nothing is drawn: that
    would start threads, which no child would have."""
    _mux(iter([(Fraction(0), b"nothing")]), (2, 2), BytesIO())


class _CannotBeDrawn(Exception):
    def __init__(self, number: int, sentence: str) -> None:
        super().__init__(sentence)
        self.number, self.sentence = number, sentence


def _boxes(cues: Sequence[Cue], style: PixelStyle, face: Face) -> tuple[dict[int, Box], list[time_line.Screen]]:
    """Where each cue lies: it is placed when it comes, and stays there."""
    states = time_line.states(cues)
    boxes: dict[int, Box] = {}
    for state in states:
        for number in state.shown:
            if number in boxes:
                continue
            try:
                size = cue_image.size(cues[number], style, face)
            except ValueError as error:
                raise _CannotBeDrawn(number, str(error)) from error
            taken = [boxes[other] for other in state.shown if other in boxes]
            boxes[number] = layout.placed(cues[number], size, style, taken)
    return boxes, states


def _frames(
    what: CuesToDraw, boxes: dict[int, Box], states: Sequence[time_line.Screen], strip: Box
) -> Iterator[tuple[Fraction, bytes]]:
    """When each begins, and its PNG."""
    clear = cue_image.clear(what.style)
    width, height = strip.right - strip.left, strip.bottom - strip.top
    ground = pyvips.Image.black(width, height).new_from_image(clear).cast("uchar").copy(interpretation="srgb")
    ground = ground.copy_memory()
    empty = _png(ground)
    held: dict[int, pyvips.Image] = {}
    for state in states:
        held = {number: held[number] for number in state.shown if number in held}
        if not state.shown:
            yield state.start, empty
            continue
        picture = ground
        for number in state.shown:
            if number not in held:
                held[number] = cue_image.drawn(what.cues[number], what.style, what.face)
            at = boxes[number].left - strip.left, boxes[number].top - strip.top
            above = held[number]
            if picture is ground:
                picture = above.embed(*at, width, height, extend="background", background=clear)
            else:
                picture = _above(picture, above, at, boxes, state.shown, number)
        yield state.start, _png(picture)


def _above(
    picture: pyvips.Image,
    above: pyvips.Image,
    at: tuple[int, int],
    boxes: dict[int, Box],
    shown: Sequence[int],
    number: int,
) -> pyvips.Image:
    """Boxes that touch nothing are put in; others are blended."""
    if any(boxes[number].meets(boxes[other]) for other in shown if other != number):
        return picture.composite2(above, "over", x=at[0], y=at[1]).rint().cast("uchar").copy(interpretation="srgb")
    return picture.insert(above, *at)


def _png(picture: pyvips.Image) -> bytes:
    encoded: bytes = picture.pngsave_buffer(compression=COMPRESSION, keep="none")
    return encoded


def _mux(frames: Iterator[tuple[Fraction, bytes]], size: tuple[int, int], target: object) -> None:
    options = {"video_track_timescale": str(TICKS_PER_S), "fflags": "+bitexact"}
    with av.open(target, "w", format="mov", options=options) as video:
        stream = video.add_stream("png")
        stream.width, stream.height, stream.pix_fmt = *size, "rgba"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        stream.codec_context.thread_count = 1
        last: tuple[int, bytes] | None = None
        for start, picture in frames:
            tick = round(start * TICKS_PER_S)
            if last is not None and tick <= last[0]:  # it would last for less than a tick
                last = last[0], picture
                continue
            for at, shown in _until(tick, last):
                _add(video, stream, at, shown)
            last = tick, picture
        assert last is not None
        _add(video, stream, *last)


def _until(tick: int, last: tuple[int, bytes] | None) -> Iterator[tuple[int, bytes]]:
    if last is not None:
        for at in range(last[0], tick, MAX_GAP_S * TICKS_PER_S):
            yield at, last[1]


def _add(video: av.container.OutputContainer, stream: av.VideoStream, tick: int, picture: bytes) -> None:
    packet = av.Packet(picture)
    packet.pts = packet.dts = tick
    packet.time_base = Fraction(1, TICKS_PER_S)
    packet.stream = stream
    packet.is_keyframe = True
    video.mux(packet)


def _holds(style: PixelStyle, box: Box) -> bool:
    return box.left >= 0 and box.top >= 0 and box.right <= style.width and box.bottom <= style.height
