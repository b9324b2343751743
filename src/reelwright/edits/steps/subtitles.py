"""The step `subtitles`: cues as given, or read from SRT or WebVTT, drawn over the picture or kept as a track. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from reelwright.edits import language_tags, timecode
from reelwright.edits.cues import read, time_line
from reelwright.edits.cues.cue import MAX_BYTES, MAX_CUE_MARKUP, MAX_CUES, Cue, CuesError
from reelwright.edits.cues.style import PixelStyle, SubtitleStyle, in_pixels
from reelwright.edits.cues.track import MAX_CHARACTERS as MAX_TRACK_CHARACTERS
from reelwright.edits.cues.track import MAX_CUES as MAX_TRACK_CUES
from reelwright.edits.cues.track import (
    MAX_LABEL_CHARACTERS,
    MAX_TOGETHER,
    MAX_TRACKS,
    SubtitleTrack,
    free_label,
    most_together,
    of_kind,
)
from reelwright.edits.facts import CueFacts, LaidSubtitlesFacts, SubtitlesFacts
from reelwright.edits.layers import When
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState
from reelwright.edits.text_rules import checked_line
from reelwright.edits.validation import Check
from reelwright.errors import FieldError, InvalidInput

FIELDS = ("cues", "text", "file")

LanguageTag = Annotated[
    str,
    Check(language_tags.parse),
    Meta(
        min_length=2,
        max_length=language_tags.MAX_CHARACTERS,
        description="Of a track, by BCP 47. Omitted: `und`, not known.",
        examples=["pt-BR"],
    ),
]
TrackLabel = Annotated[
    str,
    Check(checked_line),
    Meta(
        min_length=1,
        max_length=MAX_LABEL_CHARACTERS,
        description="Of a track: what players call it. Omitted: its language.",
        examples=["Português"],
    ),
]


class GivenCue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text that is shown while start <= t < end; it may have lines, and the tags <i>, <b>, <u> and
    <font color="red">."""

    start: When
    end: When
    text: Annotated[str, Meta(min_length=1, max_length=MAX_CUE_MARKUP)]


class SubtitlesStep(BaseStep, frozen=True, kw_only=True, tag="subtitles", rename={"as_": "as"}):
    """Show subtitles, in every script: `cues`, the `text` of an SRT or WebVTT file, or a `file` that was uploaded
    (`asset:<id>`). Their times are those of what the step before made. As `burned`, they are drawn over the picture, in
    a `style`; as a `track`, they are kept beside it for players to show, and go along with what later steps do to the
    time."""

    as_: Literal["burned", "track"] = "burned"
    cues: Annotated[tuple[GivenCue, ...], Meta(min_length=1, max_length=MAX_CUES)] | None = None
    text: Annotated[str, Meta(min_length=1, max_length=MAX_BYTES)] | None = None
    file: Annotated[str, Meta(min_length=1, max_length=8192)] | None = None
    style: SubtitleStyle = SubtitleStyle()
    language: LanguageTag | None = None
    label: TrackLabel | None = None
    default: Annotated[bool, Meta(description="Of a track: players show it unasked.")] = False
    forced: Annotated[
        bool,
        Meta(
            description="Of a track: players show it to those who want no subtitles, for it translates what they would"
            " miss."
        ),
    ] = False

    @property
    def draws(self) -> bool:
        return self.as_ == "burned"

    def wanted(self, state: VideoState, pointer: Pointer, content: bytes | None) -> WantedSubtitles:
        """What has to be drawn over a video of that state. `content`: of the file, where it is one.

        May take a second: call it in a thread. Raises InvalidInput that names every wrong field.
        """
        self._check_of_a_track(pointer)
        said = self._said(pointer)
        style = in_pixels(self.style, state.canvas, Pointer(pointer / "style"))
        return WantedSubtitles(*self._shown(said, state, pointer, content), style, said)

    def listed(self, state: VideoState, pointer: Pointer, content: bytes | None) -> CueFacts:
        """What a track says beside a video of that state; as `wanted`."""
        said = self._said(pointer)
        if self.style != SubtitleStyle():
            raise InvalidInput(
                [FieldError(pointer / "style", "is of subtitles that are burned in: players style a track")]
            )
        shown = self._shown(said, state, pointer, content)
        if (together := most_together(shown.cues)) > MAX_TOGETHER:
            many = f"has {together} cues that are shown at the same time: a track may have {MAX_TOGETHER}"
            raise InvalidInput([FieldError(pointer / said, many)])
        return CueFacts(cues=shown.cues, warnings=shown.warnings)

    def planned(self, state: VideoState, planning: Planning) -> PlannedSubtitles | SubtitleTrack:
        """Raises InvalidInput."""
        known = next(planning.materials)
        assert isinstance(known, SubtitlesFacts | CueFacts)
        for warning in known.warnings:
            planning.warn(warning)
        if isinstance(known, CueFacts):
            track = SubtitleTrack(
                language=language_tags.parse(self.language) if self.language else language_tags.UNKNOWN,
                label=self.label or "",
                default=self.default,
                forced=self.forced,
                cues=known.cues,
            )
            return _joining(track, of_kind("subtitles", (joined.track for joined in state.subtitles)), planning.pointer)
        if known.canvas != state.canvas:  # the original was deleted meanwhile, or came back
            raise InvalidInput(
                [FieldError(planning.pointer / "style", "was worked out for another picture: try again")]
            )
        return PlannedSubtitles(facts=msgspec.structs.replace(known, warnings=()))

    def _said(self, pointer: Pointer) -> str:
        """The one field that says them."""
        said = [name for name in FIELDS if getattr(self, name) is not None]
        if len(said) != 1:
            wrong = "is required, or `text`, or a `file`" if not said else f"is one way to say it, {said[-1]} another"
            raise InvalidInput([FieldError(pointer / (said[0] if said else "cues"), wrong)])
        return said[0]

    def _check_of_a_track(self, pointer: Pointer) -> None:
        of_a_track = (("language", self.language), ("label", self.label), ("default", self.default))
        given = [name for name, value in (*of_a_track, ("forced", self.forced)) if value]
        if given:
            raise InvalidInput([FieldError(pointer / name, 'is of a track: say "as": "track"') for name in given])

    def _shown(self, said: str, state: VideoState, pointer: Pointer, content: bytes | None) -> ShownCues:
        """Those of the cues that are shown in a video of that state."""
        warnings: tuple[str, ...] = ()
        if self.cues is not None:
            numbered = _given(self.cues, pointer)
        else:
            try:
                found = read.read(self.text if self.text is not None else content or b"")
            except CuesError as error:
                raise InvalidInput([FieldError(pointer / said, str(error))]) from error
            numbered, warnings = list(enumerate(found.cues)), found.warnings
        whole = len(numbered)
        numbered = [(number, cue) for number, cue in numbered if cue.start < state.length]
        shown = time_line.within([cue for _, cue in numbered], state.length)
        if not shown:
            behind = f"the video ends before any is shown ({timecode.show(state.length)})"
            raise InvalidInput([FieldError(pointer / said, behind)])
        if late := whole - len(shown):
            warnings += (f"{late} of the subtitles' cues begin behind the end of the video",)
        return ShownCues(shown, tuple(number for number, _ in numbered), warnings)


