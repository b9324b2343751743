"""The commands of a transcode: what has to be known first, everything in one decode, what is packaged of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

import msgspec

from reelwright.edits import audio_tracks
from reelwright.edits.audio_tracks import CodedAudio
from reelwright.edits.held_frames import may_hold
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput, Plan
from reelwright.media.encoders import coded_by_hardware, coded_video, first_pass_share, hardware, hardware_encoder
from reelwright.media.encoders.frame_format import keeps_hdr, pixel_format
from reelwright.media.encoders.muxing import NOWHERE, into, lasting_until
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import REPORTING, WITHOUT_METADATA, Command, video_input, whole
from reelwright.media.ffmpeg.filtergraph import Filter, Graphs, filter_, timestamps_begun
from reelwright.media.ffmpeg.measured import LoudnessGain
from reelwright.media.ffmpeg.progress import PACKET
from reelwright.media.packaging import packager
from reelwright.media.recipes import sidecars
from reelwright.media.recipes.audio import coded, copied, formed, in_step, late
from reelwright.media.recipes.loudness import MEASURING_SHARE, levelling, measuring
from reelwright.media.recipes.video_filters import levelled, progressive, rendition, steady, to_sdr

PACKAGING_WEIGHT = 0.02
"""Of the work that encoding is."""

PACKET_REPORTS = ("-stats_mux_pre:v:0", "pipe:1", "-stats_mux_pre_fmt:v:0", f"{PACKET}={{t}}")


class Ground(Protocol):
    """What renditions are made of: a source as it is, or what steps made of it."""

    @property
    def media(self) -> MediaInfo:
        """What it is, as a file would tell it."""

    @property
    def common(self) -> list[Filter]:
        """What all renditions' frames go through, after `named`."""

    def split(self, common: list[Filter], shapes: list[list[Filter]]) -> list[str]:
        """Decode once, through common filters, then each shape; return the labels to map."""

    def sound(self, plan: Plan, expected: ExpectedOutput) -> list[str]:
        """Return the options of an output's tracks."""

    def passing_sound(self, plan: Plan, expected: ExpectedOutput) -> list[str]:
        """Return the options of the same tracks of an output that is only looked at."""

    def measured(self, plan: Plan, gains: dict[int, LoudnessGain]) -> list[str]:
        """Return the options that measure tracks as they will be coded."""

    def command(self, arguments: Sequence[str], **more: Any) -> Command:
        """Return the command that reads it: `arguments` follow its inputs and graphs."""


def transcode_commands(media: MediaInfo, plan: Plan, capabilities: Capabilities) -> tuple[Command, ...]:
    """The renditions of a source as it is."""
    return rendition_commands(lambda: WholeSource(media, capabilities), plan, capabilities)


def rendition_commands(ground: Callable[[], Ground], plan: Plan, capabilities: Capabilities) -> tuple[Command, ...]:
    """What has to be known first, then everything at once, then what is packaged of it."""
    commands: list[Command] = []
    if gains := gains_of(ground().media, plan):
        measuring_all = ground()
        commands.append(
            measuring_all.command(
                [*measuring_all.measured(plan, gains), *NOWHERE],
                expected_s=plan.outputs[0].duration_s,
                weight=MEASURING_SHARE,
                gains=tuple(gains.values()),
            )
        )
    if any(one.output.video.two_pass and not one.copied for one in plan.outputs):
        commands.append(_transcode(ground(), msgspec.structs.replace(plan, sidecars=()), capabilities, pass_number=1))
    commands.append(_transcode(ground(), plan, capabilities))
    if plan.streaming is not None:
        packaged = (*REPORTING, *packager.packaging(plan.streaming))
        commands.append(Command(arguments=packaged, expected_s=plan.outputs[0].duration_s, weight=PACKAGING_WEIGHT))
    return tuple(commands)


def _transcode(ground: Ground, plan: Plan, capabilities: Capabilities, *, pass_number: int = 2) -> Command:
    """Everything in one process: the picture is decoded and made progressive once, then shaped for each output.

    A first pass keeps nothing but its statistics. Sound only passes by, so that streams are numbered as they will be.
    """
    analysing, media = pass_number == 1, ground.media
    length = Fraction(plan.outputs[0].duration_s)
    sdr = to_sdr(media.main_video, tone_mapping=capabilities.tone_mapping) if _needs_sdr(media, plan) else []
    coders = [hardware_encoder(media, expected, capabilities.hardware) for expected in plan.outputs]
    branches = [
        (
            [] if keeps_hdr(media, expected.output.video.codec) else sdr,
            [*_begun(expected), *_rendition(media, expected, coder)],
        )
        for expected, coder in zip(plan.outputs, coders, strict=True)
        if not expected.copied
    ]
    read = media.decodable_audio[: max(expected.audio_tracks for expected in plan.outputs)]
    error = sidecars.clock_error(media, read)
    branches += [(sdr, sidecars.branch(sidecar, media.main_video, length, error)) for sidecar in plan.sidecars]
    alike = all(colours == branches[0][0] for colours, _ in branches)
    common = [*ground.common, *(branches[0][0] if branches and alike else [])]
    shapes = [shape if alike else [*colours, *shape] for colours, shape in branches]
    labels = iter(ground.split(common, shapes))
    arguments: list[str] = []
    for number, expected in enumerate(plan.outputs):
        arguments += ["-map", f"0:{media.main_video.index}" if expected.copied else next(labels)]
        arguments += (ground.passing_sound if analysing else ground.sound)(plan, expected)
        coding: tuple[str, ...] = ("-c:v", "copy")
        if (coder := coders[number]) is not None:
            coding = coded_by_hardware(coder, media, expected)
        elif not expected.copied:
            coding = coded_video(media, expected, capabilities, number=number, pass_number=pass_number)
        if not expected.copied and may_hold(media):
            coding += lasting_until(Fraction(expected.duration_s), media, capabilities)
        arguments += [*WITHOUT_METADATA, *coding]
        if number == 0 and plan.sidecars and capabilities.packet_reports:
            arguments += PACKET_REPORTS  # a picture may begin, and reports with it, only at the end of the video
        arguments += NOWHERE if analysing else into(expected.output.container, f"<out{number}>")
    for label, sidecar in zip(labels, plan.sidecars, strict=True):
        arguments += ["-map", label, *WITHOUT_METADATA, *sidecars.options(sidecar, capabilities.encoders)]
    return ground.command(
        arguments,
        before=tuple(dict.fromkeys(option for coder in coders if coder for option in hardware.device_options(coder))),
        expected_s=plan.outputs[0].duration_s,
        weight=first_pass_share(plan.outputs[0].output.video) if analysing else 1.0,
        outputs=len(plan.outputs),
        hardware=any(coders),
    )


