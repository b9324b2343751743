"""How an untrusted file is opened: through FFmpeg's `fd:` protocol, the only one that is allowed, by such demuxers and
decoders as the rules name. Runs only in the prober's children."""

from __future__ import annotations

import importlib
import pkgutil

import av
import av.logging
from av.container import InputContainer
from av.error import FFmpegError

from reelwright import source_codecs
from reelwright.media.probe import refusal
from reelwright.media.probe.rules import ProbeRules

UNWANTED = ("av.__main__", "av.datasets")
"""What PyAV has for its command line and for its own tests, and fetches by HTTP: a sixth of the time to start."""


def warm_up() -> None:
    """Load, in the prober, what a probe may need: its child can open nothing any more."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in UNWANTED:
            importlib.import_module(module.name)
    av.logging.set_level(None)
    av.logging.set_libav_level(av.logging.PANIC)  # its messages quote the file


def opened(media_fd: int, rules: ProbeRules, **more: str) -> InputContainer:
    options = {
        "fd": str(media_fd),
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(rules.formats),
        "codec_whitelist": source_codecs.whitelist(rules.codecs),
        "threads": "1",
        "max_pixels": str(rules.max_pixels),
        **more,
    }
    try:
        return av.open("fd:", options=options, metadata_errors="replace")
    except MemoryError:
        raise
    except FFmpegError as error:
        raise refusal.refused(media_fd, rules.formats) from error
