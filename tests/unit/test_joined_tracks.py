"""Subtitles and chapters of videos that are joined: where their parts lie, each going on in that of the same kind."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.joined_tracks import Brought, JoinedTrack, arrived, continued
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.cues.track import MAX_CUES, MAX_TOGETHER, MAX_TRACKS, SubtitleTrack
from reelwright.edits.edit import Edit
from reelwright.edits.facts import AnyFacts, Facts, ImageFacts, VideoFacts
from reelwright.edits.outputs import FileOutput
from reelwright.edits.plan import Plan, resolve
from reelwright.edits.steps import Step
from reelwright.edits.steps.concat import PlannedConcat
from tests.support.media_info import media
from tests.support.shares import shares

PICTURE = ImageFacts(sha256="1" * 64, width=200, height=100)
MILLISECOND = Fraction(1, 1000)


def cue(start: object, end: object, text: str = "x") -> Cue:
    return Cue(str(Fraction(str(start))), str(Fraction(str(end))), (CueRun(text),))


def track(*cues: Cue, language: str = "en", label: str | None = None, **more: Any) -> SubtitleTrack:
    return SubtitleTrack(language=language, label=language if label is None else label, cues=cues, **more)


def chapters(*cues: Cue) -> SubtitleTrack:
    return track(*cues, language="und", label="", kind="chapters")


def video(*texts: SubtitleTrack, seconds: float = 5, warnings: tuple[str, ...] = ()) -> VideoFacts:
    return VideoFacts(sha256="3" * 64, media=media(seconds=seconds), texts=texts, warnings=warnings)


def brought(*tracks: SubtitleTrack) -> Brought:
    """All of a video that lasts very long."""
    return Brought(tracks, Piece(Fraction(0), Fraction(2 * MAX_CUES), Fraction(0)))


def planned(*steps: dict[str, Any], own: tuple[SubtitleTrack, ...] = (), layers: tuple[AnyFacts, ...] = ()) -> Plan:
    facts = Facts(sha256="0" * 64, media=media(), layers=layers)
    edit = Edit(steps=msgspec.convert(steps, tuple[Step, ...]), outputs=(FileOutput(),))
    return resolve(edit, facts, texts=own)


def said(plan: Plan) -> dict[tuple[str, str], list[tuple[float, float, str]]]:
    """By kind and name."""
    return {
        (one.kind, one.label): [(float(cue.start), float(cue.end), cue.text) for cue in one.cues] for one in plan.texts
    }


def test_those_of_a_language_are_one_track_and_chapters_one_list() -> None:
    """An intro and an outro with more languages than the talk between them; who has none leaves a gap."""
    own = track(cue(1, 2, "talk")), chapters(cue(0, 10, "Talk"))
    intro = video(track(cue(0, 1, "intro")), track(cue(3, 5, "intro fr"), language="fr"), chapters(cue(0, 5, "Intro")))
    outro = video(track(cue(1, 9, "outro fr"), language="fr"), chapters(cue(0, 2, "Out"), cue(2, 5, "End")))
    concat = {
        "type": "concat",
        "before": [{"source": "a", "start": 0.6}, {"source": "b", "duration": 2}],
        "after": [{"source": "c", "start": 1, "end": 4}],
    }
    plan = planned(concat, own=own, layers=(intro, PICTURE, outro))
    assert said(plan) == {
        ("subtitles", "en"): [(0, 0.4, "intro"), (7.4, 8.4, "talk")],
        ("chapters", ""): [(0, 4.4, "Intro"), (6.4, 16.4, "Talk"), (16.4, 17.4, "Out"), (17.4, 19.4, "End")],
        ("subtitles", "fr"): [(2.4, 4.4, "intro fr"), (16.4, 19.4, "outro fr")],
    }
    assert plan.warnings == ()


def test_a_plan_has_them_once() -> None:
    """On the time line of what is made, not in the step as well: whoever goes on from it takes those."""
    plan = planned(
        {"type": "concat", "after": [{"source": "a"}]}, layers=(video(track(cue(0, 1)), warnings=("one is lost",)),)
    )
    (joined,) = [step for step in plan.steps if isinstance(step, PlannedConcat)]
    assert joined.clips[0].facts == VideoFacts(sha256="3" * 64, media=media(seconds=5))
    assert plan.warnings == ("/steps/0/after/0: one is lost",)


def test_steps_behind_move_them_all() -> None:
    """A cut that begins within the intro, at twice the speed."""
    concat = {"type": "concat", "before": [{"source": "a"}]}
    behind = {"type": "trim", "start": 4, "end": 7}, {"type": "speed", "factor": 2}
    plan = planned(concat, *behind, own=(track(cue(1, 9, "talk")),), layers=(video(track(cue(3, 5, "intro"))),))
    assert said(plan) == {("subtitles", "en"): [(0, 0.5, "intro"), (1, 1.5, "talk")]}


def test_a_video_that_is_joined_twice_says_it_twice() -> None:
    again = video(track(cue(1, 2, "jingle")))
    concat = {"type": "concat", "before": [{"source": "a"}], "after": [{"source": "a", "start": 1}]}
    plan = planned(concat, layers=(again, again))
    assert said(plan) == {("subtitles", "en"): [(1, 2, "jingle"), (15, 16, "jingle")]}


TIMES = st.integers(0, 4900).map(lambda number: number / 1000)
CUES = st.lists(st.tuples(TIMES, TIMES), max_size=4, unique=True)


@settings(max_examples=200)
@given(
    clips=st.lists(st.tuples(CUES, st.integers(0, 60), st.integers(60, 125)), min_size=1, max_size=4),
    own=CUES,
    before=st.integers(0, 4),
    overlap=st.integers(0, 25),
    shares=st.lists(shares(), min_size=9, max_size=9),
)
def test_each_part_says_what_it_said(
    clips: list[tuple[list[tuple[float, float]], int, int]],
    own: list[tuple[float, float]],
    before: int,
    overlap: int,
    shares: list[Fraction],
) -> None:
    """At each instant, also where one goes over into the next: the cues of every part that is seen then."""

    def told(name: object, spans: list[tuple[float, float]]) -> tuple[Cue, ...]:
        return tuple(
            cue(start, Fraction(str(start)) + Fraction(str(more)) + MILLISECOND, f"{name} {start} {more}")
            for start, more in spans
        )

    parts = [(told(number, spans), first, max(last, first + 50)) for number, (spans, first, last) in enumerate(clips)]
    wanted = [{"source": "a", "start": first / 25, "end": last / 25} for _, first, last in parts]
    step: dict[str, Any] = {"type": "concat", "before": wanted[:before], "after": wanted[before:]}
    if overlap:
        step["transition"] = {"duration": overlap / 25}
    layers = tuple(video(track(*cues)) for cues, _, _ in parts)
    plan = planned(step, own=(track(*told("own", own)),), layers=layers)
    shown: list[tuple[tuple[Cue, ...], Fraction, Fraction, Fraction]] = []
    begin = Fraction(0)
    for cues, first, last in [*parts[:before], (told("own", own), 0, 250), *parts[before:]]:
        last = min(last, 125) if cues is not None and (first, last) != (0, 250) else last
        shown.append((cues, begin, Fraction(last - first, 25), Fraction(first, 25)))
        begin += Fraction(last - first - overlap, 25)
    for share in shares:
        at = share * plan.length
        there = {
            one.text
            for cues, begin, lasts, first in shown
            for one in cues
            if begin <= at < begin + lasts and one.start <= first + at - begin < one.end
        }
        edges = {
            abs(at - begin - (edge - first)) for cues, begin, _, first in shown for one in cues for edge in span(one)
        }
        edges |= {abs(at - edge) for _, begin, lasts, _ in shown for edge in (begin, begin + lasts)}
        if edges and min(edges) > MILLISECOND:
            assert {one.text for text in plan.tracks for one in text.cues if one.start <= at < one.end} == there


def span(one: Cue) -> tuple[Fraction, Fraction]:
    return one.start, one.end


@pytest.mark.parametrize(
    ("there", "along", "made"),
    [
        (["en:English"], ["en:en"], ["en:English+en"]),
        (["en:English"], ["en:Commentary", "en:English"], ["en:English+English", "en:Commentary"]),
        (["en:A", "en:B"], ["en:C", "en:D"], ["en:A+C", "en:B+D"]),
        (["en:A"], ["fr:A"], ["en:A", "fr:A 2"]),
        (["en:A", "en:Signs!"], ["en:Signs!"], ["en:A", "en:Signs!+Signs!"]),
        (["en:A"], ["en:Signs!"], ["en:A", "en:Signs!"]),
        ([], ["en:A", "en:B"], ["en:A", "en:B"]),
    ],
)
def test_which_goes_on_in_which(there: list[str], along: list[str], made: list[str]) -> None:
    """That of the same language, forced (!) or not as it is; the one of its name before any other."""

    def of(word: str) -> SubtitleTrack:
        language, _, label = word.partition(":")
        return track(cue(0, 1, label), language=language, label=label, forced=label.endswith("!"))

    found, lost = continued([JoinedTrack.at(of(one), 0) for one in there], brought(*map(of, along)), 1)
    told = [f"{one.track.language}:{'+'.join(cue.text for cue in one.track.cues)}" for one in found]
    assert (told, lost) == ([word.replace(" 2", "") for word in made], None)
    assert [one.track.label for one in found] == [word.partition(":")[2].partition("+")[0] for word in made]


def test_what_says_nothing_in_the_part_that_is_shown_is_no_track() -> None:
    """Though the video does, before and behind; also where there is no room for it."""
    said = track(cue(0, 1), cue(1, "1.0000001"), cue(3, 4), language="fr")
    many = [JoinedTrack.at(track(cue(0, 1), label=f"{number}"), 0) for number in range(MAX_TRACKS)]
    part = Brought((said,), Piece(Fraction(2), Fraction(3), Fraction(0)))
    assert continued([], part, 0) == ((), None)
    assert continued(many, part, 0) == (tuple(many), None)


def test_there_is_one_default() -> None:
    """That of the video; where it has none, of the first that brings one along."""
    first, second = track(cue(0, 1), default=True), track(cue(0, 1), language="fr", default=True)
    found, _ = continued([], brought(first, second), 0)
    assert [one.track.default for one in found] == [True, False]
    found, _ = continued([JoinedTrack.at(track(cue(0, 1)), 0)], brought(first, second), 0)
    assert [one.track.default for one in found] == [False, True]


def test_what_would_be_too_much_is_left_out_and_told() -> None:
    """Tracks, cues and chapters; others stay."""
    many = [JoinedTrack.at(track(cue(0, 1), label=f"{number}"), 0) for number in range(MAX_TRACKS)]
    found, lost = continued(many, brought(track(cue(0, 1), language="fr"), track(cue(0, 1), label="0")), 0)
    assert (len(found), lost) == (MAX_TRACKS, f"left out: fr: {MAX_TRACKS} tracks are kept")
    _, lost = continued(many, brought(*(track(cue(0, 1), language="fr", label=label) for label in "abcde")), 0)
    assert lost == f"left out: a, b, c and 2 more: {MAX_TRACKS} tracks are kept"
    full = tuple(cue(number, number + 1) for number in range(MAX_CUES))
    for text in (track(*full), chapters(*full)):
        found, lost = continued([JoinedTrack.at(text, 0)], brought(msgspec.structs.replace(text, cues=full[:1])), 0)
        assert len(found[0].track.cues) == MAX_CUES
        name = "its chapters" if text.kind == "chapters" else "en"
        assert lost == f"left out: {name}: all tracks have at most {MAX_CUES} cues together"


def test_no_more_are_on_the_screen_together_than_files_can_hold() -> None:
    """Where one video goes over into the next, of both."""
    crowd = track(*(cue(0, 5, f"{number}") for number in range(MAX_TOGETHER)))
    plan = planned(
        {"type": "concat", "before": [{"source": "a"}], "transition": "fade"}, own=(crowd,), layers=(video(crowd),)
    )
    assert len(plan.tracks[0].cues) == MAX_TOGETHER
    told = f"{MAX_TOGETHER} cues of en are left out: {MAX_TOGETHER} are shown at the same time"
    assert plan.warnings == (told,)


def test_cues_rise_whenever_they_joined() -> None:
    """An intro's come before those that were there."""
    joined = JoinedTrack.at(track(cue(4, 5, "b"), cue(6, 7, "d")), 0).going_on((cue(0, 1, "a"), cue(5, 6, "c")), 0)
    (made,) = arrived([joined], [], Fraction(9))
    assert [one.text for one in made.cues] == ["a", "b", "c", "d"]
