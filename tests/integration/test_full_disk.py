"""A disk that fills while something is drawn: nobody's picture, text or subtitles are to blame."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reelwright.edits.cues.style import SubtitleStyle, in_pixels
from reelwright.edits.layers import TextStyle
from tests.integration.test_cue_video import CANVAS, cue
from tests.support.images import RendererForTests


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of one page, which is full."""
    folder = tmp_path / "full"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_full_disk_is_told_as_one(full_disk: Path, patch: Path, tmp_path: Path) -> None:
    """As the system's own error, of which clients hear 507, and for which jobs wait; no picture is called damaged."""
    target = full_disk / "drawn"
    async with RendererForTests.in_folder(tmp_path / "drawing") as renderer:
        for drawing in (
            renderer.draw_text("words", TextStyle(), target),
            renderer.draw_cues([cue(0, 1)], in_pixels(SubtitleStyle(), CANVAS), target),
            renderer.normalize_image(patch, target, max_pixels=10_000),
        ):
            with pytest.raises(OSError, match="No space left") as caught:
                await drawing
            assert caught.value.errno == errno.ENOSPC
