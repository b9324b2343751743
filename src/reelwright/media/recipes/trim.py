"""A trim's commands: the interval's frames, to the frame, and its audio, to the sample, coded anew."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import msgspec

from reelwright.edits import audio_tracks
from reelwright.edits.enums import Quality
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.held_frames import HELD_S, may_hold, video_begin
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput, PlannedTrim
from reelwright.media.encoders import coded_video
from reelwright.media.encoders.frame_format import keeps_fields, keeps_hdr
from reelwright.media.encoders.muxing import into, lasting_until
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import (
    BROADCAST,
    LAST_FRAME,
    REPORTING,
    WITHOUT_METADATA,
    Command,
    dropping,
    video_input,
)
from reelwright.media.ffmpeg.filtergraph import (
    Expression,
    Filter,
    Graphs,
    filter_,
    measured_number,
    seconds,
    timestamps_from,
    timestamps_from_s,
    timestamps_held_from,
)
from reelwright.media.ffmpeg.measured import DisplayedFrame
from reelwright.media.recipes.audio import coded, in_step, lasting
from reelwright.media.recipes.video_filters import steady, upright_for

SEEKABLE = frozenset({"mov", "matroska", "webm", "avi"})
"""Containers with an index of key frames: a seek into any other may land behind the key frame that is needed."""

LOOKING_SHARE = 0.02
"""What looking for the picture on display takes beside coding, about."""

RUN_UP_S, RUN_UP_FRAMES, RUN_OUT_S = Fraction(1, 4), 8, Fraction(1)
"""How long before an interval reading begins, at least, and how long after it ends."""


def trim_commands(
    media: MediaInfo, step: PlannedTrim, expected: ExpectedOutput, capabilities: Capabilities
) -> tuple[Command, ...]:
    """Return the command that cuts, and before it the one that looks for the frame on display at the start where that
    is not known."""
    start, end = Fraction(step.start_s), Fraction(step.end_s)
    cut = Cut.of(media, start, end)
    shown = (
        DisplayedFrame(first=cut.first_tick, end=cut.end_tick, tick_s=media.main_video.time_base)
        if step.look_back
        else None
    )
    graphs = Graphs()
    hdr, size = keeps_hdr(media, expected.output.video.codec), (expected.width, expected.height)
    upright = upright_for(media, expected, capabilities, size, hdr=hdr)
    square = [filter_("setsar", sar=1)] if expected.output.quality is not Quality.SOURCE else []
    filters = [*steady(media.main_video), *_shown_pictures(media, step, cut, shown), *upright, *square]
    video = graphs.chain(media.main_video.index, filters)
    audio = [
        option
        for number, track in enumerate(media.decodable_audio[: expected.audio_tracks])
        for option in cut.sound(graphs, number, track, expected)
    ]
    looking_back = step.look_back or step.shown_from_s is not None
    reading = [*REPORTING, *cut.input_options(media, start, end, looking_back=looking_back)]
    from_start = [*REPORTING, *cut.input_options(media, Fraction(0), end)]
    rest = cut.without_the_rest(media)
    arguments = [
        *video_input("<in0>", media, capabilities),
        *("-filter_complex_threads", str(capabilities.threads), *graphs.options()),
        *("-map", video, *audio),
        *WITHOUT_METADATA,
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
    reading = cut.input_options(media, start, start + HELD_S)
    source = video_input("<in0>", media, capabilities)
    return Command(
        # framecrc writes one line a packet with its times; copied packets are not decoded
        arguments=(
            *(*REPORTING, *reading, *source, "-map", f"0:{media.main_video.index}"),
            *("-c", "copy", "-f", "framecrc", f"<{shown.file}>"),
        ),
        forgiving=True,
        expected_s=str(HELD_S),
        weight=LOOKING_SHARE,
        shown=shown,
    )


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """An interval of a source in the file's own clock, in which decoded frames are stamped.

    The picture is cut by whole ticks of its time base, exactly; sound at the same instant, to the sample.
    """

    first_tick: int
    end_tick: int
    origin_s: str
    sound_end_s: str

    @classmethod
    def of(cls, media: MediaInfo, start: Fraction, end: Fraction) -> Cut:
        tick = Fraction(media.main_video.time_base)
        first = ceil((media.start + start) / tick)
        return cls(
            first_tick=first,
            end_tick=ceil((media.start + end) / tick),
            origin_s=str(first * tick),
            sound_end_s=str(media.start + end),
        )

    def input_options(
        self, media: MediaInfo, start: Fraction, end: Fraction, *, looking_back: bool = False
    ) -> tuple[str, ...]:
        """Seek to a little before the start (frames are reordered, decoders need a run-up) and stop reading soon
        after the end. `looking_back`: what is on display at the start may have begun long before it."""
        seek = Fraction(0)
        if media.clock_jumps:  # `-copyts` would leave them open; the offset is what ffmpeg takes off without it
            return ("-itsoffset", seconds(media.start), "-t", seconds(media.start + end + RUN_OUT_S))
        if is_seekable(media):
            frame_s = 1 / Fraction(media.main_video.frame_rate) if media.main_video.frame_rate else Fraction(1, 25)
            seek = max(start - max(RUN_UP_S, RUN_UP_FRAMES * frame_s), Fraction(0))
        if seek <= video_begin(media):
            # No key frame lies before: a demuxer that seeks for the first one takes the audio to there too.
            return ("-copyts", "-t", seconds(end + RUN_OUT_S))
        if looking_back:  # every frame from the key frame on passes, whose time is not known; the filters end it
            return ("-copyts", "-noaccurate_seek", "-ss", seconds(seek))
        return ("-copyts", "-ss", seconds(seek), "-t", seconds(end - seek + RUN_OUT_S))

    def without_the_rest(self, media: MediaInfo) -> tuple[str, ...]:
        """Drop, before they are decoded, packets behind the interval: one that is damaged fails the command although
        no frame of the interval needs it. Then only the file's end ends the reading.

        Whatever is decoded after the end is not needed; nor, where frames are counted, what is shown after it once
        all before it came. The last packet of a file that may be cut off is dropped as well: verification allows for
        it where it is lost at the end of a picture without a frame count.
        """
        picture, end = media.main_video, self.end_tick
        tick = Fraction(picture.time_base)
        rules, before = [f"gte(dts,{end})"], ""
        if (grid := frame_grid(media)) is not None:
            before = f"st(0,ld(0)+gte(pts,startpts)*lt(pts,{end}));"
            rules.append(f"gte(pts,{end})*gte(ld(0)*{grid.frame_s / tick},{end}-startpts)")
        if picture.last_packet_s is not None:
            rules.append(f"gte(dts,{Fraction(picture.last_packet_s) / tick})")
        options = dropping(picture.index, before + "+".join(rules))
        for track in media.decodable_audio:
            ends = ceil(Fraction(self.sound_end_s) / Fraction(track.time_base))
            options += dropping(track.index, f"gte(pts,{ends})")
        return options

    def has_last_packet(self, media: MediaInfo) -> bool:
        """Whether the packet that `without_the_rest` drops at the end of the file is one of the interval's."""
        last_s = media.main_video.last_packet_s
        return last_s is not None and Fraction(last_s) < self.end_tick * Fraction(media.main_video.time_base)

    def needed_to(self, media: MediaInfo) -> dict[int, int]:
        """By stream, the tick of the interval's end."""
        ends = {
            track.index: ceil(Fraction(self.sound_end_s) / Fraction(track.time_base)) for track in media.decodable_audio
        }
        return {media.main_video.index: self.end_tick, **ends}

    def picture_filters(self) -> list[Filter]:
        return [
            filter_("trim", start_pts=self.first_tick, end_pts=self.end_tick),
            filter_("setpts", expr=timestamps_from(self.first_tick)),
        ]

    def sound(self, graphs: Graphs, number: int, track: AudioStream, expected: ExpectedOutput) -> tuple[str, ...]:
        """Options for output track `number`: the sound of the interval, all of it and no more. Holes, a late start and
        an early end become silence, so that every sample stays in step with the picture."""
        origin, end = Fraction(self.origin_s), Fraction(self.sound_end_s)
        form = audio_tracks.coded(track, expected.output.audio, expected.output.container)
        behind = min(max(Fraction(track.start_s) - origin, Fraction(0)), end - origin)
        filters = [
            filter_("atrim", start=origin, end=end),
            filter_("asetpts", expr=timestamps_from_s(origin)),
            *in_step(behind),
            *lasting(end - origin),
        ]
        return coded(graphs, number, track, form, filters)


def is_seekable(media: MediaInfo) -> bool:
    """Whether a seek lands before the wanted frame. ffmpeg seeks by the track that it takes for the main one: beside
    another picture, that may be the wrong one, but for containers in which each track has an index of its own."""
    family = media.container.split(",")[0]
    if family == "avi" and not _counts_frames(media):
        return False
    return family in SEEKABLE and (family == "mov" or len(media.video) == 1)


def _counts_frames(media: MediaInfo) -> bool:
    """Whether each tick is a frame. AVI has no other times than numbers of ticks; where those are shorter than frames,
    ffmpeg is off by some after a seek."""
    rate = media.main_video.frame_rate
    return rate is not None and Fraction(media.main_video.time_base) * Fraction(rate) == 1
