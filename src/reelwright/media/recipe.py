"""Recipe: how a plan is made on this machine, as commands with symbolic slots that only the runner turns into paths.

Pure: the same plan and capabilities give the same recipe. Every argument is a number, a word of ours or a slot.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import msgspec

from reelwright.edits.plan import ExpectedOutput, Plan, PlannedOverlay, PlannedTrim
from reelwright.edits.planned_layers import PictureFacts, PlannedLayer
from reelwright.edits.source import AudioStream, MediaInfo
from reelwright.media import hardware, stills, streaming
from reelwright.media.conform import conform, progressive, rendition, to_sdr
from reelwright.media.encode import ENCODERS, NOWHERE, WITHOUT_METADATA, into, keeps_hdr, picture_options, pixel_format
from reelwright.media.graph import (
    Filter,
    Graphs,
    filter_,
    seconds,
    timestamps_begun,
    timestamps_from,
    timestamps_from_s,
)
from reelwright.media.layers import layer_of
from reelwright.media.loudness import MEASURING_SHARE, Gain
from reelwright.media.progress import PACKET
from reelwright.media.rate import FIRST_PASS_SHARE
from reelwright.media.sound import coded, conform_sound, kept, lasting, mixed, without_holes
from reelwright.settings import CONTAINERS

VERSION = 1

SEEKABLE = frozenset({"mov", "matroska", "webm", "avi"})
"""Containers with an index of key frames: a seek into any other may land behind the key frame that is needed."""

RUN_UP_S, RUN_UP_FRAMES, RUN_OUT_S = Fraction(1, 4), 8, Fraction(1)
"""How long before an interval reading begins, at least, and how long after it ends."""

PACKAGING_WEIGHT = 0.02
"""Of the work that encoding is."""

REPORTING = (
    *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+warning", "-xerror"),
    *("-progress", "pipe:1", "-stats_period", "0.5"),
)
PACKET_REPORTS = ("-stats_mux_pre:v:0", "pipe:1", "-stats_mux_pre_fmt:v:0", f"{PACKET}={{t}}")


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine's ffmpeg can do."""

    ffmpeg_version: str
    threads: int
    tone_mapping: bool
    encoders: tuple[str, ...] = (*ENCODERS.values(), stills.WEBP_ENCODER)
    """Those of ours that it has."""
    hardware: tuple[str, ...] = ()
    """Encoders in hardware that have coded a picture here."""
    packet_reports: bool = True
    """Whether it can tell of each packet (6.0 or newer)."""
    max_pixels: int = 2 * 8192 * 4320
    """Largest picture that is decoded. Codecs round sizes up: more than a probe lets in."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One ffmpeg process. Arguments "<in0>", "<out0>" are slots; any other "<name>" is a file of ours in the work
    folder. `weight` is its share of the whole work, `outputs` how many times the video is coded. `gains` are what it
    measures, for the slots "{name}" in the arguments of those that follow."""

    arguments: tuple[str, ...]
    expected_s: str
    weight: float = 1.0
    outputs: int = 1
    gains: tuple[Gain, ...] = ()
    hardware: bool = False
    """Whether it uses the machine's encoders."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    commands: tuple[Command, ...]
    capabilities: Capabilities


def compile_plan(plan: Plan, capabilities: Capabilities) -> Recipe:
    """Raises JobFailed `unsupported_here` when this machine's ffmpeg lacks what the plan needs."""
    facts = plan.inputs[0]
    if not plan.steps:
        return Recipe(commands=_transcodes(facts.media, plan, capabilities), capabilities=capabilities)
    (step,), (expected,) = plan.steps, plan.outputs
    if isinstance(step, PlannedOverlay):
        command = _overlay(facts.media, step, expected, capabilities)
    else:
        command = _trim(facts.media, step, expected, capabilities)
    return Recipe(commands=(command,), capabilities=capabilities)


