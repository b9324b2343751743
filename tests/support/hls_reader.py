"""Reads HLS back as a strict player does: playlists by RFC 8216, media by decoding each segment alone."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import av
from imageio_ffmpeg import get_ffmpeg_exe

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    value: str
    uri: str
    """The line that follows."""

    @property
    def attributes(self) -> dict[str, str]:
        found = _ATTRIBUTE.findall(self.value)
        assert ",".join(f"{name}={value}" for name, value in found) == self.value, f"not attributes: {self.value}"
        assert len(dict(found)) == len(found), f"an attribute comes twice: {self.value}"
        return {name: value.strip('"') for name, value in found}


def tags(text: str) -> list[Tag]:
    lines = text.split("\n")
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == ""
    return [
        Tag(line.partition(":")[0], line.partition(":")[2], lines[number + 1])
        for number, line in enumerate(lines)
        if line.startswith("#EXT")
    ]


@dataclass(frozen=True, slots=True)
class Part:
    """A segment, as its playlist tells of it and as it is."""

    lasts_s: Fraction
    size_bytes: int
    times_s: tuple[Fraction, ...]
    """When its frames are shown, in order."""


@dataclass(frozen=True, slots=True)
class Playlist:
    target_s: int
    init: bytes
    parts: tuple[Part, ...]

    @property
    def borders_s(self) -> list[Fraction]:
        return [sum((part.lasts_s for part in self.parts[:number]), Fraction(0)) for number in range(len(self.parts))]


def read_playlist(folder: Path, name: str) -> Playlist:
    """A media playlist and its media. Asserts that segments lie one after the other, a gap behind each, to the file's
    end, start with a key frame, hold no other (the last one may have what was left over), decode alone to all their
    frames, begin when the segments before them end, and are not longer than the target duration."""
    found = tags((folder / name).read_text())
    single = {tag.name: tag.value for tag in found}
    assert int(single["#EXT-X-VERSION"]) >= 6
    assert single["#EXT-X-PLAYLIST-TYPE"] == "VOD"
    assert found[-1].name == "#EXT-X-ENDLIST"
    target_s = int(single["#EXT-X-TARGETDURATION"])
    (header,) = (tag.attributes for tag in found if tag.name == "#EXT-X-MAP")
    media = (folder / header["URI"]).read_bytes()
    length, start = map(int, header["BYTERANGE"].split("@"))
    init = media[start : start + length]
    durations = [Fraction(tag.value.rstrip(",")) for tag in found if tag.name == "#EXTINF"]
    ranges = list[tuple[str, int, int]]()
    for tag in found:
        if tag.name == "#EXT-X-BYTERANGE":
            size, at = tag.value.split("@")
            ranges.append((tag.uri, int(size), int(at)))
    assert len(durations) == len(ranges)
    begin, now_s, parts = ranges[0][2], Fraction(0), list[Part]()
    assert media[begin + 4 : begin + 8] == b"moof"
    for (uri, size_bytes, offset), lasts_s in zip(ranges, durations, strict=True):
        assert (uri, offset) == (header["URI"], begin)
        assert int(lasts_s + Fraction(1, 2)) <= target_s
        is_last = len(parts) == len(ranges) - 1
        times_s = _decoded_alone(init + media[offset : offset + size_bytes], header["URI"], is_last=is_last)
        if not header["URI"].startswith("a"):
            assert abs(times_s[0] - now_s) < Fraction(1, 1000), f"{name}: {float(now_s)} is {float(times_s[0])}"
        parts.append(Part(lasts_s, size_bytes, times_s))
        begin, now_s = begin + size_bytes, now_s + lasts_s
        assert media[begin : begin + 8] == b"\0\0\0\x08free"
        begin += 8
    assert begin == len(media)
    return Playlist(target_s, init, tuple(parts))


def _decoded_alone(data: bytes, name: str, *, is_last: bool) -> tuple[Fraction, ...]:
    with av.open(io.BytesIO(data), "r", format="mp4") as opened:
        (stream,) = opened.streams
        moving = stream.type == "video"
        keys = [packet.is_keyframe for packet in opened.demux(stream) if packet.size]
    with av.open(io.BytesIO(data), "r", format="mp4") as opened:
        frames = [frame for frame in opened.decode(opened.streams[0]) if isinstance(frame, av.frame.Frame)]
        times = tuple(frame.pts * frame.time_base for frame in frames if frame.pts is not None and frame.time_base)
    if moving:
        assert keys[0], name
        assert keys.count(True) <= (2 if is_last else 1), f"{name}: key frames among {keys}"  # a rest has its own
        assert len(times) == len(keys), f"{name}: {len(times)} frames of {len(keys)} packets"
    assert list(times) == sorted(set(times))
    return times


def told_codec(media: Path) -> str:
    """What ffmpeg's own DASH muxer calls the codec; of HEVC, which that leaves out, by profile and level."""
    with av.open(str(media)) as opened:
        context = opened.streams[0].codec_context
        if context.name == "hevc":
            assert context.extradata is not None
            number, compatible = {"Main": (1, 6), "Main 10": (2, 4)}[str(context.profile)]
            return f"hvc1.{number}.{compatible}.L{context.extradata[12]}.90"
    manifest = media.parent / f"{media.name}.oracle" / "manifest.mpd"
    manifest.parent.mkdir(exist_ok=True)
    argv = [get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(media), "-c", "copy", "-f", "dash", str(manifest)]
    subprocess.run(argv, check=True, timeout=60)
    (found,) = ElementTree.parse(manifest).iter("{urn:mpeg:dash:schema:mpd:2011}Representation")
    return ".".join(found.attrib["codecs"].split(".")[:4])  # what may follow for AV1 is for other colours
