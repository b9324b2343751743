"""What ffmpeg says of a damaged source, line by line, and what of it a client has to know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

UNDECODABLE = re.compile(
    r"Error processing packet in decoder|Error submitting (a )?packet to (the )?decoder|[Cc]orrupt decoded frame"
    r"|Error while decoding stream|Decoding error|Error during demuxing"
)
"""How ffmpeg, from 5.1 on, says that it failed at what it read. It goes on, unless it is told not to."""
_SOUND = re.compile(r"\[aist#|\[aac|\[mp[123]|\[e?ac3|\[opus|\[vorbis|\[flac|\[pcm|\[wma")
_DROPPED = re.compile(r"\[in#0\D.*Packet corrupt \(stream = (\d+), dts = (-?\d+|NOPTS)\), dropping it")
"""A packet that reaches beyond the end of the file, or that the container itself calls damaged."""


@dataclass(slots=True)
class Damage:
    """What one process has lost of its source. `needed_to`: by stream of the first input, the tick from which on its
    packets are not needed; all are, of a stream that is not named."""

    needed_to: Mapping[int, int]
    pictures: int = 0
    sounds: int = 0
    dropped: list[int] = field(default_factory=list)
    """Streams of the packets that were left out."""
    first: str = ""
    """The first line that spoke of something undecodable."""
    first_s: float = 0.0
    """How far the output was then, seconds."""

    def note(self, line: str, done_s: float) -> bool:
        """Take a line in; whether it says that something could not be decoded."""
        if (found := _DROPPED.search(line)) is not None:
            stream = int(found[1])
            if found[2] == "NOPTS" or stream not in self.needed_to or int(found[2]) < self.needed_to[stream]:
                self.dropped.append(stream)
            return False
        if UNDECODABLE.search(line) is None:
            return False
        if not self.first:
            self.first, self.first_s = line, done_s
        if _SOUND.search(line):
            self.sounds += 1
        else:
            self.pictures += 1
        return True

    def warnings(self, picture: int) -> list[str]:
        """In sentences for the client; `picture`: the stream of the first input that the picture is."""
        told: list[str] = []
        if self.pictures or self.sounds:
            parts = [
                f"{count} {what}{'s' if count > 1 else ''}"
                for count, what in ((self.pictures, "frame"), (self.sounds, "packet of sound"))
                if count
            ]
            where = f", the first after about {self.first_s:.0f} s of the output" if self.first_s >= 1 else ""
            told.append(f"{' and '.join(parts)} of the video could not be decoded whole{where}: damaged or left out")
        if frames := self.dropped.count(picture):
            told.append(f"the video is cut off or damaged within {_count(frames, 'frame')} that had to be left out")
        if sounds := len(self.dropped) - frames:
            told.append(
                f"the video is cut off or damaged within {_count(sounds, 'packet')} of sound that had to be left out"
            )
        return told


def _count(number: int, what: str) -> str:
    return f"a {what}" if number == 1 else f"{number} {what}s"
