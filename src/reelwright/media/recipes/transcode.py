"""The commands of a transcode: what has to be known first, everything in one decode, what is packaged of it."""

from __future__ import annotations

from fractions import Fraction

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


def transcode_commands(media: MediaInfo, plan: Plan, capabilities: Capabilities) -> tuple[Command, ...]:
    """What has to be known first, then everything at once, then what is packaged of it."""
    commands: list[Command] = []
    if gains := _gains(media, plan):
        commands.append(_measuring(media, plan, gains, capabilities))
    if any(one.output.video.two_pass and not one.copied for one in plan.outputs):
        commands.append(_transcode(media, msgspec.structs.replace(plan, sidecars=()), capabilities, pass_number=1))
    commands.append(_transcode(media, plan, capabilities))
    if plan.streaming is not None:
        packaged = (*REPORTING, *packager.packaging(plan.streaming))
        commands.append(Command(arguments=packaged, expected_s=plan.outputs[0].duration_s, weight=PACKAGING_WEIGHT))
    return tuple(commands)


def _transcode(media: MediaInfo, plan: Plan, capabilities: Capabilities, *, pass_number: int = 2) -> Command:
    """Everything in one process: the picture is decoded and made progressive once, then shaped for each output.

    A first pass keeps nothing but its statistics. Sound only passes by, so that streams are numbered as they will be.
    """
    analysing = pass_number == 1
    length = Fraction(plan.outputs[0].duration_s)
    graphs = Graphs()
    sdr = to_sdr(media.main_video, tone_mapping=capabilities.tone_mapping) if _needs_sdr(media, plan) else []
    coders = [hardware_encoder(media, expected, capabilities.hardware) for expected in plan.outputs]
    begun = [filter_("setpts", expr=timestamps_begun())] if plan.streaming is not None else []
    branches = [
        ([] if keeps_hdr(media, expected.output.video.codec) else sdr, [*begun, *_rendition(media, expected, coder)])
        for expected, coder in zip(plan.outputs, coders, strict=True)
        if not expected.copied
    ]
    read = media.decodable_audio[: max(expected.audio_tracks for expected in plan.outputs)]
    error = sidecars.clock_error(media, read)
    branches += [(sdr, sidecars.branch(sidecar, media.main_video, length, error)) for sidecar in plan.sidecars]
    alike = all(colours == branches[0][0] for colours, _ in branches)
    common = [
        *steady(media.main_video),
        *levelled(media.main_video),
        *progressive(media.main_video),
        *(branches[0][0] if branches and alike else []),
    ]
    shapes = [shape if alike else [*colours, *shape] for colours, shape in branches]
    labels = iter(graphs.split(media.main_video.index, common, shapes))
    arguments: list[str] = []
    for number, expected in enumerate(plan.outputs):
        arguments += ["-map", f"0:{media.main_video.index}" if expected.copied else next(labels)]
        if analysing:
            passing_by = read[: expected.audio_tracks]
            arguments += [part for track in passing_by for part in ("-map", f"0:{track.index}")]
            arguments += ["-c:a", "copy"] if passing_by else []
        else:
            arguments += _sound(media, plan, expected)
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
    weight = first_pass_share(plan.outputs[0].output.video) if analysing else 1.0
    reading = [
        *dict.fromkeys(option for coder in coders if coder for option in hardware.device_options(coder)),
        *video_input("<in0>", media, capabilities),
        *("-filter_complex_threads", str(capabilities.threads), *graphs.options()),
    ]
    return whole(
        media,
        [*reading, *arguments],
        expected_s=plan.outputs[0].duration_s,
        weight=weight,
        outputs=len(plan.outputs),
        hardware=any(coders),
    )


def _gains(media: MediaInfo, plan: Plan) -> dict[int, LoudnessGain]:
    """What is measured of the tracks, by their streams: the renditions of a plan share their sound."""
    output = plan.outputs[0]
    target = output.output.audio.loudness_lufs
    if target is None:
        return {}
    return {track.index: LoudnessGain.of(track.index, target) for track in media.decodable_audio[: output.audio_tracks]}


def _sound(media: MediaInfo, plan: Plan, expected: ExpectedOutput) -> list[str]:
    """Every track as it is where it can stay, else coded: from the start on."""
    gains, output = _gains(media, plan), expected.output
    options: list[str] = []
    for number, track in enumerate(media.decodable_audio[: expected.audio_tracks]):
        if plan.streaming is None and audio_tracks.is_copied(track, media, output.audio, output.container):
            options += copied(number, track)
            continue
        form = _form(track, plan, expected)
        # The sound of streams is the first rendition's. With silence in front of the sound of several outputs ffmpeg
        # 9.0 waits for ever: in files a late track begins at its time.
        from_start = plan.streaming is not None and expected is plan.outputs[0]
        filters = in_step(late(track, media) if from_start else Fraction(0))
        if (gain := gains.get(track.index)) is not None:
            filters += levelling(gain, form.sample_rate)
        options += coded(None, number, track, form, filters)
    return options


def _form(track: AudioStream, plan: Plan, expected: ExpectedOutput) -> CodedAudio:
    output = expected.output
    return audio_tracks.coded(track, output.audio, output.container, streamed=plan.streaming is not None)


def _measuring(media: MediaInfo, plan: Plan, gains: dict[int, LoudnessGain], capabilities: Capabilities) -> Command:
    """The sound as it will be coded, without the picture."""
    output = plan.outputs[0]
    graphs = Graphs()
    arguments: list[str] = []
    for track in (track for track in media.decodable_audio if track.index in gains):
        form = _form(track, plan, output)
        filters = [*formed(track, form), *in_step(late(track, media))]
        label = graphs.chain(track.index, [*filters, *measuring(gains[track.index])])
        arguments += ["-map", label]
    return whole(
        media,
        [*video_input("<in0>", media, capabilities), *graphs.options(), *arguments, *NOWHERE],
        expected_s=output.duration_s,
        weight=MEASURING_SHARE,
        gains=tuple(gains.values()),
    )


def _needs_sdr(media: MediaInfo, plan: Plan) -> bool:
    return bool(plan.sidecars) or not all(keeps_hdr(media, one.output.video.codec) for one in plan.outputs)


def _rendition(media: MediaInfo, expected: ExpectedOutput, coder: str | None) -> list[Filter]:
    size = expected.width, expected.height
    shape = rendition(media.main_video, size, pixel_format(media, expected.output.video.codec))
    return shape if coder is None else [*shape, *hardware.upload(coder)]
