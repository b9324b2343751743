"""The commands of a splice: frames at the edges of a cut, and those that steps touch, coded so that they stand beside
the source's; and its sound, where that is not copied."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

import msgspec

from reelwright.edits.plan import Plan, PlannedTrim, remux
from reelwright.edits.plan.touched import only, opened
from reelwright.edits.splice_structs import FrameRun, Splice
from reelwright.media.encoders.muxing import codec_tag, into
from reelwright.media.encoders.splice_edges import coded_beside
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import REPORTING, WITHOUT_METADATA, Command
from reelwright.media.ffmpeg.filtergraph import Filter, Graphs, filter_, ratio, seconds, timestamps_begun_at_once
from reelwright.media.ffmpeg.graph import Graph, whole_graph
from reelwright.media.ffmpeg.untrusted_inputs import video_input
from reelwright.media.recipes.color_names import stated_colors
from reelwright.media.recipes.cut import Cut
from reelwright.media.recipes.seeking import RUN_OUT_S, reading_options
from reelwright.media.recipes.several_steps import EditedSource
from reelwright.media.recipes.subtitles_and_chapters import InputList, TrackInputs
from reelwright.media.recipes.video_filters import turned_back
from reelwright.media.splicing.requests import REMUX_FILE, SOUND_FILE, TEXT_FILE, edge_file

EDGES_AT_ONCE = 4
"""That one process codes: each has a reader and a decoder of its own."""
TICKS_A_FRAME = 4
"""Where frames are so many ticks apart at least, one tick more or less meets no other frame."""
SOUND_WEIGHT = 0.5
REMUX_WEIGHT = 0.2
SUBTITLES_WEIGHT = 0.01


def splice_commands(plan: Plan, capabilities: Capabilities) -> tuple[Command, ...]:
    """Return the commands that make what is not copied. Raises JobFailed `unsupported_here`."""
    commands, copied_from, source = [], plan, "<in0>"
    if remux.is_remuxed(plan):
        commands.append(_remux_command(plan, capabilities))
        copied_from, source = remux.remuxed(plan), f"<{REMUX_FILE}>"
    splice = copied_from.splice
    assert isinstance(splice, Splice)
    runs = list(_runs(splice))
    if splice.drawn:  # all of them: what is coded has one set of parameters
        commands += [_drawn_command(plan, splice, *run, capabilities) for run in runs]
    else:
        edges = [(name, run) for name, run, _ in runs]
        batches = [edges[at : at + EDGES_AT_ONCE] for at in range(0, len(edges), EDGES_AT_ONCE)]
        commands += [_edge_command(copied_from, splice, source, batch, capabilities) for batch in batches]
    if splice.sound == "coded":
        commands.append(_sound_command(plan, capabilities))
    if plan.tracks:
        commands.append(_subtitles_command(plan))
    return tuple(commands)


def _remux_command(plan: Plan, capabilities: Capabilities) -> Command:
    """The pictures up to the cut's end in an MP4, each at its tick."""
    media, (tracked,) = plan.inputs[0].media, plan.outputs
    video, later = media.main_video, remux.remux_offset_s(plan)
    assert isinstance(plan.splice, Splice)
    end = max(interval.end_tick for interval in plan.splice.intervals) * plan.splice.tick - media.start
    clock = str(Fraction(video.time_base).denominator)
    return Command(
        arguments=(
            *REPORTING,
            *("-copyts", "-itsoffset", str(later), "-t", seconds(end + later + RUN_OUT_S)),
            *video_input("<in0>", media, capabilities),
            *("-map", f"0:{video.index}", "-c", "copy", *WITHOUT_METADATA, *codec_tag(tracked.output)),
            # without these, the edit list would round when the picture begins
            *("-video_track_timescale", clock, "-movie_timescale", clock, "-f", "mp4", f"<{REMUX_FILE}>"),
        ),
        video_stream=video.index,
        expected_s=str(end),
        stage="remux",
        weight=REMUX_WEIGHT,
    )


MAX_OF_RATIO = 65535
"""Streams have no larger numbers in the shape of pixels."""


def _runs(splice: Splice) -> Iterator[tuple[str, FrameRun, int]]:
    """What is coded: its file, its frames, and when it begins in the result, in the source's ticks."""
    at = 0
    for number, interval in enumerate(splice.intervals):
        for is_head, run in ((True, interval.head), (False, interval.tail)):
            if run is not None:
                yield edge_file(number, is_head=is_head), run, at + run.first_tick - interval.start_tick
        at += interval.length


