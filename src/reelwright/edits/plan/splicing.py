"""How a result is made that keeps pictures of its source: copied as far as that can be, or coded anew. What a survey is
asked, and what is planned of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Literal

import msgspec
from msgspec import UNSET

from reelwright.edits import audio_tracks, color_standard
from reelwright.edits.codecs import CODECS, COPIED_INTO
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.enums import Quality
from reelwright.edits.held_frames import may_hold
from reelwright.edits.ladder import TRIM_CRF, default_crf
from reelwright.edits.losses import of_picture
from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.outputs import AUDIO_BIT_RATE, AudioEncoding, FileOutput
from reelwright.edits.plan import kept_subtitles
from reelwright.edits.plan.structs import Plan
from reelwright.edits.plan.touched import Cuts, Touched, opened, touched
from reelwright.edits.splice_structs import (
    REMUXED,
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
from reelwright.edits.steps.keep import PlannedKeep
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.trim import PlannedTrim

PieceKind = Literal["copied", "encoded"]

BESIDE = ("h264", "hevc")
"""Codecs beside whose frames others can be put."""
SPLICED = (*BESIDE, "vp9", "av1", *COPIED_INTO)
"""Codecs that are copied; those beside whose frames nothing can be put, from key frames on."""
MOST_ENCODED = Fraction(7, 10)
"""Where more of the frames lie at edges, all are coded anew: that costs little more, and is one encode."""
MOST_TOUCHED = Fraction(6, 10)
"""The same where steps change some."""
DRAWN_FORMATS = ("yuv420p", "yuv420p10le")
"""Of pictures that steps draw on without bringing them to another form."""


class SurveyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a survey is asked: what is kept; in it, `touched` is drawn on."""

    chosen: Chosen
    intervals: tuple[Ticks, ...]
    touched: tuple[Ticks, ...] = ()


def only_cuts(plan: Plan) -> bool:
    """Whether nothing is done but that some of the source is kept."""
    match plan.steps:
        case (PlannedTrim(),) | (PlannedOpening(),) | (PlannedOpening(), PlannedKeep()):
            return True
        case _:
            return False


