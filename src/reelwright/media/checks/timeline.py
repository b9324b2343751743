"""What a plan says of its source's time: where a made file shows and plays the same, and what must lie there. Pure."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import msgspec

from reelwright.edits.audio_tracks import CodedAudio, coded, is_copied
from reelwright.edits.frame_grid import FrameGrid, frame_grid
from reelwright.edits.held_frames import is_held
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput, Plan, PlannedOverlay, PlannedTrim
from reelwright.media.checks.inspection import GRID, Comparison


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """An output of a plan that takes at most one step: an interval of its source, each instant as long as it was."""

    media: MediaInfo
    start: Fraction
    """On the clients' time line."""
    overlay: PlannedOverlay | None
    trimmed: bool

    @classmethod
    def of(cls, plan: Plan) -> Timeline | None:
        """None: the plan does more with time and place than is followed here."""
        media = plan.inputs[0].media
        match plan.steps:
            case ():
                return cls(media=media, start=Fraction(0), overlay=None, trimmed=False)
            case (PlannedTrim() as step,):
                return cls(media=media, start=Fraction(step.start_s), overlay=None, trimmed=True)
            case (PlannedOverlay() as step,):
                return cls(media=media, start=Fraction(0), overlay=step, trimmed=False)
            case _:
                return None

    def grid(self, expected: ExpectedOutput) -> FrameGrid | None:
        """The frames of the output, where each is known to lie on a grid: `first_s` is the output's time."""
        grid = frame_grid(self.media)
        if grid is None or is_held(grid.frame_s) or expected.copied:
            return None
        end = self.start + Fraction(expected.duration_s)
        first, behind = (ceil((time - grid.first_s) / grid.frame_s) for time in (self.start, end))
        first, behind = max(first, 0), min(behind, grid.count)
        if not self.trimmed:
            first, behind = 0, grid.count
        return FrameGrid(grid.first_s + first * grid.frame_s - self.start, grid.frame_s, behind - first)

    def sound_interval(self, plan: Plan, number: int, track: AudioStream) -> tuple[Fraction, Fraction | None]:
        """From when to when a track is heard in output `number`; None: not known."""
        length = Fraction(plan.outputs[number].duration_s)
        if self.trimmed or self.is_mixed:
            return Fraction(0), length
        late = max(Fraction(track.start_s) - self.media.start, Fraction(0))
        from_start = plan.streaming is not None
        end = None if track.duration_s is None else late + Fraction(repr(track.duration_s))
        return Fraction(0) if from_start else late, end

    @property
    def is_mixed(self) -> bool:
        """Whether the sound of layers is mixed in."""
        return self.overlay is not None and any(layer.volume for layer in self.overlay.layers)

    def is_sound_copied(self, plan: Plan, track: AudioStream, expected: ExpectedOutput) -> bool:
        if self.trimmed or self.is_mixed or plan.streaming is not None:
            return False
        return is_copied(track, self.media, expected.output.audio, expected.output.container)

    def coded_sound(self, plan: Plan, track: AudioStream | None, expected: ExpectedOutput) -> CodedAudio:
        streamed = plan.streaming is not None
        return coded(track, expected.output.audio, expected.output.container, streamed=streamed)

    def comparison(self, plan: Plan, expected: ExpectedOutput) -> Comparison | None:
        """None where the source's clock jumps: nobody knows where to look then."""
        if self.media.clock_jumps:
            return None
        tracks = self.media.decodable_audio[: expected.audio_tracks]
        return Comparison(
            offset_s=str(self.media.start + self.start),
            video_stream=self.media.main_video.index,
            audio_streams=tuple(
                None if self.is_sound_copied(plan, track, expected) else track.index for track in tracks
            ),
            covered=() if self.overlay is None else _covered(self.overlay),
        )


def _covered(overlay: PlannedOverlay) -> tuple[int, ...]:
    """Points that layers lie on, and those beside them."""
    across, down = GRID
    found = set()
    for layer in overlay.layers:
        left, right = (at * across // overlay.width for at in (layer.x, layer.x + layer.width))
        top, bottom = (at * down // overlay.height for at in (layer.y, layer.y + layer.height))
        found |= {
            row * across + column
            for row in range(max(0, top - 1), min(down, bottom + 2))
            for column in range(max(0, left - 1), min(across, right + 2))
        }
    return tuple(sorted(found))
