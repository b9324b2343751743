"""The step `audio`: louder, softer, none; other sound instead, or mixed in; fades, channels. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from reelwright.edits import audio_tracks, timecode
from reelwright.edits.audio_tracks import silent_track, working_track
from reelwright.edits.facts import AnyFacts, SoundFacts
from reelwright.edits.layers import FadeSeconds, When
from reelwright.edits.materials import Material, Named, SourceName
from reelwright.edits.media_info import AudioStream
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState
from reelwright.edits.volume import Volume, factor
from reelwright.errors import FieldError, InvalidInput

Channels = Literal["mono", "stereo", "left", "right"]
AtEnd = Literal["stop", "loop"]


class OtherSound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sound of another source: a sound file or a video. `start`: from when on in it. What follows when it ends
    before the video does: nothing more (`stop`), or it again, from its beginning (`loop`)."""

    source: SourceName
    start: When = 0
    volume: Volume = 1.0
    at_end: AtEnd = "stop"
    fade_in: FadeSeconds = 0.0
    fade_out: FadeSeconds = 0.0


class MixedSound(OtherSound, frozen=True, kw_only=True):
    """As well: `at`, from when on in the video it is heard, to `until`; with `duck` it makes room, going down by some
    12 dB, where the video's own sound is heard."""

    at: When = 0
    until: When | None = None
    duck: bool = False


class AudioStep(BaseStep, frozen=True, kw_only=True, tag="audio"):
    """Change what is heard. First the video's own sound: `mute` leaves none, `replace` puts another in its place,
    `volume` makes it louder or softer, `channels` brings it to mono, stereo, or what is heard `left` or `right` on both
    sides. Then `mix` puts another under it. Last, `fade_in` and `fade_out` are those of all that is heard."""

    mute: bool = False
    replace: OtherSound | None = None
    volume: Volume = 1.0
    channels: Channels | None = None
    mix: MixedSound | None = None
    fade_in: FadeSeconds = 0.0
    fade_out: FadeSeconds = 0.0

    @property
    def materials(self) -> tuple[Material, ...]:
        others = (("replace", self.replace), ("mix", self.mix))
        return tuple(
            Material(f"{place}/source", Named(name=other.source, takes="sound")) for place, other in others if other
        )

    def planned(self, state: VideoState, planning: Planning) -> PlannedAudio:
        """Raises InvalidInput that names every wrong field."""
        errors: list[FieldError] = []
        if self.mute and self.replace is not None:
            errors.append(FieldError(planning.pointer / "replace", "has nothing to replace: `mute` leaves no sound"))
        up, down = (Fraction(repr(seconds)) for seconds in (self.fade_in, self.fade_out))
        if up + down > state.length:
            long = f"longer than the video ({timecode.show(state.length)})"
            said = f"is, with the other fade, {long}" if up and down else f"is {long}"
            errors.append(FieldError(planning.pointer / ("fade_out" if down else "fade_in"), said))
        replaced = self._other(self.replace, "replace", state, planning, errors)
        mixed = self._other(self.mix, "mix", state, planning, errors)
        if errors:
            raise InvalidInput(errors)
        planned = PlannedAudio(
            muted=self.mute,
            replaced=replaced,
            gain=str(factor(self.volume)),
            channels=self.channels,
            mixed=mixed,
            fade_in_s=str(up),
            fade_out_s=str(down),
        )
        if planned == PlannedAudio():
            raise InvalidInput([FieldError(planning.pointer.path, "changes nothing of the sound: say what it should")])
        if not planned.after(state).media.audio and not self.mute:
            planning.warn("the video has no sound that could be changed")
        return planned

    def _other(
        self,
        wanted: OtherSound | None,
        place: str,
        state: VideoState,
        planning: Planning,
        errors: list[FieldError],
    ) -> PlannedSound | None:
        if wanted is None:
            return None
        facts, pointer = next(planning.materials), Pointer(planning.pointer / place)
        assert isinstance(facts, SoundFacts)
        if not (tracks := facts.media.decodable_audio):
            errors.append(FieldError(pointer / "source", "has no sound"))
            return None
        start, until = timecode.parse(wanted.start), state.length
        own = None if facts.media.duration_s is None else Fraction(repr(facts.media.duration_s))
        if own is not None and start >= own:
            late = f"is not before the end of the sound ({timecode.show(own)})"
            errors.append(FieldError(pointer / "start", late))
        at, duck = Fraction(0), False
        if isinstance(wanted, MixedSound):
            at, duck = timecode.parse(wanted.at), wanted.duck
            until = min(until, timecode.parse(wanted.until)) if wanted.until is not None else until
            if at >= state.length:
                late = f"is not before the end of the video ({timecode.show(state.length)})"
                errors.append(FieldError(pointer / "at", late))
            elif until <= at:
                errors.append(FieldError(pointer / "until", "is not after `at`"))
        if errors:
            return None
        looped = wanted.at_end == "loop"
        if own is not None and not looped:
            until = min(until, at + own - start)
        fades = [min(Fraction(repr(seconds)), until - at) for seconds in (wanted.fade_in, wanted.fade_out)]
        return PlannedSound(
            facts=facts,
            track=next((track for track in tracks if track.default), tracks[0]).index,
            from_s=str(start),
            start_s=str(at),
            end_s=str(until),
            gain=str(factor(wanted.volume)),
            looped=looped,
            ducked=duck,
            fade_in_s=str(fades[0]),
            fade_out_s=str(fades[1]),
        )


class PlannedSound(msgspec.Struct, frozen=True, kw_only=True):
    """A `track` of `facts` from `from_s` on, heard while start <= t < end."""

    facts: SoundFacts
    track: int
    from_s: str
    start_s: str
    end_s: str
    gain: str = "1"
    looped: bool = False
    ducked: bool = False
    fade_in_s: str = "0"
    fade_out_s: str = "0"

    @property
    def stream(self) -> AudioStream:
        return next(track for track in self.facts.media.audio if track.index == self.track)


class PlannedAudio(BasePlannedStep, frozen=True, kw_only=True, tag="audio"):
    muted: bool = False
    replaced: PlannedSound | None = None
    gain: str = "1"
    channels: Channels | None = None
    mixed: PlannedSound | None = None
    fade_in_s: str = "0"
    fade_out_s: str = "0"

    @property
    def sources(self) -> tuple[AnyFacts, ...]:
        return tuple(other.facts for other in (self.replaced, self.mixed) if other is not None)

    def touched(self, state: VideoState) -> list[tuple[Fraction, Fraction]]:
        return []

    def own_tracks(self, state: VideoState) -> list[AudioStream]:
        """The tracks before anything is mixed in."""
        tracks = [] if self.muted else state.media.audio
        if self.replaced is not None:
            tracks = [working_track(1, self.replaced.stream, state.length)]
        if self.channels is not None:
            layout = "mono" if self.channels == "mono" else "stereo"
            channels = audio_tracks.channels_in(layout)
            tracks = [msgspec.structs.replace(track, layout=layout, channels=channels) for track in tracks]
        return tracks

    def after(self, state: VideoState) -> VideoState:
        """The same with these tracks; where there is none and something is mixed in, with one."""
        tracks = self.own_tracks(state)
        if not tracks and self.mixed is not None:
            tracks = [silent_track(state.length)]
        return state.with_sound(tracks)
