"""Which system calls media processes may make here: as set, or as a trial of this ffmpeg shows."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from reelwright.edits.codecs import CODECS
from reelwright.errors import MediaProcessFailed
from reelwright.media.ffmpeg.capabilities import listed_encoders
from reelwright.media.ffmpeg.executable import ask, program_state
from reelwright.media.sandbox import contained, system_calls
from reelwright.media.sandbox.system_calls import Kind
from reelwright.settings import Settings

logger = logging.getLogger(__name__)

QUIET = ("-nostdin", "-loglevel", "error")


_WORKS: set[tuple[object, bytes]] = set()
"""States of programs that were tried, and work, with the allow-list that they work with."""


async def settle(settings: Settings) -> None:
    """Decide, for this process, which system calls media processes may make: as set, or as a trial shows."""
    if settings.system_calls != "auto":
        contained.use_fallback("SYSTEM_CALLS says so" if settings.system_calls == "deny-list" else "")
        return
    if not contained.holds_to_list() or (failure := await _found(settings)) is None:
        return
    contained.use_fallback(f"with the allow-list this ffmpeg fails ({failure})")
    if await _found(settings) is not None:  # it is something else
        contained.use_fallback("")
        return
    logger.warning("system calls of media processes are not held to the allow-list: %s", failure)


async def _found(settings: Settings) -> str | None:
    """What goes wrong, tried until it went well with the allow-list, once for each state of the program."""
    try:
        state = program_state(settings), system_calls.for_this_machine(Kind.FFMPEG, listed=True)
        if state in _WORKS and contained.holds_to_list():
            return None
        await _try(settings)
    except MediaProcessFailed as failed:
        return failed.detail
    except (OSError, TimeoutError) as error:  # nothing to try, nowhere to write, or no time: nothing is learnt
        logger.info("system calls cannot be tried: %r", error)
        return None
    if contained.holds_to_list():
        _WORKS.add(state)
    return None


async def _try(settings: Settings) -> None:
    """Make a few pictures with every encoder that may be used, and read them again. Raises MediaProcessFailed, OSError,
    TimeoutError."""
    listed = await listed_encoders(settings)
    encoders = [rules.encoder for rules in CODECS.values() if rules.encoder in listed]
    with tempfile.TemporaryDirectory(prefix="reelwright-trial-") as folder:
        made = f"file:{folder}/made.mkv"
        sources = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=5:d=1", "-f", "lavfi", "-i", "sine=d=1")
        pictures = [
            option for number, encoder in enumerate(encoders) for option in ("-map", "0:v", f"-c:v:{number}", encoder)
        ]
        coding = (*sources, *pictures, "-map", "1:a", "-threads", "2", made)
        reading = ("-threads", "2", "-i", made, "-map", "0", "-f", "null", "-")
        for arguments in (coding, reading):
            await ask(settings, *QUIET, *arguments, access=contained.Access(write=(Path(folder),)))
