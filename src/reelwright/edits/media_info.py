"""MediaInfo: all that is known of a source, measured once by the probe and stored with the file.

Fractions are strings ("30000/1001") so that they stay exact in JSON; times are seconds as exact decimals or
fractions in strings where exactness matters, floats where they only inform. All text comes from untrusted
files: the probe lets through names that its own libraries give, validated language tags, and titles of one line.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from reelwright import file_formats
from reelwright.edits.geometry import Size
from reelwright.file_formats import FileFormat


class VideoStream(msgspec.Struct, frozen=True, kw_only=True):
    """A moving picture. `width` x `height` are those of decoded frames, what the file cuts off their sides left out;
    `display_width` x `display_height` are what a viewer sees, after rotation (a quarter turn swaps the sides) and with
    the sample aspect ratio applied to the width."""

    index: int
    codec: str
    profile: str | None = None
    width: int
    height: int
    display_width: int
    display_height: int
    rotation: int = 0
    """Clockwise turn that a player applies: 0, 90, 180 or 270 degrees."""
    sample_aspect_ratio: str = "1/1"
    time_base: str
    start_s: str
    """When the first frame that can be decoded is shown, in the file's own time, seconds, exact (clients' time 0 is
    `MediaInfo.start_s`)."""
    begins_within_group: bool = False
    """Whether packets before `start_s` give no frame: a recording that begins within a group of pictures."""
    duration_s: float | None = None
    """From `start_s` to the end of the last frame."""
    frame_rate: str | None = None
    """Average frames per second."""
    variable_frame_rate: bool | None = None
    """None: not known without reading the whole file."""
    frame_count: int | None = None
    """Of frames that can be decoded. Exact where the container's index says it, else None."""
    longest_frame_s: float | None = None
    """No gap between frames is longer. The longest gap itself where the container's index says it or the file was read
    through, else the longest between key frames; None: not known."""
    last_packet_s: str | None = None
    """When the file's last packet of it is decoded, in the file's own time, seconds, exact: a file that was cut off may
    end within it. None where an index says that the file is whole, and where its end was not read."""
    pixel_format: str | None = None
    bit_depth: int | None = None
    color_range: str | None = None
    color_space: str | None = None
    color_transfer: str | None = None
    color_primaries: str | None = None
    field_order: str = "progressive"
    """progressive, tt (the top field is shown first), bb, or unknown, as decoded frames say; tb and bt are ffmpeg's
    further names, of headers only."""
    dolby_vision_profile: int | None = None
    dolby_vision_compatibility: int | None = None
    """What its base layer looks like to players that do not know Dolby Vision: 0 is none of the usual (profile 5: its
    colours come out wrong), 1 HDR10, 2 SDR, 4 HLG."""
    bit_rate: int | None = None
    decodable: bool = True

    @property
    def upright_size(self) -> Size:
        """As decoders that turn it give it: the sample aspect ratio stays."""
        return (self.height, self.width) if self.rotation in (90, 270) else (self.width, self.height)

    @property
    def is_interlaced(self) -> bool:
        return self.field_order in ("tt", "tb", "bb", "bt")

    @property
    def display_size(self) -> Size:
        return self.display_width, self.display_height

    @property
    def is_hdr(self) -> bool:
        return self.color_transfer in ("smpte2084", "arib-std-b67")


class AudioStream(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    codec: str
    profile: str | None = None
    sample_rate: int
    channels: int
    layout: str | None = None
    language: str | None = None
    """ISO 639-2, three lower-case letters; None when the file says nothing usable."""
    default: bool = False
    time_base: str
    start_s: str
    """When the first sound that can be decoded is heard, in the file's own time, seconds, exact."""
    duration_s: float | None = None
    bit_rate: int | None = None
    decodable: bool = True
    """Whether its codec is known here and its first packets give sound."""


class OtherStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that is known of and never rendered."""

    index: int
    kind: str
    """subtitle, data, attachment, attached_picture, empty (a track of picture or sound without a single packet) or
    unknown."""
    codec: str | None = None
    language: str | None = None
    """Of subtitles, as of sound."""
    title: str | None = None
    """Of subtitles: one line that says what the file calls it."""
    default: bool = False
    forced: bool = False
    """Whether players show it to those who want no subtitles."""


MAX_CHAPTERS = 500
"""That are kept of a file; more are counted."""


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A named part: `start_s` <= t < `end_s` on the time line that clients see, seconds, exact. `title`: one line,
    empty where the file says nothing usable."""

    start_s: str
    end_s: str
    title: str


class MediaInfo(msgspec.Struct, frozen=True, kw_only=True):
    container: str
    """ffmpeg's demuxer name: "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", ..."""
    quicktime: bool = False
    """Whether a file of the first of these is QuickTime's own, by its major brand, not MP4."""
    size_bytes: int
    start_s: str = "0"
    """The container's first timestamp: the zero of the time line that clients see."""
    clock_jumps: bool = False
    """Whether the file's clock starts anew or jumps (recordings that were joined). Durations and gaps are those after
    ffmpeg has closed the jumps, which it does unless it is told `-copyts`."""
    duration_s: float | None = None
    """To the end of picture and sound, by their last packets where the container states something else or nothing."""
    bit_rate: int | None = None
    video: list[VideoStream] = []
    """Moving pictures, the main one first."""
    audio: list[AudioStream] = []
    other: list[OtherStream] = []
    chapters: int = 0
    """How many there are."""
    chapter_marks: list[Chapter] = []
    """The first of them, in order; none of files that an older release measured."""
    programs: int = 0
    """Of a transport stream: more than one is several channels in one file."""

    @property
    def main_video(self) -> VideoStream:
        """The stream that edits work on. Only asked of media that the ingest accepted."""
        return self.video[0]

    def beginning(self, tick: int, size: Size) -> MediaInfo:
        """The same file, whose first frame is shown at a tick of its stream and has this size. How long the picture
        lasts stays, and so does its sample aspect ratio."""
        picture = self.main_video
        upright = max(1, round(size[0] * Fraction(picture.sample_aspect_ratio))), size[1]
        shown = upright if picture.rotation % 180 == 0 else upright[::-1]
        begun = msgspec.structs.replace(
            picture,
            start_s=str(tick * Fraction(picture.time_base)),
            width=size[0],
            height=size[1],
            display_width=shown[0],
            display_height=shown[1],
        )
        return msgspec.structs.replace(self, video=[begun, *self.video[1:]])

    def without_chapters(self) -> MediaInfo:
        """The same, as if it had no chapters. MP4 and QuickTime have a track of data for them, too."""
        mark = next((stream for stream in self.other if stream.kind == "data" and stream.codec is None), None)
        is_listed = bool(self.chapters) and self.container.split(",")[0] == file_formats.MP4.demuxer
        other = [stream for stream in self.other if not is_listed or stream is not mark]
        return msgspec.structs.replace(self, chapters=0, chapter_marks=[], other=other)

    @property
    def decodable_audio(self) -> list[AudioStream]:
        """The tracks that can be decoded."""
        return [track for track in self.audio if track.decodable]

    @property
    def file_format(self) -> FileFormat:
        """The format that the file is stored under, by what is in it."""
        if not self.video:
            return file_formats.of_sound(self.container)
        codecs = {stream.codec for stream in self.video} | {stream.codec for stream in self.audio}
        return file_formats.of_video(self.container, codecs, quicktime=self.quicktime)

    @property
    def start(self) -> Fraction:
        return Fraction(self.start_s)
