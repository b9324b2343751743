"""Steps as filters, decided without touching a file: each kind of picture and sound, and each way a machine can go."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from reelwright.edits.edit import Edit
from reelwright.edits.facts import AnyFacts, SubtitlesFacts, VideoFacts
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan import Facts, ImageFacts, PlannedLayer, resolve
from reelwright.edits.posters_and_thumbnails import Thumbnails
from reelwright.edits.steps import Step
from reelwright.errors import JobFailed
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.compile import compile_plan
from reelwright.media.recipes.extra_frames_under_layers import clock
from reelwright.media.recipes.far_stills import places
from tests.support.media_info import media

ABLE = Capabilities(
    ffmpeg_version="9.0", threads=2, tone_mapping=True, rubberband=True, encoders=("libx264", "libx265")
)
WITHOUT_RUBBERBAND = msgspec.structs.replace(ABLE, rubberband=False)
HEVC = FileOutput(video=VideoEncoding(codec="hevc"))
CROP: dict[str, Any] = {"type": "crop", "width": 640}
HDR = media(
    bit_depth=10,
    pixel_format="yuv420p10le",
    color_transfer="smpte2084",
    color_primaries="bt2020",
    color_space="bt2020nc",
    codec="hevc",
)


def commands(
    *steps: dict[str, Any],
    info: MediaInfo | None = None,
    layers: Sequence[AnyFacts] = (),
    output: FileOutput | None = None,
    able: Capabilities = ABLE,
) -> list[str]:
    """The graphs of each command, with its other arguments."""
    output = output or FileOutput()
    edit = Edit(steps=tuple(msgspec.convert(step, Step) for step in steps), outputs=(output,))
    plan = resolve(edit, Facts(sha256="0" * 64, media=info or media(), layers=tuple(layers)))
    return [" ".join(command.arguments) for command in compile_plan(plan, able).commands]


def mono() -> MediaInfo:
    info = media()
    one: AudioStream = msgspec.structs.replace(info.audio[0], channels=1, layout="mono")
    return msgspec.structs.replace(info, audio=[one])


@pytest.mark.parametrize(
    ("factor", "tempos"), [(0.25, ["0.500000"] * 2), (0.3, ["0.500000", "0.600000"]), (2, ["2.000000"])]
)
def test_sound_is_slowed_in_turns_where_nothing_stretches_it(factor: float, tempos: list[str]) -> None:
    """As much as one filter takes at a time."""
    (graph,) = commands({"type": "speed", "factor": factor}, able=WITHOUT_RUBBERBAND)
    assert [part.removeprefix("atempo=tempo=") for part in graph.split(",") if part.startswith("atempo")] == tempos
    (graph,) = commands({"type": "speed", "factor": factor})
    assert ("rubberband" in graph, "atempo" in graph) == (True, False)


@pytest.mark.parametrize(("picture", "sound"), [(True, True), (True, False), (False, True)])
def test_a_fade_is_of_what_it_is_wanted_for(*, picture: bool, sound: bool) -> None:
    (graph,) = commands({"type": "fade", "in": 1, "out": 2, "picture": picture, "sound": sound})
    assert graph.count(",fade=") == 2 * picture
    assert ("afade=" in graph) == sound


@pytest.mark.parametrize(("channels", "pan"), [("mono", False), ("stereo", True), ("left", True)])
def test_one_channel_is_heard_on_both_sides_where_two_are_wanted(channels: str, *, pan: bool) -> None:
    (graph,) = commands({"type": "audio", "channels": channels}, info=mono())
    assert ("pan=args=stereo|c0=c0|c1=c0" in graph) == pan


def test_what_lies_over_a_silent_video_is_heard() -> None:
    """And nothing is where nothing is wanted."""
    layer = {"type": "video", "video_path": "a", "volume": 0.5}
    clip = VideoFacts(sha256="1" * 64, media=media(seconds=3))
    (graph,) = commands(CROP, {"type": "overlay", "layers": [layer]}, info=media(tracks=0), layers=[clip])
    assert "anullsrc" in graph
    assert "amix=inputs=2" in graph
    (graph,) = commands(
        CROP, {"type": "overlay", "layers": [layer | {"volume": 0}]}, info=media(tracks=0), layers=[clip]
    )
    assert "anullsrc" not in graph


def test_subtitles_are_as_bright_as_graphics_are_in_hdr() -> None:
    drawn = SubtitlesFacts(sha256="1" * 64, canvas=(1280, 720), x=0, y=600, width=1280, height=100)
    step = {"type": "subtitles", "text": "a"}
    (bright,) = commands(step, info=HDR, layers=[drawn], output=HEVC)
    (plain,) = commands(step, layers=[drawn])
    assert ("format=pix_fmts=gbrap16le,lutrgb" in bright, "lutrgb" in plain) == (True, False)


def test_wide_colours_are_narrowed_without_a_curve() -> None:
    """Of what is no HDR: what a file does not say of them is said."""
    wide: dict[str, Any] = {"color_primaries": "bt2020", "bit_depth": 10, "pixel_format": "yuv420p10le"}
    (graph,) = commands(CROP, info=media(**wide))
    told = "setparams=colorspace=bt2020nc:color_trc=bt709"
    assert f"{told},zscale=primaries=bt709:transfer=bt709:matrix=bt709:range=tv" in graph
    assert "tonemap" not in graph


def test_a_clip_is_brought_to_the_range_of_the_video_that_it_is_joined_to() -> None:
    full = VideoFacts(sha256="1" * 64, media=media(seconds=3, color_range="pc", color_space="bt709"))
    (graph,) = commands({"type": "concat", "after": [{"source": "a"}]}, layers=[full])
    assert "in_range=pc:out_range=tv" in graph


def test_two_passes_of_several_steps_hear_the_sound_twice() -> None:
    """In the first all goes nowhere, and it is not coded; the steps are the same, and the numbers of the streams."""
    first, second = commands(CROP, output=FileOutput(video=VideoEncoding(bit_rate=10**6, two_pass=True)))
    assert first.endswith("-pass 1 -passlogfile statistics -fps_mode vfr -f null -")
    assert "-pass 2" in second
    assert ["-c:a:0 aac" in graph for graph in (first, second)] == [False, True]
    for graph in (first, second):
        assert "crop=w=640" in graph
        assert "-map [v1] -map [s0x1]" in graph


def laid(start: str, end: str, **more: Any) -> PlannedLayer:
    facts = ImageFacts(sha256="1" * 64, width=8, height=8)
    return PlannedLayer(facts=facts, x=0, y=0, width=8, height=8, start_s=start, end_s=end, opacity=1, **more)


def test_a_picture_comes_again_when_what_lies_over_it_changes() -> None:
    """Not where nothing does; thirty times a second where more happens than an expression can say."""
    assert clock([laid("0", "10")], Fraction(10)) is None
    twice = clock([laid("1", "10"), laid("0", "4")], Fraction(10))
    assert twice is not None
    assert "duration=3" in str(twice)
    crowd = clock([laid(str(Fraction(number**2, 900)), "10") for number in range(1, 94)], Fraction(10))
    assert crowd is not None
    last = Fraction(93**2, 900)
    assert f"duration={1 + int(30 * last) + 2}" in str(crowd)


def test_what_this_machine_cannot_encode_is_said() -> None:
    unable = msgspec.structs.replace(ABLE, encoders=())
    with pytest.raises(JobFailed, match=r"cannot encode h264 \(libx264\)") as failed:
        commands(CROP, able=unable)
    assert failed.value.code == "unsupported_here"


def test_a_machine_that_codes_pictures_in_hardware_is_told_a_rate_or_a_factor() -> None:
    able = msgspec.structs.replace(ABLE, hardware=("h264_nvenc", "hevc_vaapi"))

    def coded(**video: Any) -> str:
        (arguments,) = commands(CROP, output=FileOutput(video=VideoEncoding(hardware=True, **video)), able=able)
        return arguments

    assert "-c:v h264_nvenc" in coded(crf=20)
    assert "-cq 20" in coded(crf=20)
    assert "-b:v 1000000 -maxrate 1500000" in coded(bit_rate=10**6)
    assert "format=pix_fmts=nv12,hwupload" in coded(codec="hevc")


def test_the_last_picture_of_slides_lasts_to_the_end_where_that_can_be_written() -> None:
    """Releases of ffmpeg before 6.0 cannot."""
    slides = media(longest_frame_s=4.0, variable_frame_rate=True, frame_count=None)
    older = msgspec.structs.replace(ABLE, packet_reports=False)
    trimmed = {"type": "trim", "start": 0, "end": 8}
    graphs = [commands(trimmed, info=slides, able=able)[-1] for able in (ABLE, older)]
    assert ["setts=" in graph for graph in graphs] == [True, False]


@pytest.mark.parametrize(("video", "even"), [({}, False), ({"bit_rate": 10**6}, True)])
def test_uneven_frames_get_the_bits_of_even_ones_where_bits_are_counted(video: dict[str, Any], *, even: bool) -> None:
    uneven = media(variable_frame_rate=True, frame_count=None)
    trimmed = {"type": "trim", "start": 0, "end": 8}
    (arguments,) = commands(trimmed, info=uneven, output=FileOutput(video=VideoEncoding(**video)))
    assert ("force-cfr=1" in arguments) == even


@pytest.mark.parametrize(
    ("source", "apart"),
    [
        ({}, True),
        ({"duration_s": None}, True),
        ({"longest_frame_s": None}, False),  # since when a picture is on display is not known
    ],
)
def test_images_that_lie_far_apart_are_read_apart_where_that_is_exact(source: dict[str, Any], *, apart: bool) -> None:
    edit = Edit(steps=(), outputs=(), sidecars=(Thumbnails(at=(0, 100)),))
    plan = resolve(edit, Facts(sha256="0" * 64, media=media(seconds=200, **source)))
    assert places(plan) == ([[0], [100]] if apart else None)
