"""What ffmpeg says on its progress pipe, good and bad."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from reelwright.media.ffmpeg.progress import ProgressReader, percent

REPORT = "frame=50\nfps=24\nout_time_us=2000000\nout_time_ms=2000000\nspeed=1.5x\nprogress={}\n"


def feed(reader: ProgressReader, text: str) -> list[float]:
    return [found.out_time_s for line in text.splitlines() if (found := reader.feed(line))]


def test_a_report_is_complete_with_its_last_line() -> None:
    """Position in seconds, frame, speed, and whether it was the last."""
    reader = ProgressReader()
    assert feed(reader, REPORT.format("continue")) == [2.0]
    assert (reader.latest.frame, reader.latest.speed, reader.latest.ended) == (50, 1.5, False)
    feed(reader, REPORT.format("end"))
    assert reader.latest.ended


def test_positions_never_fall() -> None:
    """N/A, negative and backward values are ignored."""
    reader = ProgressReader()
    text = "".join(f"out_time_us={value}\nprogress=continue\n" for value in ("N/A", "-5", "3000000", "1", "4000000"))
    assert feed(reader, text) == [0, 0, 3, 3, 4]


def test_a_speed_by_a_time_that_is_none_is_none() -> None:
    """As ffmpeg tells it when the last packet is out, and sound and video are both over."""
    reader = ProgressReader()
    feed(reader, REPORT.format("continue"))
    assert feed(reader, "out_time_us=9223372036853775807\nspeed=3.82e+12x\nprogress=continue\n") == [2.0]
    assert reader.latest.speed == 1.5


def test_what_ffmpeg_says_at_first_of_its_speed_is_none() -> None:
    """Where it keeps the source's times it counts from its first report on, which it calls nowhere."""
    reader = ProgressReader()
    assert feed(reader, "frame=16\nout_time_us=0\nspeed=   0x\nprogress=continue\n") == [0.0]
    assert reader.latest.speed is None


def test_packets_tell_where_reports_are_late() -> None:
    """Also between the lines of a report; packets come in the order in which they are decoded."""
    reader = ProgressReader()
    text = "packet_s=1.5\npacket_s=1.4\nout_time_us=1000000\npacket_s=2\nspeed=3x\npacket_s=N/A\nprogress=continue\n"
    assert feed(reader, text) == [1.5, 1.5, 2, 2, 2]
    assert reader.latest.speed == 3


@given(st.lists(st.text(max_size=40), max_size=200))
def test_any_lines_at_all_are_survived(lines: list[str]) -> None:
    """Bounded memory, positions that never fall, no exception."""
    reader, last = ProgressReader(), 0.0
    for line in lines:
        reader.feed(line)
        assert reader.latest.out_time_s >= last
        last = reader.latest.out_time_s


def test_percent_is_bounded() -> None:
    """Neither a longer output nor an unknown length leaves 0 to 100."""
    reader = ProgressReader()
    feed(reader, REPORT.format("continue"))
    assert percent(reader.latest, Fraction(4)) == 50
    assert percent(reader.latest, Fraction(1)) == 100
    assert percent(reader.latest, Fraction(0)) == 0
