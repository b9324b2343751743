"""Words, subtitles and clients' images become files of ours, in contained processes: no network, no other file.

Each is drawn by a child of a warm server: nothing of one request is left for the next.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.style import PixelStyle
from reelwright.edits.layers import TextStyle
from reelwright.edits.pointers import BODY, Pointer
from reelwright.edits.text_rules import MAX_PIXELS, checked_text
from reelwright.edits.validation import problems
from reelwright.errors import Busy, FieldError, InvalidInput, MediaProcessFailed, UnreadableMedia
from reelwright.media.images import emoji, fontconfig, png
from reelwright.media.images.font_file import Font
from reelwright.media.images.fonts import FontBook, UnknownFont, no_glyphs
from reelwright.media.images.png import DAMAGED
from reelwright.media.images.requests import (
    CuesToDraw,
    DrawCues,
    DrawResult,
    DrawText,
    Face,
    LaidCues,
    LayOutCues,
    MeasuredImage,
    MeasureImage,
    NormalizeImage,
)
from reelwright.media.sandbox import contained, fork_client
from reelwright.media.sandbox.fair_slots import Turns
from reelwright.media.sandbox.fork_client import Answer, ChildFailed, ForkClient
from reelwright.media.sandbox.fork_server import Call
from reelwright.media.sandbox.watched_call import Report, watched
from reelwright.release import RELEASE

__all__ = ["ImageRenderer", "TextStyle"]

AT_ONCE = 2
"""Texts."""
PICTURES_AT_ONCE = 2
"""Beside them: no text waits for a client's image."""
BASE_MEMORY_BYTES, BYTES_A_PIXEL, BYTES_A_TEXT_PIXEL = 640 * 2**20, 28, 64
"""Address space of what draws. Measured: 25 bytes a pixel of a transparent picture, 50 of a text with outline, shadow
and box, beside code, fonts and stacks of threads. compose.yaml leaves room for all that draw at once."""
FIRST_LOOK_S = 120.0
"""How long fontconfig may take to look through all fonts for the first time."""
CUES_S, CUE_S = 30.0, 0.25
"""How long subtitles may take, and for each cue. Measured: 10 to 30 ms a cue in a picture of 1920x1080."""
CUE_BYTES = 2**19
"""Of each frame of drawn subtitles, as many as a cue makes, where the picture is large; there are two for each."""
MANY_CUES = 50
"""Drawing more takes a while: others go first."""
OTHER_FONTS = (
    "the subtitles were laid out with other fonts than this machine has: give the API and all workers the same FONT_DIR"
    " and the same release, then ask for the edit again, which lays them out anew"
)
FONT_FILES = 1024
"""Fontconfig keeps a file open for each font in use."""
ENVIRONMENT = {
    "VIPS_CONCURRENCY": "1",
    "VIPS_BLOCK_UNTRUSTED": "1",
    "VIPS_WARNING": "0",
    "VIPS_DISC_THRESHOLD": str(2**62),  # large pictures are read into memory: a child can write no other file
}
PICTURE_FAILED = {
    "crashed": DAMAGED,
    "timed_out": "Reading the picture took too long: it is damaged, or made to be slow.",
    "out_of_memory": "Reading the picture needs more memory than is allowed.",
}


