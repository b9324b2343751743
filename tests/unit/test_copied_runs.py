"""What a cut copies and what it codes anew, by the order in which packets are decoded and shown."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.media.splicing import copy_end, copy_start, seen_packets
from reelwright.media.splicing.copy_end import RunTail
from reelwright.media.splicing.copy_start import RunHead
from reelwright.media.splicing.seen_packets import NotSo, PictureKind, SeenPacket

START, LEADING, OTHER = PictureKind


def seen(*found: tuple[PictureKind, int]) -> list[SeenPacket]:
    return [SeenPacket(pts, None, kind) for kind, pts in found]


def test_copying_begins_at_the_first_picture_from_which_decoding_can() -> None:
    """What is shown before it is coded anew, also where it is decoded later: pictures that lead."""
    packets = seen((START, 0), (OTHER, 2), (OTHER, 1), (START, 5), (LEADING, 3), (LEADING, 4), (OTHER, 6))
    assert copy_start.head(packets, 0, 9) == RunHead([], 0)
    assert copy_start.head(packets, 2, 9) == RunHead([2, 3, 4], 5)
    assert copy_start.head(packets, 2, 5) is None
    assert copy_start.head(packets, 6, 9) is None


def test_without_coding_copying_begins_at_the_nearest_key_frame() -> None:
    """Of two that are as near, at the earlier one: nothing of what was asked for is lost."""
    assert copy_start.nearest(0, 10, begin=4, end=20) == 0
    assert copy_start.nearest(0, 10, begin=5, end=20) == 0
    assert copy_start.nearest(0, 10, begin=6, end=20) == 10
    assert copy_start.nearest(None, 10, begin=6, end=20) == 10


def test_copying_ends_where_all_is_shown_that_was_decoded() -> None:
    packets = seen((START, 0), (OTHER, 3), (OTHER, 1), (OTHER, 2), (OTHER, 6), (OTHER, 4), (OTHER, 5))
    assert copy_end.tail(packets, 0, 9, from_start=True) == RunTail([], 6)
    assert copy_end.tail(packets, 0, 5, from_start=True) == RunTail([4], 3)
    assert copy_end.tail(packets, 0, 3, from_start=True) == RunTail([1, 2], 0)
    assert copy_end.tail(packets, 0, 0, from_start=True) is None


def test_where_pictures_lead_an_earlier_key_frame_is_looked_at() -> None:
    """Nothing of what is decoded from the last one on is shown behind all others. Where none lead, all before it is
    copied, whatever that is."""
    packets = seen((START, 5), (LEADING, 3), (LEADING, 4), (OTHER, 6))
    assert copy_end.tail(packets, 0, 5, from_start=False) is None
    assert copy_end.tail(packets, 0, 6, from_start=False) == RunTail([], 5)
    assert copy_end.tail(packets, 5, 6, from_start=True) == RunTail([], 5)
    assert copy_end.tail(seen((START, 5), (OTHER, 6)), 0, 5, from_start=False) == RunTail([], 4)


@pytest.mark.parametrize(
    ("packets", "sentence"),
    [
        (seen((START, 0), (OTHER, 7), (START, 5)), "decoded before a key frame are shown after it"),
        (seen((START, 0), (START, 5), (OTHER, 3)), "decoded after a key frame are shown before it"),
        (seen((START, 0), (OTHER, 2), (OTHER, 2), (START, 5)), "two of its frames are shown at one time"),
    ],
)
def test_copying_does_not_begin_where_frames_would_be_lost(packets: list[SeenPacket], sentence: str) -> None:
    with pytest.raises(NotSo, match=sentence):
        copy_start.head(packets, 1, 9)


@pytest.mark.parametrize(
    ("packets", "from_start"),
    [(seen((START, 5), (OTHER, 3)), True), (seen((START, 5), (OTHER, 6), (LEADING, 3)), False)],
)
def test_copying_does_not_end_where_frames_would_be_lost(packets: list[SeenPacket], *, from_start: bool) -> None:
    with pytest.raises(NotSo, match="decoded after a key frame are shown before it"):
        copy_end.tail(packets, 5, 9, from_start=from_start)


def test_edges_are_not_looked_at_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_start, "MAX_EDGE_FRAMES", 10)
    monkeypatch.setattr(copy_end, "MAX_EDGE_FRAMES", 10)
    monkeypatch.setattr(seen_packets, "MAX_TOUCHED_FRAMES", 10)
    endless = seen(*((OTHER, pts) for pts in range(100)))
    assert copy_start.head(endless, 5, 9) is None
    for looked in (
        lambda: copy_start.head(endless, 5, 99),
        lambda: copy_end.tail(endless, 0, 99, from_start=True),
        lambda: seen_packets.shown(endless, 0, 99),
    ):
        with pytest.raises(NotSo, match=r"too far apart|too many of its frames"):
            looked()


def decoded(groups: Iterable[int]) -> list[SeenPacket]:
    """Groups of frames, of each of which the last one is decoded first."""
    found, at = [SeenPacket(0, -5, START)], 1
    for length in groups:
        found += [SeenPacket(pts, len(found), OTHER) for pts in (at + length - 1, *range(at, at + length - 1))]
        at += length
    return [packet._replace(dts=number - 5) for number, packet in enumerate(found)]


@given(st.lists(st.integers(1, 5), max_size=120), st.integers(1, 300))
def test_a_tail_is_as_short_as_it_can_be(groups: list[int], end: int) -> None:
    """And every frame before the end is copied or coded, once."""
    packets = decoded(groups)
    wanted = [packet.pts for packet in packets if packet.pts < end]
    ends = [
        max(shown)
        for count in range(1, len(packets) + 1)
        if len(shown := [packet.pts for packet in packets[:count]]) == max(shown) + 1 and max(shown) < end
    ]
    found = copy_end.tail(packets, 0, end, from_start=True)
    assert found is not None
    assert found.last == ends[-1]
    assert sorted(wanted) == [*range(found.last + 1), *found.frames]
