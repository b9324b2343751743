"""Overlay images: what is drawn is kept once under its content, and nothing else stays."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pytest
import pyvips
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from reelwright import fault_points
from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.style import PixelStyle, SubtitleStyle, in_pixels
from reelwright.edits.facts import LaidSubtitlesFacts
from reelwright.edits.layers import TextLayer
from reelwright.errors import InvalidInput, JobFailed, NotFound, UnsupportedMedia
from reelwright.library.drawn_files import image_key, laid_out_key, subtitles_key
from reelwright.library.overlay_images import OverlayImages
from reelwright.media.images.renderer import ImageRenderer
from reelwright.media.images.requests import CuesToDraw, LaidCues
from reelwright.settings_reader import parse
from reelwright.storage.local import LocalStorage
from tests.support.images import BUNDLED_ONLY


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    storage = LocalStorage(tmp_path / "media", reserve_bytes=0)
    storage.prepare()
    return storage


@pytest.fixture
async def overlay_images(storage: LocalStorage, tmp_path: Path) -> AsyncIterator[OverlayImages]:
    overlay_images = OverlayImages(
        parse({"MEDIA_ROOT": str(tmp_path / "media"), "WORK_ROOT": str(tmp_path / "work")}), storage
    )
    yield overlay_images
    await overlay_images.close()


def text(words: str) -> TextLayer:
    return TextLayer(text=words)


async def test_pictures_are_kept_and_nothing_else_stays(
    overlay_images: OverlayImages, storage: LocalStorage, tmp_path: Path
) -> None:
    """Neither of the same text drawn by several at once, nor of one that cannot be drawn, nor while it is drawn."""
    drawing = tmp_path / "work" / "drawing"
    found = await asyncio.gather(*(overlay_images.draw_text(text("Hi")) for _ in range(8)))
    assert len(set(found)) == 1
    with pytest.raises(InvalidInput):
        await overlay_images.draw_text(text("漢" * 10 + "\ue000"))
    stranger = tmp_path / "stranger.png"
    stranger.write_bytes(b"nothing")
    with pytest.raises(UnsupportedMedia):
        await overlay_images.normalize(stranger)
    normal = await overlay_images.normalize(storage.path(image_key(found[0].sha256)))
    assert (normal.width, normal.height) == (found[0].width, found[0].height)
    again = asyncio.create_task(overlay_images.draw_text(text("Again")))
    while not again.done():
        assert [path.name for path in drawing.iterdir()] == ["fonts"]
        await asyncio.sleep(0)
    kept = {image_key(facts.sha256) for facts in (*found, normal, await again)}
    assert {stored.key for stored in storage.files()} == kept


async def test_a_picture_that_the_sweep_takes_meanwhile_is_kept_again(
    overlay_images: OverlayImages, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the news that it is there and the mark that it is young. Of a text that looks the same: of the same
    one, nothing is drawn again."""
    path = storage.path(image_key((await overlay_images.draw_text(text("Hi"))).sha256))
    publish = storage.publish

    def swept(local: Path, key: str) -> None:
        try:
            publish(local, key)
        except FileExistsError:
            path.unlink()
            raise

    monkeypatch.setattr(storage, "publish", swept)
    await overlay_images.draw_text(TextLayer(text="Hi", shadow_x=3))
    assert path.exists()