class ImageRenderer:
    """Draws. An async context manager, safe for any number of concurrent callers.

    `folder` is its own, made when it is not there: fonts.conf and fontconfig's cache. Processes may share it. The files
    to draw into are empty ones, open for reading and writing; what is in them after an error is nothing to use.
    """

    def __init__(
        self,
        book: FontBook,
        folder: Path,
        *,
        memory_bytes: int = 4 * 2**30,
        timeout_s: float = 30.0,
        wait_s: float | None = None,
    ) -> None:
        self._book = book
        self._folder = folder.absolute()
        self._memory_bytes = memory_bytes
        self._timeout_s = timeout_s
        self._pictures = Turns(PICTURES_AT_ONCE, wait_s=wait_s)
        self.server = ForkClient(
            "reelwright.media.images.render_worker",
            at_once=AT_ONCE,
            wait_s=wait_s,
            access=contained.Access(read=(*book.folders, self._folder), write=(self._cache,)),
            environment=ENVIRONMENT,
            trial=(self._on_picture(NormalizeImage(max_pixels=1), 1), 2),
        )

    async def __aenter__(self) -> Self:
        """Have fontconfig look at the fonts once, and see that a text can be drawn.

        Raises MediaProcessFailed when none can.
        """
        await asyncio.to_thread(self._cache.mkdir, parents=True, exist_ok=True)
        try:
            await self.server.start()
            with tempfile.TemporaryFile() as target:
                await self._draw_text("Aa", TextStyle(), self._book.find(None), target, BODY, first=True)
        except BaseException as error:
            await self.server.stop()
            if isinstance(error, Busy):
                raise MediaProcessFailed("The drawing program does not run here.", code="cannot_start") from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.stop()

    async def draw_text(
        self, text: str, style: TextStyle, target: BinaryIO, pointer: Pointer = BODY
    ) -> tuple[int, int]:
        """Write the text to `target` as an RGBA PNG, and return its width and height in pixels. `pointer`: where the
        request has `text` and the fields of the style.

        The picture holds all ink (outline, shadow and box too) and no more. Equal texts, styles and fonts make
        equal bytes. Raises InvalidInput that names every wrong field, MediaProcessFailed, Busy.
        """
        text, font = await self._checked(text, style, pointer)
        return await self._draw_text(text, style, font, target, pointer)

    async def lay_out_cues(self, cues: Sequence[Cue], style: PixelStyle) -> tuple[CuesToDraw, LaidCues]:
        """Return all that decides how the cues look, and where they lie on the canvas: what `draw_cues` is to draw.

        Raises InvalidInput ("/font"; "/cues/7": cannot be drawn, and why), MediaProcessFailed, Busy.
        """
        try:
            font = self._book.find(style.text.font)
        except UnknownFont as error:
            raise InvalidInput([FieldError("/font", str(error))]) from error
        text = _said(cues)
        if missing := set(await asyncio.to_thread(self._book.missing_glyphs, text, font)):
            number = next(number for number, cue in enumerate(cues) if not missing.isdisjoint(cue.text))
            named = [one for one in dict.fromkeys(cues[number].text) if one in missing]
            raise InvalidInput([FieldError(f"/cues/{number}", no_glyphs(named))])
        families = await asyncio.to_thread(self._book.families, text, font)
        what = CuesToDraw(
            cues=tuple(cues),
            style=style,
            face=Face(families=families, weight=font.weight, width=font.width, italic=font.italic),
            fonts=await asyncio.to_thread(self._book.digest_of, text, families, font),
            release=RELEASE,
        )
        call = await self._of_cues(what, LayOutCues, font)
        with _written(what) as asked:
            try:
                laid = await self.server.ask(call, [asked.fileno()], LaidCues, large=len(cues) > MANY_CUES)
            except ChildFailed as failed:
                raise MediaProcessFailed("The subtitles could not be laid out.", code=failed.failure) from failed
        if laid.wrong is not None:
            raise InvalidInput([FieldError(f"/cues/{laid.wrong[0]}", laid.wrong[1])])
        return what, laid

    async def draw_cues(
        self, what: CuesToDraw, target: BinaryIO, *, report: Report = lambda _: None, stall_s: float = CUES_S
    ) -> LaidCues:
        """Write a video of all that the cues show to `target`, and return where it lies on the canvas. `report`: told
        how much of it is done, 0 to 1.

        The same makes equal bytes. Raises MediaProcessFailed (`drawn_otherwise`: here are other fonts), JobFailed
        `stalled`, Busy.
        """
        font = await asyncio.to_thread(self._same_font, what)
        call = await self._of_cues(what, DrawCues, font)
        with _written(what) as asked:
            try:
                return await watched(
                    self.server,
                    call,
                    [asked.fileno(), target.fileno()],
                    LaidCues,
                    report=report,
                    stall_s=stall_s,
                    what="drawing the subtitles",
                    stage="render",
                    large=len(what.cues) > MANY_CUES,
                )
            except ChildFailed as failed:
                raise MediaProcessFailed("The subtitles could not be drawn.", code=failed.failure) from failed

    def _same_font(self, what: CuesToDraw) -> Font:
        """Raises MediaProcessFailed where the cues would be drawn with other fonts here."""
        font = same_font(self._book, what)
        if font is None:
            raise MediaProcessFailed(OTHER_FONTS, code="drawn_otherwise", of_machine=True)
        return font

    async def _checked(self, text: str, style: TextStyle, pointer: Pointer) -> tuple[str, Font]:
        """The text as it is drawn, and its font. Raises InvalidInput."""
        errors = problems(style, pointer)
        font = self._book.find(None)
        try:
            font = self._book.find(style.font)
        except UnknownFont as error:
            errors.append(FieldError(pointer / "font", str(error)))
        try:
            text = checked_text(text)
        except ValueError as error:
            errors.append(FieldError(pointer / "text", str(error)))
        else:
            if missing := await asyncio.to_thread(self._book.missing_glyphs, text, font):
                errors.append(FieldError(pointer / "text", no_glyphs(missing)))
        if errors:
            raise InvalidInput(errors)
        return text, font

    async def normalize_image(self, source: Path, target: BinaryIO, *, max_pixels: int) -> tuple[int, int]:
        """Write the picture in `source` to `target` as an upright RGBA PNG in sRGB, and return its width and height.

        Takes PNG, JPEG, WebP and GIF, by content; of an animation, the first picture. Raises UnsupportedMedia (any
        other file), UnreadableMedia (damaged, `too_many_pixels`, or made to be costly), NotFound, Busy.
        """
        call = self._on_picture(NormalizeImage(max_pixels=max_pixels), max_pixels)
        await self._read(source, call, [target.fileno()], DrawResult)
        return png.size(target)

    async def measure_image(self, source: Path, *, max_pixels: int) -> tuple[int, int]:
        """Width and height of what `normalize_image` would write, having read all of it. Raises the same."""
        call = self._on_picture(MeasureImage(max_pixels=max_pixels), max_pixels)
        measured = await self._read(source, call, [], MeasuredImage)
        return measured.width, measured.height

    async def _read(self, source: Path, call: Call, targets: Sequence[int], answer: type[Answer]) -> Answer:
        picture_fd = fork_client.open_file(source)
        try:
            return await self.server.ask(call, [*targets, picture_fd], answer, turns=self._pictures)
        except ChildFailed as failed:
            raise UnreadableMedia(PICTURE_FAILED[failed.failure]) from failed
        finally:
            os.close(picture_fd)

    def _on_picture(self, what: NormalizeImage | MeasureImage, max_pixels: int) -> Call:
        return Call(
            request=_raw(what),
            timeout_s=self._timeout_s,
            memory_bytes=min(self._memory_bytes, BASE_MEMORY_BYTES + max_pixels * BYTES_A_PIXEL),
            output_bytes=png.most_bytes(max_pixels),
        )

    async def _of_cues(self, what: CuesToDraw, request: type[LayOutCues | DrawCues], font: Font) -> Call:
        conf = await asyncio.to_thread(partial(self._configure, font, italics=True))
        count, pixels = len(what.cues), what.style.width * what.style.height
        return Call(
            request=_raw(request(fonts_conf=str(conf))),
            timeout_s=CUES_S + CUE_S * count,
            memory_bytes=min(self._memory_bytes, BASE_MEMORY_BYTES + max(MAX_PIXELS, pixels) * BYTES_A_TEXT_PIXEL),
            output_bytes=2**20 + max(CUE_BYTES, pixels) * (2 * count + 1),
            open_files=FONT_FILES,
            read=tuple(map(str, (*self._book.folders, self._folder))),
        )

    async def _draw_text(
        self, text: str, style: TextStyle, font: Font, target: BinaryIO, pointer: Pointer, *, first: bool = False
    ) -> tuple[int, int]:
        text = emoji.as_font_draws(text, font.family)
        families = await asyncio.to_thread(self._book.families, text, font)
        face = Face(families=families, weight=font.weight, width=font.width, italic=font.italic)
        conf = await asyncio.to_thread(self._configure, font)
        call = Call(
            request=_raw(DrawText(text=text, style=style, face=face, fonts_conf=str(conf))),
            timeout_s=FIRST_LOOK_S if first else self._timeout_s,
            memory_bytes=min(self._memory_bytes, BASE_MEMORY_BYTES + MAX_PIXELS * BYTES_A_TEXT_PIXEL),
            output_bytes=png.most_bytes(MAX_PIXELS),
            open_files=FONT_FILES,
            read=tuple(map(str, (*self._book.folders, self._folder))),
            write=(str(self._cache),) if first else (),
        )
        try:
            drawn = await self.server.ask(call, [target.fileno()], DrawResult)
        except ChildFailed as failed:
            raise MediaProcessFailed("The text could not be drawn.", code=failed.failure) from failed
        if drawn.wrong_text is not None:
            raise InvalidInput([FieldError(pointer / "text", drawn.wrong_text)])
        return png.size(target)

    @property
    def _cache(self) -> Path:
        return self._folder / f"cache-{self._book.digest[:16]}"

    def _configure(self, font: Font, *, italics: bool = False) -> Path:
        """The fonts.conf with which `font` is found, written when it is not there."""
        configuration = fontconfig.configuration(self._book, font, self._cache, italics=italics)
        text = configuration.encode("utf-8", "surrogateescape")
        path = self._folder / f"fonts-{hashlib.sha256(text).hexdigest()[:16]}.conf"
        if not path.exists():
            fresh = path.with_suffix(f".{uuid.uuid4().hex}")
            fresh.write_bytes(text)
            fresh.rename(path)
        return path


def same_font(book: FontBook, what: CuesToDraw) -> Font | None:
    """The font of the cues, where it and all that they are drawn with beside it are here what they were when they were
    laid out. Reads fonts: call it in a thread."""
    try:
        font = book.find(what.style.text.font)
    except UnknownFont:
        return None
    return font if book.digest_of(_said(what.cues), what.face.families, font) == what.fonts else None


@contextmanager
def _written(what: CuesToDraw) -> Iterator[BinaryIO]:
    """A nameless file that says what is asked: it may be longer than a request."""
    with tempfile.TemporaryFile() as asked:
        asked.write(msgspec.json.encode(what))
        asked.flush()
        yield asked


def _said(cues: Sequence[Cue]) -> str:
    """All that is to be drawn."""
    return "\n".join(cue.text for cue in cues)


def _raw(request: DrawText | LayOutCues | DrawCues | NormalizeImage | MeasureImage) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(request))
