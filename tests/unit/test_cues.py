"""Subtitles as they come from the world, read into cues; cues moved in time and written again."""

import contextlib
import itertools
import time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reelwright.edits.cues import layout, markup, time_line, write_webvtt
from reelwright.edits.cues.cue import ANYWHERE, MAX_BYTES, MAX_CUES, Cue, CuePlace, CueRun, CuesError
from reelwright.edits.cues.read import inline, read
from reelwright.edits.cues.style import SubtitleStyle, in_pixels
from reelwright.edits.cues.time_line import Piece, moved, states

ONE = "1\n00:00:01,000 --> 00:00:02,500\nHello\n"


def cue(start: object, end: object, text: str = "x") -> Cue:
    return Cue(str(Fraction(str(start))), str(Fraction(str(end))), (CueRun(text),))


def texts(content: bytes | str) -> list[tuple[str, str, str]]:
    return [(one.start_s, one.end_s, one.text) for one in read(content).cues]


@pytest.mark.parametrize(
    "content",
    [
        ONE,
        ONE.encode(),
        ONE.encode("utf-8-sig"),
        ONE.encode("utf-16"),
        ONE.encode("utf-16-le"),
        ONE.encode("utf-16-be"),
        ONE.encode("utf-32"),
        "\ufeff" + ONE,
        ONE.replace("\n", "\r\n"),
        ONE.replace("\n", "\r"),
        ONE.removeprefix("1\n"),
        "\n\n\n" + ONE,
        ONE.replace(",", "."),
        ONE.replace(",000", ""),
        ONE.replace(",500", ",5"),
        ONE.replace("00:00:0", "0:"),
        ONE.replace("00:00:0", "0:0:"),
        ONE.replace(" --> ", "-->"),
        ONE.replace(":", " : "),
        ONE.replace("500", "500  X1:10 X2:20 Y1:5 Y2:6"),
        ONE + "\n2\n",
        "WEBVTT\n\n" + ONE,
        "WEBVTT - a title\nKind: captions\nLanguage: en\n\nNOTE\nsaid --> aside\n\n".replace("-->", "->") + ONE,
        "\ufeffWEBVTT\r\n00:01.000 --> 00:02.500 line:0\r\nHello",
    ],
)
def test_files_of_the_world_are_read_as_they_are_meant(content: bytes | str) -> None:
    """Byte order marks, encodings, line ends, counters, decimals, hours: none of it is in the way."""
    assert texts(content) == [("1", "5/2", "Hello")]
    assert read(content).warnings == ()


def test_a_file_that_is_not_utf8_is_read_as_windows_does_and_says_so() -> None:
    """With the hint to what may be wrong."""
    found = read(ONE.replace("Hello", "Crème brûlée – “süß”").encode("cp1252"))
    assert found.cues[0].text == "Crème brûlée – “süß”"
    assert "Windows-1252" in found.warnings[0]


def test_texts_have_empty_lines_and_numbers_and_cues_come_in_any_order() -> None:
    """The number before a time is a counter; any other one is text; cues may overlap."""
    content = (
        "7\n00:00:05,000 --> 00:00:06,000\n1984\n\n\nby Orwell\n\n7\n00:00:01,000 --> 00:00:05,500\na\n12\n"
        "00:00:00,000 --> 00:00:01,000\nno line between\n00:00:09,000 --> 00:00:10,000\n\n\n"
    )
    assert texts(content) == [("0", "1", "no line between"), ("1", "11/2", "a"), ("5", "6", "1984\nby Orwell")]


