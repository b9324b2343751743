"""The steps `keep` and `cut`, as filters: intervals selected, what lies between them closed up; their sound joined."""

from __future__ import annotations

from math import ceil

from reelwright.edits.steps.keep_and_cut import PlannedKeep
from reelwright.media.ffmpeg.filtergraph import filter_
from reelwright.media.ffmpeg.graph import closed_up, within
from reelwright.media.recipes.scene import Scene
from reelwright.media.recipes.sound_joins import join


def apply(scene: Scene, step: PlannedKeep) -> None:
    tick = scene.state.tick
    ticks = [(ceil(start / tick), ceil(end / tick)) for start, end in step.spans]
    scene.through(filter_("select", expr=within(ticks)), filter_("setpts", expr=closed_up(ticks)))
    for sound, track in zip(scene.sounds, scene.state.media.audio, strict=True):
        join(sound, step.spans, track.sample_rate)
