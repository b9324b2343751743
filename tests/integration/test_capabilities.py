"""What ffmpeg is asked about itself."""

from __future__ import annotations

from pathlib import Path

from reelwright.media.ffmpeg.capabilities import capabilities
from reelwright.settings import Settings


async def test_a_program_that_was_replaced_is_asked_anew(tmp_path: Path) -> None:
    """Also where the other one had been asked before."""
    program = tmp_path / "ffmpeg"
    for version in ("7.1", "8.0"):
        other = tmp_path / version
        other.write_text(f"#!/bin/sh\necho ffmpeg version {version}\n")
        other.chmod(0o755)
        other.replace(program)
        assert (await capabilities(Settings(ffmpeg_bin=str(program)))).ffmpeg_version == version
