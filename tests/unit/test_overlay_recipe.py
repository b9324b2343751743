"""Overlays from edit to command: placed in pixels, one graph, and no string of a client's anywhere in it."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.edits import color
from reelwright.edits.edit import overlay
from reelwright.edits.layers import AnyLayer, ImageLayer, TextLayer, VideoLayer, WatermarkLayer
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import Facts, ImageFacts, Plan, PlannedLayer, PlannedOverlay, VideoFacts, resolve
from reelwright.errors import InvalidInput
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media

AtEnd = Literal["stop", "hold", "loop"]
CAPABILITIES = Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True)
PICTURE = ImageFacts(sha256="1" * 64, width=200, height=100)
VIDEO = VideoFacts(sha256="2" * 64, media=media())


def planned(*layers: AnyLayer, info: MediaInfo | None = None) -> Plan:
    facts = tuple(VIDEO if isinstance(layer, VideoLayer) else PICTURE for layer in layers)
    return resolve(overlay(layers), Facts(sha256="0" * 64, media=info or media(), layers=facts))


def placed(*layers: AnyLayer, info: MediaInfo | None = None) -> tuple[PlannedLayer, ...]:
    (step,) = planned(*layers, info=info).steps
    assert isinstance(step, PlannedOverlay)
    return step.layers


def arguments(*layers: AnyLayer) -> list[str]:
    (command,) = compile_plan(planned(*layers), CAPABILITIES).commands
    return list(command.arguments)


def test_positions_are_worked_out_at_planning() -> None:
    """The plan's own examples: `w` is the picture for a text, the overlay for an image."""
    text, image, mark = placed(
        TextLayer(text="a", x="w-tw-20", y="h-th-20"),
        ImageLayer(image_path="a", x=20, y="(H-h)/2"),
        WatermarkLayer(image_path="a"),
    )
    assert (text.x, text.y) == (1280 - 200 - 20, 720 - 100 - 20)
    assert (image.x, image.y) == (20, 310)
    assert (mark.x, mark.y, mark.opacity) == (1060, 600, 0.5)


def test_times_are_clamped_to_the_video() -> None:
    """A layer without an end, or with a late one, lasts as long as the picture does."""
    open_end, late = placed(TextLayer(text="a", start=1.5), ImageLayer(image_path="a", end=600))
    assert (open_end.start_s, open_end.end_s) == ("3/2", "10")
    assert late.end_s == "10"


def test_pictures_are_sized_by_what_is_given() -> None:
    """One side keeps the aspect; video sizes are even."""
    sizes = [
        (layer.width, layer.height)
        for layer in placed(
            ImageLayer(image_path="a", width=50),
            ImageLayer(image_path="a", height=50),
            ImageLayer(image_path="a", width=30, height=40),
            ImageLayer(image_path="a", scale=1.5),
            VideoLayer(video_path="a", scale=0.33),
        )
    ]
    assert sizes == [(50, 25), (100, 50), (30, 40), (300, 150), (422, 238)]


def test_anamorphic_pictures_become_square_first() -> None:
    """Else a round logo would be an ellipse."""
    info = media(width=720, height=576, display_width=1024, display_height=576, sample_aspect_ratio="64/45")
    plan = planned(TextLayer(text="a"), info=info)
    assert (plan.outputs[0].width, plan.outputs[0].height) == (1024, 576)


def test_everything_is_one_graph_and_the_sound_is_copied() -> None:
    """One decode, one encode; stills are read by their own demuxer alone."""
    made = arguments(TextLayer(text="a", start=1.5, end=5), ImageLayer(image_path="a", opacity=0.6, width=100))
    assert made.count("-filter_complex") == 1
    graph = made[made.index("-filter_complex") + 1]
    assert graph == (
        "[0:0]scale=w=1280:h=720:flags=bicubic,format=pix_fmts=yuv420p,"
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709,"
        "setsar=sar=1[b0];"
        "[1:0]format=pix_fmts=rgba[l0];"
        "[b0][l0]overlay=x=20:y=20:eof_action=repeat:enable='gte(t,1.4999995)*lt(t,4.9999995)'[b1];"
        "[2:0]format=pix_fmts=rgba,scale=w=100:h=50:flags=bicubic,format=pix_fmts=rgba,"
        "colorchannelmixer=aa=0.600000[l1];"
        "[b1][l1]overlay=x=20:y=20:eof_action=repeat:enable='gte(t,-0.0000005)*lt(t,9.9999995)'[o0]"
    )
    still = ["-protocol_whitelist", "file", "-f", "png_pipe", "-format_whitelist", "png_pipe"]
    at = made.index("<in1>")
    assert made[at - 11 : at - 3] == [*still, "-codec_whitelist", "png"]
    assert made[made.index("-c:a:0") + 1] == "copy"
    assert made[made.index("-crf") + 1] == "20"


@pytest.mark.parametrize(("at_end", "again"), [("stop", 0), ("hold", 0), ("loop", 1)])
def test_a_video_layer_reads_no_more_than_it_shows(at_end: AtEnd, again: int) -> None:
    """It is bounded, or the output would never end."""
    made = arguments(VideoLayer(video_path="a", start=2, end=5, at_end=at_end))
    assert made.count("-stream_loop") == again
    at = made.index("<in1>")
    assert "-t" in made[:at]
    assert made[len(made[:at]) - made[:at][::-1].index("-t")] == "3.000000"
    graph = made[made.index("-filter_complex") + 1]
    assert "eof_action=pass" in graph


