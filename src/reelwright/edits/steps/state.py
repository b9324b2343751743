"""State: what the steps so far have made of a source, told as a file would tell it that held it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import msgspec

from reelwright.edits.cues.joined_tracks import Brought, JoinedTrack, arrived, continued
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.facts import AnyFacts, StepFacts
from reelwright.edits.frame_grid import FrameGrid, frame_grid
from reelwright.edits.geometry import Size
from reelwright.edits.materials import Material
from reelwright.edits.media_info import AudioStream, MediaInfo, VideoStream
from reelwright.edits.pointers import Pointer


@dataclass(frozen=True, slots=True)
class VideoState:
    """Between two steps a video is upright and progressive, in square pixels, its sides even, its first instant zero;
    each track of sound lasts as long as all does. `length`: exactly how long that is, seconds. `subtitles`, chapters
    among them, are kept beside the picture; `moves`: what was made of the time line so far, which they go along with in
    the end."""

    media: MediaInfo
    length: Fraction
    subtitles: tuple[JoinedTrack, ...] = ()
    moves: tuple[tuple[Piece, ...], ...] = ()

    @property
    def video(self) -> VideoStream:
        return self.media.main_video

    @property
    def canvas(self) -> Size:
        return self.video.display_size

    @property
    def grid(self) -> FrameGrid | None:
        """The frames, where each is known to lie on a grid."""
        return frame_grid(self.media)

    @property
    def tick(self) -> Fraction:
        """The time base in which frames are stamped, seconds."""
        return Fraction(self.video.time_base)

    def with_video(self, **changes: Any) -> VideoState:
        """The same with another picture: `changes` are fields of `VideoStream`."""
        video = msgspec.structs.replace(self.video, **changes)
        return replace(self, media=msgspec.structs.replace(self.media, video=[video]))

    def of_size(self, size: Size) -> VideoState:
        width, height = size
        return self.with_video(width=width, height=height, display_width=width, display_height=height)

    def with_sound(self, tracks: list[AudioStream]) -> VideoState:
        return replace(self, media=msgspec.structs.replace(self.media, audio=tracks))

    def lasting(self, length: Fraction, pieces: Sequence[Piece], **changes: Any) -> VideoState:
        """The same on another time line, so long, that is made of `pieces` of this one; `changes` are those of the
        picture."""
        audio = [msgspec.structs.replace(track, duration_s=float(length)) for track in self.media.audio]
        media = msgspec.structs.replace(self.media, duration_s=float(length), audio=audio)
        moves = (*self.moves, tuple(pieces))
        return replace(self, media=media, length=length, moves=moves).with_video(**changes)

    def with_subtitles(self, tracks: Sequence[SubtitleTrack]) -> VideoState:
        """The same with more tracks, whose times are those of this time line."""
        return replace(self, subtitles=(*self.subtitles, *(JoinedTrack.at(track, len(self.moves)) for track in tracks)))

    def continued(self, brought: Brought) -> tuple[VideoState, str | None]:
        """The same with tracks of a video that has become part of it, on this time line: they go on in those that are
        alike. And a sentence about what is left out."""
        subtitles, said = continued(self.subtitles, brought, len(self.moves))
        return replace(self, subtitles=subtitles), said

    def kept_subtitles(self) -> tuple[SubtitleTrack, ...]:
        """The tracks as they are here, some of them without cues perhaps."""
        return arrived(self.subtitles, self.moves, self.length)


class BaseStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A step as a client asks for it. Its times and places are those of what the step before it made."""

    @property
    def materials(self) -> tuple[Material, ...]:
        """What it brings in, in the order in which it is planned."""
        return ()

    @property
    def keeps_hdr(self) -> bool:
        """Whether HDR may stay through it."""
        return True

    @property
    def draws(self) -> bool:
        """Whether it lays over the picture what is made for SDR. That is brought to HDR where all outputs keep HDR;
        where one does not, white would become gray in it, so that all are SDR."""
        return False


class BasePlannedStep(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A step as it is made: in pixels, in exact seconds in strings."""

    @property
    def sources(self) -> tuple[AnyFacts, ...]:
        """What it reads beside the video, in the order of the recipe's input slots."""
        return ()

    def after(self, state: VideoState) -> VideoState:
        """What the video is after it."""
        return state

    def touched(self, state: VideoState) -> list[tuple[Fraction, Fraction]] | None:
        """When frames are other than before it, of a step that leaves each at its time; None: at any time, or it makes
        another picture of all. `state`: before it."""
        return None

    @property
    def changes_sound(self) -> bool:
        """Whether it does anything to what is heard."""
        return True

    def time_before(self, time: Fraction, state: VideoState) -> Fraction | None:
        """When that is seen before the step which is seen at a time after it; None: not known. `state`: before it.
        What has no say of its own and leaves the length leaves times."""
        return time if self.after(state).length == state.length else None


@dataclass(slots=True)
class Planning:
    """What a step is planned with, beside the state: where the request has it, what the steps bring in (each takes its
    own, in order), and the sentences for the client so far. `layers`: where the request has each of its layers, where
    that is not within the step. `brought`: told by the step, of each video that it joins, where the request has it, and
    what it brings along to the time line behind the step."""

    pointer: Pointer
    materials: Iterator[StepFacts]
    warnings: list[str] = field(default_factory=list)
    layers: Sequence[Pointer] = ()
    brought: list[tuple[Pointer, Brought]] = field(default_factory=list)

    def warn(self, sentence: str) -> None:
        self.warnings.append(self.pointer.remark(sentence))
