"""The contained program that draws: one request on its standard input, one picture, one answer.

It gets open files, never names: the picture to read, the PNG to write. The environment of its starter
(`Draughtsman`) says where its fonts are.
"""

from __future__ import annotations

import os
import sys
from typing import Literal

import msgspec

from reelwright.edits.lettering import TextStyle
from reelwright.errors import UnreadableMedia, UnsupportedMedia


class Face(msgspec.Struct, frozen=True):
    """Which fonts to draw with, in order, and in which style."""

    families: tuple[str, ...]
    weight: int
    width: int
    italic: bool


class DrawText(msgspec.Struct, frozen=True, kw_only=True, tag="text"):
    text: str
    style: TextStyle
    face: Face
    target_fd: int


class NormalisePicture(msgspec.Struct, frozen=True, kw_only=True, tag="picture"):
    picture_fd: int
    max_pixels: int
    target_fd: int


class Refusal(msgspec.Struct, frozen=True):
    """Why there is no picture: the text (`text`), or the file (`unsupported`, `unreadable`)."""

    kind: Literal["text", "unsupported", "unreadable"]
    code: str
    detail: str


class Answer(msgspec.Struct, frozen=True):
    refusal: Refusal | None = None


Request = DrawText | NormalisePicture


def main() -> None:
    """Answer the request, or end with a status that is not 0 and a traceback."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    os.write(1, msgspec.json.encode(answer(request)))


def answer(request: Request) -> Answer:
    import pyvips

    from reelwright.media import drawn_text, picture

    target = pyvips.Target.new_to_descriptor(request.target_fd)
    try:
        if isinstance(request, DrawText):
            drawn, effort = drawn_text.draw(request.text, request.style, request.face), 6
        else:
            drawn, effort = picture.normal(request.picture_fd, max_pixels=request.max_pixels), 1
        drawn.pngsave_target(target, compression=effort, keep="none")
    except ValueError as error:
        return Answer(Refusal("text", "invalid_input", str(error)))
    except UnsupportedMedia as error:
        return Answer(Refusal("unsupported", error.code, error.detail))
    except UnreadableMedia as error:
        return Answer(Refusal("unreadable", error.code, error.detail))
    return Answer()
