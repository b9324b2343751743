"""What a plan says of its source's time: where a made file shows and plays the same, and what must lie there. Pure."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from reelwright.edits.audio_tracks import CodedAudio, coded, is_copied
from reelwright.edits.frame_grid import FrameGrid, frame_grid
from reelwright.edits.geometry import Size
from reelwright.edits.held_frames import is_held
from reelwright.edits.media_info import AudioStream, MediaInfo
from reelwright.edits.plan import ExpectedOutput, Plan, PlannedOverlay, PlannedTrim
from reelwright.edits.plan.touched import Cuts, opened
from reelwright.edits.splice_structs import Splice
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.media.checks.inspection import GRID, Comparison


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """What an output shows and plays, as a file would tell it that held it."""

    media: MediaInfo
    """What outputs are coded from: the source, or what the steps have made of it."""
    source: MediaInfo
    start: Fraction
    """Of the output's interval, on the time line of `media`."""
    source_start: Fraction | None
    """The same on that of `source`, where each instant of the output is one of it; else None."""
    overlays: tuple[PlannedOverlay, ...] = ()
    copied_sound: bool = False
    """Whether each track is a part of the source's own, packet by packet."""
    whole: bool = False
    """Whether the output is the whole source, from its first to its last packet; else sound is as long as all is."""

    @classmethod
    def of(cls, plan: Plan) -> Timeline:
        # who looks at an output and who judges it make it anew: that takes microseconds, and both ask for a plan alone
        media = plan.inputs[0].media
        if plan.is_spliced:
            assert isinstance(plan.splice, Splice)
            return cls._spliced(plan, plan.splice, media)
        match plan.steps:
            case ():
                return cls(media=media, source=media, start=Fraction(0), source_start=Fraction(0), whole=True)
            case (PlannedTrim() as step,):
                start = Fraction(step.start_s)
                return cls(media=media, source=media, start=start, source_start=start)
            case (PlannedOverlay() as step,):
                zero = Fraction(0)
                return cls(media=media, source=media, start=zero, source_start=zero, overlays=(step,), whole=True)
            case (PlannedOpening() as opened, *steps):
                state = opened.of(media)
                for planned in steps:
                    state = planned.after(state)
                layers = tuple(step for step in steps if isinstance(step, PlannedOverlay))
                same = len(layers) == len(steps) and opened.rate is None
                return cls(
                    media=state.media,
                    source=media,
                    start=Fraction(0),
                    source_start=Fraction(opened.start_s) if same else None,
                    overlays=layers,
                )
            case _:
                raise ValueError("a plan whose steps nobody knows")

    @classmethod
    def _spliced(cls, plan: Plan, splice: Splice, media: MediaInfo) -> Timeline:
        start = splice.intervals[0].start_tick * splice.tick - media.start
        layers = tuple(step for step in plan.steps if isinstance(step, PlannedOverlay))
        others = [step for step in plan.steps if not isinstance(step, PlannedOverlay | Cuts)]
        # layers are placed on upright pictures
        same = splice.is_one_piece and not others and not (layers and media.main_video.rotation)
        copied = splice.sound == "copied"
        whole = copied and isinstance(plan.steps[0], PlannedOverlay)
        heard = media.audio if copied else opened(plan).states[-1].media.audio
        return cls(
            media=msgspec.structs.replace(media, audio=heard),
            source=media,
            start=start,
            source_start=start if same else None,
            overlays=layers,
            copied_sound=copied,
            whole=whole,
        )

    @property
    def shown_size(self) -> Size:
        """As a viewer sees it: outputs keep its shape."""
        return self.media.main_video.display_size

    def grid(self, expected: ExpectedOutput) -> FrameGrid | None:
        """The frames of the output, where each is known to lie on a grid: `first_s` is the output's time."""
        grid = frame_grid(self.media)
        if grid is None or is_held(grid.frame_s) or expected.copied:
            return None
        end = self.start + Fraction(expected.duration_s)
        numbers = range(grid.count) if self.whole else grid.within(self.start, end)
        return FrameGrid(grid.begin_of(numbers.start) - self.start, grid.frame_s, len(numbers))

    def sound_interval(self, plan: Plan, number: int, track: AudioStream) -> tuple[Fraction, Fraction | None]:
        """From when to when a track is heard in output `number`; None: not known."""
        length = Fraction(plan.outputs[number].duration_s)
        if not self.whole or self.is_mixed:
            return Fraction(0), length
        late = max(Fraction(track.start_s) - self.media.start, Fraction(0))
        # silence is put in front where tracks are laid over, and in the sound of streams, which is the first output's
        streamed = plan.streaming is not None and number == 0
        from_start = streamed or (bool(self.overlays) and not self.is_sound_copied(plan, track, plan.outputs[number]))
        end = None if track.duration_s is None else late + Fraction(repr(track.duration_s))
        return Fraction(0) if from_start else late, end

    @property
    def is_mixed(self) -> bool:
        """Whether the sound of layers is mixed in."""
        return any(layer.volume for overlay in self.overlays for layer in overlay.layers)

    def is_sound_copied(self, plan: Plan, track: AudioStream, expected: ExpectedOutput) -> bool:
        if self.copied_sound:
            return True
        if not self.whole or self.is_mixed or plan.streaming is not None:
            return False
        return is_copied(track, self.media, expected.output.audio, expected.output.container)

    def coded_sound(self, plan: Plan, track: AudioStream | None, expected: ExpectedOutput) -> CodedAudio:
        streamed = plan.streaming is not None
        return coded(track, expected.output.audio, expected.output.container, streamed=streamed)

    def comparison(self, plan: Plan, expected: ExpectedOutput) -> Comparison | None:
        """None where an instant of the output is none of the source, and where the source's clock jumps: nobody knows
        where to look then."""
        if self.source_start is None or self.source.clock_jumps:
            return None
        tracks = self.source.decodable_audio[: expected.audio_tracks]
        if plan.is_spliced and (self.copied_sound or not tracks):
            return None  # all was compared while it was proven
        return Comparison(
            proven=plan.is_spliced,
            offset_s=str(self.source.start + self.source_start),
            video_stream=None if expected.output.video is None else self.source.main_video.index,
            audio_streams=tuple(
                None if self.is_sound_copied(plan, track, expected) else track.index for track in tracks
            ),
            covered=tuple(sorted({point for overlay in self.overlays for point in _covered(overlay)})),
        )


def _covered(overlay: PlannedOverlay) -> set[int]:
    """Points that layers lie on, and those beside them."""
    across, down = GRID
    found: set[int] = set()
    for layer in overlay.layers:
        left, right = (at * across // overlay.width for at in (layer.x, layer.x + layer.width))
        top, bottom = (at * down // overlay.height for at in (layer.y, layer.y + layer.height))
        found |= {
            row * across + column
            for row in range(max(0, top - 1), min(down, bottom + 2))
            for column in range(max(0, left - 1), min(across, right + 2))
        }
    return found
