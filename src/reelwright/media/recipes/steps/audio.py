"""The step `audio`, as filters."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.audio_tracks import CodedAudio
from reelwright.edits.media_info import AudioStream
from reelwright.edits.steps.audio import PlannedAudio, PlannedSound
from reelwright.media.ffmpeg.filtergraph import (
    COUNTED_TIMES,
    FIRST_OF_TWO_ON_BOTH,
    MEAN_OF_TWO,
    SECOND_OF_TWO_ON_BOTH,
    THE_ONE_ON_BOTH,
    Filter,
    channel_layout,
    filter_,
    samples,
    seconds,
    timestamps_begun_at_once,
    timestamps_from_s,
)
from reelwright.media.ffmpeg.graph import Graph, Pad
from reelwright.media.ffmpeg.untrusted_inputs import sound_input
from reelwright.media.recipes.audio_filters import fades, form_of, formed, held, lasting, silence, without_holes
from reelwright.media.recipes.ducking import ducked
from reelwright.media.recipes.scene import Scene, Sound

CURVE = "qsin"
"""Of fades: of equal power, an even way down to the ear."""
RUN_OUT_S = Fraction(1)
"""How long after its end a source is still read."""


def apply(scene: Scene, step: PlannedAudio) -> None:
    state = scene.state
    if step.muted:
        scene.sounds.clear()
    if (other := step.replaced) is not None:
        (track,) = PlannedAudio(replaced=other).own_tracks(state)
        number = _opened(scene, other)
        graph = Graph("s0x")
        sound = _heard(scene, graph, other, number, form_of(track)).then(*lasting(state.length))
        scene.sounds[:] = [Sound(graph, sound)]
        state = state.with_sound([track])
    if (gain := Fraction(step.gain)) != 1:
        scene.heard_through(filter_("volume", volume=gain), *([held()] if gain > 1 else []))
    if step.channels is not None and not step.muted:
        for sound_, track in zip(scene.sounds, state.media.audio, strict=True):
            sound_.pad = sound_.pad.then(*_channels(step.channels, track))
    if step.mixed is not None:
        _mix(scene, step.mixed, step.after(scene.state).media.audio)
    up, down, length = Fraction(step.fade_in_s), Fraction(step.fade_out_s), state.length
    scene.heard_through(*fades(up, down, length, curve=CURVE))


def _mix(scene: Scene, other: PlannedSound, tracks: list[AudioStream]) -> None:
    number, length = _opened(scene, other), scene.state.length
    if not scene.sounds:
        graph = Graph("s0x")
        scene.sounds.append(Sound(graph, silence(graph, tracks[0], length)))
    for sound, track in zip(scene.sounds, tracks, strict=True):
        own = sound.pad.then(*lasting(length))
        under = _heard(scene, sound.graph, other, number, form_of(track)).then(*lasting(length))
        if other.ducked:
            own, under = ducked(sound.graph, own, under)
        mix = filter_("amix", inputs=2, duration="first", dropout_transition=0, normalize=0)
        sound.pad = sound.graph.joined([own, under], mix, held())


def _opened(scene: Scene, other: PlannedSound) -> int:
    last = Fraction(other.from_s) + Fraction(other.end_s) - Fraction(other.start_s) + RUN_OUT_S
    again = ("-stream_loop", "-1") if other.looped else ()
    before = (*again, "-t", seconds(last))
    media, capabilities = other.facts.media, scene.capabilities
    return scene.opens(lambda slot: (*before, *sound_input(slot, media, capabilities)))


def _heard(scene: Scene, graph: Graph, other: PlannedSound, number: int, form: CodedAudio) -> Pad:
    """The sound at its time, silence before it."""
    first, start, end = (Fraction(time) for time in (other.from_s, other.start_s, other.end_s))
    up, down, long = Fraction(other.fade_in_s), Fraction(other.fade_out_s), end - start
    # one round follows the other without a gap: what is heard is counted
    times = COUNTED_TIMES if other.looped else timestamps_from_s(scene.zero(other.facts.media))
    filters: list[Filter] = [
        *formed(other.stream, form),
        filter_("asetpts", expr=times),
        without_holes(),
        filter_("atrim", start=first, end=first + long),
        filter_("asetpts", expr=timestamps_begun_at_once()),
    ]
    if (gain := Fraction(other.gain)) != 1:
        filters.append(filter_("volume", volume=gain))
    filters += fades(up, down, long, curve=CURVE)
    if start:
        # what `adelay` puts before the sound has no times
        filters.append(filter_("adelay", delays=samples(start, form.sample_rate), all=1))
        filters.append(filter_("asetpts", expr=COUNTED_TIMES))
    return graph.stream(number, other.track).then(*filters)


def _channels(wanted: str, track: AudioStream) -> list[Filter]:
    """Without a change of loudness: what both sides have in common stays as loud as it was."""
    one = track.channels == 1
    if one:
        return [] if wanted == "mono" else [filter_("pan", args=THE_ONE_ON_BOTH)]
    two = [filter_("aformat", channel_layouts=channel_layout("stereo"))] if track.channels > 2 else []
    pans = {"mono": [MEAN_OF_TWO], "stereo": [], "left": [FIRST_OF_TWO_ON_BOTH], "right": [SECOND_OF_TWO_ON_BOTH]}
    return [*two, *(filter_("pan", args=pan) for pan in pans[wanted])]
