"""Draws what steps need, once: at planning a text or a picture becomes a PNG of ours, and subtitles are laid out; when
they are needed, these become a small video. Where all is kept, and how long: drawn_files.py."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Hashable, Iterable
from contextlib import AsyncExitStack
from functools import partial
from io import BufferedRandom
from pathlib import Path
from typing import TypeVar

import msgspec

from reelwright.cancellation import finished
from reelwright.edits import timecode
from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.style import PixelStyle
from reelwright.edits.facts import AnyFacts, Facts, ImageFacts, LaidSubtitlesFacts
from reelwright.edits.layers import TextLayer, TextStyle
from reelwright.edits.pointers import BODY, Pointer
from reelwright.errors import MediaProcessFailed, NotFound
from reelwright.library.drawn_files import image_key, laid_out_key, prepared_key, subtitles_key
from reelwright.media.images.fonts import FontBook
from reelwright.media.images.renderer import OTHER_FONTS, ImageRenderer, same_font
from reelwright.media.images.requests import CuesToDraw
from reelwright.media.sandbox.watched_call import Report
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

FileState = tuple[int, int, int, int]
"""Device, inode, size, time of the last change: a file with the same ones holds the same."""
NOT_KEPT = "an image that lies in it is not kept any more"
MAX_KNOWN = 256
"""Normalized pictures that are remembered, texts that were drawn, and subtitles that were laid out."""
Asked = TypeVar("Asked", bound=Hashable)
Made = TypeVar("Made", ImageFacts, LaidSubtitlesFacts)


def _state(path: Path) -> FileState:
    try:
        stat = path.stat()
    except OSError as error:
        raise NotFound("The file is not there.", code="file_missing") from error
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_ctime_ns


class OverlayImages:
    """Draws and keeps overlay images. What it takes is made ready at the first use: who draws nothing reads no font.
    `wait_s`: how long a turn is waited for at most; None: until it comes."""

    def __init__(self, settings: Settings, storage: LocalStorage, *, wait_s: float | None = None) -> None:
        self._settings = settings
        self._wait_s = wait_s
        self._storage = storage
        self._folder = settings.work_path / "drawing"
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._scanning = asyncio.Lock()
        self._book: FontBook | None = None
        self._ready: ImageRenderer | None = None
        self._known: dict[FileState, ImageFacts] = {}
        self._known_texts: dict[tuple[str, TextStyle], ImageFacts] = {}
        self._known_subtitles: dict[str, LaidSubtitlesFacts] = {}
        """By a digest of what was asked for."""
        self._making: dict[Hashable, asyncio.Lock] = {}

    async def close(self) -> None:
        await self._stack.aclose()

    async def fonts(self) -> FontBook:
        async with self._scanning:
            if self._book is None:
                self._book = await asyncio.to_thread(FontBook.scan, self._settings.font_path)
            return self._book

    async def _open(self) -> ImageRenderer:
        async with self._opening:
            if self._ready is None:
                book = await self.fonts()
                await asyncio.to_thread(self._folder.mkdir, mode=0o750, parents=True, exist_ok=True)
                renderer = ImageRenderer(
                    book,
                    self._folder / "fonts",
                    memory_bytes=self._settings.media_memory_bytes,
                    wait_s=self._wait_s,
                )
                self._ready = await self._stack.enter_async_context(renderer)
            return self._ready

    async def draw_text(self, layer: TextLayer, *, pointer: Pointer = BODY) -> ImageFacts:
        """The same text is drawn once. Raises InvalidInput that names the layer's fields; `pointer`: where the request
        has it."""
        asked = layer.text, layer.style
        return await self._once(asked, self._known_texts, image_key, partial(self._draw_text, *asked, pointer))

    async def _draw_text(self, text: str, style: TextStyle, pointer: Pointer) -> ImageFacts:
        renderer = await self._open()
        with await self._space() as drawn:
            return await self._keep(drawn, await renderer.draw_text(text, style, drawn, pointer))

    async def lay_out_subtitles(self, cues: tuple[Cue, ...], style: PixelStyle) -> LaidSubtitlesFacts:
        """The same subtitles are laid out once. Raises InvalidInput ("/font"; "/cues/7": of those given), Busy."""
        asked = hashlib.sha256(await asyncio.to_thread(msgspec.json.encode, (cues, style))).hexdigest()
        lay_out = partial(self._lay_out_subtitles, cues, style)
        return await self._once(asked, self._known_subtitles, laid_out_key, lay_out)

    async def _lay_out_subtitles(self, cues: tuple[Cue, ...], style: PixelStyle) -> LaidSubtitlesFacts:
        renderer = await self._open()
        what, laid = await renderer.lay_out_cues(cues, style)
        with await self._space() as target:
            await asyncio.to_thread(target.write, msgspec.json.encode(what, order="deterministic"))
            sha256 = await finished(asyncio.to_thread(self._publish, target, laid_out_key))
        early = ", ".join(timecode.show(cues[number].start) for number in laid.cut_off)
        return LaidSubtitlesFacts(
            sha256=sha256,
            canvas=(style.width, style.height),
            x=laid.x,
            y=laid.y,
            width=laid.width,
            height=laid.height,
            cues=len(cues),
            inked_pixels=laid.inked_pixels,
            warnings=(f"the subtitles at {early} are larger than the picture and are cut off",) if early else (),
        )

    async def is_drawn(self, facts: LaidSubtitlesFacts) -> bool:
        """Whether these subtitles are drawn already: then they are kept for a while."""
        return await self._is_young(subtitles_key(facts.sha256))

    async def draw_subtitles(self, facts: LaidSubtitlesFacts, *, report: Report = lambda _: None) -> None:
        """Draw what was laid out, unless it is there already. `report`: told how much of it is done, 0 to 1.

        Raises MediaProcessFailed (`drawn_otherwise`: the machine has other fonts), JobFailed, NotFound, Busy.
        """
        async with self._making.setdefault(facts.sha256, asyncio.Lock()):
            try:
                if not await self.is_drawn(facts):
                    await self._draw_subtitles(facts, report)
            finally:
                self._making.pop(facts.sha256, None)

    async def _draw_subtitles(self, facts: LaidSubtitlesFacts, report: Report) -> None:
        renderer, what = await self._open(), await self._laid_out(facts)
        with await self._space() as target:
            laid = await renderer.draw_cues(what, target, report=report, stall_s=self._settings.stall_timeout_s)
            if (laid.x, laid.y, laid.width, laid.height) != (facts.x, facts.y, facts.width, facts.height):
                raise MediaProcessFailed(OTHER_FONTS, code="drawn_otherwise", of_machine=True)
            await finished(asyncio.to_thread(self._put, target, subtitles_key(facts.sha256)))

    async def _laid_out(self, facts: LaidSubtitlesFacts) -> CuesToDraw:
        """Raises NotFound."""
        try:
            said = await asyncio.to_thread(self._storage.path(laid_out_key(facts.sha256)).read_bytes)
        except FileNotFoundError as error:
            raise NotFound("what the subtitles look like is not kept any more", code="file_missing") from error
        return await asyncio.to_thread(msgspec.json.decode, said, type=CuesToDraw)

    async def changed(self, sources: Iterable[Facts | AnyFacts]) -> str | None:
        """Why what was drawn for a result cannot be drawn again as it was, as the end of a sentence; None where it
        can."""
        for source in sources:
            key = prepared_key(source)
            if key is not None and not await asyncio.to_thread(self._storage.path(key).is_file):
                return NOT_KEPT
            if isinstance(source, LaidSubtitlesFacts):
                try:
                    what = await self._laid_out(source)
                except NotFound:  # the sweep was faster
                    return NOT_KEPT
                if await asyncio.to_thread(same_font, await self.fonts(), what) is None:
                    return "the fonts that its subtitles were drawn with have changed"
        return None

    async def normalize(self, source: Path) -> ImageFacts:
        """A file that stays as it is is normalized once. Raises UnsupportedMedia, UnreadableMedia, NotFound, Busy."""
        state = await asyncio.to_thread(_state, source)
        return await self._once(state, self._known, image_key, partial(self._normalize, source))

    async def measure(self, source: Path) -> tuple[int, int]:
        """Width and height as an overlay will see them, of a picture that can be read to its end. Raises as
        `normalize`."""
        renderer = await self._open()
        return await renderer.measure_image(source, max_pixels=self._settings.max_asset_pixels)

    async def _normalize(self, source: Path) -> ImageFacts:
        renderer = await self._open()
        with await self._space() as normal:
            size = await renderer.normalize_image(source, normal, max_pixels=self._settings.max_asset_pixels)
            return await self._keep(normal, size)

    async def _once(
        self, asked: Asked, known: dict[Asked, Made], key_of: Callable[[str], str], make: Callable[[], Awaitable[Made]]
    ) -> Made:
        """What was made of the same before, while it is kept under its key; else it is made, once, also when many ask
        for it at the same time."""
        async with self._making.setdefault(asked, asyncio.Lock()):
            try:
                if (made := known.get(asked)) is None or not await self._is_young(key_of(made.sha256)):
                    made = known[asked] = await make()
            finally:
                self._making.pop(asked, None)
        while len(known) > MAX_KNOWN:
            del known[next(iter(known))]
        return made

    async def _is_young(self, key: str) -> bool:
        """Whether it is still kept, and then as new to the sweep."""
        try:
            await asyncio.to_thread(os.utime, self._storage.path(key))
        except FileNotFoundError:
            return False
        return True

    async def _space(self) -> BufferedRandom:
        """A nameless file to draw into: gone when it is closed, whatever becomes of this process."""
        await self._open()
        return tempfile.TemporaryFile(dir=self._folder)

    async def _keep(self, drawn: BufferedRandom, size: tuple[int, int]) -> ImageFacts:
        """The caller may close `drawn` when this is over, cancelled or not."""
        sha256 = await finished(asyncio.to_thread(self._publish, drawn, image_key))
        return ImageFacts(sha256=sha256, width=size[0], height=size[1])

    def _publish(self, drawn: BufferedRandom, key_of: Callable[[str], str]) -> str:
        drawn.seek(0)
        sha256 = hashlib.file_digest(drawn, "sha256").hexdigest()
        self._put(drawn, key_of(sha256))
        return sha256

    def _put(self, drawn: BufferedRandom, key: str) -> None:
        """Keep it under a key that says all of what it is."""
        while True:
            try:
                self._storage.publish(Path(f"/proc/self/fd/{drawn.fileno()}"), key)
            except FileExistsError:  # the same picture, drawn before: young again for the sweep
                try:
                    os.utime(self._storage.path(key))
                except FileNotFoundError:  # the sweep was faster
                    continue
            return
