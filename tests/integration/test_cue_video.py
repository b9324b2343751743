"""Drawn subtitles: one small video, a picture for each change of the screen, in every script, where and as is said."""

from fractions import Fraction
from pathlib import Path
from typing import TypedDict, Unpack

import av
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from reelwright.edits.cues.cue import Cue, CuePlace, CueRun
from reelwright.edits.cues.style import SubtitleStyle, in_pixels
from reelwright.errors import InvalidInput
from reelwright.media.images.requests import LaidCues
from tests.support.images import RendererForTests

CANVAS = (640, 360)


class Look(TypedDict, total=False):
    """What makes a run of text look different."""

    italic: bool
    bold: bool
    underline: bool
    color: str


def cue(start: object, end: object, text: str = "Hello", place: CuePlace = CuePlace(), **look: Unpack[Look]) -> Cue:  # noqa: B008
    return Cue(str(Fraction(str(start))), str(Fraction(str(end))), (CueRun(text, **look),), place)


def screens(path: Path, drawn: LaidCues, canvas: tuple[int, int] = CANVAS) -> list[tuple[Fraction, NDArray[np.uint8]]]:
    """When each picture begins, and the canvas with it."""
    found = []
    with av.open(str(path)) as video:
        for frame in video.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            canvas_ = np.zeros((canvas[1], canvas[0], 4), dtype=np.uint8)
            rgba = frame.to_ndarray(format="rgba")
            canvas_[drawn.y : drawn.y + drawn.height, drawn.x : drawn.x + drawn.width] = rgba
            found.append((frame.pts * frame.time_base, canvas_))
    return found


