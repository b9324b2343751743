"""One layer of an overlay as filters: scaled, faded and set in time before it is laid over the picture."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.planned_layers import PictureFacts, PlannedLayer, VideoFacts
from reelwright.media.conform import to_sdr
from reelwright.media.graph import Filter, Layer, Source, between, filter_, timestamps_at_s


def layer_of(layer: PlannedLayer, input_index: int, *, tone_mapping: bool) -> Layer:
    """Raises JobFailed `unsupported_here` for an HDR video where ffmpeg cannot tone-map."""
    start, end = Fraction(layer.start_s), Fraction(layer.end_s)
    still = isinstance(layer.facts, PictureFacts)
    filters = _sized(layer)
    if isinstance(layer.facts, VideoFacts):
        filters += to_sdr(layer.facts.media.picture, tone_mapping=tone_mapping)
    if layer.opacity < 1:
        filters += [filter_("format", pix_fmts="rgba"), filter_("colorchannelmixer", aa=Fraction(repr(layer.opacity)))]
    if not still:
        filters.append(filter_("setpts", expr=timestamps_at_s(start)))
    filters += _fades(layer, start, end, still=still)
    gone = "pass" if layer.at_end == "stop" else "repeat"
    overlay = filter_("overlay", x=layer.x, y=layer.y, eof_action=gone, enable=between(start, end))
    stream_index = 0 if isinstance(layer.facts, PictureFacts) else layer.facts.media.picture.index
    return Layer(Source(input_index, stream_index, filters), overlay)


def _sized(layer: PlannedLayer) -> list[Filter]:
    """Scaled before a still picture repeats, so that it is scaled once."""
    facts = layer.facts
    if isinstance(facts, PictureFacts):
        if (layer.width, layer.height) == (facts.width, facts.height):
            return [filter_("format", pix_fmts="rgba")]
        return [filter_("format", pix_fmts="rgba"), filter_("scale", w=layer.width, h=layer.height, flags="bicubic")]
    return [filter_("scale", w=layer.width, h=layer.height, flags="bicubic"), filter_("setsar", sar=1)]


def _fades(layer: PlannedLayer, start: Fraction, end: Fraction, *, still: bool) -> list[Filter]:
    """Opacity that changes needs a picture for every moment: a still one is repeated for as long as it is seen."""
    fade_in, fade_out = (min(Fraction(value), end - start) for value in (layer.fade_in_s, layer.fade_out_s))
    if not fade_in and not fade_out:
        return []
    filters = [filter_("format", pix_fmts="rgba")]
    if still:
        filters += [
            filter_("loop", loop=-1, size=1),
            filter_("trim", duration=end - start),
            filter_("setpts", expr=timestamps_at_s(start)),
        ]
    if fade_in:
        filters.append(filter_("fade", type="in", start_time=start, duration=fade_in, alpha=1))
    if fade_out:
        filters.append(filter_("fade", type="out", start_time=end - fade_out, duration=fade_out, alpha=1))
    return filters
