"""An overlay's command: all layers in one graph and one encode."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits import audio_tracks
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.held_frames import may_hold
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput, PlannedOverlay
from reelwright.media.encoders.frame_times import lasting_until
from reelwright.media.encoders.kept_hdr_and_fields import keeps_fields, pixel_format
from reelwright.media.encoders.muxing import into
from reelwright.media.encoders.software import coded_video
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import Command
from reelwright.media.ffmpeg.damage import whole
from reelwright.media.ffmpeg.filtergraph import Graphs, filter_
from reelwright.media.ffmpeg.untrusted_inputs import video_input
from reelwright.media.recipes.audio_filters import coded, copied, encoded, in_step, late
from reelwright.media.recipes.color_names import restored_colors
from reelwright.media.recipes.extra_frames_under_layers import clock, under
from reelwright.media.recipes.layer_filters import layer_input, layer_of
from reelwright.media.recipes.layer_sound import mixed
from reelwright.media.recipes.subtitles_and_chapters import InputList, TrackInputs
from reelwright.media.recipes.video_filters import steady, upright_for


def overlay_command(
    media: MediaInfo,
    step: PlannedOverlay,
    expected: ExpectedOutput,
    capabilities: Capabilities,
    texts: Sequence[SubtitleTrack] = (),
) -> Command:
    """All layers in one graph and one encode, and scaled after that: they are placed in the source's pixels. The sound
    is not touched where it can stay. `texts`: subtitles and chapters."""
    canvas, size = (step.width, step.height), (expected.width, expected.height)
    hdr = step.stays_hdr is True
    form = pixel_format(media, expected.output.pictures.codec)
    layers = [
        layer_of(
            layer,
            number,
            tone_mapping=capabilities.tone_mapping,
            deep=form != "yuv420p",
            below=media.main_video if hdr else None,
        )
        for number, layer in enumerate(step.layers, start=1)
    ]
    graphs = Graphs()
    square = filter_("setsar", sar=1)
    ticking = clock(step.layers, Fraction(expected.duration_s), form) if may_hold(media) else None
    below = None if ticking is None else (ticking, [under(), square, *restored_colors(media.main_video)])
    ground = [*steady(media.main_video), *upright_for(media, expected, capabilities, canvas, hdr=hdr), square]
    fitted = [filter_("scale", w=size[0], h=size[1], flags="bicubic"), square] if size != canvas else []
    video = graphs.layered(media.main_video.index, ground, layers, below, fitted)
    sound = _overlaid_sound(media, step, expected, graphs)
    inputs = InputList(1 + len(step.layers))
    beside = TrackInputs(texts, inputs.opens)
    subtitles, metadata = beside.options(expected.output.container), beside.metadata(expected.output)
    arguments = [
        *video_input("<in0>", media, capabilities),
        *(
            option
            for number, layer in enumerate(step.layers, start=1)
            for option in layer_input(f"<in{number}>", layer, media, capabilities)
        ),
        *inputs.options,
        *("-filter_complex_threads", str(capabilities.threads), *graphs.options()),
        *("-map", video, *sound, *subtitles),
        *metadata,
        *coded_video(
            media, expected, capabilities, keep_fields=keeps_fields(media, expected.output, height=expected.height)
        ),
        *(lasting_until(Fraction(expected.duration_s), media, capabilities) if may_hold(media) else ()),
        *into(expected.output.container, "<out0>"),
    ]
    return whole(media, arguments, expected_s=expected.duration_s)


def _overlaid_sound(media: MediaInfo, step: PlannedOverlay, expected: ExpectedOutput, graphs: Graphs) -> list[str]:
    """Every track as it is where it can stay, or with the sound of layers mixed in where one is to be heard."""
    output, length = expected.output, Fraction(expected.duration_s)
    sound: list[AudioStream | None] = [*media.decodable_audio]
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
