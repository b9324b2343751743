"""Chapters go along with what steps do to the time, and are written as each container can hold them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.edits.cues.chapters import in_file, track_of
from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.edit import Edit, transcode, trim
from reelwright.edits.facts import Facts
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.ladder import outputs
from reelwright.edits.media_info import MAX_CHAPTERS, Chapter, MediaInfo, OtherStream
from reelwright.edits.outputs import AudioEncoding, FileOutput, Ladder
from reelwright.edits.plan import SINGLE, VERSION, resolve
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.streaming import Streaming
from reelwright.media.checks.inspection import Findings
from reelwright.media.checks.judge import judged
from reelwright.media.recipes import subtitles_and_chapters
from tests.support.media_info import media
from tests.support.shares import shares
from tests.unit.test_subtitle_tracks import MILLISECOND, STEPS, steps_of, walked

BORDERS = st.lists(st.integers(0, 4000), min_size=2, max_size=8, unique=True).map(sorted)


def chapter(start: object, end: object, title: str = "x") -> Chapter:
    return Chapter(start_s=str(Fraction(str(start))), end_s=str(Fraction(str(end))), title=title)


def cue(start: object, end: object, text: str = "x") -> Cue:
    return Cue(str(Fraction(str(start))), str(Fraction(str(end))), (CueRun(text),))


@settings(max_examples=300)
@given(borders=BORDERS, wanted=STEPS, shares=st.lists(shares(), min_size=9, max_size=9))
def test_each_instant_is_in_the_chapter_that_it_was_in(
    borders: list[int], wanted: list[dict[str, Any]], shares: list[Fraction]
) -> None:
    """Whatever was cut, kept and sped up: chapters that followed one another do so, rise, and lie within the video."""
    marks = [chapter(Fraction(start, 1000), Fraction(end, 1000), f"{start}") for start, end in pairwise(borders)]
    way = walked(steps_of(*wanted), PlannedOpening(start_s="0", end_s="4").of(media()).with_subtitles(track_of(marks)))
    if way is None:
        return
    state, steps = way
    (made,) = state.kept_subtitles()
    assert made.kind == "chapters"
    ends = [Fraction(0), *(one.end for one in made.cues)]
    assert all(end <= one.start < one.end for end, one in zip(ends, made.cues, strict=False))
    assert ends[-1] <= state.length + MILLISECOND
    for share in shares:
        time = instant = share * state.length
        for planned, before in reversed(steps):
            instant = planned.time_before(instant, before)
        surely = {one.text for one in made.cues if one.start + MILLISECOND <= time < one.end - MILLISECOND}
        there = {one.title for one in marks if Fraction(one.start_s) <= instant <= Fraction(one.end_s)}
        assert surely <= there


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40)), max_size=8))
def test_in_mp4_one_begins_where_another_ends(spans: list[tuple[int, int]]) -> None:
    """From zero on, without a gap; each begins when it began, those that begin together but for one."""
    cues = [cue(start, start + length, f"{number}") for number, (start, length) in enumerate(spans)]
    found = in_file(cues, "mp4")
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert all(one.start < one.end for one in found)
    assert [one.start for one in found[:1]] == [0] * bool(cues)
    assert {one.start for one in found if one.text} == {one.start for one in cues}
    assert {(one.start, one.text) for one in found if one.text} <= {(one.start, one.text) for one in cues}


def test_a_plan_has_them_beside_its_subtitles() -> None:
    """They are no track of subtitles; a plan without any is what it was."""
    texts = track_of([chapter(0, 2, "One"), chapter(2, 4, "Two")])
    facts = Facts(sha256="0" * 64, media=media())
    cut = resolve(trim(1, 3), facts, texts=texts)
    assert (cut.tracks, cut.version) == ((), VERSION)
    assert [(one.start_s, one.end_s, one.text) for one in cut.chapters] == [("0", "1", "One"), ("1", "2", "Two")]
    assert set(subtitles_and_chapters.texts(cut)) == {"chapters.ffmeta", "chapters.mp4.ffmeta"}
    assert "START=1000\nEND=2000\ntitle=Two\n" in subtitles_and_chapters.texts(cut)["chapters.ffmeta"]
    assert resolve(trim(1, 3), facts).version == SINGLE
    whole = resolve(transcode(outputs(Ladder(), (1280, 720))), facts, texts=texts)
    assert [one.text for one in whole.chapters] == ["One", "Two"]
    behind = resolve(trim(5, 6), facts, texts=texts)
    assert (behind.texts, behind.warnings, behind.version) == ((), (), SINGLE)
    images = Edit(steps=(), outputs=(), sidecars=())
    assert resolve(msgspec.structs.replace(images, outputs=(FileOutput(),)), facts, texts=texts).chapters


def test_what_a_title_says_is_no_line_of_the_file() -> None:
    """Whatever characters it has."""
    texts = track_of([chapter(0, 1, "a=b;c#d\\e]"), chapter(1, 2, "[CHAPTER]")])
    plan = resolve(trim(0, 2), Facts(sha256="0" * 64, media=media()), texts=texts)
    written = subtitles_and_chapters.texts(plan)["chapters.ffmeta"]
    assert "title=a\\=b\\;c\\#d\\\\e]\n" in written
    assert written.count("\n[CHAPTER]\n") == 2


def test_a_file_without_its_chapters_has_no_track_of_them() -> None:
    """In MP4 and QuickTime: other data stays."""
    chaptered = {"chapters": 1, "chapter_marks": [chapter(0, 1)]}
    other = [
        OtherStream(index=1, kind="data"),
        OtherStream(index=2, kind="data"),
        OtherStream(index=3, kind="subtitle"),
    ]
    for container, left in (("mov,mp4,m4a,3gp,3g2,mj2", [2, 3]), ("matroska,webm", [1, 2, 3])):
        info = msgspec.structs.replace(media(), container=container, other=other, **chaptered)
        bare = info.without_chapters()
        assert ([one.index for one in bare.other], bare.chapters, bare.chapter_marks) == (left, 0, [])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 40)), max_size=8))
def test_in_matroska_each_begins_later_than_the_one_before(spans: list[tuple[int, int]]) -> None:
    """For ffmpeg reads no others; the last of those that begin together stays, as it is."""
    cues = [cue(start, start + length, f"{number}") for number, (start, length) in enumerate(spans)]
    found = in_file(cues, "mkv")
    assert [one.start for one in found] == sorted({one.start for one in cues})
    assert all(one == [other for other in cues if other.start == one.start][-1] for one in found)


def test_the_file_of_matroska_has_one_of_two_that_a_cut_brings_together() -> None:
    texts = track_of([chapter(3, "10.04", "A"), chapter(10, 20, "B")])
    facts = Facts(sha256="0" * 64, media=media(seconds=20))
    written = subtitles_and_chapters.texts(resolve(trim("10.02", 20), facts, texts=texts))["chapters.ffmeta"]
    assert [line for line in written.splitlines() if line.startswith("title")] == ["title=B"]


def outcome(made: MediaInfo, *marks: Chapter, container: Any = "mkv") -> bool:
    """Of the check `chapters`, of a cut from 0 to 10 s of a video with these chapters."""
    facts = Facts(sha256="0" * 64, media=media())
    plan = resolve(trim(0, 10, FileOutput(container=container)), facts, texts=track_of(marks))
    (found,) = (one for one in judged(plan, 0, made, Findings()) if one.name == "chapters")
    return found.outcome == "ok"


def read(start: str, *marks: Chapter, more: int = 0) -> MediaInfo:
    info = media(start=start)
    return msgspec.structs.replace(info, chapters=len(marks) + more, chapter_marks=list(marks))


def test_chapters_are_held_to_the_time_line_of_a_file_that_begins_late() -> None:
    """Whose zero is its first frame. One that is over by then is counted, and has no mark."""
    planned = chapter(0, 2, "a"), chapter(2, 4, "b")
    late = chapter(0, "1.977", "a"), chapter("1.977", "3.977", "b")
    assert outcome(read("0.023", *late), *planned)
    assert not outcome(read("0.023", *planned), *planned)
    assert not outcome(read("0", *late), *planned)
    over = chapter(0, "0.02", "over"), chapter("0.02", 4, "b")
    assert outcome(read("0.023", chapter(0, "3.977", "b"), more=1), *over)
    assert not outcome(read("0.023", chapter(0, "3.977", "b")), *over)


def test_more_chapters_than_are_read_of_a_file_are_counted() -> None:
    """In MP4 each gap is one."""
    wanted = [chapter(Fraction(number, 100), Fraction(2 * number + 1, 200), f"{number}") for number in range(500)]
    marks = [chapter(one.start, one.end, one.text) for one in in_file(track_of(wanted)[0].cues, "mp4")]
    assert len(marks) == 999
    first = marks[:MAX_CHAPTERS]
    assert outcome(read("0", *first, more=499), *wanted, container="mp4")
    assert not outcome(read("0", *first, more=498), *wanted, container="mp4")
    assert not outcome(read("0", *first[:-1], more=500), *wanted, container="mp4")


def test_what_no_output_can_hold_is_told_and_not_planned() -> None:
    """Once; what is made, and what is taken for it, is the same as without."""
    facts, texts = Facts(sha256="0" * 64, media=media()), track_of([chapter(0, 2), chapter(2, 4)])
    streaming = Streaming()
    streams = transcode(
        outputs(Ladder(qualities=(Quality.P240,), streaming=streaming), (1280, 720)), streaming=streaming
    )
    sound = FileOutput(container="m4a", video=None, audio=AudioEncoding())
    for alone in (streams, Edit(steps=(), outputs=(sound,))):
        plan, bare = resolve(alone, facts, texts=texts), resolve(alone, facts)
        assert plan.warnings == ("left out: 2 chapters, which streams and sound alone do not hold",)
        assert msgspec.structs.replace(plan, warnings=()) == bare
        both = resolve(msgspec.structs.replace(alone, outputs=(*alone.outputs, FileOutput())), facts, texts=texts)
        assert (both.warnings, len(both.chapters), both.version) == ((), 2, VERSION)
