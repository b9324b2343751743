"""Recipe: how a plan is made on this machine, as commands with symbolic slots that only the runner turns into paths.

Pure: the same plan and capabilities give the same recipe. Every argument is a number, a word of ours or a slot.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import msgspec

from reelwright.edits import audio_tracks
from reelwright.edits.enums import Quality
from reelwright.edits.first_frame import HELD_S, may_stand, picture_begin
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.geometry import Size
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput, PictureFacts, Plan, PlannedLayer, PlannedOverlay, PlannedTrim
from reelwright.media.encoders.software import WITHOUT_METADATA, into, keeps_fields, keeps_hdr, pixel_format
from reelwright.media.ffmpeg.command import (
    BROADCAST,
    LAST_FRAME,
    REPORTING,
    Capabilities,
    Command,
    Recipe,
    coded_picture,
    dropping,
    lasting_until,
    video_input,
    whole,
)
from reelwright.media.ffmpeg.filtergraph import (
    Expression,
    Filter,
    Graphs,
    filter_,
    seconds,
    timestamps_from,
    timestamps_from_s,
    timestamps_held_from,
)
from reelwright.media.recipes.audio import coded, copied, encoded, in_step, lasting, late, mixed
from reelwright.media.recipes.first_frame import Shown
from reelwright.media.recipes.overlay import layer_of
from reelwright.media.recipes.still_sources import FADE_RATE, clock, under
from reelwright.media.recipes.transcode import transcodes
from reelwright.media.recipes.video_filters import colours_again, conform, steady

SEEKABLE = frozenset({"mov", "matroska", "webm", "avi"})
"""Containers with an index of key frames: a seek into any other may land behind the key frame that is needed."""

LOOKING_SHARE = 0.02
"""What looking for the picture on display takes beside coding, about."""

RUN_UP_S, RUN_UP_FRAMES, RUN_OUT_S = Fraction(1, 4), 8, Fraction(1)
"""How long before an interval reading begins, at least, and how long after it ends."""


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
    rate = media.picture.frame_rate
    return rate is not None and Fraction(media.picture.time_base) * Fraction(rate) == 1


def compile_plan(plan: Plan, capabilities: Capabilities) -> Recipe:
    """Raises JobFailed `unsupported_here` when this machine's ffmpeg lacks what the plan needs."""
    facts = plan.inputs[0]
    if not plan.steps:
        return Recipe(commands=transcodes(facts.media, plan, capabilities), capabilities=capabilities)
    (step,), (expected,) = plan.steps, plan.outputs
    if isinstance(step, PlannedOverlay):
        commands: tuple[Command, ...] = (_overlay(facts.media, step, expected, capabilities),)
    else:
        commands = _trim(facts.media, step, expected, capabilities)
    return Recipe(commands=commands, capabilities=capabilities)


def _trim(
    media: MediaInfo, step: PlannedTrim, expected: ExpectedOutput, capabilities: Capabilities
) -> tuple[Command, ...]:
    start, end = Fraction(step.start_s), Fraction(step.end_s)
    cut = Cut.of(media, start, end)
    shown = Shown(first=cut.first_tick, end=cut.end_tick, tick_s=media.picture.time_base) if step.look_back else None
    graphs = Graphs()
    hdr, size = keeps_hdr(media, expected.output.video.codec), (expected.width, expected.height)
    upright = _upright(media, expected, capabilities, size, hdr=hdr)
    square = [filter_("setsar", sar=1)] if expected.output.quality is not Quality.SOURCE else []
    filters = [*steady(media.picture), *_shown_pictures(media, step, cut, shown), *upright, *square]
    video = graphs.chain(media.picture.index, filters)
    audio = [
        option
        for number, track in enumerate(media.sound[: expected.audio_tracks])
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
        *coded_picture(
            media, expected, capabilities, keep_fields=keeps_fields(media, expected.output, height=expected.height)
        ),
        # Frames that come some time after the start lie on no grid of whole frames from there on.
        *(("-enc_time_base", "1:90000") if picture_begin(media) > start else ()),
        *(lasting_until(end - start, media, capabilities) if may_stand(media) or shown else ()),
        *into(expected.output.container, "<out0>"),
    ]
    made = Command(
        arguments=(*reading, *arguments),
        if_damaged=("-y", *reading, *rest, *arguments),
        from_start=("-y", *from_start, *rest, *arguments) if from_start != reading else (),
        lost_then=LAST_FRAME if cut.has_last_packet(media) else "",
        needed_to=cut.needed_to(media),
        forgiving=media.container in BROADCAST,
        picture=media.picture.index,
        expected_s=expected.duration_s,
    )
    return (made,) if shown is None else (_looking(media, start, cut, shown, capabilities), made)


