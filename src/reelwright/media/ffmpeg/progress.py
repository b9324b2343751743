"""What ffmpeg says on `-progress`: lines in, how far it is out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

PACKET = "packet_s"
"""The key of a line that tells the time of one packet, in seconds: asked for where reports come late, for ffmpeg makes
none before every output has begun."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The furthest point of any output. `ended` says that ffmpeg finished writing, not that it did so well."""

    out_time_s: float = 0.0
    frame: int = 0
    speed: float | None = None
    ended: bool = False


@dataclass(slots=True)
class ProgressReader:
    """Reads `key=value` lines. Values may be N/A, negative or step back: positions never fall."""

    latest: Progress = field(default_factory=Progress)
    _seen: dict[str, str] = field(default_factory=dict)

    def feed(self, line: str) -> Progress | None:
        """The new state when the line completes a report or tells of a packet, else None."""
        key, separator, value = line.strip().partition("=")
        if not separator or len(self._seen) > 64:
            self._seen.clear()
            return None
        if key == PACKET:
            self.latest = replace(self.latest, out_time_s=max(self.latest.out_time_s, _number(value) or 0.0))
            return self.latest
        if key != "progress":
            self._seen[key] = value.strip()
            return None
        before, seen, self._seen = self.latest, self._seen, {}
        out_time_us = _number(seen.get("out_time_us"))
        speed = _number(seen.get("speed", "").removesuffix("x"))
        self.latest = Progress(
            out_time_s=max(before.out_time_s, (out_time_us or 0.0) / 1e6),
            frame=max(before.frame, int(_number(seen.get("frame")) or 0)),
            # reckoned by a time that is none, as when all packets are out and none is behind, it is none either; of its
            # first report ffmpeg says 0, where it keeps the source's times (-copyts): it counts from there on
            speed=before.speed if out_time_us is None else speed or None,
            ended=value == "end",
        )
        return self.latest


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < 1e15 else None


def percent(done: Progress, expected_s: Fraction) -> float:
    """0 to 100 of the expected output length."""
    if expected_s <= 0:
        return 0.0
    return min(100.0, 100 * done.out_time_s / float(expected_s))