def _trim(media: MediaInfo, step: PlannedTrim, expected: ExpectedOutput, capabilities: Capabilities) -> Command:
    start, end = Fraction(step.start_s), Fraction(step.end_s)
    cut = Cut.of(media, start, end)
    graphs = Graphs()
    upright = conform(media.picture, tone_mapping=capabilities.tone_mapping)
    video = graphs.chain(media.picture.index, [*cut.picture_filters(), *upright])
    tracks = [track for track in media.audio if track.decodable]
    audio = [graphs.chain(track.index, [*cut.sound_filters(), *conform_sound(track)]) for track in tracks]
    arguments = [
        *REPORTING,
        *cut.input_options(media, start, end),
        *_video_input("<in0>", capabilities),
        *("-filter_complex_threads", str(capabilities.threads), *graphs.options()),
        *("-map", video, *(part for label in audio for part in ("-map", label))),
        *WITHOUT_METADATA,
        *_picture(media, expected, capabilities, keep_fields=True),
        *(option for number, track in enumerate(tracks) for option in coded(number, track, expected.output.audio)),
        *into(expected.output.container, "<out0>"),
    ]
    return Command(arguments=tuple(arguments), expected_s=expected.duration_s)


def _transcodes(media: MediaInfo, plan: Plan, capabilities: Capabilities) -> tuple[Command, ...]:
    """What has to be known first, then everything at once, then what is packaged of it."""
    commands: list[Command] = []
    if gains := _gains(media, plan):
        commands.append(_measuring(media, plan, gains, capabilities))
    if any(one.output.video.two_pass and not one.copied for one in plan.outputs):
        commands.append(_transcode(media, msgspec.structs.replace(plan, companions=()), capabilities, pass_number=1))
    commands.append(_transcode(media, plan, capabilities))
    if plan.streaming is not None:
        packaged = (*REPORTING, *streaming.packaging(plan.streaming))
        commands.append(Command(arguments=packaged, expected_s=plan.outputs[0].duration_s, weight=PACKAGING_WEIGHT))
    return tuple(commands)


def _transcode(media: MediaInfo, plan: Plan, capabilities: Capabilities, *, pass_number: int = 2) -> Command:
    """Everything in one process: the picture is decoded and made progressive once, then shaped for each output.

    A first pass keeps nothing but its statistics. Sound only passes by, so that streams are numbered as they will be.
    """
    analysing = pass_number == 1
    length = Fraction(plan.outputs[0].duration_s)
    graphs = Graphs()
    sdr = to_sdr(media.picture, tone_mapping=capabilities.tone_mapping) if _needs_sdr(media, plan) else []
    coders = [hardware.encoder_for(media, expected, capabilities.hardware) for expected in plan.outputs]
    branches = [
        ([] if keeps_hdr(media, expected.output.video.codec) else sdr, _rendition(media, expected, coder))
        for expected, coder in zip(plan.outputs, coders, strict=True)
        if not expected.copied
    ]
    tracks = [track for track in media.audio if track.decodable]
    read = tracks[: max(expected.audio_tracks for expected in plan.outputs)]
    error = stills.clock_error(media, read)
    branches += [(sdr, stills.branch(companion, media.picture, length, error)) for companion in plan.companions]
    alike = all(colours == branches[0][0] for colours, _ in branches)
    begun = [filter_("setpts", expr=timestamps_begun())] if plan.streaming is not None else []
    common = [*begun, *progressive(media.picture), *(branches[0][0] if branches and alike else [])]
    shapes = [shape if alike else [*colours, *shape] for colours, shape in branches]
    labels = iter(graphs.split(media.picture.index, common, shapes))
    arguments = [
        *REPORTING,
        *dict.fromkeys(option for coder in coders if coder for option in hardware.device_options(coder)),
        *_video_input("<in0>", capabilities),
        *("-filter_complex_threads", str(capabilities.threads), *graphs.options()),
    ]
    gains = _gains(media, plan)
    for number, expected in enumerate(plan.outputs):
        arguments += ["-map", f"0:{media.picture.index}" if expected.copied else next(labels)]
        audio, container = expected.output.audio, expected.output.container
        for place, track in enumerate(tracks[: expected.audio_tracks]):
            coding = (
                (f"-c:a:{place}", "copy")
                if analysing
                else kept(
                    place,
                    track,
                    audio,
                    container,
                    gains.get(track.index),
                    whole=plan.streaming is not None and number == 0,
                )
            )
            arguments += ["-map", f"0:{track.index}", *coding]
        picture: tuple[str, ...] = ("-c:v", "copy")
        if (coder := coders[number]) is not None:
            picture = hardware.coding(coder, media, expected)
        elif not expected.copied:
            picture = _picture(media, expected, capabilities, number=number, pass_number=pass_number)
        arguments += [*WITHOUT_METADATA, *picture]
        if number == 0 and plan.companions and capabilities.packet_reports:
            arguments += PACKET_REPORTS  # a picture may begin, and reports with it, only at the end of the video
        arguments += NOWHERE if analysing else into(container, f"<out{number}>")
    for label, companion in zip(labels, plan.companions, strict=True):
        arguments += ["-map", label, *WITHOUT_METADATA, *stills.options(companion, capabilities.encoders)]
    weight = FIRST_PASS_SHARE[plan.outputs[0].output.video.codec] if analysing else 1.0
    return Command(
        arguments=tuple(arguments),
        expected_s=plan.outputs[0].duration_s,
        weight=weight,
        outputs=len(plan.outputs),
        hardware=any(coders),
    )


