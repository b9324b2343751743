"""Words and strangers' pictures become PNG files of ours, in a contained process for each: no network, no other file.

A process for each picture costs some 0.2 s: little against the encode that the picture is for, and nothing of one
request is left for the next.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import struct
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from reelwright.edits.lettering import MOST_PIXELS, TextStyle, checked_text, code_point
from reelwright.errors import (
    FieldError,
    InvalidInput,
    MediaProcessFailed,
    NotFound,
    UnreadableMedia,
    UnsupportedMedia,
)
from reelwright.media import contain, fontconfig
from reelwright.media.drawing_program import Answer, DrawText, Face, NormalisePicture, Refusal, Request
from reelwright.media.font_file import Font
from reelwright.media.fonts import FontBook, UnknownFont

__all__ = ["Draughtsman", "TextStyle"]

AT_ONCE = 2
MOST_ANSWER_BYTES = 1 << 16
PNG_HEADER = struct.Struct(">8sI4sII")
"""Signature, then the IHDR chunk's length, name, width, height (PNG specification, 11.2.2)."""
FIRST_LOOK_S = 120.0
"""How long fontconfig may take to look through all fonts for the first time."""
DAMAGED = "The picture is damaged: reading it failed."
TOO_SLOW = "Reading the picture took too long: it is damaged, or made to be slow."


