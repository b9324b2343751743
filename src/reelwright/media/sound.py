"""Sound as filters and encoder options: cut, conformed to what AAC knows, mixed, copied where it can stay.

Times are kept to the sample: holes, a late start and an early end become silence, so that sound stays in step with
the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from reelwright.edits.model import AudioEncoding
from reelwright.edits.planned_layers import PlannedLayer, VideoFacts
from reelwright.edits.source import AudioStream
from reelwright.media.graph import (
    LAYOUTS,
    Filter,
    Graphs,
    Source,
    channel_layout,
    filter_,
    samples,
    timestamps_from_s,
)
from reelwright.media.loudness import Gain

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
USUAL_RATE = 48000
BIT_RATE_PER_EXTRA_CHANNEL = 64_000
COPYABLE = {
    "mp4": frozenset({"aac", "mp3", "opus"}),
    "webm": frozenset({"opus", "vorbis"}),
    "mkv": frozenset({"aac", "mp3", "opus", "vorbis", "flac", "ac3", "eac3"}),
}
"""Sound that a container holds and players of it play."""
SMALLEST_HOLE_S = Fraction(1, 50)
"""Holes in the sound that are filled with silence; smaller ones are rounding."""


_OPUS_LAYOUTS = {"5.0(side)": "5.0", "5.1(side)": "5.1", "7.1(wide)": "7.1", "4.0": "stereo", "6.1": "5.1"}
"""Where Opus has no such layout, the nearest that it has (RFC 7845, 5.1.1.2)."""


def without_holes() -> Filter:
    """Begins at time zero and lies where its timestamps say."""
    return filter_("aresample", **{"async": 1}, min_hard_comp=SMALLEST_HOLE_S, first_pts=0)


def lasting(length: Fraction) -> list[Filter]:
    return [filter_("apad", whole_dur=length), filter_("atrim", end=length)]


def conform_sound(track: AudioStream, *, opus: bool = False) -> list[Filter]:
    """Sample rates and channel layouts that the encoder knows."""
    filters: list[Filter] = []
    if track.sample_rate not in ((USUAL_RATE,) if opus else AAC_RATES):
        filters.append(filter_("aresample", sample_rate=USUAL_RATE))
    layout = _layout(track)
    if opus:
        layout = _OPUS_LAYOUTS.get(layout, layout)
    if layout != track.layout:
        filters.append(filter_("aformat", channel_layouts=channel_layout(layout)))
    return filters


def _rate(track: AudioStream) -> int:
    return track.sample_rate if track.sample_rate in AAC_RATES else USUAL_RATE


def _layout(track: AudioStream) -> str:
    if track.layout in LAYOUTS:
        return track.layout
    return "mono" if track.channels == 1 else "stereo"


def mixed(graphs: Graphs, track: AudioStream | None, layers: Sequence[PlannedLayer], length: Fraction) -> str:
    """The track (None: silence) with the sound of those layers that have a volume; returns the label to map.

    Nothing is made quieter to make room: what would be louder than full scale is held there.
    """
    rate, layout = (_rate(track), _layout(track)) if track is not None else (USUAL_RATE, "stereo")
    like = filter_("aformat", sample_rates=rate, channel_layouts=channel_layout(layout))
    if track is not None:
        ground = Source(0, track.index, [without_holes(), like, *lasting(length)])
    else:
        silence = filter_("anullsrc", sample_rate=rate, channel_layout=channel_layout(layout))
        ground = Source(None, None, [silence, filter_("atrim", end=length)])
    sounds = [
        Source(number, heard(layer).index, [*_layer_filters(layer, rate), like])
        for number, layer in enumerate(layers, start=1)
        if layer.volume
    ]
    mix = filter_("amix", inputs=len(sounds) + 1, duration="first", dropout_transition=0, normalize=0)
    return graphs.mixed([ground, *sounds], [mix, filter_("alimiter", level=0, latency=1, limit=1)])


def heard(layer: PlannedLayer) -> AudioStream:
    """The track of a layer's video that is mixed in: its default one, else the first."""
    assert isinstance(layer.facts, VideoFacts)
    tracks = layer.facts.media.sound
    return next((track for track in tracks if track.default), tracks[0])


def _layer_filters(layer: PlannedLayer, rate: int) -> list[Filter]:
    """In step with the layer's picture, whose first frame is shown when the layer starts."""
    assert isinstance(layer.facts, VideoFacts)
    media = layer.facts.media
    start, shown = Fraction(layer.start_s), Fraction(layer.end_s) - Fraction(layer.start_s)
    filters = [
        filter_("asetpts", expr=timestamps_from_s(Fraction(media.picture.start_s) - media.start)),
        without_holes(),
        filter_("atrim", end=shown),
        filter_("aresample", sample_rate=rate),
        filter_("volume", volume=Fraction(repr(layer.volume))),
    ]
    fade_in, fade_out = (min(Fraction(value), shown) for value in (layer.fade_in_s, layer.fade_out_s))
    if fade_in:
        filters.append(filter_("afade", type="in", start_time=Fraction(0), duration=fade_in))
    if fade_out:
        filters.append(filter_("afade", type="out", start_time=shown - fade_out, duration=fade_out))
    if start:
        filters.append(filter_("adelay", delays=samples(start, rate), all=1))
    return filters


def coded(number: int, track: AudioStream | None, encoding: AudioEncoding) -> tuple[str, ...]:
    """Options that encode output track `number`, made of `track`."""
    channels = 2
    if track is not None:
        channels = track.channels if track.layout in LAYOUTS else min(track.channels, 2)
    bit_rate = encoding.bit_rate + max(0, channels - 2) * BIT_RATE_PER_EXTRA_CHANNEL
    encoder = "libopus" if encoding.codec == "opus" else "aac"
    return (f"-c:a:{number}", encoder, f"-b:a:{number}", str(bit_rate), *_language(number, track))


def kept(
    number: int,
    track: AudioStream,
    encoding: AudioEncoding,
    container: str = "mp4",
    levelled: Gain | None = None,
    *,
    whole: bool = False,
) -> tuple[str, ...]:
    """Options for output track `number` that leave it as it is where that is wanted and the container takes it, else
    code it, `levelled` by what was measured. `whole`: coded, with silence where it has holes or begins late."""
    if encoding.codec == "copy":
        if not whole and (track.codec in COPYABLE[container] or not track.decodable):
            return (f"-c:a:{number}", "copy", *_language(number, track))
        encoding = msgspec.structs.replace(encoding, codec="opus" if container == "webm" else "aac")
    opus = encoding.codec == "opus"
    chain = [*([without_holes()] if whole else []), *conform_sound(track, opus=opus)]
    if levelled is not None:
        chain += levelled.applied(USUAL_RATE if opus else _rate(track))
    filters = ",".join(map(str, chain))
    return (*coded(number, track, encoding), *((f"-filter:a:{number}", filters) if filters else ()))


def _language(number: int, track: AudioStream | None) -> tuple[str, ...]:
    known = track is not None and track.language
    return (f"-metadata:s:a:{number}", f"language={track.language}") if track is not None and known else ()
