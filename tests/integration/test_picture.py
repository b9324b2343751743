"""Strangers' pictures: what is taken becomes an upright sRGB PNG of ours; everything else is refused."""

import asyncio
import os
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pyvips

from reelwright.edits.layers import TextStyle
from reelwright.errors import NotFound, ReelwrightError, UnreadableMedia, UnsupportedMedia
from reelwright.media.sandbox.fair_slots import asked_by
from tests.support.images import RendererForTests, pixels

MOST = 8192 * 4320
ORANGE, BLUE = [255, 128, 0], [0, 0, 255]


def plain(width: int = 60, height: int = 40) -> pyvips.Image:
    """Orange, with a blue square in the top left corner."""
    picture = (pyvips.Image.black(width, height) + ORANGE).cast("uchar").copy(interpretation="srgb")
    return picture.draw_rect(BLUE, 0, 0, 20, 20, fill=True)


def profiled(profile: bytes) -> bytes:
    """A JPEG that names this colour profile as its own."""
    saved: bytes = plain().jpegsave_buffer(Q=98, subsample_mode="off")
    segment = b"ICC_PROFILE\0\1\1" + profile
    return saved[:2] + b"\xff\xe2" + (len(segment) + 2).to_bytes(2, "big") + segment + saved[2:]


SAVED: dict[str, Callable[[pyvips.Image], bytes]] = {
    "png": lambda picture: picture.pngsave_buffer(),
    "interlaced png": lambda picture: picture.pngsave_buffer(interlace=True),
    "palette png": lambda picture: picture.pngsave_buffer(palette=True),
    "16-bit png": lambda picture: picture.colourspace("rgb16").pngsave_buffer(bitdepth=16),
    "jpeg": lambda picture: picture.jpegsave_buffer(Q=98, subsample_mode="off"),
    "progressive jpeg": lambda picture: picture.jpegsave_buffer(Q=98, subsample_mode="off", interlace=True),
    "cmyk jpeg": lambda picture: picture.icc_export(output_profile="cmyk").jpegsave_buffer(Q=98),
    "webp": lambda picture: picture.webpsave_buffer(lossless=True),
    "gif": lambda picture: picture.gifsave_buffer(),
    "jpeg with a damaged profile": lambda _: profiled(b"no profile" * 100),
    "display p3 png": lambda picture: picture.icc_transform("p3", input_profile="srgb").pngsave_buffer(),
}


@pytest.mark.parametrize("kind", SAVED)
async def test_every_kind_of_picture_becomes_the_same_png(
    kind: str, renderer: RendererForTests, tmp_path: Path
) -> None:
    """By content, whatever the name; colours are kept (through profiles, and nearly so through CMYK's inks)."""
    source, target = tmp_path / "picture.svg", tmp_path / "normal.png"
    source.write_bytes(SAVED[kind](plain()))
    assert await renderer.normalize_image(source, target, max_pixels=MOST) == (60, 40)
    drawn = pixels(target)
    off = 60 if kind == "cmyk jpeg" else 6
    assert np.abs(drawn[30, 50] - [*ORANGE, 255]).max() <= off
    assert np.abs(drawn[5, 5] - [*BLUE, 255]).max() <= (120 if kind == "cmyk jpeg" else 6)


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, "00"), (2, "0w"), (3, "hw"), (4, "h0"), (5, "00"), (6, "0w"), (7, "hw"), (8, "h0")],
)
async def test_a_photograph_comes_out_upright(
    orientation: int, corner: str, renderer: RendererForTests, tmp_path: Path
) -> None:
    """All eight EXIF orientations: the marked corner is where a viewer shows it, and the mark is gone."""
    source, target = tmp_path / "photo.jpg", tmp_path / "normal.png"
    picture = plain().copy()
    picture.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    picture.jpegsave(str(source), Q=98, subsample_mode="off")
    size = await renderer.normalize_image(source, target, max_pixels=MOST)
    assert size == ((60, 40) if orientation < 5 else (40, 60))
    drawn = pixels(target)
    row, column = (-5 if corner[0] == "h" else 5), (-5 if corner[1] == "w" else 5)
    assert np.abs(drawn[row, column] - [*BLUE, 255]).max() < 8
    assert "orientation" not in pyvips.Image.new_from_file(str(target)).get_fields()


