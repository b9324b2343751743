#!/usr/bin/env python3
"""Make the two pictures that ship in assets/: logo.png, a film reel, and wm.png, the reel with our name."""

from __future__ import annotations

import asyncio
import tempfile
from math import cos, pi, sin
from pathlib import Path

import pyvips

from reelwright.edits.layers import TextStyle
from reelwright.media.images.fonts import FontBook
from reelwright.media.images.renderer import ImageRenderer

FOLDER = Path(__file__).parents[1] / "assets"
LOGO_PX, MARK_PX, GAP_PX = 200, 64, 16


def reel(size: int, disc: str, holes: str) -> pyvips.Image:
    """A disc with five holes around a small one, and the film that leaves it."""
    around = [(50 + 24 * sin(2 * pi * k / 5), 50 - 24 * cos(2 * pi * k / 5)) for k in range(5)]
    circles = "".join(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="9.5"/>' for x, y in around)
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="{size}" height="{size}">'
        f'<path d="M50 90 H98 V96 H50 Z" fill="{disc}"/><circle cx="50" cy="50" r="46" fill="{disc}"/>'
        f'<g fill="{holes}">{circles}<circle cx="50" cy="50" r="5"/></g></svg>'
    )
    return pyvips.Image.svgload_buffer(drawing.encode())


async def words(work: Path) -> pyvips.Image:
    style = TextStyle(font="NotoSans-SemiBold.ttf", font_size=44)
    async with ImageRenderer(FontBook.scan(None, system=()), work) as renderer:
        with (work / "words.png").open("w+b") as target:
            await renderer.draw_text("Reelwright", style, target)
    return pyvips.Image.new_from_file(str(work / "words.png")).copy_memory()


def main() -> None:
    reel(LOGO_PX, "#e4572e", "#fff8f0").pngsave(str(FOLDER / "logo.png"), keep="none")
    with tempfile.TemporaryDirectory() as work:
        name = asyncio.run(words(Path(work)))
    mark = reel(MARK_PX, "#ffffff", "#00000060")
    whole = mark.embed(0, 0, MARK_PX + GAP_PX + name.width, MARK_PX)
    whole = whole.composite2(name, "over", x=MARK_PX + GAP_PX, y=(MARK_PX - name.height) // 2)
    whole.cast("uchar").pngsave(str(FOLDER / "wm.png"), keep="none")


if __name__ == "__main__":
    main()
