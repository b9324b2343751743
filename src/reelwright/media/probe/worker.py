"""The prober, contained: looks into untrusted files for `Prober`, each in a child of its own (`fork_server`)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reelwright.edits.cues.embedded import EmbeddedSubtitles
from reelwright.media.probe.rules import Examined, ProbeRules


def load() -> None:
    """Load what a child cannot: it can open nothing any more."""
    from reelwright.media.probe import sound_files, subtitle_tracks, video_files  # noqa: F401


def probe(request: bytes, files: Sequence[int]) -> Examined | EmbeddedSubtitles:
    """What the one file is, or what its tracks of text say, by the rules that the request is."""
    from reelwright.media.probe import sound_files, subtitle_tracks, video_files

    (media_fd,) = files
    rules = msgspec.json.decode(request, type=ProbeRules)
    if rules.text_from_s is not None:
        return subtitle_tracks.read(media_fd, rules)
    return sound_files.examine(media_fd, rules) if rules.sound else video_files.examine(media_fd, rules)
