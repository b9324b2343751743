"""Plan and its parts, as they are stored with a job: versioned, canonical.

A plan names its input by SHA-256, never by path or row, so that equal plans mean equal results. Times are exact
fractions of seconds in strings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction

import msgspec
from msgspec import UNSET, UnsetType

from reelwright.edits.cues.cue import Cue
from reelwright.edits.cues.track import SubtitleTrack, of_kind, track_file_name
from reelwright.edits.facts import AnyFacts, Facts, LaidSubtitlesFacts
from reelwright.edits.outputs import FileOutput
from reelwright.edits.sidecar_files import PlannedFile, webvtt_file
from reelwright.edits.sidecars import PlannedSidecar
from reelwright.edits.splice_structs import Splice
from reelwright.edits.steps import PlannedStep
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.state import VideoState
from reelwright.edits.streaming import PlannedStreaming

VERSION = 5
"""The newest form of a plan that this release makes and understands: one that has chapters, or subtitles which are
drawn where it is made."""
SINGLE_SUBTITLED = 4
"""The form of a plan of one step, or none, that has tracks of subtitles; or of a splice that has some."""
SUBTITLED = 3
"""The form of a plan of several steps that has tracks of subtitles, or sidecars and no outputs."""
COMPOSED = 2
"""The form of a plan of several steps, of which the first is an opening."""
SINGLE = 1
"""The form of a plan of one step, or none: what every release understands."""


def form_with(texts: Sequence[SubtitleTrack], subtitled: int, plain: int) -> int:
    """The form of a plan that has these texts: `plain` without any, `subtitled` with subtitles alone."""
    if of_kind("chapters", texts):
        return VERSION
    return subtitled if texts else plain


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
    own_codec: str | UnsetType = UNSET
    """Theirs, where nothing is coded by it."""

    @property
    def codec(self) -> str:
        """Of its pictures."""
        return self.output.pictures.codec if self.own_codec is UNSET else self.own_codec


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    version: int = SINGLE
    inputs: tuple[Facts, ...]
    """Every video that is read, the one that is edited first."""
    steps: tuple[PlannedStep, ...]
    outputs: tuple[ExpectedOutput, ...]
    sidecars: tuple[PlannedSidecar, ...] = msgspec.field(default=(), name="companions")
    streaming: PlannedStreaming | None = None
    subtitles: tuple[SubtitleTrack, ...] | UnsetType = UNSET
    """Tracks, chapters among them, with their cues on the outputs' time line; unset where there are none, as in plans
    of older releases."""
    warnings: tuple[str, ...] = ()
    splice: Splice | UnsetType = UNSET
    """What becomes of a cut that was not asked for as `exact`."""

    @property
    def is_spliced(self) -> bool:
        """Whether some of the source is to be copied."""
        return isinstance(self.splice, Splice) and self.splice.is_made

    @property
    def texts(self) -> tuple[SubtitleTrack, ...]:
        """All that is kept beside the picture as text: subtitles and chapters."""
        return () if self.subtitles is UNSET else self.subtitles

    @property
    def tracks(self) -> tuple[SubtitleTrack, ...]:
        """The tracks of subtitles, which every output with a picture has."""
        return of_kind("subtitles", self.texts)

    @property
    def chapters(self) -> tuple[Cue, ...]:
        """The chapters, which every file with a picture has, as cues that are their names."""
        return tuple(cue for track in of_kind("chapters", self.texts) for cue in track.cues)

    @property
    def sources(self) -> tuple[Facts | AnyFacts, ...]:
        """All that is read, in the order of the recipe's input slots."""
        return (self.inputs[0], *(source for step in self.steps for source in step.sources))

    @property
    def laid_subtitles(self) -> tuple[LaidSubtitlesFacts, ...]:
        """The subtitles that are drawn where the plan is made."""
        return tuple(facts for facts in self.sources if isinstance(facts, LaidSubtitlesFacts))

    @property
    def length(self) -> Fraction:
        """How long the result is, seconds."""
        return Fraction(self.outputs[0].duration_s) if self.outputs else self.states[-1].length

    @property
    def states(self) -> tuple[VideoState, ...]:
        """What the video is after each step. Only asked of plans whose first step is an opening."""
        opened, *others = self.steps
        assert isinstance(opened, PlannedOpening)
        states = [opened.of(self.inputs[0].media)]
        for step in others:
            states.append(step.after(states[-1]))
        return tuple(states)

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """What is made beside the outputs, or instead of any."""
        streamed = self.streaming.files if self.streaming is not None else ()
        tracks = tuple(webvtt_file(track_file_name(number)) for number, _ in enumerate(self.tracks, start=1))
        return (*(file for sidecar in self.sidecars for file in sidecar.files), *streamed, *tracks)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()
