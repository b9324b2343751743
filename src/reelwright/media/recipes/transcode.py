"""The commands of a transcode: what has to be known first, everything in one decode, what is packaged of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

import msgspec

from reelwright.edits import audio_tracks
from reelwright.edits.codecs import AUDIO_RULES, ENCODERS
from reelwright.edits.held_frames import may_hold
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import ExpectedOutput, Plan
from reelwright.errors import JobFailed
from reelwright.media.encoders import hardware, software
from reelwright.media.encoders.frame_times import lasting_until
from reelwright.media.encoders.kept_hdr_and_fields import keeps_hdr, pixel_format
from reelwright.media.encoders.muxing import NOWHERE, into
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import REPORTING, WITHOUT_METADATA, Command
from reelwright.media.ffmpeg.damage import whole
from reelwright.media.ffmpeg.filtergraph import Filter, Graphs, filter_, timestamps_begun
from reelwright.media.ffmpeg.loudness import levelling, measuring
from reelwright.media.ffmpeg.progress import PACKET
from reelwright.media.ffmpeg.untrusted_inputs import video_input
from reelwright.media.packaging import packager
from reelwright.media.recipes import sidecars
from reelwright.media.recipes.audio_filters import coded, copied, form_for, formed, in_step, late
from reelwright.media.recipes.loudness_measurements import MEASURING_SHARE, Measurement, gain_for, measurements
from reelwright.media.recipes.subtitles_and_chapters import InputList, TrackInputs
from reelwright.media.recipes.tone_mapping import to_sdr
from reelwright.media.recipes.video_filters import levelled, progressive, rendition, steady

PACKAGING_WEIGHT = 0.02
"""Of the work that encoding is."""


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

    def subtitles(self, expected: ExpectedOutput) -> list[str]:
        """Return the options of an output's tracks of subtitles."""

    def metadata(self, expected: ExpectedOutput) -> Sequence[str]:
        """Return the options of what an output's file says of itself."""
        ...

    def measured(self, wanted: Sequence[Measurement]) -> list[str]:
        """Return the options that measure tracks as they will be coded."""

    def command(self, arguments: Sequence[str], **more: Any) -> Command:
        """Return the command that reads it: `arguments` follow its inputs and graphs."""


def transcode_commands(media: MediaInfo, plan: Plan, capabilities: Capabilities) -> tuple[Command, ...]:
    """The renditions of a source as it is."""
    return rendition_commands(lambda: WholeSource(media, plan, capabilities), plan, capabilities)


def rendition_commands(ground: Callable[[], Ground], plan: Plan, capabilities: Capabilities) -> tuple[Command, ...]:
    """What has to be known first, then everything at once, then what is packaged of it."""
    commands: list[Command] = []
    if measured := measurements(ground().media, plan):
        measuring_all = ground()
        commands.append(
            measuring_all.command(
                [*measuring_all.measured(measured), *NOWHERE],
                expected_s=str(plan.length),
                stage="measure",
                weight=MEASURING_SHARE,
                gains=tuple(one.gain for one in measured),
            )
        )
    if any(one.output.video is not None and one.output.video.two_pass and not one.copied for one in plan.outputs):
        commands.append(_transcode(ground(), msgspec.structs.replace(plan, sidecars=()), capabilities, pass_number=1))
    commands.append(_transcode(ground(), plan, capabilities))
    if plan.streaming is not None:
        packaged = (*REPORTING, *packager.packaging(plan.streaming))
        packaging = Command(arguments=packaged, expected_s=str(plan.length), stage="package", weight=PACKAGING_WEIGHT)
        commands.append(packaging)
    return tuple(commands)


