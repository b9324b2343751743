"""Strings that strangers would try: filter syntax, paths, shell, markup, expressions, Unicode; all with a canary's name
in them."""

from __future__ import annotations

import ctypes
import itertools
import os
import random
import struct
from collections.abc import Iterator
from pathlib import Path

SYNTAX = (
    *(
        "'",
        "\\",
        "\\'",
        ":",
        "\\:",
        ",",
        ";",
        "[",
        "]",
        "[0:v]",
        "[o0]",
        "=",
        "@",
        "%",
        "%%",
        "%{",
        "}",
        "#",
        "|",
        "\n",
    ),
    *("textfile={0}", ":textfile={0}", "':textfile='{0}", "movie={0}", "[x];movie={0}[x];[x]", "amovie={0},"),
    *(",drawtext=textfile={0}", ":fontfile={0}", "subtitles={0}", "lut3d={0}", "sendcmd=f={0}", "metadata=file={0}"),
    *("%{pts}", "%{expr:t}", "%{metadata:x}", "%{eif:1:d}", "$(cat {0})", "`cat {0}`", "; cat {0}", "&& cat {0}"),
    *("| cat {0}", "> {0}", "< {0}", "-i {0}", " -i {0} ", "-y", "--", "-f", "@{0}", "enable='1'", ":enable=0"),
)
PATHS = (
    *("{0}", "file:{0}", "file://{0}", "concat:{0}", "concat:{0}|{0}", "subfile,,start,0,end,9,,:{0}", "crypto:{0}"),
    *("data:text/plain,{0}", "http://127.0.0.1{0}", "tcp://127.0.0.1:1", "pipe:0", "fd:3", "/dev/zero", "/dev/stdin"),
    *("../{1}", "../../{1}", "./../{1}", "a/../../{1}", "..\\{1}", "%2e%2e/{1}", "..%2f{1}", "link.png", "./link.png"),
    *("folder", "folder/", "pipe.png", "/app/assets/../{1}", "/app/assets/link.png", "/data/../{1}", "/data/{0}"),
    *("/data//{0}", "~/{1}", "{0}\0.png", "logo.png\0", "logo.png/", "logo.png/../../{1}", "/proc/self/environ"),
    *("video:{0}", "asset:{0}", "variant:../{1}", "asset:00000000-0000-0000-0000-000000000000", "uploads/../{1}"),
)
MARKUP = (
    *(
        "<b>",
        "</b>",
        "<span font_desc='{0}'>",
        "</span>",
        "&amp;",
        "&#0;",
        "&#x41;",
        "&{0};",
        "<![CDATA[",
        "<!--",
        "-->",
    ),
    *("<!DOCTYPE x [<!ENTITY e SYSTEM 'file://{0}'>]>&e;", "<?xml?>", "{{0}}", "{0.__class__}", "%s%s%n", "\\u0041"),
    *("Noto Sans:file={0}", "Noto Sans:lang=hi:file={0}", ":family=x", ",Noto Sans", "Noto Sans,{0}", "{0},bold 40"),
    *("Noto Sans", "NotoSans-Regular.ttf", "../NotoSans-Regular.ttf", "{0}.ttf", "@wght=900", "monospace 400"),
)
EXPRESSIONS = (
    *("W", "H", "w", "h", "tw", "th", "t", "n", "+", "-", "*", "/", "(", ")", " ", "1", "0", "20", "1e999", "1e-999"),
    *(
        ".",
        "nan",
        "inf",
        "-0",
        "9" * 40,
        "0x7f",
        "1_000",
        "٣",
        "random(0)",
        "st(0,1)",
        "ld(0)",
        "while(1,1)",
        "if(1,2)",
    ),
    *("print(1)", "taylor(1,1)", "root(1,1)", "between(t,0,9)", "sin(1)", "W-w-20", "(W-w)/2", "1//0", "1/0", "**"),
    *("((((", "))))", "-" * 50, "__import__('os')", "lambda: 0", "W" * 30, "W W", "1;", "center", "bottom-right"),
)
COLOURS = (
    *("white", "red", "#ff0000", "#ff000080", "#fff", "white@0.5", "@", "@0.5", "white@{0}", "white:box=1", "random"),
    *("0xff0000", "white@1e9", "white@-1", "white@nan", "#gggggg", "rgb(1,2,3)", "#" * 9, "ｗhite", "WHITE"),
)
UNICODE = (
    *("\u202e", "\u2066", "\u2069", "\u200d", "\ufe0f", "\u0301" * 20, "\ufeff", "\u2028", "\ud800", "\udfff", "\0"),
    *("\x07", "\x1b[31m", "\n", "\t", "\u00ad", "\ufffd", "\U0010ffff", "\U000e0041", "नमस्ते", "שלום", "مرحبا", "漢字"),
    *("👨‍👩‍👧", "ﬁ", "İ", "ſ", "Ａ", "ё", "a" * 300, "x" * 2000),
)
KINDS = (SYNTAX, PATHS, MARKUP, EXPRESSIONS, COLOURS, UNICODE)


def strings(first: int, last: int, canary: Path, *, seed: int = 20040413) -> Iterator[str]:
    """Those from number `first` to before `last` of a sequence that is the same for the same seed and has none twice:
    each piece alone, then several joined. `{0}` becomes the canary's path, `{1}` its name."""
    texts = (text.replace("{0}", str(canary)).replace("{1}", canary.name) for text in _texts(random.Random(seed)))
    return itertools.islice(_distinct(texts), first, last)


def _texts(dice: random.Random) -> Iterator[str]:
    yield from itertools.chain(*KINDS)
    while True:
        kinds = KINDS if dice.random() < 0.5 else (dice.choice(KINDS),)
        pieces = [dice.choice(dice.choice(kinds)) for _ in range(dice.choice((2, 3, 5, 9)))]
        if dice.random() < 0.1:
            pieces.append("".join(chr(dice.randrange(0x110000)) for _ in range(dice.randrange(1, 12))))
        yield "".join(pieces)


def _distinct(texts: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for text in texts:
        if text not in seen:
            seen.add(text)
            yield text


class Watch:
    """How often a file was opened or read since the last look, by whomever, under whatever name: inotify(7)."""

    def __init__(self, path: Path) -> None:
        libc = ctypes.CDLL(None)
        self._fd = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._fd, os.fsencode(path), 0x20 | 0x1) > 0  # opened, read

    def events(self) -> int:
        try:
            return len(os.read(self._fd, 1 << 16)) // struct.calcsize("iIII")
        except BlockingIOError:
            return 0