class WholeSource:
    """A source as it is, from its start to its end."""

    def __init__(self, media: MediaInfo, capabilities: Capabilities) -> None:
        self.media = media
        self._capabilities = capabilities
        self._graphs = Graphs()

    @property
    def common(self) -> list[Filter]:
        video = self.media.main_video
        return [*steady(video), *levelled(video), *progressive(video)]

    def split(self, common: list[Filter], shapes: list[list[Filter]]) -> list[str]:
        return self._graphs.split(self.media.main_video.index, common, shapes)

    def sound(self, plan: Plan, expected: ExpectedOutput) -> list[str]:
        """Every track as it is where it can stay, else coded: from the start on."""
        media, gains, output = self.media, gains_of(self.media, plan), expected.output
        options: list[str] = []
        for number, track in enumerate(media.decodable_audio[: expected.audio_tracks]):
            copyable = audio_tracks.is_copied(track, media, output.audio, output.container)
            if not output.is_streamed and copyable:
                options += copied(number, track)
                continue
            form = form_for(track, expected)
            # The sound of streams is the first rendition's. With silence in front of the sound of several outputs
            # ffmpeg 9.0 waits for ever: in files a late track begins at its time.
            from_start = output.is_streamed and expected is plan.outputs[0]
            filters = in_step(late(track, media) if from_start else Fraction(0))
            if (gain := gains.get(track.index)) is not None:
                filters += levelling(gain, form.sample_rate)
            options += coded(None, number, track, form, filters)
        return options

    def passing_sound(self, plan: Plan, expected: ExpectedOutput) -> list[str]:
        passing_by = self.media.decodable_audio[: expected.audio_tracks]
        options = [part for track in passing_by for part in ("-map", f"0:{track.index}")]
        return [*options, *(["-c:a", "copy"] if passing_by else [])]

    def measured(self, plan: Plan, gains: dict[int, LoudnessGain]) -> list[str]:
        """The sound as it will be coded, without the picture."""
        options: list[str] = []
        for track in (track for track in self.media.decodable_audio if track.index in gains):
            form = form_for(track, plan.outputs[0])
            filters = [*formed(track, form), *in_step(late(track, self.media)), *measuring(gains[track.index])]
            options += ["-map", self._graphs.chain(track.index, filters)]
        return options

    def command(self, arguments: Sequence[str], *, before: tuple[str, ...] = (), **more: Any) -> Command:
        capabilities = self._capabilities
        threads = ("-filter_complex_threads", str(capabilities.threads)) if not more.get("gains") else ()
        reading = [*before, *video_input("<in0>", self.media, capabilities), *threads, *self._graphs.options()]
        return whole(self.media, [*reading, *arguments], **more)


def gains_of(media: MediaInfo, plan: Plan) -> dict[int, LoudnessGain]:
    """What is measured of the tracks, by their streams: the renditions of a plan share their sound."""
    output = plan.outputs[0]
    target = output.output.audio.loudness_lufs
    if target is None:
        return {}
    return {track.index: LoudnessGain.of(track.index, target) for track in media.decodable_audio[: output.audio_tracks]}


def form_for(track: AudioStream, expected: ExpectedOutput) -> CodedAudio:
    """How a track is coded in an output."""
    output = expected.output
    return audio_tracks.coded(track, output.audio, output.container, streamed=output.is_streamed)


def _begun(expected: ExpectedOutput) -> list[Filter]:
    """Streams begin with a frame at once."""
    return [filter_("setpts", expr=timestamps_begun())] if expected.output.is_streamed else []


def _needs_sdr(media: MediaInfo, plan: Plan) -> bool:
    return bool(plan.sidecars) or not all(keeps_hdr(media, one.output.video.codec) for one in plan.outputs)


def _rendition(media: MediaInfo, expected: ExpectedOutput, coder: str | None) -> list[Filter]:
    size = expected.width, expected.height
    shape = rendition(media.main_video, size, pixel_format(media, expected.output.video.codec))
    return shape if coder is None else [*shape, *hardware.upload(coder)]
