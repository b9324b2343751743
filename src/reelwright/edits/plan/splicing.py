"""How a result is made that keeps pictures of its source: copied as far as that can be, or coded anew. What a survey is
asked, and what is planned of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Literal

import msgspec
from msgspec import UNSET

from reelwright.edits import audio_tracks, hdr
from reelwright.edits.codecs import COPIED_INTO
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import AUDIO_BIT_RATE, AudioEncoding, Ladder
from reelwright.edits.plan import kept_subtitles, splice_refusals
from reelwright.edits.plan.splice_refusals import SPLICED
from reelwright.edits.plan.structs import Plan
from reelwright.edits.plan.touched import Cuts, known, only_cuts, opened
from reelwright.edits.splice_structs import (
    Chosen,
    CopiedTrack,
    CutMode,
    Splice,
    SplicedSound,
    SpliceRefusal,
    Survey,
    Ticks,
)
from reelwright.edits.steps import PlannedStep
from reelwright.edits.steps.keep_and_cut import PlannedKeep
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.trim import PlannedTrim

PieceKind = Literal["copied", "encoded"]


class SurveyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a survey is asked: what is kept; in it, `touched` is drawn on."""

    chosen: Chosen
    intervals: tuple[Ticks, ...]
    touched: tuple[Ticks, ...] = ()


def like_source(coding: Ladder, media: MediaInfo, mode: CutMode, *, container_is_named: bool) -> Ladder:
    """How a result is coded of which no codec is named: as its source where that is to be copied."""
    own = media.main_video.codec
    if mode not in ("smart", "copy") or own not in SPLICED:
        return coding
    if own in COPIED_INTO:
        return msgspec.structs.replace(coding, like_source=not container_is_named)
    return msgspec.structs.replace(coding, codec=own)


def wanted(plan: Plan, mode: CutMode, texts: Sequence[SubtitleTrack] = ()) -> SurveyQuestion | SpliceRefusal:
    """What has to be known of the source's packets; or why all is coded anew, whatever they are. `texts`: the
    source's own tracks of text, of which the plan has those that something is left of."""
    if (refused := splice_refusals.of_plan(plan, mode, texts)) is not None:
        return refused
    media, tick = plan.inputs[0].media, Fraction(plan.inputs[0].media.main_video.time_base)
    kept = known(plan)
    spans = [(ceil((media.start + start) / tick), ceil((media.start + end) / tick)) for start, end in kept.kept]
    # what is shown from a time on begins a tick earlier where times were rounded
    windows = [
        (floor((media.start + one.start) / tick) - 1, ceil((media.start + one.end) / tick) + 1) for one in kept.windows
    ]
    return SurveyQuestion(
        chosen="copy" if mode == "copy" else "smart", intervals=tuple(spans), touched=tuple(_within(spans, windows))
    )


def spliced(plan: Plan, mode: CutMode, survey: Survey | None, texts: Sequence[SubtitleTrack] = ()) -> Plan:
    """The plan, with what becomes of its cut. `survey`: the answer to what was `wanted`; None: nothing was asked;
    `texts`: as there."""
    asked = wanted(plan, mode, texts)
    if isinstance(asked, SpliceRefusal):
        return _refused(plan, mode, asked)
    if survey is None:
        return _refused(plan, mode, SpliceRefusal(reason="damaged", detail="its packets were not looked at"))
    if survey.refused is not None:
        return _refused(plan, mode, survey.refused)
    media = plan.inputs[0].media
    splice = Splice(
        touched=asked.touched or UNSET,
        asked=mode,
        chosen=asked.chosen,
        tick_s=media.main_video.time_base,
        container=COPIED_INTO.get(media.main_video.codec, UNSET),
        sound=_sound(plan),
        coding=survey.coding,
        intervals=survey.intervals,
    )
    if (refused := splice_refusals.of_splice(plan, splice)) is not None:
        return _refused(plan, mode, refused)
    lost = hdr.losses(media.main_video, [expected.output for expected in plan.outputs], keeps_hdr=True)
    made = msgspec.structs.replace(plan, splice=splice, warnings=tuple(one for one in plan.warnings if one not in lost))
    return kept_subtitles.in_splice(_moved(made, texts) if splice.chosen == "copy" else made, splice)


def tracks(plan: Plan) -> tuple[CopiedTrack, ...]:
    """The tracks of sound that the output of a splice has: those of the source, or those that its steps make."""
    assert isinstance(plan.splice, Splice)
    if plan.splice.sound == "none":
        return ()
    media, (expected,) = plan.inputs[0].media, plan.outputs
    found = media.decodable_audio if plan.splice.sound == "copied" else opened(plan).states[-1].media.audio
    return tuple(
        CopiedTrack(stream=track.index, language=track.language, default=track.default)
        for track in found[: expected.audio_tracks]
    )


def expected_splice(plan: Plan) -> Plan:
    """The same plan, whose output is what splicing makes: the source's pictures as they are coded, turned as the source
    says."""
    assert isinstance(plan.splice, Splice)
    (expected,), video = plan.outputs, plan.inputs[0].media.main_video
    sound = AudioEncoding(codec="copy") if plan.splice.sound == "copied" else expected.output.audio
    output = msgspec.structs.replace(expected.output, audio=sound)
    made = msgspec.structs.replace(expected, output=output, width=video.width, height=video.height, copied=True)
    if plan.splice.container is not UNSET:
        output = msgspec.structs.replace(output, container=plan.splice.container)
        made = msgspec.structs.replace(made, output=output, own_codec=video.codec)
    return msgspec.structs.replace(plan, outputs=(made,))