def _shown_pictures(media: MediaInfo, step: PlannedTrim, cut: Cut, shown: Shown | None) -> list[Filter]:
    """The frames of the interval, and before them the one on display at its start where that is to be shown."""
    first: int | Expression = cut.first_tick
    if shown is not None:
        first = shown.slot
    elif step.shown_from_s is not None:
        earlier = Fraction(step.start_s) - Fraction(step.shown_from_s)
        first = floor(cut.first_tick - earlier / Fraction(media.picture.time_base))
    if first == cut.first_tick:
        return cut.picture_filters()
    return [
        filter_("trim", start_pts=first, end_pts=cut.end_tick),
        filter_("setpts", expr=timestamps_held_from(cut.first_tick)),
    ]


def _looking(media: MediaInfo, start: Fraction, cut: Cut, shown: Shown, capabilities: Capabilities) -> Command:
    """Read on until it is certain whether the picture on display at the start is one that stands."""
    reading = cut.input_options(media, start, start + HELD_S)
    source = video_input("<in0>", media, capabilities)
    return Command(
        arguments=(*REPORTING, *reading, *source, "-map", f"0:{media.picture.index}", *shown.options()),
        forgiving=True,
        expected_s=str(HELD_S),
        weight=LOOKING_SHARE,
        shown=shown,
    )


def _upright(
    media: MediaInfo, expected: ExpectedOutput, capabilities: Capabilities, size: Size, *, hdr: bool
) -> list[Filter]:
    return conform(
        media.picture,
        tone_mapping=capabilities.tone_mapping,
        size=size,
        pixel_format=pixel_format(media, expected.output.video.codec),
        hdr=hdr,
        fields=keeps_fields(media, expected.output, height=expected.height),
    )


def _overlay(media: MediaInfo, step: PlannedOverlay, expected: ExpectedOutput, capabilities: Capabilities) -> Command:
    """All layers in one graph and one encode, and scaled after that: they are placed in the source's pixels. The sound
    is not touched where it can stay."""
    canvas, size = (step.width, step.height), (expected.width, expected.height)
    form = pixel_format(media, expected.output.video.codec)
    layers = [
        layer_of(
            layer,
            number,
            tone_mapping=capabilities.tone_mapping,
            deep=form != "yuv420p",
        )
        for number, layer in enumerate(step.layers, start=1)
    ]
    graphs = Graphs()
    square = filter_("setsar", sar=1)
    ticking = clock(step.layers, Fraction(expected.duration_s), form) if may_stand(media) else None
    below = None if ticking is None else (ticking, [under(), square, *colours_again(media.picture)])
    ground = [*steady(media.picture), *_upright(media, expected, capabilities, canvas, hdr=False), square]
    fitted = [filter_("scale", w=size[0], h=size[1], flags="bicubic"), square] if size != canvas else []
    video = graphs.layered(media.picture.index, ground, layers, below, fitted)
    sound = _overlaid_sound(media, step, expected, graphs)
    arguments = [
        *video_input("<in0>", media, capabilities),
        *(
            option
            for number, layer in enumerate(step.layers, start=1)
            for option in _layer_input(f"<in{number}>", layer, media, capabilities)
        ),
        *("-filter_complex_threads", str(capabilities.threads), *graphs.options()),
        *("-map", video, *sound),
        *WITHOUT_METADATA,
        *coded_picture(
            media, expected, capabilities, keep_fields=keeps_fields(media, expected.output, height=expected.height)
        ),
        *(lasting_until(Fraction(expected.duration_s), media, capabilities) if may_stand(media) else ()),
        *into(expected.output.container, "<out0>"),
    ]
    return whole(media, arguments, expected_s=expected.duration_s)


