#!/usr/bin/env python3
"""Draw tests/golden/words.json with HarfBuzz's own hb-view, as references for the shaping of our texts; and emoji with
Chromium, as a reference for their colours.

Needs hb-view (Debian: libharfbuzz-bin). Each text is drawn alone, in the bundled font of its script, black on white.
It is drawn as SVG: hb-view 6 clips what it draws, and cuts off glyphs that reach out, so the clip is taken away.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import pyvips

from reelwright.media.images.fonts import FontBook

FOLDER = Path(__file__).parents[1] / "tests" / "golden"
SIZE_PX = 48


def main() -> None:
    book = FontBook.scan(None, system=())
    for name, (family, text) in json.loads((FOLDER / "words.json").read_text()).items():
        font = book.find(family)
        command = [
            *(
                "hb-view",
                f"--font-file={font.path}",
                f"--face-index={font.index}",
                f"--variations=wght={font.weight}",
                f"--font-size={SIZE_PX}",
            ),
            *("--margin=24", "--background=ffffff", "--foreground=000000", "--output-format=svg"),
        ]
        drawn = subprocess.run(command, input=text.encode(), check=True, stdout=subprocess.PIPE).stdout
        picture = pyvips.Image.svgload_buffer(drawn.replace(b'clip-path="', b'unclipped="'), dpi=72)
        picture.flatten(background=255).colourspace("b-w").pngsave(str(FOLDER / f"{name}.png"), keep="none")
        print(name)
    emoji(book)


def emoji(book: FontBook) -> None:
    text = (FOLDER / "emoji.txt").read_text().strip()
    font = book.find("Noto Color Emoji").path.as_uri()
    page = (
        f"<meta charset=utf-8><style>@font-face {{ font-family: it; src: url({font}) }} body {{ margin: 24px }}"
        f" p {{ font: {2 * SIZE_PX}px it; white-space: nowrap }}</style><p>{text}"
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(page)
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--default-background-color=00000000"]
        options += ["--window-size=1200,200", f"--user-data-dir={folder}", f"--screenshot={FOLDER / 'emoji.png'}"]
        subprocess.run(["chromium", *options, f"file://{folder}/page.html"], check=True, capture_output=True)


if __name__ == "__main__":
    main()