def box(canvas: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what can be seen."""
    rows, columns = np.nonzero(canvas[:, :, 3])
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


async def shown(
    renderer: RendererForTests,
    folder: Path,
    *cues: Cue,
    style: SubtitleStyle = SubtitleStyle(),  # noqa: B008
) -> list[tuple[Fraction, NDArray[np.uint8]]]:
    path = folder / "subtitles.mov"
    return screens(path, await renderer.draw_cues(cues, in_pixels(style, CANVAS), path))


async def test_a_picture_for_each_change_of_the_screen(renderer: RendererForTests, tmp_path: Path) -> None:
    """From the first instant on, at the exact microsecond; nothing is on the screen before, between and behind."""
    found = await shown(
        renderer, tmp_path, cue("1/3", 2), cue(3, "3601.5", "x"), cue("3601.5", 4000, "y"), cue(10**6, 10**6 + 1)
    )
    times = [Fraction(333333, 10**6), 2, 3]
    assert [time for time, _ in found][:4] == [0, *times]
    before = [found[0][1] * 0, *(canvas for _, canvas in found)]
    changes = [
        (time, bool(now[:, :, 3].any()))
        for (time, now), was in zip(found, before, strict=False)
        if (now[:, :, 3] != was[:, :, 3]).any()
    ]
    assert changes == [
        *((times[0], True), (2, False), (3, True), (Fraction("3601.5"), True), (4000, False)),
        *((10**6, True), (10**6 + 1, False)),
    ]


async def test_cues_lie_at_the_bottom_in_the_middle_unless_they_say(renderer: RendererForTests, tmp_path: Path) -> None:
    """WebVTT's settings, as far as the margins."""
    margin = 18

    async def where(place: CuePlace, **style: object) -> tuple[int, int, int, int]:
        wanted = msgspec.structs.replace(SubtitleStyle(), **style)
        return box((await shown(renderer, tmp_path, cue(0, 1, "Hi", place), style=wanted))[0][1])

    left, _, right, bottom = await where(CuePlace())
    assert abs((left + right) - 640) <= 2
    assert bottom == 360 - margin
    assert (await where(CuePlace(line=0)))[1] == margin
    assert (await where(CuePlace(), position="top"))[1] == margin
    middle = await where(CuePlace(), position="middle")
    assert abs(middle[1] + middle[3] - 360) <= 2
    assert (await where(CuePlace(line=-2)))[3] == 360 - margin - int(20 * 1.36)
    assert (await where(CuePlace(align="left")))[0] == margin
    assert (await where(CuePlace(align="end")))[2] == 640 - margin
    quarter = await where(CuePlace(line_percent=25, line_align="center", position_percent=25, position_align="start"))
    assert abs(quarter[0] - 160) <= 1
    assert abs((quarter[1] + quarter[3]) / 2 - 90) <= 1
    assert (await where(CuePlace(), margin=0))[3] == 360


async def test_cues_that_come_at_the_same_time_lie_above_each_other(renderer: RendererForTests, tmp_path: Path) -> None:
    """The one that was there stays where it is; the next one takes the free place."""
    found = dict(
        await shown(
            renderer, tmp_path, cue(0, 4, "first"), cue(1, 3, "second"), cue(2, 5, "third"), cue(4, 5, "fourth")
        )
    )
    alone, three = box(found[Fraction(0)]), box(found[Fraction(2)])
    assert alone[3] == three[3]
    assert three[3] - three[1] >= 2.5 * (alone[3] - alone[1])
    first = slice(alone[1], alone[3])
    assert (found[Fraction(0)][first] == found[Fraction(2)][first]).all()
    assert (found[Fraction(2)][: alone[1]] != found[Fraction(3)][: alone[1]]).any()
    top = box(found[Fraction(4)])
    assert top[1] == three[1]
    assert top[3] == alone[3]


async def test_cues_that_find_no_place_are_drawn_over_each_other(renderer: RendererForTests, tmp_path: Path) -> None:
    """What is below shows through, as much as both let it."""
    style = SubtitleStyle(background="#0000ff@0.5", padding=7, outline_width=0, font_size="33%")
    found = dict(await shown(renderer, tmp_path, cue(0, 2, "l\nl"), cue(1, 3, "l\nl"), style=style))
    alone, both = found[Fraction(0)], found[Fraction(1)]
    left, top, _, _ = box(alone)
    assert box(both) == box(alone)
    assert alone[top + 1, left + 1] == pytest.approx([0, 0, 255, 128], abs=1)
    assert both[top + 1, left + 1] == pytest.approx([0, 0, 255, 192], abs=1)


async def test_looks(renderer: RendererForTests, tmp_path: Path) -> None:
    """Colours of runs, bold, italic (of a family without one, too), underlined; outline, box and shadow."""

    async def drawn(
        text: str = "nnn",
        style: SubtitleStyle = SubtitleStyle(),  # noqa: B008
        **look: Unpack[Look],
    ) -> NDArray[np.uint8]:
        found = (await shown(renderer, tmp_path, cue(0, 1, text, **look), style=style))[0][1]
        left, top, right, bottom = box(found)
        return found[top:bottom, left:right]

    plain = await drawn()
    outlined = await drawn(style=SubtitleStyle(outline_width=3))
    assert {tuple(one) for one in outlined[outlined[:, :, 3] == 255][:, :3]} >= {(0, 0, 0), (255, 255, 255)}
    assert (plain[plain[:, :, 3] == 0][:, :3] == 0).all()
    red = await drawn(color="#ff0000")
    opaque = red[red[:, :, 3] == 255]
    assert {tuple(one) for one in opaque[opaque[:, 0] > 250]} == {(255, 0, 0, 255)}
    assert (await drawn(bold=True))[:, :, 0].mean() > 1.1 * plain[:, :, 0].mean()
    assert (await drawn(underline=True)).shape[0] > plain.shape[0]
    for text in ("lll", "漢字"):
        straight, leaning = await drawn(text), await drawn(text, italic=True)
        assert straight.shape != leaning.shape or (straight != leaning).any()
    boxed = await drawn(style=SubtitleStyle(background="#0000ff@0.5", padding=7))
    assert boxed[1, 1] == pytest.approx([0, 0, 255, 128], abs=1)
    shaded = await drawn(style=SubtitleStyle(outline_width=0, shadow_color="lime", shadow_x=30, shadow_y=0))
    assert {tuple(one) for one in shaded[shaded[:, :, 3] == 255][:, :3]} >= {(255, 255, 255), (0, 255, 0)}
    sharp = SubtitleStyle(outline_width=0, shadow_color="lime", shadow_x=60, shadow_y=0)
    soft = (await drawn(style=msgspec.structs.replace(sharp, shadow_blur=4)))[:, -20:, 3]
    assert soft.shape[0] > (await drawn(style=sharp)).shape[0] + 8
    assert 0 < soft.max() < 255
    faint = await drawn(style=SubtitleStyle(color="white@0.5", outline_color="red"))
    assert faint[(faint[:, :, 1] == 255)][0] == pytest.approx([255, 255, 255, 128], abs=1)


async def test_every_script_is_drawn_and_lines_are_broken(renderer: RendererForTests, tmp_path: Path) -> None:
    """Within the width that is said; emoji keep their colours; what no font has is refused by the cue's number."""
    long = "字幕は画面の幅で折り返されます。" * 5
    texts = ["नमस्ते दुनिया", "السلام عليكم", "שלום עולם", "字幕 字幕", "한국어", "ไทย", "Ελληνικά", "😀 ok", long]
    found = await shown(
        renderer, tmp_path, *(cue(number, number + 1, text) for number, text in enumerate(texts)),
        style=SubtitleStyle(max_width="50%"),
    )  # fmt: skip
    boxes = [box(canvas) for _, canvas in found[: len(texts)]]
    assert all(right - left <= 320 for left, _, right, _ in boxes)
    assert boxes[-1][3] - boxes[-1][1] > 3 * (boxes[3][3] - boxes[3][1])
    smile = found[7][1]
    assert (np.ptp(smile[smile[:, :, 3] == 255][:, :3].astype(int), axis=1) > 100).any()
    with pytest.raises(InvalidInput) as refused:
        await shown(renderer, tmp_path, cue(0, 1), cue(1, 2, "a\ue000"))
    assert [(one.pointer, one.detail) for one in refused.value.errors] == [("/cues/1", "no font here has U+E000")]
    with pytest.raises(InvalidInput) as refused:
        await shown(renderer, tmp_path, cue(0, 1), style=SubtitleStyle(font="Nobody's"))
    assert refused.value.errors[0].pointer == "/font"


async def test_the_same_subtitles_are_the_same_file(renderer: RendererForTests, tmp_path: Path) -> None:
    """To the byte."""
    for name in ("1.mov", "2.mov"):
        await renderer.draw_cues([cue(0, 1), cue(2, 3, "😀")], in_pixels(SubtitleStyle(), CANVAS), tmp_path / name)
    assert (tmp_path / "1.mov").read_bytes() == (tmp_path / "2.mov").read_bytes()


async def test_what_is_larger_than_the_picture_is_said(renderer: RendererForTests, tmp_path: Path) -> None:
    """It is cut off at the picture's edge; what would take gigabytes is refused."""
    style = in_pixels(SubtitleStyle(font_size="33%"), CANVAS)
    drawn = await renderer.draw_cues([cue(0, 1), cue(1, 2, "many words " * 20)], style, tmp_path / "1.mov")
    assert drawn.cut_off == (1,)
    assert (drawn.y, drawn.height) == (0, 360)
    huge = in_pixels(SubtitleStyle(font_size=1000), (8192, 4320))
    with pytest.raises(InvalidInput, match="too large a picture"):
        await renderer.draw_cues([cue(0, 1, "﷽" * 1000)], huge, tmp_path / "1.mov")


async def test_how_much_of_the_picture_is_covered_is_told(renderer: RendererForTests, tmp_path: Path) -> None:
    """Of a cue at the top and one at the bottom little, though all between is in the picture, too; one that is there
    when another comes and goes is drawn three times."""
    style = in_pixels(SubtitleStyle(), CANVAS)

    async def inked(*cues: Cue) -> tuple[int, int]:
        drawn = await renderer.draw_cues(cues, style, tmp_path / "1.mov")
        return drawn.inked_pixels, drawn.width * drawn.height

    once, box_ = await inked(cue(0, 1))
    assert 0.9 * box_ < once <= box_  # whose sides are even
    both, strip = await inked(cue(0, 1), cue(1, 2, place=CuePlace(line=0)))
    assert both == 2 * once < strip / 4
    assert (await inked(cue(0, 3), cue(1, 2, place=CuePlace(line=0))))[0] == 4 * once


async def test_hundreds_of_cues_are_one_small_file(renderer: RendererForTests, tmp_path: Path) -> None:
    """No more of the picture than they need."""
    many = [cue(number, Fraction(number) + Fraction(1, 2), f"This is cue {number}") for number in range(120)]
    drawn = await renderer.draw_cues(many, in_pixels(SubtitleStyle(), CANVAS), tmp_path / "1.mov")
    assert drawn.height < 40
    assert (tmp_path / "1.mov").stat().st_size < 120 * 8000
    assert len(screens(tmp_path / "1.mov", drawn)) == 240


@pytest.mark.parametrize(
    ("style", "pointer"),
    [
        (SubtitleStyle(font_size="50%"), "/font_size"),
        (SubtitleStyle(font_size="much"), "/font_size"),
        (SubtitleStyle(margin="50%"), "/margin"),
        (SubtitleStyle(color="colourful"), "/color"),
    ],
)
def test_a_style_that_cannot_be_names_the_field(style: SubtitleStyle, pointer: str) -> None:
    """With a sentence."""
    with pytest.raises(InvalidInput) as refused:
        in_pixels(style, CANVAS)
    assert [one.pointer for one in refused.value.errors] == [pointer]