class Draughtsman:
    """Draws. An async context manager, safe for any number of concurrent callers.

    `folder` is its own, made when it is not there: fonts.conf and fontconfig's cache. Processes may share it.
    """

    def __init__(self, book: FontBook, folder: Path, *, memory_bytes: int = 4 * 2**30, timeout_s: float = 30.0) -> None:
        self._book = book
        self._folder = folder.absolute()
        self._memory_bytes = memory_bytes
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        """Have fontconfig look at the fonts once, and see that a text can be drawn.

        Raises MediaProcessFailed when none can.
        """
        target = self._folder / f"first-{uuid.uuid4().hex}.png"
        await asyncio.to_thread(self._cache.mkdir, parents=True, exist_ok=True)
        try:
            request = DrawText(text="Aa", style=TextStyle(), face=self._face(self._book.find(None)), target_fd=-1)
            await self._draw(request, self._book.find(None), target, first=True)
        finally:
            _remove(target)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing runs between calls."""

    async def draw_text(self, text: str, style: TextStyle, target: Path) -> tuple[int, int]:
        """Write the text to `target`, an RGBA PNG, and return its width and height in pixels.

        The picture holds all ink (outline, shadow and box too) and no more. Equal texts, styles and fonts make
        equal bytes. Raises InvalidInput ("/text", "/font": cannot be drawn, and why), MediaProcessFailed.
        """
        try:
            text = checked_text(text)
        except ValueError as error:
            raise InvalidInput([FieldError("/text", str(error))]) from error
        try:
            font = self._book.find(style.font)
        except UnknownFont as error:
            raise InvalidInput([FieldError("/font", str(error))]) from error
        if missing := await asyncio.to_thread(self._book.missing_glyphs, text, font):
            raise InvalidInput([FieldError("/text", no_glyphs(missing))])
        return await self._draw(DrawText(text=text, style=style, face=self._face(font), target_fd=-1), font, target)

    async def normalise_picture(self, source: Path, target: Path, *, max_pixels: int) -> tuple[int, int]:
        """Write the picture in `source` to `target`, an upright RGBA PNG in sRGB, and return its width and height.

        Takes PNG, JPEG, WebP and GIF, by content; of an animation, the first picture. Raises UnsupportedMedia (any
        other file), UnreadableMedia (damaged, `too_many_pixels`, or made to be costly), NotFound,
        MediaProcessFailed (`cannot_start`).
        """
        picture_fd = _open(source)
        try:
            request = NormalisePicture(picture_fd=picture_fd, max_pixels=max_pixels, target_fd=-1)
            return await self._draw(request, None, target)
        finally:
            os.close(picture_fd)

    @property
    def _cache(self) -> Path:
        return self._folder / f"cache-{self._book.digest[:16]}"

    def _face(self, font: Font) -> Face:
        families = tuple(dict.fromkeys((font.family, *self._book.fallback_families())))
        return Face(families=families, weight=font.weight, width=font.width, italic=font.italic)

    async def _draw(self, request: Request, font: Font | None, target: Path, *, first: bool = False) -> tuple[int, int]:
        target_fd = os.open(target, _WRITE_NEW, 0o600)  # not in a thread: no cancellation comes before the `try`
        try:
            request = msgspec.structs.replace(request, target_fd=target_fd)
            async with self._slots:
                await self._run(request, font, first=first)
            return _png_size(target_fd)
        except BaseException:
            _remove(target)
            raise
        finally:
            os.close(target_fd)

    async def _run(self, request: Request, font: Font | None, *, first: bool) -> None:
        """Have a process of its own carry out the request. Raises what draw_text and normalise_picture say."""
        environment = {"VIPS_CONCURRENCY": "1", "VIPS_BLOCK_UNTRUSTED": "1", "VIPS_WARNING": "0"}
        access = contain.Access(read=contain.python_paths())
        passed = [request.target_fd]
        pixels = MOST_PIXELS
        if isinstance(request, NormalisePicture):
            passed.append(request.picture_fd)
            pixels = request.max_pixels
        else:
            assert font is not None
            environment["FONTCONFIG_FILE"] = str(await asyncio.to_thread(self._configure, font))
            read = (*access.read, *self._book.folders, self._folder)
            access = contain.Access(read=read, write=(self._cache,) if first else ())
        timeout_s = FIRST_LOOK_S if first else self._timeout_s
        limits = contain.Limits(
            memory_bytes=self._memory_bytes,
            output_bytes=pixels * 5 + 2**20,
            cpu_s=int(timeout_s),
            open_files=1024,  # fontconfig keeps a file open for each font in use
            children=False,
        )
        process = await contain.start(
            contain.python_argv("reelwright.media.drawing_program"),
            limits=limits,
            access=access,
            cwd=self._folder,
            pass_fds=passed,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None,  # a fault of ours belongs in the log
            environment=environment,
        )
        said = b""
        try:
            async with asyncio.timeout(timeout_s):
                said = await _conversation(process, msgspec.json.encode(request))
        except TimeoutError as error:
            if isinstance(request, NormalisePicture):
                raise UnreadableMedia(TOO_SLOW) from error
            raise MediaProcessFailed("Drawing the text took too long.", code="timed_out") from error
        finally:
            await contain.stop(process, patience_s=0)
        try:
            refusal = msgspec.json.decode(said, type=Answer).refusal
        except msgspec.DecodeError:
            raise self._failure(request, process.returncode) from None
        if refusal is not None:
            raise _error(refusal)

    def _failure(self, request: Request, status: int | None) -> Exception:
        if isinstance(request, NormalisePicture) and status != contain.LAUNCHER_FAILED:
            return UnreadableMedia(DAMAGED)
        code = "cannot_start" if status == contain.LAUNCHER_FAILED else "crashed"
        return MediaProcessFailed("The picture could not be drawn.", code=code)

    def _configure(self, font: Font) -> Path:
        """The fonts.conf with which `font` is found, written when it is not there."""
        text = fontconfig.configuration(self._book, font, self._cache).encode("utf-8", "surrogateescape")
        path = self._folder / f"fonts-{hashlib.sha256(text).hexdigest()[:16]}.conf"
        if not path.exists():
            fresh = path.with_suffix(f".{uuid.uuid4().hex}")
            fresh.write_bytes(text)
            fresh.rename(path)
        return path


def no_glyphs(missing: list[str]) -> str:
    """The sentence for characters that no font has."""
    named = ", ".join(f"{one} ({code_point(one)})" if one.isprintable() else code_point(one) for one in missing[:20])
    more = f" and {len(missing) - 20} more" if len(missing) > 20 else ""
    return f"no font here has {named}{more}"


_WRITE_NEW = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def _remove(path: Path) -> None:
    """At once, not in a thread: a second cancellation may not come between."""
    path.unlink(missing_ok=True)


def _open(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise NotFound("The file is not there.", code="file_missing") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnsupportedMedia("That is not a file.")
    return descriptor


async def _conversation(process: asyncio.subprocess.Process, request: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(request)
    process.stdin.close()
    said = b""
    while len(said) <= MOST_ANSWER_BYTES and (more := await process.stdout.read(MOST_ANSWER_BYTES)):
        said += more
    return said


def _error(refusal: Refusal) -> Exception:
    if refusal.kind == "text":
        return InvalidInput([FieldError("/text", refusal.detail)])
    kind = UnsupportedMedia if refusal.kind == "unsupported" else UnreadableMedia
    return kind(refusal.detail, code=refusal.code)


def _png_size(descriptor: int) -> tuple[int, int]:
    """Width and height from the file itself: what wrote it may have been taken over by the picture it read."""
    head = os.pread(descriptor, PNG_HEADER.size, 0)
    if len(head) == PNG_HEADER.size:
        signature, _, name, width, height = PNG_HEADER.unpack(head)
        if signature == b"\x89PNG\r\n\x1a\n" and name == b"IHDR" and width and height:
            return width, height
    raise UnreadableMedia(DAMAGED)
