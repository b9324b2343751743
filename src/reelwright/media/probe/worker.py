"""The prober, contained: looks into untrusted files for `Prober`, each in a child of its own (`fork_server`)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reelwright.media.probe.report import Examined
from reelwright.media.probe.rules import ProbeRules
from reelwright.media.sandbox import fork_server
from reelwright.media.sandbox.system_calls import Kind


def main() -> None:
    from reelwright.media.probe import demux, sound_files  # noqa: F401 (a child can open nothing any more)

    demux.warm_up()
    fork_server.serve(probe, Kind.PROBE)


def probe(request: bytes, files: Sequence[int]) -> Examined:
    """What the one file is, by the rules that the request is."""
    from reelwright.media.probe import demux, sound_files

    (media_fd,) = files
    rules = msgspec.json.decode(request, type=ProbeRules)
    return sound_files.examine(media_fd, rules) if rules.sound else demux.examine(media_fd, rules)