def test_webvtt_has_comments_styles_regions_names_and_settings() -> None:
    """What is not shown is not read; classes have the colours that the file gives them."""
    content = """WEBVTT

REGION
id:fred

STYLE
::cue { background: black }
::cue(.warm) { font-weight: bold; color: rgb(1,2,3) }
::cue(.hot) { background-color: lime; color: #ff8800 }

NOTE one
more

intro
00:01.000 --> 00:02.000 line:0 position:10%,line-left align:start size:40% vertical:rl
<v.loud Bob>He said: <c.hot>very <i>h<b>o</b>t</i></c> &amp; &lt;b&gt;<lang en> <00:01.500>yes</lang>

1
100:00:00.000 --> 100:00:01.000 line:-2,end
<c.yellow.bg_blue>Late</c></c><unknown> AT&T &nosuch;

stray
"""
    found = read(content)
    first, late = found.cues
    assert first.text == "He said: very hot & <b> yes"
    assert first.runs[1:5] == (
        CueRun("very ", color="#ff8800"),
        CueRun("h", italic=True, color="#ff8800"),
        CueRun("o", italic=True, bold=True, color="#ff8800"),
        CueRun("t", italic=True, color="#ff8800"),
    )
    assert first.place == CuePlace(line=0, position_percent=10, position_align="start", align="start", size_percent=40)
    assert late.runs == (CueRun("Late", color="#ffff00"), CueRun(" AT&T &nosuch;"))
    assert late.place == CuePlace(line=-2, line_align="end")
    assert (late.start_s, late.end_s) == ("360000", "360001")
    assert found.warnings == ("line 22: this is in no cue and was left out",)


def test_tags_of_srt() -> None:
    """The usual ones are looks, those borrowed from ASS too; what is no tag is text."""
    content = (
        "1\n00:00:01,000 --> 00:00:02,000\n"
        '{\\an8\\fs20}<font color="#FF0000" size=3>red</font> <FONT color=lime>l</FONT><font color=00ff00>g</font>'
        "<br/>{\\i1}a{\\i0}b <u>c</u> I <3 you <sarcasm> a < b &quot;&#x41;&#66;&quot; {note}"
        "<font color=nosuch> x </font><strong>open"
    )
    (found,) = read(content).cues
    assert found.place == CuePlace(line=0)
    assert found.runs == (
        CueRun("red", color="#ff0000"),
        CueRun(" "),
        CueRun("lg\n", color="#00ff00"),
        CueRun("a", italic=True),
        CueRun("b "),
        CueRun("c", underline=True),
        CueRun(' I <3 you <sarcasm> a < b "AB" {note} x '),
        CueRun("open", bold=True),
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "no cue in it"),
        ("Dear all,\nhere you are", "no cue in it"),
        (ONE + "\n2\n00:00:xx,000 --> 00:00:06,000\nbad", 'line 6: "00:00:xx,000 --> 00:00:06,000" is not a time'),
        (ONE.replace("01,000", "61,000"), "line 2: .* above 59"),
        (ONE.replace("00:00:01", "5000:00:01"), "line 2: .* more than 1000 hours"),
        ("WEBVTT\n\n1\n00:01.000 --> later\nx", "line 4: .* is not a time"),
        ("[Script Info]\nTitle: x", "ASS or SSA"),
        ('<?xml version="1.0"?><tt/>', "TTML"),
        (ONE.replace("Hello", "x" * 1001), "line 2: a cue has at most 1000 characters"),
        (ONE.replace("Hello", "x\n" * 21), "line 2: a cue has at most 20 lines"),
        (ONE * (MAX_CUES + 1), f"line {3 * MAX_CUES + 2}: there are more than 5000 cues"),
        (b"x" * (MAX_BYTES + 1), "at most 1048576 bytes"),
        ("x" * (MAX_BYTES + 1), "at most 1048576 characters"),
        (b"\xff\xfe\x00", "cannot be read as that to its end"),
    ],
)
def test_what_is_no_file_of_subtitles_is_refused_by_line(content: bytes | str, sentence: str) -> None:
    """So that one can go there and mend it."""
    with pytest.raises(CuesError, match=sentence):
        read(content)


def test_cues_that_are_never_seen_are_left_out_and_said() -> None:
    """Once a kind, with the first line and how many more."""
    never = "00:00:03,000 --> 00:00:03,000\nx\n"
    found = read(ONE + never + never + "00:00:05,000 --> 00:00:06,000\n<i> </i>\n")
    assert len(found.cues) == 1
    assert found.warnings == ("line 4 (and 1 more): the cue does not end after it begins and is never shown",)
    assert read("1\nby somebody\n" + ONE).warnings == ("line 2: this is in no cue and was left out",)


