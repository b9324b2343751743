"""Damaged sources: what ffmpeg says of them, line by line, what of it a client has to know, and what is tried again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from reelwright.edits.media_info import MediaInfo
from reelwright.media.ffmpeg.command import REPORTING, Command

BROADCAST = frozenset({"mpegts", "mpeg"})
"""Containers that are sent: errors of transmission are usual, and what follows a gap is marked as corrupt though it may
be whole."""
LAST_FRAME = "the last frame of the video is damaged and was left out"
UNDECODABLE = re.compile(
    r"Error processing packet in decoder|Error submitting (a )?packet to (the )?decoder|[Cc]orrupt decoded frame"
    r"|Error while decoding stream|Decoding error|Error during demuxing"
)
"""How ffmpeg, from 5.1 on, says that it failed at what it read. It goes on, unless it is told not to."""
_SPOILT = re.compile(r"error while decoding MB|undecodable NALU: ([12]?\d|3[01])\b")
"""How H.264 and HEVC say the same of a part of a frame, several times for one: whether ffmpeg then calls the frame
corrupt, too, is a race of the decoder's threads."""
_SOUND = re.compile(r"\[aist#|\[aac|\[mp[123]|\[e?ac3|\[opus|\[vorbis|\[flac|\[pcm|\[wma")
_CORRUPT = re.compile(r"\[in#(\d+)\D.*Packet corrupt \(stream = (\d+), dts = (-?\d+|NOPTS)\)(, dropping it)?")
"""A packet that reaches beyond the end of the file, or that the container itself calls damaged. Of a broadcast also one
amid or behind which some are missing, which is not left out; each is said again each time that it is read."""


@dataclass(slots=True)
class Damage:
    """What one process has lost of its source. `needed_to`: by stream of the first input, the tick from which on its
    packets are not needed; all are, of a stream that is not named."""

    needed_to: Mapping[int, int]
    pictures: int = 0
    sounds: int = 0
    is_spoilt: bool = False
    """Whether the decoder itself spoke of a frame, be it one of `pictures` or none."""
    dropped: list[int] = field(default_factory=list)
    """Streams of the first input's packets that were left out."""
    marked: set[tuple[int, str]] = field(default_factory=set)
    """Streams and times of those that are called damaged, and were decoded as far as they can be."""
    elsewhere: set[tuple[str, int, str]] = field(default_factory=set)
    """The same of further inputs, left out or not: input, stream and time."""
    first: str = ""
    """The first line that spoke of something undecodable."""
    first_s: float = 0.0
    """How far the output was then, seconds."""

    def note(self, line: str, done_s: float) -> bool:
        """Take a line in; whether it says that something could not be decoded."""
        if (found := _CORRUPT.search(line)) is not None:
            stream, at = int(found[2]), found[3]
            if found[1] != "0":
                self.elsewhere.add((found[1], stream, at))
            elif at == "NOPTS" or stream not in self.needed_to or int(at) < self.needed_to[stream]:
                if found[4]:
                    self.dropped.append(stream)
                else:
                    self.marked.add((stream, at))
            return False
        spoilt = _SPOILT.search(line) is not None
        if not spoilt and UNDECODABLE.search(line) is None:
            return False
        if not self.first:
            self.first, self.first_s = line, done_s
        if spoilt:
            self.is_spoilt = True
        elif _SOUND.search(line):
            self.sounds += 1
        else:
            self.pictures += 1
        return True

    def warnings(self, picture: int) -> list[str]:
        """In sentences for the client; `picture`: the stream of the first input that the picture is."""
        told: list[str] = []
        if lost := _both(max(self.pictures, int(self.is_spoilt)), self.sounds):
            where = f", the first after about {self.first_s:.0f} s of the output" if self.first_s >= 1 else ""
            told.append(f"{lost} of the video could not be decoded whole{where}: damaged or left out")
        frames, marked = self.dropped.count(picture), sum(stream == picture for stream, _ in self.marked)
        if dropped := _both(frames, len(self.dropped) - frames):
            told.append(f"the video is cut off or damaged within {dropped} that had to be left out")
        if parts := _both(marked, len(self.marked) - marked):
            told.append(f"the video lacks something within {parts}, unless recordings were put together there")
        if number := len(self.elsewhere):
            packets = "1 packet" if number == 1 else f"{number} packets"
            told.append(f"another source is cut off or damaged within {packets}: something may be missing there")
        return told


def _both(frames: int, sounds: int) -> str:
    """So many frames and packets of sound, in words; empty where there is neither."""
    counts = ((frames, "frame", ""), (sounds, "packet", " of sound"))
    return " and ".join(f"{number} {what}{'s' if number > 1 else ''}{of}" for number, what, of in counts if number)


def source_damaged(why: str, done_s: float) -> str:
    """What a client is told when nothing is made of it. `done_s`: how far the output was."""
    where = f" after {done_s:.1f} s of the output" if done_s else ""
    return f"the source is damaged{where} ({why.rstrip('.')}): cut out a part that is intact, or upload it again"


def dropping(stream: int, expression: str) -> tuple[str, ...]:
    """An input's option: packets for which the expression is not 0 are not read."""
    escaped = expression.replace(",", "\\,")
    return (f"-bsf:{stream}", f"noise=drop={escaped}")


def whole(media: MediaInfo, arguments: Sequence[str], **more: Any) -> Command:
    """A command that reads all of the video: `arguments` from its options on. The file may have been cut off within its
    last packet, so that when it proves damaged, all is tried again without that."""
    video = media.main_video
    again: tuple[str, ...] = ()
    forgiving = media.container in BROADCAST
    if video.last_packet_s is not None and not forgiving:
        last = Fraction(video.last_packet_s) / Fraction(video.time_base)
        again = ("-y", *REPORTING, *dropping(video.index, f"gte(dts,{last})"), *arguments)
    return Command(
        arguments=(*REPORTING, *arguments),
        if_damaged=again,
        lost_then=LAST_FRAME,
        forgiving=forgiving,
        video_stream=video.index,
        **more,
    )