def _drawn_command(
    plan: Plan, splice: Splice, name: str, run: FrameRun, at: int, capabilities: Capabilities
) -> Command:
    """Frames through the steps, as where all are coded: at the same times, read from a little before them."""
    assert splice.coding is not None
    media, tick = plan.inputs[0].media, splice.tick
    video = media.main_video
    start, end = (one * tick - media.start for one in (run.first_tick, run.last_tick + 1))
    seen, slots = only(plan, start, end)
    first, last = at * tick, (at + run.last_tick - run.first_tick) * tick
    ground = EditedSource(seen, capabilities, part=(first, last), slots=slots)
    # steps that leave something out round to whole ticks by themselves
    room = tick if Fraction(video.frame_rate or 0) * TICKS_A_FRAME * tick <= 1 else Fraction(0)
    part = filter_("trim", start_pts=ceil((first - room) / ground.tick), end_pts=floor((last + room) / ground.tick) + 1)
    form = filter_("format", pix_fmts=video.pixel_format or "yuv420p")
    begun = filter_("setpts", expr=timestamps_begun_at_once())
    coded = [part, begun, *turned_back(video), form, *stated_colors(video), *_stated_shape(splice)]
    (label,) = ground.split([], [coded])
    made = ground.command(
        [
            *("-map", label, "-an", *WITHOUT_METADATA),
            *coded_beside(splice, media, plan.outputs[0], capabilities),
            *("-fps_mode", "passthrough", "-enc_time_base", "filter", "-frames:v", str(run.count)),
            *into("mp4", f"<{name}>"),
        ],
        before=("-xerror",),
        expected_s=str(end - start),
    )
    # what is damaged is not made here, but where all is coded
    strict = {"if_damaged": (), "from_start": (), "lost_then": "", "needed_to": {}, "forgiving": False}
    return msgspec.structs.replace(made, **strict)


def _edge_command(
    plan: Plan, splice: Splice, source: str, edges: list[tuple[str, FrameRun]], capabilities: Capabilities
) -> Command:
    media, expected = plan.inputs[0].media, plan.outputs[0]
    inputs: list[str] = []
    outputs: list[str] = []
    graphs: list[Graph] = []
    length = Fraction(0)
    for number, (name, run) in enumerate(edges):
        start, end = (tick * splice.tick - media.start for tick in (run.first_tick, run.last_tick + 1))
        cut = Cut.of(media, start, end)
        inputs += [*reading_options(media, start, end), "-noautorotate", *video_input(source, media, capabilities)]
        graph = Graph(f"e{number}x")
        frames = graph.stream(number, media.main_video.index).then(*cut.picture_filters(), *_stated_shape(splice))
        graphs.append(graph)
        outputs += [
            *("-map", graph.output(frames, filter_("null")), "-an", *WITHOUT_METADATA),
            *coded_beside(splice, media, expected, capabilities),
            *("-fps_mode", "passthrough", "-enc_time_base", "filter", "-frames:v", str(run.count)),
            *into("mp4", f"<{name}>"),
        ]
        length += end - start
    return Command(
        arguments=(*REPORTING, "-xerror", *inputs, *whole_graph(graphs), *outputs),
        video_stream=media.main_video.index,
        expected_s=str(length),
        outputs=len(edges),
    )


def _stated_shape(splice: Splice) -> list[Filter]:
    """That of pixels, as the stream's own parameters state it: all of a track's have to be alike. What its container
    says goes on to the result's."""
    shape = None if splice.coding is None else splice.coding.shape
    # without `max` the filter takes the nearest ratio of small numbers
    return [] if shape is None else [filter_("setsar", sar=ratio(Fraction(shape)), max=MAX_OF_RATIO)]


def _subtitles_command(plan: Plan) -> Command:
    inputs = InputList(0)
    options = TrackInputs(plan.tracks, inputs.opens).options("mp4")
    return Command(
        arguments=(*REPORTING, *inputs.options, *options, *WITHOUT_METADATA, *into("mp4", f"<{TEXT_FILE}>")),
        expected_s=str(plan.length),
        weight=SUBTITLES_WEIGHT,
    )


def _sound_command(plan: Plan, capabilities: Capabilities) -> Command:
    """The sound as it is where all is coded anew."""
    media, expected = plan.inputs[0].media, plan.outputs[0]
    slot = f"<{SOUND_FILE}>"
    if not isinstance(step := plan.steps[0], PlannedTrim):
        ground = EditedSource(opened(plan), capabilities)
        arguments = [*ground.sound(plan, expected), "-vn", *WITHOUT_METADATA, *into("mp4", slot)]
        return ground.command(arguments, expected_s=expected.duration_s, stage="sound", weight=SOUND_WEIGHT)
    start, end = Fraction(step.start_s), Fraction(step.end_s)
    cut, graphs = Cut.of(media, start, end), Graphs()
    heard = enumerate(media.decodable_audio[: expected.audio_tracks])
    mapped = [option for number, track in heard for option in cut.sound(graphs, number, track, expected)]
    return Command(
        arguments=(
            *REPORTING,
            *reading_options(media, start, end),
            *video_input("<in0>", media, capabilities),
            *graphs.options(),
            *(*mapped, "-vn", *WITHOUT_METADATA),
            *into("mp4", slot),
        ),
        video_stream=media.main_video.index,
        expected_s=expected.duration_s,
        stage="sound",
        weight=SOUND_WEIGHT,
    )
