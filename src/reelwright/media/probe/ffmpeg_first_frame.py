"""Asks the ffmpeg that renders when it shows the first frame of a video, and how large: it decides."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reelwright.errors import UnreadableMedia
from reelwright.media.probe import refusal
from reelwright.media.probe.rules import ProbeRules
from reelwright.media.sandbox import contained
from reelwright.source_codecs import whitelist

MAX_OUTPUT_BYTES = 1 << 20
_FRAME = re.compile(
    rb"^\[Parsed_showinfo_0 @ 0x[0-9a-f]+\] n: *0 pts: *(-?\d{1,19}) .*? s:(\d{1,5})x(\d{1,5}) ", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class FirstFrame:
    tick: int
    width: int
    height: int


async def first_frame(path: Path, stream_index: int, rules: ProbeRules) -> FirstFrame | None:
    """As it leaves the decoder, in ticks of its stream; None when it takes too long.

    Raises UnreadableMedia when there is none, MediaProcessFailed when ffmpeg cannot be started.
    """
    process = await contained.start(
        _argv(path, stream_index, rules),
        limits=contained.Limits(memory_bytes=rules.memory_bytes, cpu_s=max(1, round(rules.timeout_s)), children=False),
        access=contained.Access(read=(path,)),
        cwd=Path("/"),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        said = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(rules.timeout_s):
                while len(said) < MAX_OUTPUT_BYTES and (chunk := await process.stderr.read(1 << 16)):
                    said += chunk
                    if found := _FRAME.search(said):
                        tick, width, height = map(int, found.groups())
                        return FirstFrame(tick, width, height)
                if await process.wait() >= 0:
                    raise UnreadableMedia(refusal.NO_PICTURE)
        return None
    finally:
        await contained.stop(process, patience_s=0)


def _argv(path: Path, stream_index: int, rules: ProbeRules) -> list[str]:
    return [
        rules.ffmpeg,
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "info"),
        *("-noautorotate", "-copyts"),  # as it is coded, by the file's own clock
        *("-threads", "1", "-max_pixels", str(2 * rules.max_pixels)),  # codecs round sizes up
        *("-protocol_whitelist", "file", "-format_whitelist", ",".join(rules.formats)),
        *("-codec_whitelist", whitelist(rules.codecs), "-i", f"file:{path.absolute()}"),
        *("-map", f"0:{stream_index}", "-frames:v", "1", "-fps_mode", "passthrough", "-vf", "showinfo"),
        *("-f", "null", "-"),
    ]