async def test_a_text_is_drawn_once(
    overlay_images: OverlayImages, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it lies, however many ask for it; again when it is to look otherwise, or what was drawn is gone."""
    draw, drawn = ImageRenderer.draw_text, []

    async def counted(self: ImageRenderer, text: str, *more: Any) -> tuple[int, int]:
        drawn.append(text)
        return await draw(self, text, *more)

    monkeypatch.setattr(ImageRenderer, "draw_text", counted)
    layers = [TextLayer(text="Hi", x=number, start=number) for number in range(5)]
    found = {
        await overlay_images.draw_text(layers[0]),
        *await asyncio.gather(*(overlay_images.draw_text(layer) for layer in layers)),
    }
    assert (len(found), len(drawn)) == (1, 1)
    (facts,) = found
    assert await overlay_images.draw_text(TextLayer(text="Hi", color="red")) != facts
    storage.path(image_key(facts.sha256)).unlink()
    assert await overlay_images.draw_text(layers[0]) == facts
    assert (len(drawn), storage.path(image_key(facts.sha256)).exists()) == (3, True)


async def test_a_picture_is_normalised_once(
    overlay_images: OverlayImages, storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often and by however many it is named; again when the file is another one, or what came of it is gone."""
    source = tmp_path / "logo.png"
    normalize, drawn = ImageRenderer.normalize_image, []

    async def counted(self: ImageRenderer, source: Path, target: BinaryIO, *, max_pixels: int) -> tuple[int, int]:
        drawn.append(source)
        return await normalize(self, source, target, max_pixels=max_pixels)

    monkeypatch.setattr(ImageRenderer, "normalize_image", counted)
    source.write_bytes(pyvips.Image.black(30, 20).pngsave_buffer())
    found = {
        *await asyncio.gather(*(overlay_images.normalize(source) for _ in range(20))),
        await overlay_images.normalize(source),
    }
    assert (len(found), len(drawn)) == (1, 1)
    source.write_bytes(pyvips.Image.black(40, 20).pngsave_buffer())
    changed = await overlay_images.normalize(source)
    assert (changed.width, len(drawn)) == (40, 2)
    storage.path(image_key(changed.sha256)).unlink()
    assert await overlay_images.normalize(source) == changed
    assert storage.path(image_key(changed.sha256)).exists()


CUES, STYLE = (Cue("1", "2", (CueRun("Hi"),)),), in_pixels(SubtitleStyle(), (320, 180))


async def test_subtitles_are_laid_out_once(
    overlay_images: OverlayImages, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ask for the same at the same time; again when another look is wanted, or the file is gone."""
    lay_out, laid = ImageRenderer.lay_out_cues, []

    async def counted(self: ImageRenderer, cues: Sequence[Cue], style: PixelStyle) -> tuple[CuesToDraw, LaidCues]:
        laid.append(cues)
        return await lay_out(self, cues, style)

    monkeypatch.setattr(ImageRenderer, "lay_out_cues", counted)
    found = {
        await overlay_images.lay_out_subtitles(CUES, STYLE),
        *await asyncio.gather(*(overlay_images.lay_out_subtitles(CUES, STYLE) for _ in range(5))),
    }
    assert (len(found), len(laid)) == (1, 1)
    (facts,) = found
    path = storage.path(laid_out_key(facts.sha256))
    assert {stored.key for stored in storage.files()} == {laid_out_key(facts.sha256)}
    path.unlink()
    assert await overlay_images.lay_out_subtitles(CUES, STYLE) == facts
    assert path.exists()
    red = await overlay_images.lay_out_subtitles(CUES, in_pixels(SubtitleStyle(color="red"), (320, 180)))
    assert red.sha256 != facts.sha256
    assert (red.x, red.y, red.width, red.height) == (facts.x, facts.y, facts.width, facts.height)
    assert len(laid) == 3


async def test_subtitles_are_drawn_once(
    overlay_images: OverlayImages, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From what was laid out, by whoever needs them; again when the video is gone. How far it is, is told."""
    draw, drawn = ImageRenderer.draw_cues, []

    async def counted(self: ImageRenderer, what: CuesToDraw, target: BinaryIO, **more: Any) -> LaidCues:
        drawn.append(what)
        return await draw(self, what, target, **more)

    monkeypatch.setattr(ImageRenderer, "draw_cues", counted)
    facts = await overlay_images.lay_out_subtitles(CUES, STYLE)
    path = storage.path(subtitles_key(facts.sha256))
    assert (facts.cues, path.exists(), await overlay_images.is_drawn(facts)) == (1, False, False)
    told: list[float] = []
    await asyncio.gather(*(overlay_images.draw_subtitles(facts, report=told.append) for _ in range(5)))
    assert (len(drawn), path.exists(), told[-1]) == (1, True, 1.0)
    first = path.read_bytes()
    path.unlink()
    await overlay_images.draw_subtitles(facts)
    assert (len(drawn), path.read_bytes()) == (2, first)
    storage.path(laid_out_key(facts.sha256)).unlink()
    path.unlink()
    with pytest.raises(NotFound) as gone:
        await overlay_images.draw_subtitles(facts)
    assert gone.value.code == "file_missing"


async def test_subtitles_are_not_drawn_with_other_fonts_than_they_were_laid_out_with(
    overlay_images: OverlayImages, storage: LocalStorage, tmp_path: Path
) -> None:
    """A worker that lacks a font, or has another file under its name, or to which they come out elsewhere: it is the
    machine's fault, nothing is kept, and the sentence says what to do."""
    (tmp_path / "fonts").mkdir()
    shutil.copy(BUNDLED_ONLY.find("Noto Sans").path, tmp_path / "fonts" / "own.ttf")
    folders = {name: str(tmp_path / name.lower()) for name in ("MEDIA_ROOT", "WORK_ROOT")}
    with_own = OverlayImages(parse({**folders, "FONT_DIR": str(tmp_path / "fonts")}), storage)
    try:
        facts = await with_own.lay_out_subtitles(CUES, in_pixels(SubtitleStyle(font="own.ttf"), (320, 180)))
    finally:
        await with_own.close()
    elsewhere = await overlay_images.lay_out_subtitles(CUES, STYLE)
    for laid in (facts, msgspec.structs.replace(elsewhere, x=elsewhere.x + 2)):
        with pytest.raises(JobFailed) as failed:
            await overlay_images.draw_subtitles(laid)
        assert (failed.value.code, failed.value.of_machine) == ("drawn_otherwise", True)
        assert "FONT_DIR" in failed.value.detail
        assert not storage.path(subtitles_key(laid.sha256)).exists()


async def test_what_was_drawn_for_a_result_may_not_be_what_would_be_drawn_now(
    overlay_images: OverlayImages, storage: LocalStorage, tmp_path: Path
) -> None:
    """Where a font is not there, becomes another file, or goes; or nobody knows any more what it was."""
    (fonts := tmp_path / "fonts").mkdir()
    icon_font(fonts / "icons.ttf", width=600)
    folders = {name: str(tmp_path / name.lower()) for name in ("MEDIA_ROOT", "WORK_ROOT")}
    with_own = OverlayImages(parse({**folders, "FONT_DIR": str(fonts)}), storage)
    cues = (Cue("1", "2", (CueRun("\ue000"),)),)
    try:
        facts = await with_own.lay_out_subtitles(cues, in_pixels(SubtitleStyle(font="icons.ttf"), (320, 180)))
        usual = await overlay_images.lay_out_subtitles(CUES, STYLE)
        assert await with_own.changed([usual, facts]) is None
        assert "fonts" in (await overlay_images.changed([usual, facts]) or "")
        icon_font(fonts / "icons.ttf", width=900)
        assert "fonts" in (await with_own.changed([usual, facts]) or "")
        (fonts / "icons.ttf").unlink()
        assert "fonts" in (await with_own.changed([usual, facts]) or "")
        storage.path(laid_out_key(facts.sha256)).unlink()
        assert "not kept" in (await with_own.changed([usual, facts]) or "")
        assert await with_own.changed([usual]) is None
    finally:
        await with_own.close()


async def test_what_only_a_font_beside_the_bundled_ones_has_is_drawn_by_no_machine_without_it(
    overlay_images: OverlayImages, storage: LocalStorage, tmp_path: Path
) -> None:
    """A sign of one's own in the API's FONT_DIR: a worker without that file, or with another one, would draw an empty
    box, or another sign. With the same file, called the same, it draws."""
    path = {"MEDIA_ROOT": str(tmp_path / "media"), "WORK_ROOT": str(tmp_path / "work")}
    folders = {name: tmp_path / name for name in ("api", "other", "same")}
    for name, folder in folders.items():
        folder.mkdir()
        icon_font(folder / "icons.ttf", width=900 if name == "other" else 600)
    larger = Cue("2", "3", (CueRun("Of two lines,\nwhich decide how large the picture is"),))
    cues = (Cue("1", "2", (CueRun("Hi \ue000"),)), larger)

    async def drawn_by(worker: OverlayImages) -> None:
        await worker.draw_subtitles(await laid_out(cues))

    async def laid_out(cues: tuple[Cue, ...]) -> LaidSubtitlesFacts:
        api = OverlayImages(parse({**path, "FONT_DIR": str(folders["api"])}), storage)
        try:
            return await api.lay_out_subtitles(cues, STYLE)
        finally:
            await api.close()

    other, same = (
        OverlayImages(parse({**path, "FONT_DIR": str(folders[name])}), storage) for name in ("other", "same")
    )
    try:
        for worker in (overlay_images, other):
            with pytest.raises(JobFailed) as failed:
                await drawn_by(worker)
            assert failed.value.code == "drawn_otherwise"
        await drawn_by(same)
        await overlay_images.draw_subtitles(await laid_out(CUES))  # which needs none of them
    finally:
        await other.close()
        await same.close()


def icon_font(path: Path, *, width: int) -> None:
    """A square as U+E000."""
    pen = TTGlyphPen(None)
    for number, corner in enumerate(((0, 0), (0, 500), (width, 500), (width, 0))):
        (pen.lineTo if number else pen.moveTo)(corner)
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "icon"])
    font.setupCharacterMap({0xE000: "icon"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "icon": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (500, 0), "icon": (width, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Icons", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(path)


async def test_two_that_publish_under_one_key_leave_each_others_files_alone(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same picture, drawn by two processes: the slower one finds it there."""
    slow, fast = tmp_path / "slow", tmp_path / "fast"
    slow.write_bytes(b"slow")
    fast.write_bytes(b"fast")
    key = image_key("0" * 64)

    def overtake(name: str) -> None:
        monkeypatch.undo()
        storage.publish(fast, key)

    monkeypatch.setattr(fault_points, "point", overtake)
    with pytest.raises(FileExistsError):
        storage.publish(slow, key)
    assert (slow.read_bytes(), fast.read_bytes()) == (b"slow", b"fast")
    assert storage.path(key).read_bytes() == b"fast"
    assert [path.name for path in storage.path(key).parent.iterdir()] == [storage.path(key).name]