def _overlaid_sound(media: MediaInfo, step: PlannedOverlay, expected: ExpectedOutput, graphs: Graphs) -> list[str]:
    """Every track as it is where it can stay, or with the sound of layers mixed in where one is to be heard."""
    output, length = expected.output, Fraction(expected.duration_s)
    sound: list[AudioStream | None] = [*media.sound]
    if expected.audio_tracks > len(sound):
        sound.append(None)
    options: list[str] = []
    for number, track in enumerate(sound[: expected.audio_tracks]):
        form = audio_tracks.coded(track, output.audio, output.container)
        if track is None or any(layer.volume for layer in step.layers):
            options += ["-map", mixed(graphs, track, form, step.layers, length), *encoded(number, track, form)]
        elif audio_tracks.is_copied(track, media, output.audio, output.container):
            options += copied(number, track)
        else:
            options += coded(None, number, track, form, in_step(late(track, media)))
    return options


def _layer_input(slot: str, layer: PlannedLayer, media: MediaInfo, capabilities: Capabilities) -> tuple[str, ...]:
    if isinstance(layer.facts, PictureFacts):
        rate = str(FADE_RATE) if may_stand(media) else media.picture.frame_rate or str(FADE_RATE)
        pictures = ("-f", "png_pipe", "-format_whitelist", "png_pipe", "-codec_whitelist", "png", "-framerate", rate)
        return ("-protocol_whitelist", "file", *pictures, "-i", slot)
    again = ("-stream_loop", "-1") if layer.at_end == "loop" else ()
    silent = () if layer.volume else ("-an",)  # a longer sound would hold up each turn of a loop
    shown_s = Fraction(layer.end_s) - Fraction(layer.start_s)
    return (*again, *silent, "-t", seconds(shown_s), *video_input(slot, layer.facts.media, capabilities))


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
        tick = Fraction(media.picture.time_base)
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
            frame_s = 1 / Fraction(media.picture.frame_rate) if media.picture.frame_rate else Fraction(1, 25)
            seek = max(start - max(RUN_UP_S, RUN_UP_FRAMES * frame_s), Fraction(0))
        if seek <= picture_begin(media):
            # No key frame lies before: a demuxer that seeks for the picture's first one takes the sound to there too.
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
        picture, end = media.picture, self.end_tick
        tick = Fraction(picture.time_base)
        rules, before = [f"gte(dts,{end})"], ""
        if (grid := frame_grid(media)) is not None:
            before = f"st(0,ld(0)+gte(pts,startpts)*lt(pts,{end}));"
            rules.append(f"gte(pts,{end})*gte(ld(0)*{grid.frame_s / tick},{end}-startpts)")
        if picture.last_packet_s is not None:
            rules.append(f"gte(dts,{Fraction(picture.last_packet_s) / tick})")
        options = dropping(picture.index, before + "+".join(rules))
        for track in media.sound:
            ends = ceil(Fraction(self.sound_end_s) / Fraction(track.time_base))
            options += dropping(track.index, f"gte(pts,{ends})")
        return options

    def has_last_packet(self, media: MediaInfo) -> bool:
        """Whether the packet that `without_the_rest` drops at the end of the file is one of the interval's."""
        last_s = media.picture.last_packet_s
        return last_s is not None and Fraction(last_s) < self.end_tick * Fraction(media.picture.time_base)

    def needed_to(self, media: MediaInfo) -> dict[int, int]:
        """By stream, the tick of the interval's end."""
        ends = {track.index: ceil(Fraction(self.sound_end_s) / Fraction(track.time_base)) for track in media.sound}
        return {media.picture.index: self.end_tick, **ends}

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
