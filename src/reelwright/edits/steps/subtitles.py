"""The step `subtitles`: cues drawn over the picture, as given, or read from SRT or WebVTT. Pure."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from reelwright.edits import timecode
from reelwright.edits.cues import read, time_line
from reelwright.edits.cues.cue import MAX_BYTES, MAX_CUE_MARKUP, MAX_CUES, Cue, CuesError
from reelwright.edits.cues.style import PixelStyle, SubtitleStyle, in_pixels
from reelwright.edits.facts import SubtitlesFacts
from reelwright.edits.layers import When
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps.state import BasePlannedStep, BaseStep, Planning, VideoState
from reelwright.errors import FieldError, InvalidInput

FIELDS = ("cues", "text", "file")


class GivenCue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text that is shown while start <= t < end; it may have lines, and the tags <i>, <b>, <u> and
    <font color="red">."""

    start: When
    end: When
    text: Annotated[str, Meta(min_length=1, max_length=MAX_CUE_MARKUP)]


class SubtitlesStep(BaseStep, frozen=True, kw_only=True, tag="subtitles"):
    """Draw subtitles over the picture, in every script: `cues`, the `text` of an SRT or WebVTT file, or a `file` that
    was uploaded (`asset:<id>`). Their times are those of what the step before made."""

    cues: Annotated[tuple[GivenCue, ...], Meta(min_length=1, max_length=MAX_CUES)] | None = None
    text: Annotated[str, Meta(min_length=1, max_length=MAX_BYTES)] | None = None
    file: Annotated[str, Meta(min_length=1, max_length=1024)] | None = None
    style: SubtitleStyle = SubtitleStyle()

    @property
    def keeps_hdr(self) -> bool:
        return False

    def wanted(self, state: VideoState, pointer: Pointer, content: bytes | None) -> WantedSubtitles:
        """What has to be drawn over a video of that state. `content`: of the file, where it is one.

        May take a second: call it in a thread. Raises InvalidInput that names every wrong field.
        """
        said = [name for name in FIELDS if getattr(self, name) is not None]
        if len(said) != 1:
            wrong = "is required, or `text`, or a `file`" if not said else f"is one way to say it, {said[-1]} another"
            raise InvalidInput([FieldError(pointer / (said[0] if said else "cues"), wrong)])
        try:
            style = in_pixels(self.style, state.canvas)
        except InvalidInput as invalid:
            raise InvalidInput(
                [FieldError(f"{pointer / 'style'}{one.pointer}", one.detail) for one in invalid.errors]
            ) from invalid
        warnings: tuple[str, ...] = ()
        if self.cues is not None:
            numbered = _given(self.cues, pointer)
        else:
            try:
                found = read.read(self.text if self.text is not None else content or b"")
            except CuesError as error:
                raise InvalidInput([FieldError(pointer / said[0], str(error))]) from error
            numbered, warnings = list(enumerate(found.cues)), found.warnings
        numbered = [(number, cue) for number, cue in numbered if cue.start < state.length]
        shown = time_line.within([cue for _, cue in numbered], state.length)
        if not shown:
            behind = f"the video ends before any is shown ({timecode.show(state.length)})"
            raise InvalidInput([FieldError(pointer / said[0], behind)])
        if late := len(self.cues if self.cues is not None else found.cues) - len(shown):
            warnings += (f"{late} of the subtitles' cues begin behind the end of the video",)
        return WantedSubtitles(shown, style, said[0], tuple(number for number, _ in numbered), warnings)

    def planned(self, state: VideoState, planning: Planning) -> PlannedSubtitles:
        """Raises InvalidInput."""
        known = next(planning.materials)
        assert isinstance(known, SubtitlesFacts)
        if known.canvas != state.canvas:  # the original was deleted meanwhile, or came back
            raise InvalidInput(
                [FieldError(planning.pointer / "style", "was worked out for another picture: try again")]
            )
        for warning in known.warnings:
            planning.warn(warning)
        return PlannedSubtitles(facts=msgspec.structs.replace(known, warnings=()))


class WantedSubtitles(NamedTuple):
    """Cues and how they look; `field`: of the step, that says them, their `numbers` there; sentences for the client."""

    cues: tuple[Cue, ...]
    style: PixelStyle
    field: str
    numbers: tuple[int, ...]
    warnings: tuple[str, ...]


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
    """Drawn subtitles over the picture."""

    facts: SubtitlesFacts

    @property
    def sources(self) -> tuple[SubtitlesFacts, ...]:
        return (self.facts,)