def _gains(media: MediaInfo, plan: Plan) -> dict[int, Gain]:
    """What is measured of the tracks, by their streams: the renditions of a plan share their sound."""
    output = plan.outputs[0]
    target, tracks = output.output.audio.loudness_lufs, [track for track in media.audio if track.decodable]
    if target is None:
        return {}
    return {track.index: Gain.of(track.index, target) for track in tracks[: output.audio_tracks]}


def _measuring(media: MediaInfo, plan: Plan, gains: dict[int, Gain], capabilities: Capabilities) -> Command:
    """The sound as it will be coded, without the picture."""
    output = plan.outputs[0]
    arguments = [*REPORTING, *_video_input("<in0>", capabilities)]
    opus = output.output.audio.codec == "opus"
    for place, track in enumerate(track for track in media.audio if track.index in gains):
        chain = [*conform_sound(track, opus=opus), *gains[track.index].measuring()]
        arguments += ["-map", f"0:{track.index}", f"-filter:a:{place}", ",".join(map(str, chain))]
    return Command(
        arguments=(*arguments, *NOWHERE),
        expected_s=output.duration_s,
        weight=MEASURING_SHARE,
        gains=tuple(gains.values()),
    )


def _needs_sdr(media: MediaInfo, plan: Plan) -> bool:
    return bool(plan.companions) or not all(keeps_hdr(media, one.output.video.codec) for one in plan.outputs)


def _rendition(media: MediaInfo, expected: ExpectedOutput, coder: str | None) -> list[Filter]:
    size = expected.width, expected.height
    shape = rendition(media.picture, size, pixel_format(media, expected.output.video.codec))
    return shape if coder is None else [*shape, *hardware.upload(coder)]


def _picture(
    media: MediaInfo,
    expected: ExpectedOutput,
    capabilities: Capabilities,
    *,
    keep_fields: bool = False,
    number: int = 0,
    pass_number: int = 2,
) -> tuple[str, ...]:
    return picture_options(
        media,
        expected.output,
        threads=capabilities.threads,
        encoders=capabilities.encoders,
        keep_fields=keep_fields,
        number=number,
        pass_number=pass_number,
    )


def _video_input(slot: str, capabilities: Capabilities) -> tuple[str, ...]:
    """A stranger's video: no format that refers to other files, no protocol but files. A packet that the end of the
    file tore apart is dropped; what is lost in the middle fails the verification."""
    return (
        *("-fflags", "+discardcorrupt"),
        *("-max_pixels", str(capabilities.max_pixels), "-threads", str(capabilities.threads)),
        *("-protocol_whitelist", "file", "-format_whitelist", ",".join(CONTAINERS), "-i", slot),
    )