def wanted(plan: Plan, mode: CutMode, texts: Sequence[SubtitleTrack] = ()) -> SurveyQuestion | SpliceRefusal:
    """What has to be known of the source's packets; or why all is coded anew, whatever they are. `texts`: the
    source's own tracks of text, of which the plan has those that something is left of."""
    if (refused := next(_hindrances(plan, mode, texts), None)) is not None:
        return refused
    media, tick = plan.inputs[0].media, Fraction(plan.inputs[0].media.main_video.time_base)
    known = _known(plan)
    spans = [(ceil((media.start + start) / tick), ceil((media.start + end) / tick)) for start, end in known.kept]
    # what is shown from a time on begins a tick earlier where times were rounded
    windows = [
        (floor((media.start + one.start) / tick) - 1, ceil((media.start + one.end) / tick) + 1) for one in known.windows
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
    if splice.drawn and splice.encoded > MOST_TOUCHED * _frames(plan, splice):
        detail = "more than 60 % of its frames are touched, or lie between what is and the next key frame"
        return _refused(plan, mode, SpliceRefusal(reason="touched", detail=detail))
    if splice.encoded > MOST_ENCODED * _frames(plan, splice):
        detail = "more than 70 % of its frames lie at edges of the cut, far from key frames"
        return _refused(plan, mode, SpliceRefusal(reason="edges", detail=detail))
    lost = of_picture(media.main_video, [expected.output for expected in plan.outputs], keeps_hdr=True)
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


def _hindrances(plan: Plan, mode: CutMode, texts: Sequence[SubtitleTrack]) -> Iterator[SpliceRefusal]:
    media = plan.inputs[0].media
    video = media.main_video
    if touched(plan) is None or (mode == "copy" and not only_cuts(plan)):
        yield SpliceRefusal(reason="output", detail="steps change all of the picture")
        return
    if len(plan.outputs) != 1 or plan.sidecars or plan.streaming is not None or (plan.tracks and not texts):
        yield SpliceRefusal(
            reason="output", detail="more than one file is made, or one with subtitles of an earlier edit"
        )
        return
    yield from _other_output(plan.outputs[0].output, media, mode)
    if media.clock_jumps or video.begins_within_group:
        yield SpliceRefusal(reason="times", detail="its clock jumps, or it begins within a group of pictures")
    if _begins_within_picture(plan) or may_hold(media):
        yield SpliceRefusal(reason="standing", detail="it has pictures that stand, or frames whose times are not known")
    if video.width % 2 or video.height % 2:
        yield SpliceRefusal(reason="format", detail="its sides are odd")
    if video.codec == "hevc" and video.is_interlaced:
        yield SpliceRefusal(reason="format", detail="its fields are not coded like that at edges")
    if video.dolby_vision_profile is not None:
        yield SpliceRefusal(reason="format", detail="it has Dolby Vision")
    if _known(plan).windows:
        yield from _not_drawn_on(plan, video)


def _not_drawn_on(plan: Plan, video: VideoStream) -> Iterator[SpliceRefusal]:
    """Why its pictures are not what steps draw on, but are brought to that first."""
    drawn = opened(plan).states[0].video
    if video.codec not in BESIDE:
        yield SpliceRefusal(reason="codec", detail=f"{video.codec} is only cut in this way")
    if plan.inputs[0].media.container in REMUXED:
        yield SpliceRefusal(reason="container", detail="a transport stream is only cut in this way")
    if video.is_interlaced:
        yield SpliceRefusal(reason="format", detail="its fields would be drawn on as whole pictures")
    if video.sample_aspect_ratio != "1/1":
        yield SpliceRefusal(reason="format", detail="its pixels are not square")
    if video.pixel_format not in DRAWN_FORMATS or video.pixel_format != drawn.pixel_format:
        yield SpliceRefusal(reason="format", detail=f"{video.pixel_format} is not drawn on as it is")
    named = color_standard.conformed(video, hdr=False)
    own = {name: getattr(video, name) for name in named}
    if video.color_space is not None and named != own:
        yield SpliceRefusal(reason="format", detail="its colours are brought to others")


def _other_output(output: FileOutput, media: MediaInfo, mode: CutMode) -> Iterator[SpliceRefusal]:
    """Why the output is not what the source is."""
    video, wanted_video = media.main_video, output.video
    if wanted_video is None:
        yield SpliceRefusal(reason="output", detail="a file without pictures is wanted")
        return
    if output.quality is not Quality.SOURCE:
        yield SpliceRefusal(reason="output", detail="another size is wanted")
    if video.codec in COPIED_INTO:
        if mode == "auto":
            yield SpliceRefusal(reason="format", detail=f"few players show {video.codec}")
        elif output.like_source is not True:
            into = COPIED_INTO[video.codec].upper()
            detail = f"{video.codec} is copied into {into}, where neither a codec nor a container is named"
            yield SpliceRefusal(reason="output", detail=detail)
    elif output.container != "mp4":
        yield SpliceRefusal(reason="output", detail="only MP4 is made in this way")
    elif wanted_video.codec != video.codec:
        yield SpliceRefusal(reason="output", detail=f"{wanted_video.codec} is wanted, and the video is {video.codec}")
    if wanted_video.bit_rate is not None or wanted_video.two_pass or wanted_video.hardware:
        yield SpliceRefusal(reason="output", detail="a bit rate or an encoder of its own is wanted")
    if output.audio.loudness_lufs is not None:
        yield SpliceRefusal(reason="output", detail="its loudness is set")
    if mode != "auto":
        return
    usual_crf = max(TRIM_CRF, default_crf(wanted_video.codec, output.quality, video.display_size))
    if wanted_video.crf > usual_crf:
        yield SpliceRefusal(reason="output", detail="a smaller file is wanted than a copy is")
    if not CODECS[wanted_video.codec].ten_bit and (
        (video.bit_depth or 8) > 8 or video.is_hdr or not (video.pixel_format or "").endswith("420p")
    ):
        yield SpliceRefusal(reason="format", detail=f"few players show {video.pixel_format} as {video.codec}")


def _begins_within_picture(plan: Plan) -> bool:
    first = plan.steps[0]
    if isinstance(first, PlannedTrim):
        return first.look_back or first.shown_from_s is not None
    return isinstance(first, PlannedOpening) and first.rate is not None


def _known(plan: Plan) -> Touched:
    known = touched(plan)
    assert known is not None
    return known


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
    return "copied" if plain and taken and not changed and len(_known(plan).kept) == 1 else "coded"


def _frames(plan: Plan, splice: Splice) -> Fraction:
    """How many frames there are, about where that is not known."""
    expected, video = plan.outputs[0], plan.inputs[0].media.main_video
    if expected.frame_count is not None:
        return Fraction(expected.frame_count)
    length = sum(interval.length for interval in splice.intervals) * splice.tick
    return length * Fraction(video.frame_rate or 25)


def _moved(plan: Plan, texts: Sequence[SubtitleTrack]) -> Plan:
    """A copied cut begins and ends where the survey found that it can: so does it where it is coded anew after all."""
    splice = plan.splice
    assert isinstance(splice, Splice)
    media = plan.inputs[0].media
    spans = [
        (interval.start_tick * splice.tick - media.start, interval.end_tick * splice.tick - media.start)
        for interval in splice.intervals
    ]
    asked = _known(plan).kept
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
