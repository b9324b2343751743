"""What holds of every edit: it is refused as a wrong request or compiled, and no client's string is in a command."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.edits.edit import Edit
from reelwright.edits.facts import Facts, ImageFacts, SoundFacts, VideoFacts
from reelwright.edits.gifs_and_previews import Gif, Preview
from reelwright.edits.layers import AnyLayer
from reelwright.edits.materials import Named
from reelwright.edits.outputs import AudioEncoding, FileOutput, VideoEncoding
from reelwright.edits.plan import COMPOSED, SUBTITLED, Plan, resolve
from reelwright.edits.posters_and_thumbnails import Poster
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.sprite_sheet import Sprite
from reelwright.edits.steps import Step
from reelwright.errors import InvalidInput
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media

CAPABILITIES = Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True, rubberband=True)
PICTURE = ImageFacts(sha256="1" * 64, width=200, height=100)
SOUND = msgspec.structs.replace(media(), video=[], container="mp3")
MARK = "cl13nt"
"""Part of every string of a client's that is free text."""

SOURCES = {
    "even": media(),
    "29.97": media(rate="30000/1001", seconds=7),
    "rounded to milliseconds": media(time_base="1/1000", rate="30000/1001"),
    "uneven": media(variable_frame_rate=True, frame_count=None),
    "slides": media(variable_frame_rate=True, frame_count=None, longest_frame_s=4.0),
    "nothing known": media(variable_frame_rate=None, frame_count=None, longest_frame_s=None, frame_rate=None),
    "turned": media(rotation=90, display_width=720, display_height=1280),
    "not square": media(sample_aspect_ratio="4/3", display_width=1707),
    "odd": media(width=321, height=181, display_width=321, display_height=181),
    "silent": media(tracks=0),
    "two tracks": media(tracks=2),
    "HDR": media(bit_depth=10, color_transfer="smpte2084", color_primaries="bt2020", color_space="bt2020nc"),
    "interlaced": media(field_order="tt"),
    "late": media(start="7/25"),
}

times = st.one_of(
    st.floats(0, 12, allow_nan=False).map(lambda time: round(time, 3)), st.sampled_from(["0:01", "0:02.5", "3"])
)
sides = st.integers(1, 2000)
fades = st.floats(0, 3).map(lambda time: round(time, 2))
colors = st.sampled_from(["black", "#ff8800", "white@0.5", MARK])


def _step(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """With any of its fields."""
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=fields)


intervals = st.lists(st.fixed_dictionaries({}, optional={"start": times, "end": times}), min_size=1, max_size=4)
layers = st.lists(
    st.fixed_dictionaries(
        {"type": st.just("text"), "text": st.text(min_size=1, max_size=8).map(lambda text: MARK + text)},
        optional={"start": times, "end": times, "fade_in": fades, "x": st.sampled_from([0, "w-tw", "h/0", MARK])},
    ),
    max_size=2,
)
volumes = st.floats(0, 10) | st.sampled_from(["-6dB", "+3 dB", MARK])
named = st.sampled_from([*SOURCES, "picture", "sound"]).map(lambda name: MARK + name)
clips = st.lists(
    st.fixed_dictionaries({"source": named}, optional={"start": times, "end": times, "duration": st.floats(0.01, 9)}),
    max_size=2,
)
steps = st.one_of(
    _step("trim", start=times, end=times).filter(lambda step: "start" in step),
    _step("keep", intervals=intervals).filter(lambda step: "intervals" in step),
    _step("cut", intervals=intervals).filter(lambda step: "intervals" in step),
    _step(
        "crop",
        width=sides,
        height=sides,
        aspect=st.sampled_from(["1:1", "vertical", MARK]),
        x=st.integers(-9, 999),
        position=st.builds(
            dict, anchor=st.sampled_from(["top-left", "right"]), margin=st.sampled_from([0, 9, -(10**5)])
        ),
    ),
    _step("fit", width=sides, height=sides, aspect=st.sampled_from(["9:16", "square"]), fill=colors | st.just("blur")),
    _step("pad", left=st.integers(0, 400), bottom=st.integers(0, 400), color=colors),
    st.sampled_from([90, 180, 270]).map(lambda degrees: {"type": "rotate", "degrees": degrees}),
    st.sampled_from(["horizontal", "vertical"]).map(lambda direction: {"type": "flip", "direction": direction}),
    st.floats(0.25, 4).map(lambda factor: {"type": "speed", "factor": factor}),
    layers.map(lambda found: {"type": "overlay", "layers": found}),
    st.fixed_dictionaries({"type": st.just("fade")}, optional={"in": fades, "out": fades, "color": colors}),
    _step(
        "audio",
        mute=st.booleans(),
        volume=volumes,
        channels=st.sampled_from(["mono", "stereo", "left", "right"]),
        replace=st.fixed_dictionaries({"source": named}, optional={"start": times, "volume": volumes}),
        mix=st.fixed_dictionaries(
            {"source": named},
            optional={"at": times, "until": times, "duck": st.booleans(), "at_end": st.sampled_from(["stop", "loop"])},
        ),
        fade_in=fades,
        fade_out=fades,
    ),
    _step(
        "concat",
        before=clips,
        after=clips,
        fill=colors | st.sampled_from(["blur", "crop", "stretch"]),
        transition=st.fixed_dictionaries({}, optional={"duration": st.floats(0.01, 5)}) | st.just("wipeleft"),
    ),
)


