"""A track of text of an open media file -> SubtitleFindings, by its packets. Runs only in the inspector's children."""

from __future__ import annotations

from typing import Any

from reelwright.media.checks.inspection import SubtitleFindings


class ReadSubtitles:
    """One track of text, as its packets tell it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.findings = SubtitleFindings(language=stream.language)
        context = stream.codec_context
        # MP4 has a text for the time between cues as well: a length of two bytes, which is zero
        self._empty_bytes = 2 if context is not None and context.codec.canonical_name == "mov_text" else 0

    def pass_by(self, packet: Any) -> None:
        if packet.pts is None or packet.size <= self._empty_bytes:
            return
        found, start = self.findings, packet.pts * packet.time_base
        found.cues += 1
        found.first_s = float(start) if found.first_s is None else min(found.first_s, float(start))
        found.end_s = max(found.end_s or 0.0, float(start + (packet.duration or 0) * packet.time_base))