async def test_opacity_is_kept_and_greys_become_colours(renderer: RendererForTests, tmp_path: Path) -> None:
    """Grey with opacity in, RGBA out."""
    source, target = tmp_path / "grey.png", tmp_path / "normal.png"
    grey = pyvips.Image.black(10, 10).linear([1, 1], [200, 64]).cast("uchar").copy(interpretation="b-w")
    grey.pngsave(str(source))
    await renderer.normalize_image(source, target, max_pixels=MOST)
    assert tuple(pixels(target)[5, 5]) == (200, 200, 200, 64)


async def test_of_an_animation_the_first_picture_counts(renderer: RendererForTests, tmp_path: Path) -> None:
    """GIF and WebP."""
    for kind in ("gif", "webp"):
        source, target = tmp_path / f"animation.{kind}", tmp_path / "normal.png"
        frames = plain().join(plain().invert(), "vertical").copy()
        frames.set_type(pyvips.GValue.gint_type, "page-height", 40)
        frames.write_to_file(str(source))
        assert await renderer.normalize_image(source, target, max_pixels=MOST) == (60, 40)
        assert np.abs(pixels(target)[30, 50] - [*ORANGE, 255]).max() < 8


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.slow
async def test_a_picture_of_the_largest_size_is_taken(kind: str, renderer: RendererForTests, tmp_path: Path) -> None:
    """Decoded in memory, however large: its process can write no other file."""
    source = tmp_path / f"large.{kind}"
    large = pyvips.Image.black(8192, 4320, bands=4).copy(interpretation="srgb")
    large.write_to_file(str(source), **({"effort": 0} if kind == "webp" else {}))
    assert await renderer.normalize_image(source, tmp_path / "normal.png", max_pixels=MOST) == (8192, 4320)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of some kilobytes that claims to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        (b"", UnsupportedMedia, "unsupported_media"),
        (b"GIF", UnsupportedMedia, "unsupported_media"),
        (b"ffconcat version 1.0\nfile canary.png\n", UnsupportedMedia, "unsupported_media"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="canary.png"/></svg>', UnsupportedMedia, None),
        (b"%PDF-1.7\n", UnsupportedMedia, "unsupported_media"),
        (plain().tiffsave_buffer(), UnsupportedMedia, "unsupported_media"),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", UnsupportedMedia, "unsupported_media"),
        (b"BM" + bytes(60), UnsupportedMedia, "unsupported_media"),
        (b"push graphic-context\nimage over 0,0 0,0 'canary.png'", UnsupportedMedia, None),
        (plain().pngsave_buffer()[:200], UnreadableMedia, "unreadable_media"),
        (plain(600, 400).jpegsave_buffer()[:-400], UnreadableMedia, "unreadable_media"),
        (b"\x89PNG\r\n\x1a\n", UnreadableMedia, "unreadable_media"),
        (b"\xff\xd8\xff\xe0", UnreadableMedia, "unreadable_media"),
        (bomb(60_000, 60_000), UnreadableMedia, "too_many_pixels"),
        (bomb(2**31 - 1, 2**31 - 1), UnreadableMedia, None),
        (bomb(8192, 4320), UnreadableMedia, "unreadable_media"),
        (plain(101, 100).gifsave_buffer(), UnreadableMedia, "too_many_pixels"),
    ],
)
async def test_other_files_are_refused(
    content: bytes, error: type[ReelwrightError], code: str | None, renderer: RendererForTests, tmp_path: Path
) -> None:
    """Other formats, damaged ones, bombs: stopped before any pixel is read."""
    source, target = tmp_path / "picture.png", tmp_path / "normal.png"
    source.write_bytes(content)
    limit = 10_000 if content.startswith(b"GIF8") else MOST
    with pytest.raises(error) as refused:
        await renderer.normalize_image(source, target, max_pixels=limit)
    assert code is None or refused.value.code == code