def _transcode(ground: Ground, plan: Plan, capabilities: Capabilities, *, pass_number: int = 2) -> Command:
    """Everything in one process: the picture is decoded and made progressive once, then shaped for each output.

    A first pass keeps nothing but its statistics. Sound only passes by, so that streams are numbered as they will be.
    """
    analysing, media = pass_number == 1, ground.media
    coders = [_hardware(media, expected, capabilities) for expected in plan.outputs]
    labels = iter(_branches(ground, plan, coders, capabilities))
    arguments: list[str] = []
    for number, (expected, coder) in enumerate(zip(plan.outputs, coders, strict=True)):
        if expected.output.video is None:
            _demand_encoder(expected, capabilities)
            arguments += [*ground.sound(plan, expected), *WITHOUT_METADATA]
        else:
            arguments += ["-map", f"0:{media.main_video.index}" if expected.copied else next(labels)]
            arguments += (ground.passing_sound if analysing else ground.sound)(plan, expected)
            arguments += [] if analysing else ground.subtitles(expected)
            coding = _coding(media, expected, coder, capabilities, number=number, pass_number=pass_number)
            arguments += [*(WITHOUT_METADATA if analysing else ground.metadata(expected)), *coding]
        arguments += _reporting(plan, number, capabilities)
        arguments += NOWHERE if analysing else into(expected.output.container, f"<out{number}>")
    for sidecar in plan.sidecars:
        arguments += ["-map", next(labels), *WITHOUT_METADATA, *sidecars.options(sidecar, capabilities.encoders)]
    if not plan.outputs:  # frames only pass by, so that it is seen how far they are
        arguments += ["-map", next(labels), "-c:v", "wrapped_avframe", "-fps_mode", "passthrough"]
        arguments += [*_reporting(plan, 0, capabilities), *NOWHERE]
    return ground.command(
        arguments,
        before=tuple(dict.fromkeys(option for coder in coders if coder for option in hardware.device_options(coder))),
        expected_s=str(plan.length),
        stage="analyse" if analysing else "encode",
        weight=_first_pass_share(plan) if analysing else 1.0,
        outputs=max(1, len(plan.outputs)),
        hardware=any(coders),
    )


def _branches(ground: Ground, plan: Plan, coders: Sequence[str | None], capabilities: Capabilities) -> Sequence[str]:
    """Decode once, and shape the picture for each output that codes one, for each sidecar, and for nobody where there
    is no output; return the labels to map, in this order. What all have in common is done once."""
    media = ground.media
    sdr = to_sdr(media.main_video, tone_mapping=capabilities.tone_mapping) if _needs_sdr(media, plan) else []
    branches = [
        (
            [] if keeps_hdr(media, expected.output.pictures.codec) else sdr,
            [*_begun(expected), *_rendition(media, expected, coder)],
        )
        for expected, coder in zip(plan.outputs, coders, strict=True)
        if expected.output.video is not None and not expected.copied
    ]
    read = media.decodable_audio[: max((expected.audio_tracks for expected in plan.outputs), default=0)]
    error = sidecars.clock_error(media, read)
    branches += [(sdr, sidecars.branch(sidecar, media.main_video, plan.length, error)) for sidecar in plan.sidecars]
    if not plan.outputs:
        branches.append((sdr, []))
    if not branches:
        return ()
    first, _ = branches[0]
    if all(colours == first for colours, _ in branches):
        return ground.split([*ground.common, *first], [shape for _, shape in branches])
    return ground.split(ground.common, [[*colours, *shape] for colours, shape in branches])


def _coding(
    media: MediaInfo,
    expected: ExpectedOutput,
    coder: str | None,
    capabilities: Capabilities,
    *,
    number: int,
    pass_number: int,
) -> tuple[str, ...]:
    """The options that code an output's picture, by an encoder in hardware (`coder`) or in software, or copy it."""
    if expected.copied:
        return ("-c:v", "copy")
    coding = (
        software.coded_video(media, expected, capabilities, number=number, pass_number=pass_number)
        if coder is None
        else hardware.coded_video(coder, media, expected)
    )
    return (*coding, *(lasting_until(Fraction(expected.duration_s), media, capabilities) if may_hold(media) else ()))


