"""What ffmpeg is asked about itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelwright.errors import MediaProcessFailed
from reelwright.media.ffmpeg.capabilities import capabilities
from reelwright.media.ffmpeg.executable import ffmpeg_path, version
from reelwright.settings import Settings


async def test_a_program_that_was_replaced_is_asked_anew(tmp_path: Path) -> None:
    """Also where the other one had been asked before."""
    program = tmp_path / "ffmpeg"
    for release in ("7.1", "8.0"):
        other = tmp_path / release
        other.write_text(f"#!/bin/sh\necho ffmpeg version {release}\n")
        other.chmod(0o755)
        other.replace(program)
        assert (await capabilities(Settings(ffmpeg_bin=str(program)))).ffmpeg_version == release


async def test_another_program_is_no_ffmpeg() -> None:
    """It runs, and does not say what it should."""
    with pytest.raises(MediaProcessFailed, match="FFMPEG_BIN is not an ffmpeg program") as failed:
        await version(Settings(ffmpeg_bin="/bin/echo"))
    assert failed.value.code == "cannot_start"


def test_the_word_ffmpeg_is_the_bundled_one_where_none_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As settings of other products have it; else the one that PATH has."""
    bundled = ffmpeg_path(Settings())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ffmpeg_path(Settings(ffmpeg_bin="ffmpeg")) == bundled
    (tmp_path / "ffmpeg").touch(mode=0o755)
    assert ffmpeg_path(Settings(ffmpeg_bin="ffmpeg")) == Path("ffmpeg")
