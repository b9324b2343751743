"""Pictures beside renditions: which times, which files, where on which sheet; all decided before a frame is read."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reelwright.edits import sidecar_times, sprite_sheet
from reelwright.edits.edit import transcode
from reelwright.edits.gifs_and_previews import Preview
from reelwright.edits.outputs import FileOutput
from reelwright.edits.plan import Facts, resolve
from reelwright.edits.pointers import Pointer
from reelwright.edits.posters_and_thumbnails import Poster, Thumbnails
from reelwright.edits.sidecar_files import sized
from reelwright.edits.sidecars import AnySidecar, PlannedSidecar, planned, texts
from reelwright.edits.sprite_sheet import Sprite
from reelwright.errors import FieldError, JobFailed
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media

HD = 1280, 720


def plan(wish: AnySidecar, length: str = "10", picture: tuple[int, int] = HD) -> PlannedSidecar:
    found, errors = planned(wish, frame_size=picture, length=Fraction(length), pointer=Pointer("/companions/0"))
    assert errors == []
    assert found is not None
    return found


def names(found: PlannedSidecar) -> list[str]:
    return [file.name for file in found.files]


def test_thumbnails_come_in_the_order_of_their_times() -> None:
    """However they are named; each file is promised, and an index of them."""
    found = plan(Thumbnails(at=("00:00:05", 1, 2.5)))
    assert found.at_s == ("1", "5/2", "5")
    assert names(found) == ["thumbnail-0001.jpg", "thumbnail-0002.jpg", "thumbnail-0003.jpg", "thumbnails.vtt"]
    assert (found.width, found.height) == (320, 180)
    assert texts(found, Fraction(10)) == {
        "thumbnails.vtt": "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:02.500\nthumbnail-0001.jpg\n\n"
        "00:00:02.500 --> 00:00:05.000\nthumbnail-0002.jpg\n\n"
        "00:00:05.000 --> 00:00:10.000\nthumbnail-0003.jpg\n"
    }


@pytest.mark.parametrize(
    ("every", "length", "times"),
    [
        (4, "10", ["0", "4", "8"]),
        (5, "10", ["0", "5"]),
        (0.1, "0.3", ["0", "1/10", "1/5"]),
        (60, "10", ["0"]),
        (10, "0.04", ["0"]),
    ],
)
def test_every_n_seconds_begins_at_the_start(every: float, length: str, times: list[str]) -> None:
    """And never reaches the end; one there is always. The times are exact."""
    assert list(plan(Thumbnails(every=every), length).at_s) == times
    assert list(plan(Sprite(every=every), length).at_s) == times


def test_a_sprite_lies_on_as_many_sheets_as_it_needs() -> None:
    """None larger than 4096 pixels a side, all alike; each cue names its tile, by whole milliseconds."""
    found = plan(Sprite(count=500, width=320), "3600.5")
    assert (found.columns, found.rows) == (10, 22)
    assert names(found) == ["sprite-1.jpg", "sprite-2.jpg", "sprite-3.jpg", "sprite.vtt"]
    assert {(file.image.width, file.image.height) for file in found.files if file.image} == {(3200, 3960)}
    cues = texts(found, Fraction("3600.5"))["sprite.vtt"].split("\n\n")
    assert len(cues) == 501
    assert cues[1] == "00:00:00.000 --> 00:00:07.201\nsprite-1.jpg#xywh=0,0,320,180"
    assert cues[232] == "00:27:43.431 --> 00:27:50.632\nsprite-2.jpg#xywh=320,180,320,180"
    assert cues[500] == "00:59:53.299 --> 01:00:00.500\nsprite-3.jpg#xywh=2880,900,320,180\n"


def test_a_short_sprite_is_no_larger_than_its_tiles() -> None:
    """By default not more than one a second, and at most a hundred."""
    found = plan(Sprite(), "3.2")
    assert (len(found.at_s), found.columns, found.rows) == (3, 3, 1)
    assert len(plan(Sprite(), "0.04").at_s) == 1
    assert len(plan(Sprite(), "7200").at_s) == 100


@given(
    count=st.integers(1, 1000),
    picture=st.tuples(st.integers(2, 8192), st.integers(2, 8192)),
    width=st.integers(16, 640),
    columns=st.integers(1, 64),
)
def test_any_grid_has_room_for_all_tiles(count: int, picture: tuple[int, int], width: int, columns: int) -> None:
    """Within the largest sheet, without a sheet too many, no two tiles in one place."""
    tile = sized(picture, width)
    assert tile[0] % 2 == tile[1] % 2 == 0
    grid = sprite_sheet.grid(count, tile, columns)
    assert grid.columns * tile[0] <= sprite_sheet.SHEET_SIDE
    assert grid.rows * tile[1] <= sprite_sheet.SHEET_SIDE
    held = grid.columns * grid.rows
    assert (grid.sheets - 1) * held < count <= grid.sheets * held
    places = sprite_sheet.places(count, tile, grid.columns, grid.rows, [f"{n}" for n in range(grid.sheets)])
    assert len(set(places)) == count


@given(
    count=st.integers(1, 200),
    rate=st.integers(1, 20),
    milliseconds=st.integers(1, 100_000),
    parts=st.integers(1, 10),
)
@example(count=82, rate=1, milliseconds=82_001, parts=8)
def test_bits_of_a_preview_follow_each_other_and_end_in_the_video(
    count: int, rate: int, milliseconds: int, parts: int
) -> None:
    """All frames that are wanted, unless the video is shorter than that; one at least."""
    length = Fraction(milliseconds, 1000)
    times = sidecar_times.runs(count, rate, length, parts=parts)
    assert times == sorted(set(times))
    assert times[0] >= 0
    assert times[-1] < length
    assert len(times) == min(count, -(-length * rate // 1))


def test_a_preview_is_six_bits_or_one() -> None:
    """Half a second from the middle of each sixth; from a given time on, as much as there is."""
    found = plan(Preview(), "60")
    assert found.at_s[:6] == ("19/4", "97/20", "99/20", "101/20", "103/20", "59/4")
    (file,) = found.files
    assert file.image is not None
    assert (len(found.at_s), file.image.duration_ms) == (30, 3000)
    assert plan(Preview(at=9.75)).at_s == ("39/4", "197/20", "199/20")


def test_sizes_keep_the_aspect_unless_it_is_extreme() -> None:
    """No small picture is enlarged unasked, and no narrow one grows higher than a file can be."""
    assert sized((720, 1280), 320) == (320, 568)
    assert sized((16, 8000), 320) == (2, 1280)
    small = plan(Preview(), picture=(200, 100))
    assert (small.width, small.height) == (200, 100)


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        (Thumbnails(), {"/at": "is empty"}),
        (Thumbnails(at=(1,), every=1), {"/every": "is one way to say it, `at` is another"}),
        (
            Thumbnails(at=(1, "x", 10, -1, 1.0)),
            {
                "/at/1": 'a time is a number of seconds, or text like "1.5", "1:30" or "0:01:30.5"',
                "/at/2": "is not before the end of the video (10 s)",
                "/at/3": "a time is not negative",
                "/at/4": "is the same time as number 0",
            },
        ),
        (
            Thumbnails(every=0.019),
            {"/every": "gives 527 pictures, 500 are made at most: every 0.02 s or more"},
        ),
        (Sprite(every=1, count=5), {"/count": "is one way to say it, `every` is another"}),
        (Sprite(every=0.001), {"/every": "gives 10000 pictures, 1000 are made at most: every 0.01 s or more"}),
        (Preview(at=10), {"/at": "is not before the end of the video (10 s)"}),
        (Poster(at=10), {"/at": "is not before the end of the video (10 s)"}),
    ],
)
def test_what_cannot_be_is_named(wish: AnySidecar, wrong: dict[str, str]) -> None:
    """By its pointer and in a sentence."""
    found, errors = planned(wish, frame_size=HD, length=Fraction(10), pointer=Pointer())
    assert found is None
    assert errors == [FieldError(pointer, detail) for pointer, detail in wrong.items()]


def test_a_preview_needs_an_encoder() -> None:
    """Where ffmpeg has none, the job says so at once; other pictures need nothing special."""
    bare = Capabilities(ffmpeg_version="9.0", threads=2, tone_mapping=True, encoders=("libx264",))

    def compiled(wish: AnySidecar) -> None:
        compile_plan(resolve(transcode((FileOutput(),), (wish,)), Facts(sha256="0" * 64, media=media())), bare)

    compiled(Sprite())
    with pytest.raises(JobFailed, match="libwebp_anim") as caught:
        compiled(Preview())
    assert caught.value.code == "unsupported_here"