def pieces(splice: Splice, start: Fraction) -> Iterator[tuple[PieceKind, Fraction, Fraction, int | None]]:
    """What a splice is made of, in order: from when to when on the clients' time line, and how many frames. `start`: of
    the source, in its own time."""
    for interval in splice.intervals:
        copied, tail = interval.copied, interval.tail
        borders = [interval.start_tick, copied.first_tick, tail.first_tick if tail else interval.end_tick]
        times = [tick * splice.tick - start for tick in (*borders, interval.end_tick)]
        if interval.head is not None:
            yield "encoded", times[0], times[1], interval.head.count
        yield "copied", times[1], times[2], copied.count
        if tail is not None:
            yield "encoded", times[2], times[3], tail.count


def _refused(plan: Plan, mode: CutMode, refused: SpliceRefusal) -> Plan:
    """All is coded anew; who asked for something else by name is told."""
    splice = Splice(asked=mode, chosen="exact", refused=refused)
    warnings = plan.warnings if mode == "auto" else (*plan.warnings, exactly(refused, plan))
    return msgspec.structs.replace(plan, splice=splice, warnings=warnings)


def exactly(refused: SpliceRefusal, plan: Plan) -> str:
    """What a client is told whose edit is made otherwise than was asked for."""
    return f"{'the cut' if only_cuts(plan) else 'all of it'} is coded anew: {refused.detail}"


def _within(spans: list[Ticks], windows: list[Ticks]) -> Iterator[Ticks]:
    """What of windows lies within rising spans: rising, none over another."""
    for first, last in spans:
        at = first
        for start, stop in sorted(windows):
            start, stop = max(start, at), min(stop, last)
            if start < stop:
                yield start, stop
                at = stop


def _sound(plan: Plan) -> SplicedSound:
    """Copied where it is one piece that no step changes, and the container takes every track as it is."""
    expected, media = plan.outputs[0], plan.inputs[0].media
    if not expected.audio_tracks:
        return "none"
    audio, container = expected.output.audio, COPIED_INTO.get(media.main_video.codec, "mp4")
    usual = audio.codec == "aac" and audio.bit_rate in (AUDIO_BIT_RATE, *audio_tracks.SMALL_QUALITIES.values())
    plain = audio.channels is None and (audio.codec == "copy" or usual)
    heard = media.decodable_audio[: expected.audio_tracks]
    taken = all(audio_tracks.is_copied(track, media, AudioEncoding(codec="copy"), container) for track in heard)
    changed = any(step.changes_sound for step in plan.steps if not isinstance(step, Cuts))
    return "copied" if plain and taken and not changed and len(known(plan).kept) == 1 else "coded"


def _moved(plan: Plan, texts: Sequence[SubtitleTrack]) -> Plan:
    """A copied cut begins and ends where the survey found that it can: so does it where it is coded anew after all."""
    splice = plan.splice
    assert isinstance(splice, Splice)
    media = plan.inputs[0].media
    spans = [
        (interval.start_tick * splice.tick - media.start, interval.end_tick * splice.tick - media.start)
        for interval in splice.intervals
    ]
    asked = known(plan).kept
    remarks = [
        f"the copy begins {_by(start - wanted_start)} and ends {_by(end - wanted_end)} than asked for, at"
        f" {float(start):.3f} s and {float(end):.3f} s"
        for (start, end), (wanted_start, wanted_end) in zip(spans, asked, strict=True)
        if (start, end) != (wanted_start, wanted_end)
    ]
    first = plan.steps[0]
    begin, end = str(spans[0][0]), str(spans[-1][1])
    assert isinstance(first, PlannedTrim | PlannedOpening)
    first = msgspec.structs.replace(first, start_s=begin, end_s=end)
    steps: tuple[PlannedStep, ...] = (first,)
    if len(plan.steps) == 2:
        origin = spans[0][0]
        kept = PlannedKeep(intervals=tuple((str(one - origin), str(other - origin)) for one, other in spans))
        steps = (first, kept)
    length = sum((end - start for start, end in spans), Fraction(0))
    (expected,) = plan.outputs
    expected = msgspec.structs.replace(expected, duration_s=str(length), frame_count=None, video=None)
    tracks = tuple(track for track in kept_subtitles.between(texts, spans) if track.cues) or UNSET
    if plan.chapters and not texts:
        remarks[3:] = ["chapters of an earlier edit are not kept by a copy, which begins and ends elsewhere"]
    warnings = (*plan.warnings, *remarks[:4])
    return msgspec.structs.replace(plan, steps=steps, outputs=(expected,), subtitles=tracks, warnings=warnings)


def _by(seconds: Fraction) -> str:
    return f"{abs(float(seconds)):.3f} s {'earlier' if seconds < 0 else 'later'}"


def without_splice(plan: Plan) -> Plan:
    """The plan as it is made when all is coded anew."""
    return msgspec.structs.replace(plan, splice=UNSET)
