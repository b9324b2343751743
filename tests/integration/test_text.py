"""Drawn texts: literal, of the promised size and look, the same each time; hostile ones do nothing else."""

import asyncio
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reelwright.edits.layers import TextStyle
from reelwright.edits.text_rules import checked_text
from reelwright.errors import InvalidInput, MediaProcessFailed
from reelwright.media.images import text_image
from reelwright.media.images.requests import Face
from tests.support.hostile_strings import Watch
from tests.support.images import BUNDLED_ONLY, RendererForTests, drawing_in_this_process, ink, opacity, pixels
from tests.support.processes import childless, stop_child_of

RED, BLUE = "red", "blue"
BIG = TextStyle(font_size=64)


async def test_a_text_is_its_ink_and_no_more(renderer: RendererForTests, tmp_path: Path) -> None:
    """The size that is returned is the picture's; every edge touches ink; letters have the wanted colour."""
    target = tmp_path / "text.png"
    size = await renderer.draw_text("Hi नमस्ते", msgspec.structs.replace(BIG, color=RED), target)
    drawn = pixels(target)
    assert drawn.shape == (size[1], size[0], 4)
    alpha = drawn[:, :, 3]
    assert all(edge.any() for edge in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]))
    assert (drawn[alpha == 255][:, :3] == (255, 0, 0)).all()


@pytest.mark.slow
async def test_the_same_again_is_the_same_file(renderer: RendererForTests, tmp_path: Path) -> None:
    """To the byte, by another draughtsman with another folder, too."""
    style = msgspec.structs.replace(
        BIG, outline_width=2, shadow_color="black", shadow_blur=3, background=BLUE, padding=5
    )
    await renderer.draw_text("Hi नमस्ते 😀", style, tmp_path / "1.png")
    async with RendererForTests.in_folder(tmp_path / "other") as other:
        await other.draw_text("Hi नमस्ते 😀", style, tmp_path / "2.png")
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("<b>x</b>", "x"),
        ("&amp;", "&"),
        ("&#65;", "A"),
        ("%{n}", "%"),
        ("<span size='90000'>x</span>", "x"),
        ("\\n", "n"),
        ("</span>x", "x"),
    ],
)
async def test_markup_is_drawn_literally(text: str, shorter: str, renderer: RendererForTests, tmp_path: Path) -> None:
    """Every character is there to see: the picture is as wide as that many letters, and one line high."""
    wide, high = await renderer.draw_text(text, TextStyle(), tmp_path / "1.png")
    narrow, _ = await renderer.draw_text(shorter, TextStyle(), tmp_path / "2.png")
    assert wide > narrow + 5 * (len(text) - len(shorter))
    assert high < 45


async def test_lines_are_broken_at_the_width(renderer: RendererForTests, tmp_path: Path) -> None:
    """Between words; within a word that is too long for a line of its own; in Thai, which has no spaces, between
    words, too."""
    target = tmp_path / "text.png"
    for text in ("some words that are wrapped", "Donaudampfschifffahrtsgesellschaft", "ภาษาไทยเป็นภาษาที่สวยงามมาก"):
        _, one_line = await renderer.draw_text(text, TextStyle(), target)
        width, lines = await renderer.draw_text(text, TextStyle(max_width=150), target)
        assert width <= 150
        assert lines > 1.9 * one_line


async def test_lines_are_aligned(renderer: RendererForTests, tmp_path: Path) -> None:
    """Left, centre, right; `start` is the left of Latin and the right of Arabic text."""

    async def indent(text: str, align: str) -> float:
        """Where the second line's ink begins, 0 at the left to 1 at the right."""
        style = msgspec.convert({"align": align, "font_size": 40}, TextStyle)
        width, _ = await renderer.draw_text(text, style, tmp_path / "text.png")
        second = opacity(tmp_path / "text.png")[-20:]
        columns = np.flatnonzero(second.any(0))
        return float(columns[0] / (width - (columns[-1] - columns[0] + 1)))

    latin, arabic = "WWWWWWWW\nll", "السلام عليكم ورحمة\nلا"
    for text, start in ((latin, 0), (arabic, 1)):
        assert await indent(text, "left") == pytest.approx(0, abs=0.03)
        assert await indent(text, "center") == pytest.approx(0.5, abs=0.03)
        assert await indent(text, "right") == pytest.approx(1, abs=0.03)
        assert await indent(text, "start") == pytest.approx(start, abs=0.03)


async def test_right_to_left_within_a_line(renderer: RendererForTests, tmp_path: Path) -> None:
    """In a line of both, each runs its own way: a word in Hebrew behind a Latin one begins at the right."""
    target = tmp_path / "text.png"
    await renderer.draw_text("W א", BIG, target)
    left = ink(opacity(target))[:, :20]
    await renderer.draw_text("א W", BIG, target)
    right = ink(opacity(target))[:, :20]
    assert np.abs(left - right).mean() < 1  # both begin with the W at the left


