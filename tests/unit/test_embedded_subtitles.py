"""Tracks of text that a file has of its own: packets of each kind read, bounded, kept on the result's time line."""

from __future__ import annotations

import struct
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits import ladder
from reelwright.edits.cues.cue import ANYWHERE, MAX_CUE_CHARACTERS, Cue, CuePlace, CueRun
from reelwright.edits.cues.cue import MAX_CUES as MOST_CUES
from reelwright.edits.cues.embedded import FoundCue, FoundTrack, embedded
from reelwright.edits.cues.joined_tracks import within
from reelwright.edits.cues.packet_text import TEXT_CODECS, PacketText, TrackHeader, header_of, text_of
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.cues.track import MAX_CHARACTERS, MAX_CUES, MAX_RUNS, MAX_TOGETHER, MAX_TRACKS, SubtitleTrack
from reelwright.edits.edit import Edit, transcode, trim
from reelwright.edits.facts import Facts
from reelwright.edits.media_info import OtherStream
from reelwright.edits.outputs import FileOutput, Ladder
from reelwright.edits.plan import SINGLE, SINGLE_SUBTITLED, resolve
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media

NONE = TrackHeader()
ASS_HEADER = b"""[V4+ Styles]
Format: Name, Fontname, Bold, Italic, Alignment
Style: Default,Arial,0,0,2
Style: Sign,Arial,-1,0,8
"""


def ass(text: str, style: str = "Default") -> bytes:
    return f"0,0,{style},,0,0,0,,{text}".encode()


def timed(text: str, *styles: tuple[int, int, int, str]) -> bytes:
    """A sample of MP4's timed text."""
    coded = text.encode()
    records = b"".join(
        struct.pack(">HHHBB", first, end, 1, face, 16) + bytes.fromhex(f"{tint}ff") for first, end, face, tint in styles
    )
    box = struct.pack(">I4sH", 10 + len(records), b"styl", len(styles)) + records if styles else b""
    return len(coded).to_bytes(2) + coded + box


def line(start: int, end: int | None, text: str = "x") -> FoundCue:
    return FoundCue(Fraction(start), None if end is None else Fraction(end), PacketText((CueRun(text),)))


def found(
    *cues: FoundCue, stream: int = 1, title: str = "", language: str = "eng", default: bool = False
) -> FoundTrack:
    return FoundTrack(stream, language, title, default=default, forced=False, cues=list(cues))


@pytest.mark.parametrize(
    ("codec", "data", "runs"),
    [
        ("subrip", b"<i>Hi</i> you\r\nthere", (CueRun("Hi", italic=True), CueRun(" you\nthere"))),
        ("subrip", b"<script>alert(1)</script> 1 < 2\x07\x00", (CueRun("<script>alert(1)</script> 1 < 2"),)),
        ("webvtt", b"<v Ann><b>Hi</b> &lt;b&gt;", (CueRun("Hi", bold=True), CueRun(" <b>"))),
        ("ass", ass(r"{\i1}Hi{\i0}, you\Nthere"), (CueRun("Hi", italic=True), CueRun(", you\nthere"))),
        ("ass", ass(r"{\c&H0000FF&}red{\r} {\p1}m 0 0 l{\p0}a"), (CueRun("red", color="#ff0000"), CueRun(" a"))),
        ("ass", ass(r"{\pos(1,2)\bord2\blur3\clip(1,2,3,4)\be1}a,b,,c"), (CueRun("a,b,,c"),)),
        ("ass", ass(r"a{\p1}m 0 0 l 1 1"), (CueRun("a"),)),
        ("ass", ass("loud", "Sign"), (CueRun("loud", bold=True),)),
        ("ass", b"0,0,Default", ()),
        ("mov_text", timed("Hi\nyou", (0, 2, 2, "ffffff")), (CueRun("Hi\n", italic=True), CueRun("you"))),
        (
            "mov_text",
            timed("漢a😀b", (1, 3, 1, "ff0000")),
            (CueRun("漢"), CueRun("a😀", bold=True, color="#ff0000"), CueRun("b")),
        ),
        ("mov_text", timed("x", (0, 65535, 7, "ffffff")), (CueRun("x", italic=True, bold=True, underline=True),)),
        (
            "mov_text",
            timed("x") + struct.pack(">I4sH", 10, b"hlit", 0) + timed("", (0, 1, 2, "ffffff"))[2:],
            (CueRun("x", italic=True),),
        ),
        ("mov_text", timed("x") + struct.pack(">I4s", 0, b"styl"), (CueRun("x"),)),
        ("mov_text", b"\x00\x00", ()),
        ("mov_text", b"\xff\xffab", (CueRun("ab"),)),
        ("text", "\ufeffé".encode(), (CueRun("é"),)),
    ],
)  # fmt: skip
def test_each_kind_of_packet_says_its_text(codec: str, data: bytes, runs: tuple[CueRun, ...]) -> None:
    """With looks; what is no look of ours is left out, what is no tag is text, and control characters are gone."""
    header = header_of("ass", ASS_HEADER) if codec == "ass" else TrackHeader(color="#ffffff")
    assert text_of(codec, data, header).runs == runs