@pytest.mark.parametrize(
    "content",
    [
        "1" * MAX_BYTES,
        "\n" * MAX_BYTES,
        "00:00:01,000 --> " * 60_000,
        "WEBVTT\n\n" + "<" * (MAX_BYTES - 20),
        ONE + "<i>{\\i1}" * 100_000,
        ONE + "{\\i1}" * 100_000,
        ONE + "<" * (MAX_BYTES - 100),
        ONE + "{\\" * 500_000,
        "WEBVTT\n\nSTYLE\n" + "::cue(.a){" * 100_000,
        (ONE.replace("Hello", "<b>" * 100 + "x" * 300) * 5000)[:MAX_BYTES],
    ],
)
def test_hostile_files_take_no_longer_than_others(content: str) -> None:
    """Each step's time is bounded by the length of the file."""
    began = time.process_time()
    with contextlib.suppress(CuesError):
        read(content)
    assert time.process_time() - began < 10


PIECES = st.sampled_from(
    [
        *"<>&{}\\/.:;,-#%\n\r\t 019aé漢\u202e\ud800\0\x85",
        *(
            "-->",
            "00:00:01,000",
            "<i>",
            "</i>",
            "<c.red>",
            "<font color=",
            "WEBVTT",
            "NOTE",
            "STYLE",
            "::cue(.a){color:",
        ),
        *("&amp;", "&#", "{\\an8}", "line:", "50%", "\n\n", "<v ", "<rt>", "\ufeff"),
    ]
)


@example("<\t<i>\t")
@given(st.lists(PIECES, max_size=60).map("".join))
def test_every_string_is_read_or_refused(content: str) -> None:
    """And what is read can be written, and read again as the same."""
    for text in (content, f"WEBVTT\n\n00:01.000 --> 00:02.000 {content}", f"00:00:01,000 --> 00:00:02,000\n{content}"):
        try:
            found = read(text).cues
        except CuesError:
            continue
        again = read(write_webvtt.written(found)).cues
        assert [one.text for one in again] == [one.text for one in found if one.end - one.start >= Fraction(1, 500)]


@given(st.binary(max_size=200))
def test_every_file_is_read_or_refused(content: bytes) -> None:
    """No bytes make anything else of it."""
    with contextlib.suppress(CuesError):
        read(content)


LOOKS = st.builds(
    CueRun,
    st.text(st.sampled_from("ab <>&-;{}\u00a0漢א"), min_size=1, max_size=8).filter(lambda text: text.strip() == text),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "#ff0000", "#ff8800"]),
)
PLACES = st.sampled_from(
    [
        *(ANYWHERE, CuePlace(line=0), CuePlace(line=-3, line_align="end", align="left"), *markup.NUMPAD.values()),
        CuePlace(line_percent=12.5, position_percent=30, position_align="end", size_percent=50, align="right"),
    ]
)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), LOOKS, PLACES), max_size=5))
def test_what_is_written_is_read_again(said: list[tuple[int, int, CueRun, CuePlace]]) -> None:
    """Texts, looks, places and times, whatever signs are in the text."""
    cues = tuple(
        Cue(str(Fraction(start, 1000)), str(Fraction(start + length, 1000)), (run,), place)
        for start, length, run, place in sorted(said, key=lambda one: one[0])
    )
    if cues:
        assert read(write_webvtt.written(cues)).cues == cues


def test_webvtt_is_written_as_players_read_it() -> None:
    """Canonical: the same cues are the same bytes."""
    cues = (
        Cue("1/3", "3661", (CueRun("a --> <b> & "), CueRun("x", True, True, True, "#ff8800")), CuePlace(line=0)),
        Cue("1/10000", "2/10000", (CueRun("shorter than a tick"),)),
    )
    assert write_webvtt.written(cues, first_lines=["X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"]) == (
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
        "STYLE\n::cue(.colorff8800) { color: #ff8800 }\n\n"
        "00:00:00.333 --> 01:01:01.000 line:0\n"
        "a --&gt; &lt;b&gt; &amp; <c.colorff8800><i><b><u>x</u></b></i></c>\n"
    )


