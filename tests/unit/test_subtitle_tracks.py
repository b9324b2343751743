"""Tracks of subtitles: cues that go along with what steps do to the time; files that other readers understand."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reelwright.edits import language_tags
from reelwright.edits.cues import write_srt, write_webvtt
from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.read import inline
from reelwright.edits.cues.track import SubtitleTrack, most_together, one_after_another
from reelwright.edits.edit import Edit
from reelwright.edits.facts import CueFacts, Facts
from reelwright.edits.outputs import FileOutput
from reelwright.edits.plan import SUBTITLED, Plan, resolve
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps import Step
from reelwright.edits.steps.base import Planning
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.state import VideoState
from reelwright.errors import InvalidInput
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.packaging import hls
from reelwright.media.packaging.presentation import SubtitlesRendition
from reelwright.media.recipes import subtitles_and_chapters
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media
from tests.support.shares import shares

MILLISECOND = Fraction(1, 1000)
ROOM = 1100 * MILLISECOND
"""A millisecond after the fastest of five steps that are each four times as fast."""
TRACK: dict[str, Any] = {"type": "subtitles", "as": "track", "cues": [{"start": 0, "end": 1, "text": "x"}]}


def cue(start: object, end: object, text: str = "x") -> Cue:
    return Cue(str(Fraction(str(start))), str(Fraction(str(end))), (CueRun(text),))


def walked(steps: Sequence[Step], state: VideoState) -> tuple[VideoState, list[tuple[Any, VideoState]]] | None:
    """What there is after the steps, and each of them, planned, with what it was planned from; None: one cannot be."""
    way = []
    for step in steps:
        try:
            planned: Any = step.planned(state, Planning(Pointer(), iter(())))
        except InvalidInput:
            return None
        way.append((planned, state))
        state = planned.after(state)
    return state, way


def steps_of(*wanted: dict[str, Any]) -> tuple[Step, ...]:
    return tuple(msgspec.convert(step, Step) for step in wanted)


def facts(*said: tuple[Cue, ...]) -> Facts:
    return Facts(sha256="0" * 64, media=media(), layers=tuple(CueFacts(cues=cues) for cues in said))


TIMES = st.integers(0, 4000).map(lambda number: number / 1000)
STEPS = st.lists(
    st.one_of(
        st.builds(lambda at, more: {"type": "trim", "start": at, "end": at + more}, TIMES, TIMES),
        st.builds(
            lambda kind, spans: {
                "type": kind,
                "intervals": [{"start": at, "end": round(at + more + 0.001, 3)} for at, more in spans],
            },
            st.sampled_from(["keep", "cut"]),
            st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=3),
        ),
        st.builds(lambda factor: {"type": "speed", "factor": factor}, st.sampled_from([0.25, 0.7, 1, 1.25, 3, 4])),
        st.just({"type": "flip", "direction": "vertical"}),
    ),
    max_size=5,
)


@settings(max_examples=300)
@given(
    spans=st.lists(st.tuples(TIMES, st.integers(1, 2000)), min_size=1, max_size=6),
    wanted=STEPS,
    shares=st.lists(shares(below_one=True), min_size=5, max_size=5),
)
def test_what_is_on_the_screen_is_what_was_there(
    spans: list[tuple[float, int]], wanted: list[dict[str, Any]], shares: list[Fraction]
) -> None:
    """At each instant the track shows what it said at the instant that this was before all steps; it rises, and lies
    within the video."""
    cues = tuple(
        cue(start, Fraction(str(start)) + Fraction(length, 1000), f"{start} {length}") for start, length in spans
    )
    track = SubtitleTrack(language="en", label="en", cues=cues)
    way = walked(steps_of(*wanted), PlannedOpening(start_s="0", end_s="4").of(media()).with_subtitles([track]))
    if way is None:
        return
    state, steps = way
    (made,) = state.kept_subtitles()
    assert list(made.cues) == sorted(made.cues, key=lambda one: one.start)
    assert all(0 <= one.start < one.end <= state.length + MILLISECOND for one in made.cues)
    for share in shares:
        time = instant = share * state.length
        for planned, before in reversed(steps):
            instant = planned.time_before(instant, before)
        # times in files are rounded to milliseconds: as far as that, no border is exact
        surely = {one.text for one in made.cues if one.start + MILLISECOND <= time < one.end - MILLISECOND}
        perhaps = {one.text for one in made.cues if one.start - MILLISECOND <= time < one.end + MILLISECOND}
        there = {one.text for one in cues if one.start <= instant < one.end}
        assert surely <= there | {one.text for one in cues if one.end == instant}
        assert {one.text for one in cues if one.start + ROOM <= instant < one.end - ROOM} <= perhaps


SAID = st.text(st.sampled_from("a1 <>&-/\\{}i:,.\n\u00a0漢א😀"), min_size=1, max_size=30)
ODD = [
    "x\n00:00:05,000 --> 00:00:06,000\ny",
    "42",
    "NOTE\nSTYLE",
    "WEBVTT",
    "-->",
    "</i>{\\an8}<c.red>",
    "00:01.000 --> 00:02.000 line:0",
]


def given_cues(texts: list[str]) -> list[Cue]:
    """Those texts one after the other, as a client gives them, as far as there is anything to see."""
    found = []
    for number, text in enumerate(texts):
        try:
            found.append(inline(Fraction(number), Fraction(number) + Fraction(1, 2), text))
        except ValueError:
            continue
    return found


def read_by_ffmpeg(text: str, demuxer: str) -> list[tuple[float, float, str]]:
    found = []
    with av.open(io.BytesIO(text.encode()), "r", format=demuxer) as container:
        for packet in container.demux():
            if packet.pts is not None:
                assert packet.duration is not None
                times = (float(packet.pts * packet.time_base), float(packet.duration * packet.time_base))
                found.append((*times, bytes(packet).decode()))
    return found


def without_tags(text: str) -> str:
    return re.sub(r"</?(?:[biu]|font)(?: [^>]*)?>", "", text)


@given(st.lists(SAID, min_size=1, max_size=4))
@example(ODD)
def test_other_readers_find_the_same_cues(texts: list[str]) -> None:
    """ffmpeg's, of both formats: nothing that a cue says makes, moves or ends another."""
    cues = given_cues(texts)
    if not cues:
        return
    times = [(float(one.start), 0.5) for one in cues]
    vtt = read_by_ffmpeg(write_webvtt.written(cues), "webvtt")
    assert [found[:2] for found in vtt] == times
    assert [html.unescape(without_tags(text)) for _, _, text in vtt] == [one.text for one in cues]
    srt = read_by_ffmpeg(write_srt.written(cues), "srt")
    assert [found[:2] for found in srt] == times
    assert [without_tags(text).replace("\u2060", "") for _, _, text in srt] == [one.text for one in cues]