def test_places_are_kept() -> None:
    assert text_of("ass", ass(r"{\an8}up"), NONE).place == CuePlace(line=0)
    assert text_of("ass", ass("up", "Sign"), header_of("ass", ASS_HEADER)).place == CuePlace(line=0)
    assert text_of("ass", ass("up", "Sign"), header_of("ass", ASS_HEADER.replace(b"V4+", b"V4"))).place == ANYWHERE
    assert text_of("webvtt", b"x", NONE, "line:0 position:20%").place == CuePlace(line=0, position_percent=20)
    assert text_of("subrip", rb"{\an9}x", NONE).place == CuePlace(line=0, position_percent=100, align="right")


@given(st.sampled_from(sorted(TEXT_CODECS)), st.binary(max_size=300), st.binary(max_size=300))
def test_whatever_a_file_holds_is_read(codec: str, header: bytes, data: bytes) -> None:
    """No bytes stop it, and what comes out has no control characters."""
    read = text_of(codec, data, header_of(codec, header), "line:x position:1")
    assert not any(ord(letter) < 32 and letter != "\n" for run in read.runs for letter in run.text)


def test_tracks_have_names_languages_and_one_default() -> None:
    """Names are lines, none twice; what is no language is not known; what is empty is no track, and no loss."""
    read = embedded(
        [
            found(line(0, 1), title=" Eng\nlish ", default=True),
            found(line(0, 1), stream=2, title="Eng lish", language="pt-BR", default=True),
            found(line(0, 1), stream=3, language="e\x07"),
            found(stream=4),
        ]
    )
    assert [(one.label, one.language, one.default) for one in read.tracks] == [
        ("Eng lish", "en", True),
        ("Eng lish 2", "pt-BR", False),
        ("und", "und", False),
    ]
    assert (read.streams, read.warnings) == ((1, 2, 3, 4), ())


def test_cues_are_brought_in_order() -> None:
    """Those without an end last until the next one, some seconds at most; before the start nothing is shown; lines that
    draw outlines come once; absurd times are gone."""
    read = embedded(
        [
            found(
                *(line(7, None, "c"), line(2, None, "a"), line(3, 4, "b"), line(3, 4, "b")),
                *(line(-5, 1, "early"), line(-5, -4, "gone"), line(9, 9, "gone"), line(9, 8, "gone")),
                line(10**9, 2 * 10**9, "gone"),
            )
        ]
    )
    assert [(one.start_s, one.end_s, one.text) for one in read.tracks[0].cues] == [
        ("0", "1", "early"),
        ("2", "3", "a"),
        ("3", "4", "b"),
        ("7", "9", "c"),
    ]