def test_a_cue_that_a_client_gives_has_a_time_and_something_to_see() -> None:
    """Tags are those of SRT."""
    assert inline(Fraction(1), Fraction(2), "a <i>b</i> <3").runs == (
        CueRun("a "),
        CueRun("b", italic=True),
        CueRun(" <3"),
    )
    for start, end, text, sentence in ((2, 1, "x", "before"), (1, 1, "x", "when"), (1, 2, "<i> ", "nothing to see")):
        with pytest.raises(CuesError, match=sentence):
            inline(Fraction(start), Fraction(end), text)


def test_cues_move_with_the_video() -> None:
    """A trim, a cut in the middle, a speed; what is gone is gone, what goes on over a seam stays one cue."""
    cues = [cue(0, 2, "a"), cue(1, 6, "b"), cue(5, 9, "c"), cue(20, 21, "d")]

    def shown(pieces: list[Piece]) -> list[tuple[str, str, str]]:
        return [(one.start_s, one.end_s, one.text) for one in moved(cues, pieces)]

    trim = [Piece(Fraction(1), Fraction(6), Fraction(0))]
    assert shown(trim) == [("0", "1", "a"), ("0", "5", "b"), ("4", "5", "c")]
    cut = [Piece(Fraction(0), Fraction(3), Fraction(0)), Piece(Fraction(5), Fraction(30), Fraction(3))]
    assert shown(cut) == [("0", "2", "a"), ("1", "4", "b"), ("3", "7", "c"), ("18", "19", "d")]
    swapped = [Piece(Fraction(5), Fraction(9), Fraction(0)), Piece(Fraction(0), Fraction(5), Fraction(4))]
    assert shown(swapped) == [("0", "1", "b"), ("0", "4", "c"), ("4", "6", "a"), ("5", "9", "b")]
    assert shown([Piece(Fraction(0), Fraction(30), Fraction(0), Fraction(3, 2))])[1] == ("2/3", "4", "b")


def test_thousands_of_cues_move_at_once() -> None:
    """Over as many cuts."""
    cues = [cue(n, n + 1) for n in range(5000)]
    began = time.process_time()
    found = moved(cues, [Piece(Fraction(n), Fraction(n + 5), Fraction(n, 2)) for n in range(0, 5000, 10)])
    assert time.process_time() - began < 5
    assert len(found) == 2500


TIMES = st.integers(0, 40).map(lambda n: Fraction(n, 4))


@given(st.lists(st.tuples(TIMES, TIMES), max_size=8), TIMES)
def test_a_state_is_what_is_shown_at_its_times(spans: list[tuple[Fraction, Fraction]], at: Fraction) -> None:
    """A cue is on the screen while start <= t < end, in every state that holds then and in no other."""
    cues = [cue(min(span), max(span)) for span in spans if span[0] != span[1]]
    found = states(cues)
    assert found[0].start == 0
    assert found[-1].shown == ()
    assert all(a.start < b.start and a.shown != b.shown for a, b in itertools.pairwise(found))
    now = [state.shown for state in found if state.start <= at][-1]
    assert now == tuple(number for number, one in enumerate(cues) if one.start <= at < one.end)


def test_what_lies_behind_the_end_is_cut_off() -> None:
    """Of a video that is shorter than its subtitles."""
    assert time_line.within([cue(0, 5), cue(8, 12), cue(10, 12)], Fraction(10)) == (cue(0, 5), cue(8, 10))


def test_a_cue_is_broken_at_the_width_that_it_asks_for() -> None:
    """As far as that lies in the picture, and never at less than two letters."""
    style = in_pixels(SubtitleStyle(), (640, 360))

    def room(**place: Any) -> int:
        return layout.widest(Cue("0", "1", (CueRun("x"),), CuePlace(**place)), style)

    assert room(size_percent=50) == 320
    assert room(size_percent=0) == 2 * style.text.font_size
    assert room() == room(size_percent=100)


def test_what_lies_beside_the_canvas_needs_no_room() -> None:
    style = in_pixels(SubtitleStyle(), (640, 360))
    assert layout.bounds([layout.Box(700, 10, 800, 50)], style) is None
    assert layout.bounds([layout.Box(-5, 11, 33, 51)], style) == layout.Box(0, 10, 34, 52)
