"""Small test material, made with the bundled ffmpeg."""

from __future__ import annotations

import subprocess

import imageio_ffmpeg


def ffmpeg(*arguments: str) -> None:
    """Run the bundled ffmpeg."""
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=120
    )