def test_what_is_too_much_is_left_out_and_told() -> None:
    """Cues that are too long, or too many at once; whole tracks beyond what an edit may have, in the file's order."""
    crowded = found(
        *(line(0, 5, str(number)) for number in range(MAX_TOGETHER + 2)), line(1, 2, "y" * (MAX_CUE_CHARACTERS + 1))
    )
    read = embedded([crowded])
    assert len(read.tracks[0].cues) == MAX_TOGETHER
    assert read.warnings == (
        "the file's subtitle track 1 (en): 1 cues of more than 1000 characters or 20 lines are left out",
        "the file's subtitle track 1 (en): 2 cues are left out: 10 are shown at the same time",
    )
    many = [found(line(0, 1), stream=number) for number in range(MAX_TRACKS + 1)]
    read = embedded(many)
    assert read.streams == tuple(range(MAX_TRACKS))
    assert read.warnings == (
        f"the file's subtitle track {MAX_TRACKS + 1} (en) is left out: {MAX_TRACKS} tracks are kept",
    )
    long = [found(*(line(at, at + 1) for at in range(4000)), stream=number) for number in range(3)]
    assert embedded(long).streams == (0, 1)
    assert str(MAX_CUES) in embedded(long).warnings[0]
    endless = embedded([found(*(line(at, at + 1) for at in range(MOST_CUES + 1)))])
    assert len(endless.tracks[0].cues) == MOST_CUES
    assert endless.warnings == (
        f"the file's subtitle track 1 (en): the cues behind the first {MOST_CUES} are left out",
    )
    wordy = found(
        *(line(at, at + 1, "y" * MAX_CUE_CHARACTERS) for at in range(MAX_CHARACTERS // MAX_CUE_CHARACTERS + 1))
    )
    assert "characters together" in embedded([wordy]).warnings[0]
    colours = PacketText(tuple(CueRun("a", bold=bool(number % 2)) for number in range(MAX_CUE_CHARACTERS)))
    spotty = found(*(FoundCue(Fraction(at), Fraction(at + 1), colours) for at in range(MAX_RUNS // 1000 + 1)))
    assert embedded([spotty]).tracks == ()
    slow = found(line(0, 1))
    slow.given_up = "reading it takes too long"
    assert embedded([slow]).warnings == ("the file's subtitle track 1 (en) is left out: reading it takes too long",)


TRACK = SubtitleTrack(language="en", label="en", cues=(Cue("1", "2", (CueRun("a"),)), Cue("2", "7/2", (CueRun("b"),))))


def test_a_plan_without_steps_or_of_one_has_them_too() -> None:
    """At their times in what is made; ffmpeg opens them behind all else. Without any, a plan is what it was."""
    facts = Facts(sha256="0" * 64, media=media())
    whole = resolve(transcode(ladder.outputs(Ladder(), (1280, 720))), facts, texts=(TRACK,))
    assert [(one.start_s, one.end_s) for one in whole.tracks[0].cues] == [("1", "2"), ("2", "7/2")]
    cut = resolve(trim("1.6", "3.2"), facts, texts=(TRACK,))
    assert [(one.start_s, one.end_s, one.text) for one in cut.tracks[0].cues] == [
        ("0", "2/5", "a"),
        ("2/5", "8/5", "b"),
    ]
    assert {whole.version, cut.version} == {SINGLE_SUBTITLED}
    for plan in (whole, cut):
        (command,) = compile_plan(plan, Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True)).commands
        assert "<subtitles-1.mp4.srt>" in command.arguments
        assert command.arguments[command.arguments.index("-c:s") + 1] == "mov_text"
    assert resolve(trim("1.6", "3.2"), facts).version == SINGLE
    gone = resolve(trim("3.6", 4), facts, texts=(TRACK,))
    assert gone.tracks == ()
    assert gone.warnings == ("nothing is left of the subtitles en: their time was left out",)


def test_steps_move_them_along() -> None:
    """Also behind a first trim, of which nothing before is read."""
    steps = [{"type": "trim", "start": 1.6, "end": 3.6}, {"type": "speed", "factor": 2}]
    edit = msgspec.convert({"steps": steps}, Edit)
    plan = resolve(edit, Facts(sha256="0" * 64, media=media()), texts=(TRACK,))
    assert [(one.start_s, one.end_s, one.text) for one in plan.tracks[0].cues] == [
        ("0", "1/5", "a"),
        ("1/5", "19/20", "b"),
    ]
    assert within([TRACK], Piece(Fraction(3), Fraction(4), Fraction(0)))[0].cues == (Cue("0", "1/2", (CueRun("b"),)),)


def test_subtitles_that_are_pictures_are_told_with_what_can_be_done() -> None:
    other = [OtherStream(index=3, kind="subtitle", codec="hdmv_pgs_subtitle")]
    facts = Facts(sha256="0" * 64, media=msgspec.structs.replace(media(), other=other))
    assert resolve(trim(1, 2, FileOutput()), facts).warnings == (
        "left out: 1 subtitle track",
        "subtitles that are pictures (PGS) cannot be kept: upload their text as SRT or WebVTT, and name it in a step"
        " `subtitles`",
    )