async def test_what_is_no_file_is_refused(renderer: RendererForTests, tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes to, a device, nothing."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UnsupportedMedia):
            await renderer.normalize_image(path, tmp_path / "normal.png", max_pixels=MOST)
    with pytest.raises(NotFound):
        await renderer.normalize_image(tmp_path / "none", tmp_path / "normal.png", max_pixels=MOST)


async def test_damaged_pictures_are_read_or_refused(renderer: RendererForTests, tmp_path: Path) -> None:
    """Bytes changed at random, in every format: a picture of the right size or UnreadableMedia, nothing else."""
    chance = random.Random(3)
    for kind in ("png", "jpeg", "webp", "gif") * 4:
        content = bytearray(SAVED[kind](plain()))
        for _ in range(3):
            content[chance.randrange(16, len(content))] = chance.randrange(256)
        source, target = tmp_path / "picture", tmp_path / "normal.png"
        source.write_bytes(content)
        try:
            width, height = await renderer.normalize_image(source, target, max_pixels=MOST)
        except UnreadableMedia:
            continue
        assert pixels(target).shape == (height, width, 4)


@pytest.mark.parametrize(("width", "height"), [(20_000, 1), (1, 20_000), (1001, 1000)])
async def test_a_picture_of_too_many_pixels_is_refused_by_its_header(
    width: int, height: int, renderer: RendererForTests, tmp_path: Path
) -> None:
    """In all, or on one side, of which memory is taken row by row: before anything is decoded, with both sizes."""
    source = tmp_path / "picture.png"
    source.write_bytes(plain(width, height).pngsave_buffer())
    with pytest.raises(UnreadableMedia, match=f"{width} x {height} pixels") as refused:
        await renderer.normalize_image(source, tmp_path / "normal.png", max_pixels=10**6)
    assert refused.value.code == "too_many_pixels"
    with pytest.raises(UnreadableMedia, match=f"{width} x {height} pixels"):
        await renderer.measure_image(source, max_pixels=10**6)


async def test_a_text_does_not_wait_for_strangers_pictures(renderer: RendererForTests, tmp_path: Path) -> None:
    """Small files that are large pictures, from six clients at once: a text of a seventh is drawn beside them."""
    source = tmp_path / "picture.webp"
    source.write_bytes(pyvips.Image.black(2000, 1500, bands=4).copy(interpretation="srgb").webpsave_buffer())

    async def ask(client: int) -> None:
        with asked_by(f"192.0.2.{client}"):
            target = tmp_path / f"{client}.png"
            await renderer.normalize_image(source, target, max_pixels=MOST)

    asking = [asyncio.create_task(ask(client)) for client in range(6)]
    await asyncio.sleep(0)
    with asked_by("192.0.2.7"):
        await renderer.draw_text("Hello", TextStyle(), tmp_path / "text.png")
    assert sum(task.done() for task in asking) < len(asking)
    await asyncio.gather(*asking)


async def test_a_picture_is_measured_as_it_will_be_drawn(renderer: RendererForTests, tmp_path: Path) -> None:
    """After its rotation mark, in every format; one that is damaged at its very end is none."""
    for kind, save in SAVED.items():
        source = tmp_path / f"picture.{kind}"
        source.write_bytes(save(plain(60, 40)))
        assert await renderer.measure_image(source, max_pixels=MOST) == (60, 40)
    turned = plain(60, 40).copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", 6)
    source = tmp_path / "turned.jpeg"
    source.write_bytes(turned.jpegsave_buffer())
    drawn = await renderer.normalize_image(source, tmp_path / "normal.png", max_pixels=MOST)
    assert await renderer.measure_image(source, max_pixels=MOST) == drawn == (40, 60)
    source.write_bytes(plain(600, 400).jpegsave_buffer()[:-400])
    with pytest.raises(UnreadableMedia):
        await renderer.measure_image(source, max_pixels=MOST)
