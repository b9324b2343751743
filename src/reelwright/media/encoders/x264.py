"""x264: H.264, which every player decodes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from reelwright.edits.outputs import VideoEncoding
from reelwright.media.encoders.rate_control import Coding, crf_or_rate, pass_options

USUAL_RATE = Fraction(30)

_FIRST_PASS: Mapping[str, float] = {
    "ultrafast": 0.9,
    "superfast": 0.9,
    "veryfast": 0.9,
    "faster": 0.6,
    "fast": 0.5,
    "medium": 0.45,
    "slow": 0.3,
    "slower": 0.2,
}


def options(coding: Coding) -> tuple[str, ...]:
    """Return x264's own options."""
    video = coding.video
    # High is the profile of 8-bit 4:2:0 that players decode. `-threads:v` limits the encoder, not the decoder; the
    # bytes depend on it.
    own = ("-preset", video.preset, *crf_or_rate(video), "-profile:v", "high", "-threads:v", str(coding.threads))
    # Without scene cuts no key frame is anywhere but where a segment begins.
    closed = ("-sc_threshold", "0") if video.segment_s is not None else ()
    return (*own, *pass_options(coding), *closed, *(_fields(coding) or _even_budget(coding)))


def first_pass_share(video: VideoEncoding) -> float:
    """Return the first pass's share: it takes about the same time at any preset."""
    return _FIRST_PASS[video.preset]


def _fields(coding: Coding) -> tuple[str, ...]:
    """Return how frames are coded as interlaced: the field that is shown first is named, as players go by that."""
    video = coding.media.main_video
    if not coding.keep_fields or not video.is_interlaced:
        return ()
    # ildct and ilme: transform and motion search by field. x264 itself has to be told which one is on top.
    return ("-flags", "+ildct+ilme", "-x264-params", "tff=1" if video.field_order[0] == "t" else "bff=1")


def _even_budget(coding: Coding) -> tuple[str, ...]:
    """Return, for an uneven frame rate under a highest rate, that every frame gets the bits of one at this rate.

    By the time until the next one, which is a tick where a file says two times alike, a frame would get none. Bursts
    are held to the limit up to USUAL_RATE.
    """
    video, source = coding.video, coding.media.main_video
    rate = Fraction(source.frame_rate or 0)
    if source.variable_frame_rate is False or not rate:
        return ()
    if video.peak_bit_rate is not None:
        rate = max(rate, USUAL_RATE)
    elif video.bit_rate is None:
        return ()
    return ("-x264-params", f"force-cfr=1:fps={rate.numerator}/{rate.denominator}")
