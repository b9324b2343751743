"""Why all of a result is coded anew although a smart cut or a copy was asked for, or it was left to `auto`: what is
known before its packets are looked at, and how much is coded at most. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from reelwright.edits import color_standard
from reelwright.edits.codecs import CODECS, COPIED_INTO
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.held_frames import may_hold
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.ladder import TRIM_CRF, default_crf
from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.outputs import FileOutput
from reelwright.edits.plan.structs import Plan
from reelwright.edits.plan.touched import known, only_cuts, opened, touched
from reelwright.edits.splice_structs import REMUXED, CutMode, Splice, SpliceRefusal
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.trim import PlannedTrim

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


def of_plan(plan: Plan, mode: CutMode, texts: Sequence[SubtitleTrack]) -> SpliceRefusal | None:
    """Whatever its packets are. `texts`: as of `splicing.wanted`."""
    return next(_of_plan(plan, mode, texts), None)


def of_splice(plan: Plan, splice: Splice) -> SpliceRefusal | None:
    """Too little would be copied."""
    frames = _frames(plan, splice)
    if splice.drawn and splice.encoded > MOST_TOUCHED * frames:
        detail = "more than 60 % of its frames are touched, or lie between what is and the next key frame"
        return SpliceRefusal(reason="touched", detail=detail)
    if splice.encoded > MOST_ENCODED * frames:
        detail = "more than 70 % of its frames lie at edges of the cut, far from key frames"
        return SpliceRefusal(reason="edges", detail=detail)
    return None


def _of_plan(plan: Plan, mode: CutMode, texts: Sequence[SubtitleTrack]) -> Iterator[SpliceRefusal]:
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
    if known(plan).windows:
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


def _frames(plan: Plan, splice: Splice) -> Fraction:
    """How many frames there are, about where that is not known."""
    expected, video = plan.outputs[0], plan.inputs[0].media.main_video
    if expected.frame_count is not None:
        return Fraction(expected.frame_count)
    length = sum(interval.length for interval in splice.intervals) * splice.tick
    return length * Fraction(video.frame_rate or 25)