class ShownCues(NamedTuple):
    """Cues, their `numbers` in the field that says them, and sentences for the client."""

    cues: tuple[Cue, ...]
    numbers: tuple[int, ...]
    warnings: tuple[str, ...]


class WantedSubtitles(NamedTuple):
    """Cues and how they look; `field`: of the step, that says them, their `numbers` there; sentences for the client."""

    cues: tuple[Cue, ...]
    numbers: tuple[int, ...]
    warnings: tuple[str, ...]
    style: PixelStyle
    field: str


def _joining(track: SubtitleTrack, others: Sequence[SubtitleTrack], pointer: Pointer) -> SubtitleTrack:
    """The track beside others, under a name that none of them has.

    Raises InvalidInput: they are too many, or two are the default.
    """
    if len(others) == MAX_TRACKS:
        raise InvalidInput([FieldError(pointer.path, f"is one track too many: {MAX_TRACKS} are taken")])
    if track.default and any(other.default for other in others):
        raise InvalidInput([FieldError(pointer / "default", "is true of another track already")])
    if sum(len(one.cues) for one in (*others, track)) > MAX_TRACK_CUES:
        raise InvalidInput([FieldError(pointer.path, f"all tracks have at most {MAX_TRACK_CUES} cues together")])
    if sum(one.characters for one in (*others, track)) > MAX_TRACK_CHARACTERS:
        many = f"all tracks have at most {MAX_TRACK_CHARACTERS} characters together"
        raise InvalidInput([FieldError(pointer.path, many)])
    return msgspec.structs.replace(track, label=free_label(track.label or track.language, others))


def _given(cues: tuple[GivenCue, ...], pointer: Pointer) -> list[tuple[int, Cue]]:
    """The cues in the order in which they are shown, with their numbers."""
    found: list[tuple[int, Cue]] = []
    errors: list[FieldError] = []
    for number, given in enumerate(cues):
        place = f"cues/{number}"
        try:
            times = {}
            for name, value in (("start", given.start), ("end", given.end)):
                place = f"cues/{number}/{name}"
                times[name] = timecode.parse(value)
            place = f"cues/{number}/{'end' if times['end'] <= times['start'] else 'text'}"
            found.append((number, read.inline(times["start"], times["end"], given.text)))
        except ValueError as error:
            errors.append(FieldError(pointer / place, str(error)))
    if errors:
        raise InvalidInput(errors)
    return sorted(found, key=lambda one: one[1].start)


class PlannedSubtitles(BasePlannedStep, frozen=True, kw_only=True, tag="subtitles"):
    """Subtitles over the picture, drawn or laid out."""

    facts: SubtitlesFacts | LaidSubtitlesFacts

    @property
    def sources(self) -> tuple[SubtitlesFacts | LaidSubtitlesFacts, ...]:
        return (self.facts,)
