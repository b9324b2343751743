"""A look at what an edit makes, before it is made: one frame, or a short draft, through the same graph.

What is read begins near to what is wanted: a time of the result is followed back through the steps to one of the
source. Frames keep their times on the way, so that nothing else changes; where a filter counts from zero all the same,
it repeats the first frame until then, and that is dropped again before it costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Literal

from reelwright.edits.geometry import even
from reelwright.edits.plan import Plan
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.state import VideoState
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import WITHOUT_METADATA, Command
from reelwright.media.ffmpeg.filtergraph import Filter, filter_, timestamps_begun_at_once
from reelwright.media.ffmpeg.graph import rate, whole_graph
from reelwright.media.ffmpeg.untrusted_inputs import video_input
from reelwright.media.recipes.color_names import named_colors
from reelwright.media.recipes.needed_span import needed_since
from reelwright.media.recipes.scene import Scene
from reelwright.media.recipes.seeking import reading_options
from reelwright.media.recipes.steps import composed

ImageFormat = Literal["png", "webp"]

STILLS_A_SECOND = 1000
"""At which the frame that is on display is looked for."""
WEBP_QUALITY = 92
"""libwebp's scale: 100 is best."""
DRAFT_WIDTH, DRAFT_RATE, DRAFT_CRF = 640, Fraction(30), 28
"""A draft is no wider, has no more frames a second, and is coded so."""
DRAFT_RATE_WHERE_UNKNOWN = Fraction(25)

REPORTING = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "repeat+level+error", "-y")


@dataclass(frozen=True, slots=True)
class Look:
    """`at`: on the result's time line. `lasting`: a draft of so many seconds; None: the frame on display, as `image`
    says."""

    at: Fraction
    lasting: Fraction | None = None
    image: ImageFormat = "png"

    @property
    def file_name(self) -> str:
        return f"preview.{self.image if self.lasting is None else 'mp4'}"


def result_of(plan: Plan) -> VideoState:
    """What the steps of a plan make."""
    return plan.states[-1]


def preview_command(plan: Plan, look: Look, capabilities: Capabilities) -> Command:
    """Return the command that makes what is looked at. Raises JobFailed `unsupported_here`."""
    source, opening = plan.inputs[0].media, plan.steps[0]
    assert isinstance(opening, PlannedOpening)
    since = needed_since(plan, look.at)
    scene = composed(plan, capabilities, since)
    reading = reading_options(
        source,
        Fraction(opening.start_s) + since[0],
        Fraction(opening.end_s),
        looking_back=opening.rate is not None,
        keeping_clocks=scene.keeps_clocks,
    )
    outputs = _still(scene, look) if look.lasting is None else _draft(scene, look.at, look.lasting)
    graphs = (scene.graph, *(sound.graph for sound in scene.sounds))
    arguments = (
        *(*REPORTING, *reading, *video_input("<in0>", source, capabilities)),
        *(option for options in scene.inputs for option in options),
        *("-filter_complex_threads", str(capabilities.threads), *whole_graph(graphs)),
        *(*outputs, *WITHOUT_METADATA, f"<{look.file_name}>"),
    )
    return Command(arguments=arguments, expected_s=str(look.lasting or 0), video_stream=source.main_video.index)


def _shown_at(state: VideoState, at: Fraction, frames_per_s: Fraction) -> list[Filter]:
    """Frames at an even rate from a time on, each what is on display then: one is there from the first instant on that
    is not before its own; the last one stands."""
    start = floor(at / state.tick) * state.tick
    return [
        filter_("tpad", stop=-1, stop_mode="clone"),
        filter_("fps", fps=rate(frames_per_s), start_time=start, round="up"),
    ]


def _still(scene: Scene, look: Look) -> tuple[str, ...]:
    state = scene.state
    scene.through(*_shown_at(state, look.at, Fraction(STILLS_A_SECOND)), filter_("trim", end_frame=1))
    scene.through(*named_colors(state.video))
    if look.image == "png":
        scene.through(filter_("scale", flags="bicubic", out_range="full"), filter_("format", pix_fmts="rgb24"))
        coded = ("-c:v", "png", "-compression_level", "3", "-f", "image2", "-update", "1")
    else:  # RFC 9649: BT.601 in limited range
        scene.through(
            filter_("scale", flags="bicubic", out_color_matrix="bt601", out_range="limited"),
            filter_("format", pix_fmts="yuv420p"),
        )
        coded = ("-c:v", "libwebp", "-quality", str(WEBP_QUALITY), "-compression_level", "2", "-f", "webp")
    label = scene.graph.output(scene.video, filter_("null"))
    return ("-map", label, "-frames:v", "1", *coded)


def _draft(scene: Scene, at: Fraction, lasting: Fraction) -> tuple[str, ...]:
    state, threads = scene.state, str(scene.capabilities.threads)
    frames_per_s = min(Fraction(state.video.frame_rate or DRAFT_RATE_WHERE_UNKNOWN), DRAFT_RATE)
    width, height = state.canvas
    if width > DRAFT_WIDTH:
        width, height = even((DRAFT_WIDTH, round(Fraction(height * DRAFT_WIDTH, width))))
    scene.through(
        *_shown_at(state, at, frames_per_s),
        filter_("trim", end_frame=max(1, round(lasting * frames_per_s))),
        filter_("setpts", expr=timestamps_begun_at_once()),
        filter_("scale", w=width, h=height, flags="bicubic"),
        filter_("format", pix_fmts="yuv420p"),
    )
    options = ["-map", scene.graph.output(scene.video, filter_("null"))]
    for sound in scene.sounds[:1]:
        pad = sound.pad.then(
            filter_("atrim", start=at, end=at + lasting),
            filter_("asetpts", expr=timestamps_begun_at_once()),
            filter_("aformat", channel_layouts="stereo"),
        )
        options += ["-map", sound.graph.output(pad, filter_("anull")), "-c:a", "aac", "-b:a", "96k"]
    options += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", str(DRAFT_CRF), "-threads:v", threads]
    return (*options, "-movflags", "+faststart", "-f", "mp4")
