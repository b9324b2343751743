"""Plan: what will come out, resolved from an Edit against measured Facts. Pure, versioned, canonical.

A plan names its input by SHA-256, never by path or row, so that equal plans mean equal results. Times are exact
fractions of seconds in strings. Errors name every wrong field by its pointer in the edit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

import msgspec

from reelwright.edits import first_frame, ladder, streaming, timecode
from reelwright.edits.edit import Edit, FileOutput, Overlay, Trim
from reelwright.edits.enums import Quality
from reelwright.edits.geometry import Size, even
from reelwright.edits.losses import losses, unseen_colours
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan.overlay import PictureFacts, PlannedLayer, VideoFacts, place
from reelwright.edits.pointers import Pointer
from reelwright.edits.sidecars import PlannedCompanion, PlannedFile, planned
from reelwright.edits.stream_copy import hindrance
from reelwright.edits.streaming import PlannedStreaming
from reelwright.errors import FieldError, InvalidInput

VERSION = 1

REPORTED = Fraction(1, 1000)
"""How finely clients are told how long a video is, seconds: a time from there is off by less."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What had to be measured before an edit can be resolved."""

    sha256: str
    media: MediaInfo
    layers: tuple[PictureFacts | VideoFacts, ...] = ()
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


class PlannedOverlay(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="overlay"):
    """Layers, from below to above, in pixels of a canvas with square pixels."""

    width: int
    height: int
    layers: tuple[PlannedLayer, ...]


class ExpectedPicture(msgspec.Struct, frozen=True, kw_only=True):
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
    picture: ExpectedPicture | None = None
    """None: not known."""
    copied: bool = False
    """Whether its pictures are the source's own."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    inputs: tuple[Facts, ...]
    """Every video that is read, the one that is edited first."""
    steps: tuple[PlannedTrim | PlannedOverlay, ...]
    outputs: tuple[ExpectedOutput, ...]
    companions: tuple[PlannedCompanion, ...] = ()
    streaming: PlannedStreaming | None = None
    warnings: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Facts | PictureFacts | VideoFacts, ...]:
        """All that is read, in the order of the recipe's input slots."""
        layers = [layer for step in self.steps if isinstance(step, PlannedOverlay) for layer in step.layers]
        return (self.inputs[0], *(layer.facts for layer in layers))

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """What is made beside the outputs."""
        streamed = self.streaming.files if self.streaming is not None else ()
        return (*(file for companion in self.companions for file in companion.files), *streamed)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def frame_grid(media: MediaInfo) -> tuple[Fraction, Fraction, int] | None:
    """(first frame's time, frame duration, frame count) on the client's time line, where every frame is known to lie
    exactly on that grid; else None."""
    picture = media.picture
    if picture.variable_frame_rate is not False or picture.frame_count is None or not picture.frame_rate:
        return None
    duration = 1 / Fraction(picture.frame_rate)
    first = Fraction(picture.start_s)
    tick = Fraction(picture.time_base)
    if (duration / tick).denominator != 1 or (first / tick).denominator != 1:
        return None  # rounded to the container's ticks: frames lie near the grid, not on it
    return first - media.start, duration, picture.frame_count


def resolve(edit: Edit, facts: Facts, pointers: Sequence[Pointer] = ()) -> Plan:
    """Return what will come out. `pointers`: where the request names the trim, or each layer, or each sidecar; those of
    the edit itself ("/steps/0") when nobody says.

    Raises InvalidInput that names every wrong field.
    """
    warnings: list[str] = []
    length = Fraction(repr(facts.media.duration_s)) if facts.media.duration_s is not None else None
    if wrong := unseen_colours(facts.media.picture):
        raise InvalidInput([FieldError("/video_id", wrong)])
    laid = any(isinstance(step, Overlay) for step in edit.steps)
    warnings += losses(facts.media, edit.outputs, streamed=edit.streaming is not None, keeps_hdr=not laid)
    if not edit.steps:
        return _resolve_transcode(edit, facts, length, warnings, pointers)
    (step,) = edit.steps
    if isinstance(step, Overlay):
        return _resolve_overlay(edit, step, facts, length, warnings, pointers)
    return _resolve_trim(edit, step, facts, length, warnings, pointers)


def _resolve_trim(
    edit: Edit, step: Trim, facts: Facts, length: Fraction | None, warnings: list[str], pointers: Sequence[Pointer]
) -> Plan:
    planned, frames = _trim(step, facts.media, length, warnings, pointer=_pointer(pointers, 0, "/steps"))
    interval = Fraction(planned.start_s), Fraction(planned.end_s)
    own, shown = even(facts.media.picture.upright_size), facts.media.picture.display_size
    outputs = tuple(
        _expect(
            output,
            facts.media,
            own if output.quality is Quality.SOURCE else ladder.fitted(shown, output.quality),
            interval,
            _counted(frames, output),
            _heard(output, facts.media),
        )
        for output in edit.outputs
    )
    return Plan(inputs=(facts,), steps=(planned,), outputs=outputs, warnings=tuple(warnings))


