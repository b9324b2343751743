"""Facts: what had to be measured before an edit can be resolved. Pure."""

from __future__ import annotations

import msgspec

from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.media_info import MediaInfo


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="picture"):
    """A drawn text or a normalised picture: an RGBA PNG under its SHA-256."""

    sha256: str
    width: int
    height: int


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="video"):
    sha256: str
    media: MediaInfo
    texts: tuple[SubtitleTrack, ...] = ()
    """Where it is joined: the subtitles and chapters that go along, on its own time line. Plans have them in theirs."""
    warnings: tuple[str, ...] = ()
    """What a client should know of them."""


class SoundFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="sound"):
    """A file of which only the sound is taken: `media` may have no picture at all."""

    sha256: str
    media: MediaInfo


class SubtitlesFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="subtitles"):
    """Drawn subtitles: a video with opacity under its SHA-256, as large as what holds all cues, which is at (`x`, `y`)
    of the canvas that they were drawn for."""

    sha256: str
    canvas: tuple[int, int]
    x: int
    y: int
    width: int
    height: int
    warnings: tuple[str, ...] = ()
    """What a client should know of how they were read and drawn."""


class LaidSubtitlesFacts(SubtitlesFacts, frozen=True, kw_only=True, omit_defaults=True, tag="laid_subtitles"):
    """The same before they are drawn, which whoever needs them does: `sha256` is of all that decides how they look; the
    rest is as it will be. `cues`: how many there are."""

    cues: int
    inked_pixels: int = 0
    """Of the boxes of all cues, counted once for each picture that they are in; 0 where an older release laid them
    out."""


class CueFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="cues"):
    """Subtitles that are not drawn: what they say, on the time line of the step that brings them in."""

    cues: tuple[Cue, ...]
    warnings: tuple[str, ...] = ()
    """As of drawn ones."""


AnyFacts = ImageFacts | VideoFacts | SoundFacts | SubtitlesFacts | LaidSubtitlesFacts
"""Of one file that a step brings in."""
StepFacts = AnyFacts | CueFacts
"""Of one thing that a step brings in."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All of it: of the source, and of what the steps bring in."""

    sha256: str
    media: MediaInfo
    layers: tuple[StepFacts, ...] = ()
    """For each layer and each further source of the steps, in their order, what it is made of."""
