"""Plan and its parts, as they are stored with a job: versioned, canonical.

A plan names its input by SHA-256, never by path or row, so that equal plans mean equal results. Times are exact
fractions of seconds in strings.
"""

from __future__ import annotations

import hashlib

import msgspec

from reelwright.edits.edit import FileOutput
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.sidecars import PlannedFile, PlannedSidecar
from reelwright.edits.streaming import PlannedStreaming

VERSION = 1


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="picture"):
    """A drawn text or a normalised picture: an RGBA PNG under its SHA-256."""

    sha256: str
    width: int
    height: int


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="video"):
    sha256: str
    media: MediaInfo


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What had to be measured before an edit can be resolved."""

    sha256: str
    media: MediaInfo
    layers: tuple[ImageFacts | VideoFacts, ...] = ()
    """For each layer of an overlay, what it is drawn from."""


class PlannedTrim(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="trim"):
    """`start_s` <= t < `end_s` on the input's time line. Where every frame's time is known, a bound that falls into a
    short frame is moved to the next one's start, so that picture and sound begin and end together."""

    start_s: str
    end_s: str
    shown_from_s: str | None = None
    """When the picture that is on display at `start_s` begins, where it is shown from there on."""
    look_back: bool = False
    """Whether that is found out when the video is read."""


class PlannedLayer(msgspec.Struct, frozen=True, kw_only=True):
    """`facts` shown `width` x `height` with its top left corner at (`x`, `y`) while start <= t < end."""

    facts: ImageFacts | VideoFacts
    x: int
    y: int
    width: int
    height: int
    start_s: str
    end_s: str
    opacity: float
    fade_in_s: str = "0"
    fade_out_s: str = "0"
    at_end: str = "hold"
    volume: float = 0.0


class PlannedOverlay(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="overlay"):
    """Layers, from below to above, in pixels of a canvas with square pixels."""

    width: int
    height: int
    layers: tuple[PlannedLayer, ...]


class ExpectedVideo(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an output that the source has a picture for, in seconds of the output: no gap in it is longer than
    `longest_gap_s`, from its start and to its end as well."""

    start_s: str
    end_s: str
    longest_gap_s: str


class ExpectedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """What a made file must turn out to be; `verify` holds it to that."""

    output: FileOutput
    width: int
    height: int
    duration_s: str
    duration_tolerance_s: str
    frame_count: int | None
    audio_tracks: int
    video: ExpectedVideo | None = msgspec.field(default=None, name="picture")
    """None: not known."""
    copied: bool = False
    """Whether its pictures are the source's own."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    inputs: tuple[Facts, ...]
    """Every video that is read, the one that is edited first."""
    steps: tuple[PlannedTrim | PlannedOverlay, ...]
    outputs: tuple[ExpectedOutput, ...]
    sidecars: tuple[PlannedSidecar, ...] = msgspec.field(default=(), name="companions")
    streaming: PlannedStreaming | None = None
    warnings: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Facts | ImageFacts | VideoFacts, ...]:
        """All that is read, in the order of the recipe's input slots."""
        layers = [layer for step in self.steps if isinstance(step, PlannedOverlay) for layer in step.layers]
        return (self.inputs[0], *(layer.facts for layer in layers))

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """What is made beside the outputs."""
        streamed = self.streaming.files if self.streaming is not None else ()
        return (*(file for sidecar in self.sidecars for file in sidecar.files), *streamed)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()
