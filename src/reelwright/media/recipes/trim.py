"""A trim's commands: the interval's frames, to the frame, and its audio, to the sample, coded anew."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.held_frames import HELD_S, may_hold, video_begin
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import ExpectedOutput, PlannedTrim
from reelwright.media.encoders.frame_times import lasting_until
from reelwright.media.encoders.kept_hdr_and_fields import keeps_fields, keeps_hdr
from reelwright.media.encoders.muxing import into
from reelwright.media.encoders.software import coded_video
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import REPORTING, Command
from reelwright.media.ffmpeg.damage import BROADCAST, LAST_FRAME
from reelwright.media.ffmpeg.displayed_frame import DisplayedFrame
from reelwright.media.ffmpeg.filtergraph import (
    Expression,
    Filter,
    Graphs,
    filter_,
    measured_number,
    timestamps_held_from,
)
from reelwright.media.ffmpeg.untrusted_inputs import video_input
from reelwright.media.recipes.cut import Cut
from reelwright.media.recipes.seeking import reading_options
from reelwright.media.recipes.subtitles_and_chapters import InputList, TrackInputs
from reelwright.media.recipes.video_filters import steady, upright_for

LOOKING_SHARE = 0.02
"""What looking for the picture on display takes beside coding, about."""


def trim_commands(
    media: MediaInfo,
    step: PlannedTrim,
    expected: ExpectedOutput,
    capabilities: Capabilities,
    texts: Sequence[SubtitleTrack] = (),
) -> tuple[Command, ...]:
    """Return the command that cuts, and before it the one that looks for the frame on display at the start where that
    is not known. `texts`: subtitles and chapters."""
    start, end = Fraction(step.start_s), Fraction(step.end_s)
    cut = Cut.of(media, start, end)
    shown = (
        DisplayedFrame(first=cut.first_tick, end=cut.end_tick, tick_s=media.main_video.time_base)
        if step.look_back
        else None
    )
    graphs = Graphs()
    hdr, size = keeps_hdr(media, expected.output.pictures.codec), (expected.width, expected.height)
    upright = upright_for(media, expected, capabilities, size, hdr=hdr)
    square = [filter_("setsar", sar=1)] if expected.output.quality is not Quality.SOURCE else []
    filters = [*steady(media.main_video), *_shown_pictures(media, step, cut, shown), *upright, *square]
    video = graphs.chain(media.main_video.index, filters)
    audio = [
        option
        for number, track in enumerate(media.decodable_audio[: expected.audio_tracks])
        for option in cut.sound(graphs, number, track, expected)
    ]
    inputs = InputList()
    beside = TrackInputs(texts, inputs.opens)
    subtitles, metadata = beside.options(expected.output.container), beside.metadata(expected.output)
    looking_back = step.look_back or step.shown_from_s is not None
    reading = [*REPORTING, *reading_options(media, start, end, looking_back=looking_back)]
    from_start = [*REPORTING, *reading_options(media, Fraction(0), end)]
    rest = cut.without_the_rest(media)
    arguments = [
        *video_input("<in0>", media, capabilities),
        *inputs.options,
        *("-filter_complex_threads", str(capabilities.threads), *graphs.options()),
        *("-map", video, *audio, *subtitles),
        *metadata,
        *coded_video(
            media,
            expected,
            capabilities,
            keep_fields=keeps_fields(media, expected.output, height=expected.height),
            begins_late=video_begin(media) > start,
        ),
        *(lasting_until(end - start, media, capabilities) if may_hold(media) or shown else ()),
        *into(expected.output.container, "<out0>"),
    ]
    made = Command(
        arguments=(*reading, *arguments),
        if_damaged=("-y", *reading, *rest, *arguments),
        from_start=("-y", *from_start, *rest, *arguments) if from_start != reading else (),
        lost_then=LAST_FRAME if cut.has_last_packet(media) else "",
        needed_to=cut.needed_to(media),
        forgiving=media.container in BROADCAST,
        video_stream=media.main_video.index,
        expected_s=expected.duration_s,
    )
    return (made,) if shown is None else (_looking(media, start, cut, shown, capabilities), made)


def _shown_pictures(media: MediaInfo, step: PlannedTrim, cut: Cut, shown: DisplayedFrame | None) -> list[Filter]:
    """The frames of the interval, and before them the one on display at its start where that is to be shown."""
    first: int | Expression = cut.first_tick
    if shown is not None:
        first = measured_number(shown.name)
    elif step.shown_from_s is not None:
        earlier = Fraction(step.start_s) - Fraction(step.shown_from_s)
        first = floor(cut.first_tick - earlier / Fraction(media.main_video.time_base))
    if first == cut.first_tick:
        return cut.picture_filters()
    return [
        filter_("trim", start_pts=first, end_pts=cut.end_tick),
        filter_("setpts", expr=timestamps_held_from(cut.first_tick)),
    ]


def _looking(media: MediaInfo, start: Fraction, cut: Cut, shown: DisplayedFrame, capabilities: Capabilities) -> Command:
    """Read on until it is certain whether the picture on display at the start is one that stands."""
    reading = reading_options(media, start, start + HELD_S)
    source = video_input("<in0>", media, capabilities)
    return Command(
        # framecrc writes one line a packet with its times; copied packets are not decoded
        arguments=(
            *(*REPORTING, *reading, *source, "-map", f"0:{media.main_video.index}"),
            *("-c", "copy", "-f", "framecrc", f"<{shown.file}>"),
        ),
        forgiving=True,
        expected_s=str(HELD_S),
        stage="look",
        weight=LOOKING_SHARE,
        shown=shown,
    )
