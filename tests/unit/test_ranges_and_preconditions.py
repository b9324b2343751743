"""What a file request is answered with, weighed as RFC 9110 says, and under which name it is saved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.api.http.content_disposition import content_disposition
from reelwright.api.http.ranges_and_preconditions import Verdict, evaluate
from reelwright.file_formats import MIME_TYPES

ETAG = '"abc"'
CHANGED = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
SAME = "Sun, 01 Nov 2026 12:00:00 GMT"
BEFORE = "Sun, 01 Nov 2026 11:59:59 GMT"
AFTER = "Sun, 01 Nov 2026 12:00:01 GMT"
WHOLE = Verdict(200, 0, 1000)


def answer(method: str = "GET", size_bytes: int = 1000, /, **headers: str) -> Verdict:
    return evaluate(method, {k.replace("_", "-"): v for k, v in headers.items()}, ETAG, CHANGED, size_bytes)


@pytest.mark.parametrize(
    ("wanted", "verdict"),
    [
        ("bytes=0-0", Verdict(206, 0, 1)),
        ("bytes=0-499", Verdict(206, 0, 500)),
        ("bytes=500-", Verdict(206, 500, 1000)),
        ("bytes=999-", Verdict(206, 999, 1000)),
        ("bytes=0-99999", Verdict(206, 0, 1000)),
        ("bytes=-1", Verdict(206, 999, 1000)),
        ("bytes=-5000", Verdict(206, 0, 1000)),
        ("BYTES= 1-2", Verdict(206, 1, 3)),
        ("bytes=1000-", Verdict(416)),
        ("bytes=1000-2000", Verdict(416)),
        ("bytes=-0", Verdict(416)),
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=2-1", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=1-2x", WHOLE),
        ("bytes=٣-٤", WHOLE),
        ("items=0-1", WHOLE),
        ("bytes=" + "0" * 200 + "-1", WHOLE),
        ("", WHOLE),
    ],
)
def test_one_range_is_honoured_and_nonsense_is_ignored(wanted: str, verdict: Verdict) -> None:
    """First-last, open, suffix; outside of the file 416; several ranges or none get the whole file."""
    assert answer(range=wanted) == verdict


def test_an_empty_file_has_no_range() -> None:
    """Any range of nothing cannot be satisfied; without one, nothing is sent."""
    assert answer("GET", 0, range="bytes=0-") == Verdict(416)
    assert answer("GET", 0, range="bytes=-5") == Verdict(416)
    assert answer("GET", 0) == Verdict(200)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": ETAG}, 304),
        ({"if_none_match": f"W/{ETAG}"}, 304),
        ({"if_none_match": f'"x,y", {ETAG}'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"other"'}, 200),
        ({"if_none_match": '"other"', "if_modified_since": AFTER}, 200),
        ({"if_modified_since": SAME}, 304),
        ({"if_modified_since": BEFORE}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_match": ETAG}, 200),
        ({"if_match": "*"}, 200),
        ({"if_match": '"other"'}, 412),
        ({"if_match": f"W/{ETAG}"}, 412),
        ({"if_unmodified_since": SAME}, 200),
        ({"if_unmodified_since": BEFORE}, 412),
        ({"if_unmodified_since": BEFORE, "if_match": ETAG}, 200),
        ({"if_none_match": ETAG, "range": "bytes=0-1"}, 304),
        ({"range": "bytes=0-1", "if_range": ETAG}, 206),
        ({"range": "bytes=0-1", "if_range": f"W/{ETAG}"}, 200),
        ({"range": "bytes=0-1", "if_range": '"other"'}, 200),
        ({"range": "bytes=0-1", "if_range": SAME}, 206),
        ({"range": "bytes=0-1", "if_range": AFTER}, 200),
        ({"range": "bytes=0-1", "if_range": "nonsense"}, 200),
        ({"range": "bytes=5000-", "if_range": '"other"'}, 200),
    ],
    ids=str,
)
def test_preconditions_are_weighed_in_their_order(headers: dict[str, str], status: int) -> None:
    """ETags win over dates, the range counts only for the very file that the client has part of."""
    assert answer(**headers).status == status


def test_head_knows_no_range() -> None:
    """Range is defined for GET only."""
    assert answer("HEAD", range="bytes=0-1") == WHOLE


@given(st.text(max_size=20) | st.from_regex(r"bytes=[0-9]{0,5}-[0-9]{0,5}", fullmatch=True), st.integers(0, 2000))
def test_no_range_reads_outside_of_the_file(wanted: str, size_bytes: int) -> None:
    """Whatever is asked, the answer is a part of the file."""
    verdict = answer("GET", size_bytes, range=wanted)
    assert 0 <= verdict.start <= verdict.stop <= size_bytes
    assert verdict.status != 206 or verdict.start < verdict.stop


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("clip.mp4", "attachment; filename=\"clip.mp4\"; filename*=UTF-8''clip.mp4"),
        ("my clip.mp4", "attachment; filename=\"my clip.mp4\"; filename*=UTF-8''my%20clip.mp4"),
        ("Fähnchen.mp4", "attachment; filename=\"Fahnchen.mp4\"; filename*=UTF-8''F%C3%A4hnchen.mp4"),
        ("क्ष.mp4", "attachment; filename=\"download.mp4\"; filename*=UTF-8''%E0%A4%95%E0%A5%8D%E0%A4%B7.mp4"),
        ('a"; x="b.mp4', "attachment; filename=\"a__ x__b.mp4\"; filename*=UTF-8''a_%3B%20x%3D_b.mp4"),
        ("a\r\nSet-Cookie: b", "attachment; filename=\"a__Set-Cookie_ b\"; filename*=UTF-8''a__Set-Cookie%3A%20b"),
        ("100%41.mp4", "attachment; filename=\"100_41.mp4\"; filename*=UTF-8''100%2541.mp4"),
        ("\ud800", "attachment; filename=\"download\"; filename*=UTF-8''download"),
    ],
)
def test_a_name_goes_into_the_header_and_nothing_else_with_it(name: str, header: str) -> None:
    """UTF-8 by RFC 8187, with an ASCII name for old clients; no quote or line break of a client gets through."""
    assert content_disposition(name, inline=False) == header


@given(st.text())
def test_any_name_makes_a_header_that_can_be_sent(name: str) -> None:
    """Visible ASCII only, with exactly the two quotes that we write."""
    header = content_disposition(name, inline=True)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def test_no_content_type_of_ours_can_run_in_a_page() -> None:
    """What is not in the table is sent as plain bytes."""
    assert not {"text/html", "image/svg+xml", "text/xml", "application/xhtml+xml"} & MIME_TYPES