def test_an_hdr_layer_is_tone_mapped() -> None:
    """As the picture below it is: else it would lie washed out on it."""
    bright = VideoFacts(sha256="2" * 64, media=media(color_transfer="smpte2084"))
    plan = resolve(overlay((VideoLayer(video_path="a"),)), Facts(sha256="0" * 64, media=media(), layers=(bright,)))
    (command,) = compile_plan(plan, CAPABILITIES).commands
    assert "tonemap" in command.arguments[command.arguments.index("-filter_complex") + 1]


def test_a_video_layer_that_stops_is_shown_for_as_long_as_it_lasts() -> None:
    """A fade out ends with it, too."""
    short = VideoFacts(sha256="2" * 64, media=media(seconds=2))
    ends: tuple[tuple[AtEnd, str], ...] = (("stop", "3"), ("hold", "10"), ("loop", "10"))
    for at_end, end in ends:
        layer = VideoLayer(video_path="a", start=1, at_end=at_end)
        plan = resolve(overlay((layer,)), Facts(sha256="0" * 64, media=media(), layers=(short,)))
        (step,) = plan.steps
        assert isinstance(step, PlannedOverlay)
        assert step.layers[0].end_s == end


def test_the_sound_of_a_video_layer_is_mixed_in_on_request() -> None:
    """Delayed to the layer's start, faded with it, shaped like the track that it joins; that track is encoded."""
    made = arguments(VideoLayer(video_path="a", start=2, end=5, fade_in=1, volume=0.5))
    assert made[len(made) - 1 - made[::-1].index("-filter_complex") + 1] == (
        "[0:1]aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo,"
        "aresample=async=1:min_hard_comp=0.020000:first_pts=0,apad=whole_dur=10.000000,"
        "asetpts=expr='if(isnan(PTS),N/SR/TB,PTS)',atrim=end=10.000000[s0];"
        "[1:1]aformat=sample_fmts=fltp:sample_rates=48000:channel_layouts=stereo,asetpts=expr=PTS-(0.000000)/TB,"
        "aresample=async=1:min_hard_comp=0.020000:first_pts=0,atrim=end=3.000000,volume=volume=0.500000,"
        "afade=type=in:start_time=0.000000:duration=1.000000,adelay=delays=96000S:all=1[s1];"
        "[s0][s1]amix=inputs=2:duration=first:dropout_transition=0:normalize=0,"
        "alimiter=level=0:latency=1:limit=1[o1]"
    )
    assert made[made.index("-c:a:0") + 1] == "aac"


def test_a_silent_video_gets_a_track_for_the_sound_of_its_layers() -> None:
    """And one without sound is warned of, and left as it is."""
    silent = media(tracks=0)
    plan = planned(VideoLayer(video_path="a", volume=1), info=silent)
    assert plan.outputs[0].audio_tracks == 1
    (command,) = compile_plan(plan, CAPABILITIES).commands
    assert any(argument.startswith("anullsrc=") for argument in command.arguments)
    mute = Facts(sha256="0" * 64, media=silent, layers=(VideoFacts(sha256="2" * 64, media=silent),))
    plan = resolve(overlay((VideoLayer(video_path="a", volume=1),)), mute)
    assert plan.outputs[0].audio_tracks == 0
    assert plan.warnings[-1] == "/steps/0/layers/0: the video a has no sound that could be mixed in"


SHAPE = re.compile(r"-?\d+(?:\.\d+)?")


@settings(max_examples=500)
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80), st.floats(allow_nan=True))
def test_no_string_changes_the_shape_of_the_graph(text: str, x: str, path: str, number: float) -> None:
    """Refused, or the same graph with other numbers; the strings are nowhere in the command."""
    usual = arguments(TextLayer(text="a"), ImageLayer(image_path="b"))
    try:
        made = arguments(TextLayer(text=text, x=x, y=number), ImageLayer(image_path=path, y=x))
    except InvalidInput:
        return
    assert [SHAPE.sub("0", one) for one in made] == [SHAPE.sub("0", one) for one in usual]


@settings(max_examples=500)
@given(st.text(max_size=40))
def test_a_colour_is_numbers_or_nothing(text: str) -> None:
    """Whatever is taken as a colour is four numbers in range."""
    try:
        found = color.parse(text)
    except ValueError:
        return
    assert all(0 <= value <= 255 for value in (found.red, found.green, found.blue))
    assert 0 <= found.alpha <= 1


def test_layers_that_are_not_seen_whole_are_warned_about() -> None:
    """It is allowed, and rarely meant: the field, what it is, how much is lost."""
    assert planned(TextLayer(text="a", x=5000)).warnings == (
        '/steps/0/layers/0: the text "a" lies outside of the picture, which is 1280x720: it is not seen',
    )
    assert planned(TextLayer(text="a"), ImageLayer(image_path="b", x=1270, y=-30)).warnings == (
        "/steps/0/layers/1: the picture b is 200x100 and runs out of the picture: 190 pixels at the right and"
        " 30 pixels at the top are cut off",
    )
    assert planned(ImageLayer(image_path="b", x=1080, y=620)).warnings == ()


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        (ImageLayer(image_path="a", height=8192), "height"),
        (ImageLayer(image_path="a", scale=41), "scale"),
        (VideoLayer(video_path="a", scale=7), "scale"),
    ],
)
def test_a_layer_keeps_its_aspect_or_is_refused(layer: AnyLayer, field: str) -> None:
    """Nothing is squeezed into the largest size there is."""
    with pytest.raises(InvalidInput) as refused:
        planned(layer)
    (error,) = refused.value.errors
    assert error.pointer == f"/steps/0/layers/0/{field}"
    assert "8192 a side" in error.detail


def test_a_layer_lasts_as_long_as_the_video() -> None:
    """Where nothing is said."""
    assert Fraction(planned(TextLayer(text="a")).outputs[0].duration_s) == 10