@given(st.lists(st.tuples(TIMES, TIMES), max_size=8))
def test_cues_one_after_another_show_the_same(spans: list[tuple[float, float]]) -> None:
    """At each instant one at most, which says what all of them say."""
    cues = [cue(min(span), max(span), str(number)) for number, span in enumerate(spans) if span[0] != span[1]]
    flat = one_after_another(cues)
    assert most_together(flat) <= 1
    for at in {border for one in cues for border in (one.start, one.end)}:
        shown = [one.text.split("\n") for one in flat if one.start <= at < one.end]
        assert (shown or [[]])[0] == [one.text for one in cues if one.start <= at < one.end]


def test_a_plan_has_the_tracks_that_are_left() -> None:
    """Only workers that understand tracks take it; what is cut away is gone, and is said; names are told apart; what a
    client says is in no argument; without tracks, a plan is what it was before there were any."""
    steps = steps_of(
        TRACK | {"language": "de", "label": "marker"}, TRACK | {"language": "PT-br"}, TRACK | {"label": "marker"},
        {"type": "trim", "start": 1},
    )  # fmt: skip
    said = facts((cue(0, 2),), (cue(0, 1),), (cue(1.5, 9, "marker"),))
    plan = resolve(Edit(steps=steps, outputs=(FileOutput(), FileOutput(container="mkv"))), said)
    assert plan.version == SUBTITLED == 3
    assert [(track.language, track.label) for track in plan.tracks] == [("de", "marker"), ("und", "marker 2")]
    assert [(one.start_s, one.end_s) for track in plan.tracks for one in track.cues] == [("0", "1"), ("1/2", "8")]
    assert plan.warnings == ("nothing is left of the subtitles pt-BR: their time was left out",)
    assert msgspec.convert(msgspec.to_builtins(plan), Plan).digest == plan.digest
    recipe = compile_plan(plan, Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True))
    assert "marker" not in repr(recipe)
    written = {argument.strip("<>") for command in recipe.commands for argument in command.arguments}
    assert set(subtitles_and_chapters.texts(plan)) - written == {"subtitles-1.vtt", "subtitles-2.vtt"}
    plain = resolve(Edit(steps=steps[3:]), facts())
    assert "subtitles" not in msgspec.to_builtins(plain)


@pytest.mark.parametrize(
    ("steps", "pointer"),
    [
        ([TRACK | {"default": True}] * 2, "/steps/1/default"),
        ([TRACK] * 21, "/steps/20"),
        ([TRACK | {"language": "en_US"}], "/steps/0/language"),
    ],
)
def test_what_is_too_much_is_refused(steps: list[dict[str, Any]], pointer: str) -> None:
    """By the field."""
    with pytest.raises(InvalidInput) as refused:
        resolve(Edit(steps=steps_of(*steps)), facts(*[(cue(0, 1),)] * len(steps)))
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_all_tracks_are_bounded_together() -> None:
    """In cues and in characters: a plan holds them all."""
    for cues in ((cue(0, 1),) * 5001, (cue(0, 1, "x" * 300),) * 2000):
        with pytest.raises(InvalidInput, match="all tracks have at most"):
            resolve(Edit(steps=steps_of(TRACK, TRACK)), facts(cues, cues))


@pytest.mark.parametrize(
    ("said", "tag", "code"),
    [
        *(("en", "en", "eng"), ("ENG", "en", "eng"), ("fre-ca", "fr-CA", "fra"), ("zh-hant-TW", "zh-Hant-TW", "zho")),
        *(
            ("yue", "yue", "yue"),
            ("es-419", "es-419", "spa"),
            ("und", "und", "und"),
            ("de-1996-x-A", "de-1996-x-a", "deu"),
        ),
    ],
)
def test_languages_are_named_as_players_and_files_name_them(said: str, tag: str, code: str) -> None:
    """BCP 47 for players, ISO 639-2 in files."""
    assert language_tags.parse(said) == tag
    assert language_tags.code_of(tag) == code


@pytest.mark.parametrize("said", ["", "e", "xx", "english", "en_US", "en-", "en-US-US", "en\n", "e" * 40, "en-x-"])
def test_what_is_no_language_is_refused(said: str) -> None:
    """Well-formed, and of ISO 639."""
    with pytest.raises(ValueError, match=r"is no language|ISO 639"):
        language_tags.parse(said)


def test_a_name_cannot_end_its_attribute() -> None:
    """HLS has no escapes: quotes become other ones."""
    named = SubtitlesRendition(name="s.vtt", size_bytes=1, language="und", label='a",X="', default=False, forced=True)
    assert 'NAME="a”,X=”"' in hls.subtitles_named(named)