def facts_of(wanted: AnyLayer | Named) -> ImageFacts | VideoFacts | SoundFacts:
    """What the name of a source says."""
    if not isinstance(wanted, Named):
        return PICTURE
    kind = wanted.name.removeprefix(MARK)
    if wanted.takes == "sound":
        return SoundFacts(sha256="2" * 64, media=SOURCES.get(kind, SOUND))
    return VideoFacts(sha256="3" * 64, media=SOURCES[kind]) if kind in SOURCES else PICTURE


OUTPUTS = (
    FileOutput(),
    FileOutput(video=VideoEncoding(codec="hevc")),
    FileOutput(container="mp3", video=None, audio=AudioEncoding(codec="mp3", loudness_lufs=-16.0)),
    FileOutput(container="wav", video=None, audio=AudioEncoding(codec="pcm_s16le", channels=1, loudness_lufs=-16.0)),
)
IMAGES = Poster(at=0.3), Poster(), Sprite(), Gif(width=16, at=0.2), Preview()


@settings(max_examples=400)
@given(
    source=st.sampled_from(sorted(SOURCES)),
    wanted=st.lists(steps, max_size=6),
    outputs=st.lists(st.sampled_from(OUTPUTS), max_size=2, unique_by=OUTPUTS.index),
    images=st.lists(st.sampled_from(IMAGES), max_size=2, unique_by=type),
)
def test_it_is_refused_as_a_wrong_request_or_compiled(
    source: str, wanted: list[Any], outputs: list[FileOutput], images: list[AnySidecar]
) -> None:
    """Whatever compiles keeps what was planned through its JSON, and says nothing that a client said."""
    if not outputs and not images:
        outputs = [FileOutput()]
    edit = Edit(
        steps=tuple(msgspec.convert(step, Step) for step in wanted), outputs=tuple(outputs), sidecars=tuple(images)
    )
    materials = tuple(facts_of(material.wanted) for step in edit.steps for material in step.materials)
    try:
        plan = resolve(edit, Facts(sha256="0" * 64, media=SOURCES[source], layers=materials))
    except InvalidInput:
        return
    stored = msgspec.convert(msgspec.to_builtins(plan), Plan)
    assert stored.digest == plan.digest
    recipe = compile_plan(stored, CAPABILITIES)
    assert recipe == compile_plan(plan, CAPABILITIES)
    assert MARK not in repr(recipe)
    assert plan.length > 0
    assert (plan.version == SUBTITLED) == (not outputs)
    for expected in plan.outputs:
        assert expected.width % 2 == expected.height % 2 == 0
        assert expected.frame_count is None or expected.frame_count > 0


def test_a_plan_of_several_steps_is_not_for_older_workers() -> None:
    """They understand plans of one step, or none."""
    steps = (msgspec.convert({"type": "flip", "direction": "vertical"}, Step),)
    plan = resolve(Edit(steps=steps), Facts(sha256="0" * 64, media=media()))
    assert plan.version == COMPOSED == 2


@pytest.mark.parametrize("source", SOURCES)
def test_steps_that_take_nothing_away_keep_the_length(source: str) -> None:
    """To the microsecond, of every kind of source."""
    edit = Edit(steps=tuple(msgspec.convert(step, Step) for step in [{"type": "rotate", "degrees": 90}]))
    plan = resolve(edit, Facts(sha256="0" * 64, media=SOURCES[source]))
    assert abs(Fraction(plan.outputs[0].duration_s) - Fraction(repr(SOURCES[source].duration_s))) < Fraction(1, 10)
