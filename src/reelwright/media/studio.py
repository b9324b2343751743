"""Draws what layers need, once, at planning: a text or a picture becomes a PNG of ours, kept under its SHA-256."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from contextlib import AsyncExitStack
from pathlib import Path

from reelwright.edits import colour
from reelwright.edits.lettering import TextStyle
from reelwright.edits.model import TextLayer
from reelwright.edits.planned_layers import PictureFacts
from reelwright.errors import FieldError, InvalidInput
from reelwright.media.fonts import FontBook
from reelwright.media.text import Draughtsman
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage


def picture_key(sha256: str) -> str:
    return f"pictures/{sha256}.png"


class Studio:
    """A draughtsman with fonts, ready at the first use: an API that draws nothing reads no font."""

    def __init__(self, settings: Settings, storage: LocalStorage) -> None:
        self._settings = settings
        self._storage = storage
        self._folder = settings.work_path / "drawing"
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._ready: tuple[FontBook, Draughtsman] | None = None

    async def close(self) -> None:
        await self._stack.aclose()

    async def fonts(self) -> FontBook:
        return (await self._open())[0]

    async def _open(self) -> tuple[FontBook, Draughtsman]:
        async with self._opening:
            if self._ready is None:
                book = await asyncio.to_thread(FontBook.scan, self._settings.font_path)
                await asyncio.to_thread(self._folder.mkdir, mode=0o750, parents=True, exist_ok=True)
                limit = self._settings.media_memory_bytes
                draughtsman = Draughtsman(book, self._folder / "fonts", memory_bytes=limit)
                self._ready = book, await self._stack.enter_async_context(draughtsman)
            return self._ready

    async def draw_text(self, layer: TextLayer, *, pointer: str) -> PictureFacts:
        """Raises InvalidInput that names the layer's fields."""
        style = _style(layer, pointer)
        _, draughtsman = await self._open()
        target = self._target()
        try:
            size = await draughtsman.draw_text(layer.text, style, target)
            return await self._keep(target, size)
        except InvalidInput as invalid:
            raise InvalidInput(
                [FieldError(pointer + error.pointer, error.detail) for error in invalid.errors]
            ) from invalid
        finally:
            await asyncio.to_thread(target.unlink, missing_ok=True)

    async def normalise(self, source: Path) -> PictureFacts:
        """Raises UnsupportedMedia, UnreadableMedia."""
        _, draughtsman = await self._open()
        target = self._target()
        try:
            size = await draughtsman.normalise_picture(source, target, max_pixels=self._settings.max_pixels)
            return await self._keep(target, size)
        finally:
            await asyncio.to_thread(target.unlink, missing_ok=True)

    def _target(self) -> Path:
        return self._folder / f"{uuid.uuid4().hex}.png"

    async def _keep(self, drawn: Path, size: tuple[int, int]) -> PictureFacts:
        def publish() -> str:
            sha256 = hashlib.sha256(drawn.read_bytes()).hexdigest()
            try:
                self._storage.publish(drawn, picture_key(sha256))
            except FileExistsError:  # the same picture, drawn before: young again for the sweep
                os.utime(self._storage.path(picture_key(sha256)))
            return sha256

        return PictureFacts(sha256=await asyncio.to_thread(publish), width=size[0], height=size[1])


def _style(layer: TextLayer, pointer: str) -> TextStyle:
    errors: list[FieldError] = []

    def parsed(field: str, text: str | None) -> colour.Colour | None:
        try:
            return None if text is None else colour.parse(text)
        except ValueError as error:
            errors.append(FieldError(f"{pointer}/{field}", str(error)))
            return None

    letters, outline = parsed("color", layer.color), parsed("outline_color", layer.outline_color)
    shadow, background = parsed("shadow_color", layer.shadow_color), parsed("background", layer.background)
    if errors or letters is None or outline is None:
        raise InvalidInput(errors)
    try:
        return TextStyle(
            font=layer.font,
            font_size=layer.font_size,
            colour=letters,
            align=layer.align,
            max_width=layer.max_width,
            line_spacing=layer.line_spacing,
            outline_width=layer.outline_width,
            outline_colour=outline,
            shadow_colour=shadow,
            shadow_x=layer.shadow_x,
            shadow_y=layer.shadow_y,
            shadow_blur=layer.shadow_blur,
            background=background,
            padding=layer.padding,
        )
    except ValueError as error:
        raise InvalidInput([FieldError(f"{pointer}/text", str(error))]) from error