def _overlay(media: MediaInfo, step: PlannedOverlay, expected: ExpectedOutput, capabilities: Capabilities) -> Command:
    """All layers in one graph and one encode; the sound is not touched where it can stay."""
    tone_mapping = capabilities.tone_mapping
    layers = [layer_of(layer, number, tone_mapping=tone_mapping) for number, layer in enumerate(step.layers, start=1)]
    graphs = Graphs()
    canvas = conform(media.picture, tone_mapping=tone_mapping, size=(step.width, step.height))
    video = graphs.layered(media.picture.index, [*canvas, filter_("setsar", sar=1)], layers)
    sound = _overlaid_sound(media, step, expected, graphs)
    arguments = [
        *REPORTING,
        *_video_input("<in0>", capabilities),
        *(
            option
            for number, layer in enumerate(step.layers, start=1)
            for option in _layer_input(f"<in{number}>", layer, media, capabilities)
        ),
        *("-filter_complex_threads", str(capabilities.threads), *graphs.options()),
        *("-map", video, *sound),
        *WITHOUT_METADATA,
        *_picture(media, expected, capabilities, keep_fields=True),
        *into(expected.output.container, "<out0>"),
    ]
    return Command(arguments=tuple(arguments), expected_s=expected.duration_s)


def _overlaid_sound(media: MediaInfo, step: PlannedOverlay, expected: ExpectedOutput, graphs: Graphs) -> list[str]:
    """Every track as it is, or with the sound of layers mixed in where one is to be heard."""
    tracks: list[AudioStream | None] = [*media.audio]
    if expected.audio_tracks > len(tracks):
        tracks.append(None)
    options: list[str] = []
    for number, track in enumerate(tracks):
        if any(layer.volume for layer in step.layers) and (track is None or track.decodable):
            label = mixed(graphs, track, step.layers, Fraction(expected.duration_s))
            options += ["-map", label, *coded(number, track, expected.output.audio)]
        elif track is not None:
            options += ["-map", f"0:{track.index}", *kept(number, track, expected.output.audio)]
    return options


def _layer_input(slot: str, layer: PlannedLayer, media: MediaInfo, capabilities: Capabilities) -> tuple[str, ...]:
    if isinstance(layer.facts, PictureFacts):
        rate = media.picture.frame_rate or "25"
        pictures = ("-f", "png_pipe", "-format_whitelist", "png_pipe", "-framerate", rate)
        return ("-protocol_whitelist", "file", *pictures, "-i", slot)
    again = ("-stream_loop", "-1") if layer.at_end == "loop" else ()
    silent = () if layer.volume else ("-an",)  # a longer sound would hold up each turn of a loop
    shown_s = Fraction(layer.end_s) - Fraction(layer.start_s)
    return (*again, *silent, "-t", seconds(shown_s), *_video_input(slot, capabilities))


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """An interval of a source in the file's own clock, in which decoded frames are stamped (`-copyts`).

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

    def input_options(self, media: MediaInfo, start: Fraction, end: Fraction) -> tuple[str, ...]:
        """Seek to a little before the start (frames are reordered, decoders need a run-up) and stop reading soon
        after the end."""
        seek = Fraction(0)
        if media.container.split(",")[0] in SEEKABLE:
            frame_s = 1 / Fraction(media.picture.frame_rate) if media.picture.frame_rate else Fraction(1, 25)
            seek = max(start - max(RUN_UP_S, RUN_UP_FRAMES * frame_s), Fraction(0))
        seek_options = ("-ss", seconds(seek)) if seek > 0 else ()
        return ("-copyts", *seek_options, "-t", seconds(end - seek + RUN_OUT_S))

    def picture_filters(self) -> list[Filter]:
        return [
            filter_("trim", start_pts=self.first_tick, end_pts=self.end_tick),
            filter_("setpts", expr=timestamps_from(self.first_tick)),
        ]

    def sound_filters(self) -> list[Filter]:
        """The sound of the interval, all of it and no more: holes, a late start and an early end become silence, so
        that every sample stays in step with the picture."""
        origin, end = Fraction(self.origin_s), Fraction(self.sound_end_s)
        return [
            filter_("atrim", start=origin, end=end),
            filter_("asetpts", expr=timestamps_from_s(origin)),
            without_holes(),
            *lasting(end - origin),
        ]