def _resolve_overlay(
    edit: Edit, step: Overlay, facts: Facts, length: Fraction | None, warnings: list[str], pointers: Sequence[Pointer]
) -> Plan:
    if length is None:
        raise InvalidInput([FieldError("/video_id", "how long the video is, is not known")])
    if not step.layers:
        raise InvalidInput([FieldError("/steps/0/layers", "there is nothing to lay over the video")])
    canvas = even(facts.media.picture.display_size)
    layers: list[PlannedLayer] = []
    errors: list[FieldError] = []
    for number, (layer, drawn) in enumerate(zip(step.layers, facts.layers, strict=True)):
        pointer = _pointer(pointers, number, "/steps/0/layers")
        planned, wrong, said = place(layer, drawn, canvas=canvas, length=length, pointer=pointer)
        errors += wrong
        warnings += said
        if planned is not None:
            layers.append(planned)
    if errors:
        raise InvalidInput(errors)
    grid = frame_grid(facts.media)
    count = grid[2] if grid and not first_frame.stands(grid[1]) else None  # more come where layers change
    more = any(layer.volume for layer in layers) and not facts.media.sound  # the layers' sound needs a track
    outputs = tuple(
        _expect(
            output,
            facts.media,
            ladder.fitted(facts.media.picture.display_size, output.quality),
            (Fraction(0), length),
            _counted(count, output),
            _heard(output, facts.media, more=more),
        )
        for output in edit.outputs
    )
    overlaid = PlannedOverlay(width=canvas[0], height=canvas[1], layers=tuple(layers))
    videos = {
        layer.sha256: Facts(sha256=layer.sha256, media=layer.media)
        for layer in facts.layers
        if isinstance(layer, VideoFacts)
    }
    videos.pop(facts.sha256, None)
    bare = msgspec.structs.replace(facts, layers=())
    return Plan(inputs=(bare, *videos.values()), steps=(overlaid,), outputs=outputs, warnings=tuple(warnings))


def _resolve_transcode(
    edit: Edit, facts: Facts, length: Fraction | None, warnings: list[str], pointers: Sequence[Pointer]
) -> Plan:
    """The whole video, once for each output."""
    if length is None:
        raise InvalidInput([FieldError("/video_id", "how long the video is, is not known")])
    picture = facts.media.picture
    shown = picture.display_size
    grid = frame_grid(facts.media)
    outputs, hindrances = [], []
    for output in edit.outputs:
        size = ladder.fitted(shown, output.quality)
        if ladder.is_upscaled(shown, output.quality):
            warnings.append(f"{output.quality} is larger than the video ({shown[0]}x{shown[1]}): it is upscaled")
        missing = hindrance(output, size, facts.media)
        copied = output.video.copy_conforming and missing is None
        hindrances += [missing] if output.video.copy_conforming and missing is not None else []
        frames = picture.frame_count if copied else _counted(grid[2] if grid else None, output)
        tracks = _heard(output, facts.media)
        expected = _expect(output, facts.media, size, (Fraction(0), length), frames, tracks)
        expected = msgspec.structs.replace(expected, copied=copied)
        outputs.append(_begun_at_once(expected) if edit.streaming is not None else expected)
    if len(hindrances) == len(outputs):
        warnings.append(f"no rendition could be copied: {'; '.join(dict.fromkeys(hindrances))}")
    companions, errors = [], []
    for number, wish in enumerate(edit.companions):
        found, wrong = planned(wish, picture=shown, length=length, pointer=_pointer(pointers, number, "/companions"))
        companions += [found] if found is not None else []
        errors += wrong
    if errors:
        raise InvalidInput(errors)
    streamed = None
    if edit.streaming is not None:
        tracks = outputs[0].audio_tracks
        streamed = streaming.planned(edit.streaming, renditions=len(outputs), audio_tracks=tracks)
    return Plan(
        inputs=(facts,),
        steps=(),
        outputs=tuple(outputs),
        companions=tuple(companions),
        streaming=streamed,
        warnings=tuple(warnings),
    )


def _pointer(pointers: Sequence[Pointer], number: int, place: str) -> Pointer:
    """Return the request's pointer to the part with the number, or the edit's own."""
    return pointers[number] if pointers else Pointer(f"{place}/{number}")


def _counted(frames: int | None, output: FileOutput) -> int | None:
    """Of the containers that are made only MP4 counts its frames."""
    return frames if output.container == "mp4" else None


def _heard(output: FileOutput, media: MediaInfo, *, more: bool = False) -> int:
    """How many tracks will be heard."""
    return 0 if output.audio.codec == "none" else len(media.sound) + more


