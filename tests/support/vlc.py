"""VLC as a player without a screen: what it shows, and what it says, of a stream of footage."""

from __future__ import annotations

import asyncio
import os

import numpy as np

from tests.support import needs
from tests.support.footage import Picture

NOBODY = 65534
"""VLC does not run as root."""
WITHIN_S = 120
SAMPLES_A_SECOND = 48000


async def pictures(url: str, size: tuple[int, int], *options: str) -> Picture:
    """The luma of every frame that it decodes, with the subtitles that it writes over them. `size`: of the quality that
    it chooses by the options."""
    width, height = size
    raw = np.frombuffer(await _played(url, "vcodec=I420,acodec=none,soverlay", *options), np.uint8)
    return raw.reshape(-1, width * height * 3 // 2)[:, : width * height].reshape(-1, height, width)


async def pitch_hz(url: str, *options: str) -> float:
    """Of the loudest tone in all that it says."""
    raw = np.frombuffer(await _played(url, "vcodec=none,acodec=s16l,scodec=none,channels=1", *options), "<i2")
    return float(np.abs(np.fft.rfft(raw)).argmax()) * SAMPLES_A_SECOND / len(raw)


async def _played(url: str, decoded: str, *options: str) -> bytes:
    """Play it as fast as it goes. `decoded`: to what, as its stream output `transcode` takes it."""
    process = await asyncio.create_subprocess_exec(
        *(needs.program("vlc"), "--intf=dummy", "--ignore-config", "--no-sout-all", *options),
        *(f"--sout=#transcode{{{decoded}}}:std{{access=file,mux=dummy,dst=-}}", url, "vlc://quit"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        user=NOBODY if os.geteuid() == 0 else None,
    )
    played, said = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode == 0, said.decode()
    return played
