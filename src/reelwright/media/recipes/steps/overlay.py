"""The step `overlay`, as filters: each layer over what is below it, and its sound mixed in."""

from __future__ import annotations

from functools import partial

from reelwright.edits.steps.overlay import PlannedLayer, PlannedOverlay
from reelwright.media.ffmpeg.filtergraph import GraphInput, filter_
from reelwright.media.ffmpeg.graph import Graph
from reelwright.media.recipes.audio_filters import form_of, held, silence
from reelwright.media.recipes.layer_filters import layer_input, layer_of
from reelwright.media.recipes.layer_sound import heard, layer_sound
from reelwright.media.recipes.scene import Scene, Sound


def apply(scene: Scene, step: PlannedOverlay) -> None:
    capabilities = scene.capabilities
    opened: list[tuple[int, PlannedLayer]] = []
    scene.finely_stamped()
    for layer in step.layers:
        number = scene.opens(partial(layer_input, layer=layer, media=scene.state.media, capabilities=capabilities))
        over = layer_of(layer, number, tone_mapping=capabilities.tone_mapping, deep=scene.deep, below=scene.hdr_picture)
        scene.video = scene.graph.joined([scene.video, scene.graph.input(over.source)], over.overlay)
        opened.append((number, layer))
    scene.stamped()
    if not (loud := [(number, layer) for number, layer in opened if layer.volume]):
        return
    tracks = step.after(scene.state).media.audio
    if not scene.sounds:
        graph = Graph("s0x")
        scene.sounds.append(Sound(graph, silence(graph, tracks[0], scene.state.length)))
    for sound, track in zip(scene.sounds, tracks, strict=True):
        form = form_of(track)
        layers = [
            sound.graph.input(
                GraphInput(number, heard(layer).index, layer_sound(layer, form, keeping_clocks=scene.keeps_clocks))
            )
            for number, layer in loud
        ]
        mix = filter_("amix", inputs=len(layers) + 1, duration="first", dropout_transition=0, normalize=0)
        sound.pad = sound.graph.joined([sound.pad, *layers], mix, held())
