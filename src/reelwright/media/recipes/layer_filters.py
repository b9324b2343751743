"""One layer of an overlay: opened, then as filters scaled, faded and set in time before it is laid over the picture."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.facts import ImageFacts, VideoFacts
from reelwright.edits.held_frames import may_hold
from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.plan import PlannedLayer
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.filtergraph import (
    FINE_TICKS,
    Filter,
    GraphInput,
    OverlaidInput,
    Value,
    between,
    filter_,
    seconds,
    timestamps_at_s,
)
from reelwright.media.ffmpeg.untrusted_inputs import picture_input, video_input
from reelwright.media.recipes.extra_frames_under_layers import FADE_RATE
from reelwright.media.recipes.hdr_graphics import lit
from reelwright.media.recipes.video_filters import conform_layer


def layer_of(
    layer: PlannedLayer, input_index: int, *, tone_mapping: bool, deep: bool = False, below: VideoStream | None = None
) -> OverlaidInput:
    """`deep`: over a picture of ten bits; `below`: that picture, where it is HDR. Raises JobFailed `unsupported_here`
    for an HDR video where ffmpeg cannot tone-map.

    What lies below drives the output, always: a layer of many frames is let go of (`pass`) at its end, for with
    `repeat` its own frames would go on where the video has ended. It repeats its last frame itself until it is hidden.
    """
    start, end = Fraction(layer.start_s), Fraction(layer.end_s)
    facts = layer.facts
    faded = bool(Fraction(layer.fade_in_s) or Fraction(layer.fade_out_s))
    filters = _sized(layer, tone_mapping=tone_mapping)
    if layer.opacity < 1:
        filters += [filter_("format", pix_fmts="rgba"), filter_("colorchannelmixer", aa=Fraction(repr(layer.opacity)))]
    if isinstance(facts, VideoFacts):
        filters += [*_set_in_time(start), filter_("tpad", stop=-1, stop_mode="clone")]
    elif faded:  # opacity that changes needs a picture for every moment
        filters += [filter_("loop", loop=-1, size=1), *_set_in_time(start)]
    if faded:
        filters += _fades(layer, start, end)
    if below is not None:
        filters += lit(below)
    gone = "pass" if faded or isinstance(facts, VideoFacts) else "repeat"
    depth: dict[str, Value] = {"format": "yuv420p10"} if deep else {}
    overlay = filter_("overlay", x=layer.x, y=layer.y, eof_action=gone, enable=between(start, end), **depth)
    stream_index = facts.media.main_video.index if isinstance(facts, VideoFacts) else 0
    return OverlaidInput(GraphInput(input_index, stream_index, filters), overlay)


def _sized(layer: PlannedLayer, *, tone_mapping: bool) -> list[Filter]:
    """A still picture is scaled once, before it repeats."""
    facts = layer.facts
    if isinstance(facts, VideoFacts):
        return conform_layer(facts.media.main_video, (layer.width, layer.height), tone_mapping=tone_mapping)
    if (layer.width, layer.height) == (facts.width, facts.height):
        return [filter_("format", pix_fmts="rgba")]
    return [filter_("format", pix_fmts="rgba"), filter_("scale", w=layer.width, h=layer.height, flags="bicubic")]


def _set_in_time(start: Fraction) -> list[Filter]:
    """The first frame at `start`, not a tick later: in ticks fine enough for any frame rate, rounded down."""
    return [filter_("settb", expr=FINE_TICKS), filter_("setpts", expr=timestamps_at_s(start))]


def _fades(layer: PlannedLayer, start: Fraction, end: Fraction) -> list[Filter]:
    filters = [filter_("format", pix_fmts="rgba")]
    fade_in, fade_out = (min(Fraction(value), end - start) for value in (layer.fade_in_s, layer.fade_out_s))
    if fade_in:
        filters.append(filter_("fade", type="in", start_time=start, duration=fade_in, alpha=1))
    if fade_out:
        filters.append(filter_("fade", type="out", start_time=end - fade_out, duration=fade_out, alpha=1))
    return filters


def layer_input(slot: str, layer: PlannedLayer, media: MediaInfo, capabilities: Capabilities) -> tuple[str, ...]:
    """Return the options that open a layer's slot."""
    if isinstance(layer.facts, ImageFacts):
        rate = str(FADE_RATE) if may_hold(media) else media.main_video.frame_rate or str(FADE_RATE)
        return picture_input(slot, "-framerate", rate)
    again = ("-stream_loop", "-1") if layer.at_end == "loop" else ()
    silent = () if layer.volume else ("-an",)  # a longer sound would hold up each turn of a loop
    shown_s = Fraction(layer.end_s) - Fraction(layer.start_s)
    return (*again, *silent, "-t", seconds(shown_s), *video_input(slot, layer.facts.media, capabilities))
