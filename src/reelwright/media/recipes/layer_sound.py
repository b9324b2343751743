"""The sound of layers: which track of one is heard, from when on and how loud, mixed into what lies below."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits.audio_tracks import CodedAudio
from reelwright.edits.media_info import AudioStream
from reelwright.edits.plan import PlannedLayer, VideoFacts
from reelwright.media.ffmpeg.filtergraph import (
    Filter,
    GraphInput,
    Graphs,
    channel_layout,
    filter_,
    samples,
    timestamps_from_s,
)
from reelwright.media.recipes.audio_filters import fades, form_filter, formed, held, lasting, without_holes


def mixed(
    graphs: Graphs, track: AudioStream | None, form: CodedAudio, layers: Sequence[PlannedLayer], length: Fraction
) -> str:
    """The track (None: silence) with the sound of those layers that have a volume; returns the label to map.

    Nothing is made quieter to make room: what would be louder than full scale is held there.
    """
    if track is not None:
        ground = GraphInput(0, track.index, [*formed(track, form), without_holes(), *lasting(length)])
    else:
        silence = filter_("anullsrc", sample_rate=form.sample_rate, channel_layout=channel_layout(form.layout))
        ground = GraphInput(None, None, [silence, filter_("atrim", end=length), form_filter(form)])
    sounds = [
        GraphInput(number, heard(layer).index, layer_sound(layer, form))
        for number, layer in enumerate(layers, start=1)
        if layer.volume
    ]
    mix = filter_("amix", inputs=len(sounds) + 1, duration="first", dropout_transition=0, normalize=0)
    return graphs.mixed([ground, *sounds], [mix, held()])


def heard(layer: PlannedLayer) -> AudioStream:
    """The track of a layer's video that is mixed in: its default one, else the first."""
    assert isinstance(layer.facts, VideoFacts)
    tracks = layer.facts.media.decodable_audio
    return next((track for track in tracks if track.default), tracks[0])


def layer_sound(layer: PlannedLayer, form: CodedAudio, *, keeping_clocks: bool = False) -> list[Filter]:
    """In step with the layer's picture, whose first frame is shown when the layer starts. `keeping_clocks`: whether
    frames come in the files' own time."""
    return [*formed(heard(layer), form), *_layer_filters(layer, form.sample_rate, keeping_clocks=keeping_clocks)]


def _layer_filters(layer: PlannedLayer, rate: int, *, keeping_clocks: bool) -> list[Filter]:
    assert isinstance(layer.facts, VideoFacts)
    media = layer.facts.media
    start, shown = Fraction(layer.start_s), Fraction(layer.end_s) - Fraction(layer.start_s)
    filters = [
        filter_(
            "asetpts",
            expr=timestamps_from_s(Fraction(media.main_video.start_s) - (0 if keeping_clocks else media.start)),
        ),
        without_holes(),
        filter_("atrim", end=shown),
        filter_("volume", volume=Fraction(repr(layer.volume))),
    ]
    fade_in, fade_out = (min(Fraction(value), shown) for value in (layer.fade_in_s, layer.fade_out_s))
    filters += fades(fade_in, fade_out, shown)
    if start:
        filters.append(filter_("adelay", delays=samples(start, rate), all=1))
    return filters
