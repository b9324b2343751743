"""The step `subtitles`, as filters: one small video of all that cues show, laid over the picture once."""

from __future__ import annotations

from reelwright.edits.steps.subtitles import PlannedSubtitles
from reelwright.media.ffmpeg.filtergraph import Value, filter_
from reelwright.media.recipes.hdr_graphics import lit
from reelwright.media.recipes.scene import Scene


def apply(scene: Scene, step: PlannedSubtitles) -> None:
    """A frame shows what is on the screen at its time: the last picture that does not begin after it. What is below
    drives the output; the last picture is empty, and let go of."""
    scene.finely_stamped()
    number = scene.opens(_input)
    drawn = scene.graph.stream(number, 0).then(filter_("format", pix_fmts="rgba"))
    if (below := scene.hdr_picture) is not None:
        drawn = drawn.then(*lit(below))
    depth: dict[str, Value] = {"format": "yuv420p10"} if scene.deep else {}
    over = filter_("overlay", x=step.facts.x, y=step.facts.y, eof_action="pass", **depth)
    scene.video = scene.graph.joined([scene.video, drawn], over)
    scene.stamped()


def _input(slot: str) -> tuple[str, ...]:
    """Opened as what it is and nothing else: a contained process wrote it."""
    whitelists = ("-protocol_whitelist", "file", "-format_whitelist", "mov", "-codec_whitelist", "png")
    return (*whitelists, "-threads", "1", "-f", "mov", "-i", slot)
