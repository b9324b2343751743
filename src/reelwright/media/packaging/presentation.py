"""A presentation for adaptive streaming: its pictures and sounds as measured, which both kinds of manifest tell of."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from reelwright.media.packaging.fragmented_mp4 import Fragments


@dataclass(frozen=True, slots=True)
class VideoRendition:
    """One rendition. `frame_rate`: the highest. `transfer`: ffmpeg's name of its transfer characteristics."""

    media: Fragments
    width: int
    height: int
    frame_rate: Fraction | None
    transfer: str | None = None


@dataclass(frozen=True, slots=True)
class AudioRendition:
    """One track. `language`: ISO 639-2; one of several is the `default`."""

    media: Fragments
    channels: int
    sample_rate: int
    language: str | None
    default: bool


@dataclass(frozen=True, slots=True)
class SubtitlesRendition:
    """One track of subtitles, in a file `name` of WebVTT. `language`: a tag of BCP 47."""

    name: str
    size_bytes: int
    language: str
    label: str
    default: bool
    forced: bool


@dataclass(frozen=True, slots=True)
class Presentation:
    """Pictures to choose from by bandwidth, sounds and subtitles by language."""

    pictures: tuple[VideoRendition, ...]
    sounds: tuple[AudioRendition, ...]
    subtitles: tuple[SubtitlesRendition, ...] = ()

    @property
    def media(self) -> tuple[Fragments, ...]:
        return (*(picture.media for picture in self.pictures), *(sound.media for sound in self.sounds))

    @property
    def target_s(self) -> int:
        """No segment is longer, rounded to whole seconds (RFC 8216, 4.3.3.1); one for all, as 6.2.4 demands."""
        longest = max(segment.duration_s for media in self.media for segment in media.segments)
        return max(1, int(longest + Fraction(1, 2)))

    @property
    def duration_s(self) -> Fraction:
        return max(media.borders_s[-1] for media in self.media)