async def test_outline_shadow_and_box_are_where_they_belong(renderer: RendererForTests, tmp_path: Path) -> None:
    """Sizes grow by exactly what is asked for, colours and opacities are the wanted ones."""
    target = tmp_path / "text.png"
    plain = await renderer.draw_text("l", TextStyle(font_size=100), target)

    async def drawn(**style: object) -> tuple[tuple[int, int], np.ndarray]:
        size = await renderer.draw_text("l", msgspec.structs.replace(TextStyle(font_size=100), **style), target)
        return (size[0] - plain[0], size[1] - plain[1]), pixels(target)

    grown, picture = await drawn(outline_width=6, outline_color=RED)
    assert grown == (12, 12)
    middle = picture.shape[0] // 2
    assert tuple(picture[middle, 3]) == (255, 0, 0, 255)
    assert tuple(picture[middle, picture.shape[1] // 2]) == (255, 255, 255, 255)
    grown, picture = await drawn(shadow_color="blue@0.5", shadow_x=30, shadow_y=-10)
    assert grown == (30, 10)
    assert picture[middle, -3] == pytest.approx([0, 0, 255, 128], abs=1)
    grown, picture = await drawn(background="blue@0.4", padding=15)
    assert grown == (30, 30)
    assert picture[0, 0] == pytest.approx([0, 0, 255, 102], abs=1)
    assert picture[middle, picture.shape[1] // 2] == pytest.approx([255, 255, 255, 255], abs=1)


async def test_a_translucent_text_is_translucent_over_its_outline(renderer: RendererForTests, tmp_path: Path) -> None:
    """The outline goes around the letters, not under them."""
    style = TextStyle(font_size=100, color="white@0.5", outline_width=5, outline_color=RED)
    await renderer.draw_text("l", style, tmp_path / "text.png")
    picture = pixels(tmp_path / "text.png")
    assert picture[picture.shape[0] // 2, picture.shape[1] // 2] == pytest.approx([255, 255, 255, 128], abs=1)


async def test_styles_of_a_variable_font_differ(renderer: RendererForTests, tmp_path: Path) -> None:
    """Bold has more ink than regular, in the named font and in those that stand in for it."""
    for text in ("Weight", "नमस्ते", "שלום"):
        inks = []
        for style in ("Regular", "Medium", "Bold"):
            await renderer.draw_text(text, TextStyle(font=f"NotoSans-{style}.ttf", font_size=64), tmp_path / "t.png")
            inks.append(opacity(tmp_path / "t.png").sum())
        assert inks[0] * 1.05 < inks[1]
        assert inks[1] * 1.05 < inks[2]


async def test_emoji_of_several_characters_are_one_picture(renderer: RendererForTests, tmp_path: Path) -> None:
    """A family joined with zero-width joiners is as wide as one person."""
    one, _ = await renderer.draw_text("👩", BIG, tmp_path / "text.png")
    family, _ = await renderer.draw_text("👨\u200d👩\u200d👧", BIG, tmp_path / "text.png")
    assert family < 1.3 * one


async def test_emoji_are_coloured_and_in_step_with_the_letters(renderer: RendererForTests, tmp_path: Path) -> None:
    """At every size, faded with the text, unchanged by its colour; in one colour when that font is named."""
    for font_size in (24, 200):
        style = TextStyle(font_size=font_size, color=BLUE)
        wide, high = await renderer.draw_text("❤\ufe0f", style, tmp_path / "text.png")
        assert 0.8 * font_size < wide < 1.4 * font_size
        assert 0.8 * font_size < high < 1.4 * font_size
        red, green, blue, alpha = pixels(tmp_path / "text.png")[high // 2, wide // 2]
        assert (red > 180, green < 90, blue < 90, alpha) == (True, True, True, 255)
    await renderer.draw_text("❤\ufe0f", TextStyle(font="Noto Emoji", font_size=200, color=BLUE), tmp_path / "t.png")
    drawn = pixels(tmp_path / "t.png")
    assert (drawn[drawn[:, :, 3] == 255][:, :3] == (0, 0, 255)).all()


@pytest.mark.parametrize(
    ("text", "style", "pointer", "sentence"),
    [
        ("a\0b", TextStyle(), "/text", "control characters"),
        ("𐕰𞊐", TextStyle(), "/text", r"no font here has 𐕰 \(U\+10570\), 𞊐 \(U\+1E290\)"),
        ("a", TextStyle(font="Arial"), "/font", "there are"),
        ("W" * 500, TextStyle(font_size=1000), "/text", "too large a picture"),
        ("﷽" * 500, TextStyle(font_size=10), "/text", "too large a picture"),
        ("W\n" * 19 + "W", TextStyle(font_size=1000), "/text", "too large a picture"),
    ],
)
async def test_what_cannot_be_drawn_is_refused(
    text: str, style: TextStyle, pointer: str, sentence: str, renderer: RendererForTests, tmp_path: Path
) -> None:
    """The field is named."""
    with pytest.raises(InvalidInput, match=sentence) as refused:
        await renderer.draw_text(text, style, tmp_path / "text.png")
    assert [error.pointer for error in refused.value.errors] == [pointer]


async def test_a_cancelled_drawing_leaves_no_process(renderer: RendererForTests, tmp_path: Path) -> None:
    """Its child ends long before its time limit, and the next text is drawn."""
    pid = renderer.server.pid
    assert pid is not None
    await childless(pid)
    task = asyncio.create_task(renderer.draw_text("Hi", BIG, tmp_path / "text.png"))
    await stop_child_of(pid)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await childless(pid)
    await renderer.draw_text("Hi", BIG, tmp_path / "text.png")


async def test_the_warm_server_has_one_thread(renderer: RendererForTests, tmp_path: Path) -> None:
    """Also after texts: a lock that another thread holds would stay locked in every child."""
    await renderer.draw_text("Hi", BIG, tmp_path / "text.png")
    pid = renderer.server.pid
    assert [path.name for path in Path(f"/proc/{pid}/task").iterdir()] == [str(pid)]


async def test_a_text_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """The caller is told, and the server draws on."""
    async with RendererForTests.in_folder(tmp_path / "own", timeout_s=0.5) as easel:
        pid = easel.server.pid
        assert pid is not None
        await childless(pid)
        drawing = asyncio.create_task(easel.draw_text("Hi", BIG, tmp_path / "text.png"))
        await stop_child_of(pid)
        with pytest.raises(MediaProcessFailed) as failed:
            await drawing
        assert failed.value.code == "timed_out"
        await easel.draw_text("Hi", BIG, tmp_path / "text.png")
        assert easel.server.pid == pid


@pytest.fixture
def canary(tmp_path: Path) -> tuple[Path, Watch]:
    """A file that nobody has any business with."""
    path = tmp_path / "canary.ttf"
    path.write_text("secret")
    watch = Watch(path)
    path.read_text()
    assert watch.events() > 0
    return path, watch


async def test_no_text_and_no_font_name_opens_a_file(
    canary: tuple[Path, Watch], renderer: RendererForTests, tmp_path: Path
) -> None:
    """Names of files in every field are letters, or refused."""
    path, watch = canary
    for text in (
        *(f"{path}", f"textfile={path}", f"<span font_desc='{path}'>x</span>", f"&{path};", f"@{path}"),
        f"<!DOCTYPE x [<!ENTITY e SYSTEM 'file://{path}'>]>&e;",
    ):
        await renderer.draw_text(text, TextStyle(), tmp_path / "text.png")
        for font in (str(path), f"../{path}", f"{path},Noto Sans", f"Noto Sans:file={path}"):
            with pytest.raises(InvalidInput):
                await renderer.draw_text(text, TextStyle(font=font), tmp_path / "text.png")
    assert watch.events() == 0


@pytest.fixture(scope="module")
def drawing_here(tmp_path_factory: pytest.TempPathFactory) -> Face:
    return drawing_in_this_process(tmp_path_factory.mktemp("here"))


HOSTILE = (
    "< > & &#0; &lt; </span> <span ' \" \\ % { } : ; , [ ] = \u202e \u2066 \u2069 \u200d \ufe0f \u0301 "
    "क \u094d ष \u093f ل א ก 👨 🇮 a 1 \ufffc \u00ad \u200b \U000e0041 漢 \0 \ud800 \x07"
)
PIECES = st.sampled_from([*HOSTILE.split(" "), " ", "\n", "\t", "\u3000", "\u2028"])
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(TEXTS | st.text(st.characters(), max_size=30))
@example("&#0;</span>")
def test_every_string_is_drawn_or_refused(drawing_here: Face, text: str) -> None:
    """The rules, the catalogue and Pango agree: what passes the first two is drawn, whatever it is."""
    try:
        text = checked_text(text)
    except ValueError:
        return
    if BUNDLED_ONLY.missing_glyphs(text):
        return
    face = msgspec.structs.replace(drawing_here, families=BUNDLED_ONLY.families(text, BUNDLED_ONLY.find(None)))
    picture = text_image.draw(text, TextStyle(font_size=12), face)
    assert 1 <= picture.width < 30 * 12 * 15
    assert len(picture.write_to_memory()) == picture.width * picture.height * 4


async def test_a_word_that_is_broken_gets_no_hyphen(renderer: RendererForTests, tmp_path: Path) -> None:
    """What is drawn is what was written: the same picture as with a line end there."""
    await renderer.draw_text("w" * 12, TextStyle(max_width=150), tmp_path / "broken.png")
    broken = (tmp_path / "broken.png").read_bytes()
    by_hand = []
    for place in range(1, 12):
        lines = "\n".join("w" * len(range(start, min(start + place, 12))) for start in range(0, 12, place))
        await renderer.draw_text(lines, TextStyle(), tmp_path / "lines.png")
        by_hand.append((tmp_path / "lines.png").read_bytes())
    assert broken in by_hand