def _trim(
    step: Trim, media: MediaInfo, length: Fraction | None, warnings: list[str], *, pointer: Pointer
) -> tuple[PlannedTrim, int | None]:
    errors: list[FieldError] = []

    def time(field: str, value: timecode.Time) -> Fraction:
        try:
            return timecode.parse(value)
        except ValueError as error:
            errors.append(FieldError(pointer / field, str(error)))
            return Fraction(0)

    start = time("start", step.start)
    if step.end is None and length is None:
        errors.append(FieldError(pointer / "end", "is required: how long the video is, is not known"))
    end = time("end", step.end) if step.end is not None else length or Fraction(0)
    if not errors and end <= start and step.end is not None:
        errors.append(FieldError(pointer / "end", "is not after start"))
    if not errors and length is not None and start >= length:
        errors.append(FieldError(pointer / "start", f"is not before the end of the video ({timecode.show(length)})"))
    if errors:
        raise InvalidInput(errors)
    if length is not None and end > length:
        if end - length >= REPORTED:
            shown = timecode.show(end), timecode.show(length)
            warnings.append(f"end {shown[0]} is beyond the end of the video and became {shown[1]}")
        end = length
    begins, ends = first_frame.picture_begin(media), first_frame.picture_end(media)
    if end <= begins:
        late = f"is not after the picture begins ({timecode.show(begins)})"
        raise InvalidInput([FieldError(pointer / "end", late)])
    if (grid := frame_grid(media)) is None:
        if start >= ends > 0:
            raise InvalidInput([FieldError(pointer / "start", _behind(ends))])
        look_back = first_frame.may_begin_within(media, start, end)
        return PlannedTrim(start_s=str(start), end_s=str(end), look_back=look_back), None
    origin, duration, count = grid
    if first_frame.stands(duration):
        return _of_standing_pictures(start, end, grid, pointer)
    first, behind = (ceil((time - origin) / duration) for time in (start, end))
    kept = min(behind, count) - max(first, 0)
    if kept <= 0:
        raise InvalidInput([FieldError(pointer / "end", "no frame of the video lies between start and end")])
    if first >= 0:
        start = origin + first * duration
    if behind <= count:
        end = origin + behind * duration
    return PlannedTrim(start_s=str(start), end_s=str(end)), kept


def _of_standing_pictures(
    start: Fraction, end: Fraction, grid: tuple[Fraction, Fraction, int], pointer: Pointer
) -> tuple[PlannedTrim, int]:
    """Slides, evenly spaced: from the one that is on display on."""
    origin, duration, count = grid
    first, behind = floor((start - origin) / duration), ceil((end - origin) / duration)
    if first >= count:
        raise InvalidInput([FieldError(pointer / "start", _behind(origin + count * duration))])
    shown = origin + first * duration
    from_s = str(shown) if first >= 0 and shown < start else None
    return PlannedTrim(start_s=str(start), end_s=str(end), shown_from_s=from_s), min(behind, count) - max(first, 0)


def _behind(end: Fraction) -> str:
    return f"is not before the end of the picture ({timecode.show(end)})"


def _expect(
    output: FileOutput,
    media: MediaInfo,
    size: Size,
    interval: tuple[Fraction, Fraction],
    frames: int | None,
    tracks: int,
) -> ExpectedOutput:
    """What `interval` of the source gives. Without a frame count the picture may have gaps as long as the source's
    longest one, for it may begin, pause or end in that; any longer gap is a picture that was lost."""
    width, height = size
    picture, (start, end) = media.picture, interval
    frame = 1 / Fraction(picture.frame_rate) if picture.frame_rate else Fraction(0)
    gap = Fraction(repr(picture.longest_frame_s)) if picture.longest_frame_s else Fraction(0)
    tolerance = max(Fraction(1, 10), gap, 2 * frame)
    expected = None
    if picture.duration_s is not None and picture.longest_frame_s is not None:
        begins = Fraction(picture.start_s) - media.start
        ends = begins + Fraction(repr(picture.duration_s))
        expected = ExpectedPicture(
            start_s=str(max(begins - start, Fraction(0))),
            end_s=str(min(ends, end) - start),
            longest_gap_s=str(max(tolerance, gap + frame)),
        )
    return ExpectedOutput(
        output=output,
        width=width,
        height=height,
        duration_s=str(end - start),
        duration_tolerance_s=str(tolerance),
        frame_count=frames,
        audio_tracks=tracks,
        picture=expected,
    )


def _begun_at_once(expected: ExpectedOutput) -> ExpectedOutput:
    """As it is streamed: a picture that begins late is shown from the start."""
    if (picture := expected.picture) is None:
        return expected
    held = Fraction(picture.start_s) + Fraction(picture.longest_gap_s)
    picture = msgspec.structs.replace(picture, start_s="0", longest_gap_s=str(held))
    return msgspec.structs.replace(expected, picture=picture)