class WholeSource:
    """A source as it is, from its start to its end."""

    def __init__(self, media: MediaInfo, plan: Plan, capabilities: Capabilities) -> None:
        self.media = media
        self._capabilities = capabilities
        self._graphs = Graphs()
        self._inputs = InputList()
        self._beside = TrackInputs(plan.texts, self._inputs.opens)

    @property
    def common(self) -> list[Filter]:
        video = self.media.main_video
        return [*steady(video), *levelled(video), *progressive(video)]

    def split(self, common: list[Filter], shapes: list[list[Filter]]) -> list[str]:
        return self._graphs.split(self.media.main_video.index, common, shapes)

    def sound(self, plan: Plan, expected: ExpectedOutput) -> list[str]:
        """Every track as it is where it can stay, else coded: from the start on."""
        media, output = self.media, expected.output
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
            if (gain := gain_for(media, plan, track, expected)) is not None:
                filters += levelling(gain, form.sample_rate)
            options += coded(None, number, track, form, filters)
        return options

    def passing_sound(self, plan: Plan, expected: ExpectedOutput) -> list[str]:
        passing_by = self.media.decodable_audio[: expected.audio_tracks]
        options = [part for track in passing_by for part in ("-map", f"0:{track.index}")]
        return [*options, *(["-c:a", "copy"] if passing_by else [])]

    def subtitles(self, expected: ExpectedOutput) -> list[str]:
        return self._beside.options(expected.output.container)

    def metadata(self, expected: ExpectedOutput) -> Sequence[str]:
        return self._beside.metadata(expected.output)

    def measured(self, wanted: Sequence[Measurement]) -> list[str]:
        """The sound as it will be coded, without the picture."""
        options: list[str] = []
        for track, form, gain in wanted:
            filters = [*formed(track, form), *in_step(late(track, self.media)), *measuring(gain)]
            options += ["-map", self._graphs.chain(track.index, filters)]
        return options

    def command(self, arguments: Sequence[str], *, before: tuple[str, ...] = (), **more: Any) -> Command:
        capabilities = self._capabilities
        threads = ("-filter_complex_threads", str(capabilities.threads)) if not more.get("gains") else ()
        inputs = (*video_input("<in0>", self.media, capabilities), *self._inputs.options)
        reading = [*before, *inputs, *threads, *self._graphs.options()]
        return whole(self.media, [*reading, *arguments], **more)


def _begun(expected: ExpectedOutput) -> list[Filter]:
    """Streams begin with a frame at once."""
    return [filter_("setpts", expr=timestamps_begun())] if expected.output.is_streamed else []


def _needs_sdr(media: MediaInfo, plan: Plan) -> bool:
    videos = (one.output.video for one in plan.outputs)
    return bool(plan.sidecars) or not all(keeps_hdr(media, video.codec) for video in videos if video is not None)


def _demand_encoder(expected: ExpectedOutput, capabilities: Capabilities) -> None:
    """Raises JobFailed `unsupported_here` where ffmpeg cannot code an output of sound alone."""
    encoder = AUDIO_RULES[expected.output.audio.codec].encoder
    if encoder in ENCODERS and encoder not in capabilities.encoders:
        what = expected.output.container
        raise JobFailed(f"this machine's ffmpeg cannot make {what} (it lacks {encoder})", code="unsupported_here")


def _hardware(media: MediaInfo, expected: ExpectedOutput, capabilities: Capabilities) -> str | None:
    return None if expected.output.video is None else hardware.chosen(media, expected, capabilities.hardware)


def _first_pass_share(plan: Plan) -> float:
    return next(software.first_pass_share(one.output.video) for one in plan.outputs if one.output.video is not None)


def _reporting(plan: Plan, number: int, capabilities: Capabilities) -> tuple[str, ...]:
    """The options of an output that let it tell of each packet, where that is needed: a picture may begin, and usual
    reports with it, only at the end of the video."""
    if number or not plan.sidecars or not capabilities.packet_reports:
        return ()
    kind = "a" if plan.outputs and plan.outputs[0].output.video is None else "v"
    return (f"-stats_mux_pre:{kind}:0", "pipe:1", f"-stats_mux_pre_fmt:{kind}:0", f"{PACKET}={{t}}")


def _rendition(media: MediaInfo, expected: ExpectedOutput, coder: str | None) -> list[Filter]:
    size = expected.width, expected.height
    shape = rendition(media.main_video, size, pixel_format(media, expected.output.pictures.codec))
    return shape if coder is None else [*shape, *hardware.upload(coder)]
