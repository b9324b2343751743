"""State: what the steps so far have made of a source, told as a file would tell it that held it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import msgspec

from reelwright.edits.cues.joined_tracks import Brought, JoinedTrack, arrived, continued
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.frame_grid import FrameGrid, frame_grid
from reelwright.edits.geometry import Size
from reelwright.edits.media_info import AudioStream, MediaInfo, VideoStream


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
