"""What making a plan takes at its peak: disk, memory, cores. Pure; docs/operations.md says the same in words.

    disk    = what its files come to, and those that go before its end: logs of two passes, pieces that are joined,
              frames of images that are put together; subtitles that are drawn, which are kept a while
    memory  = BASE + source's pixels x READING + for each output: its pixels x CODING, by codec and preset
    cores   = one for each PIXELS_OF_A_CORE of all pictures that are coded at once, at most the threads of an encode

Bytes of an output are what was asked for where that is a bit rate. Where it is a factor, they go by its pixels and the
factor, and by how dense the source is: what was hard to code is so again. A picture that was coded from single frames
says nothing of that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from reelwright.capacity.need import Need
from reelwright.edits.codecs import AUDIO_RULES, Codec
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import Preset, VideoEncoding
from reelwright.edits.plan import ExpectedOutput, Plan
from reelwright.media.recipes import far_stills

MIB = 1 << 20
BASE_BYTES = 64 * MIB
"""Of a media process, without its pictures; with what proves the result beside it."""
READING_BYTES, READING_THREAD_BYTES = 24, 3
"""Of memory, for each pixel of a source's picture: frames in a decoder and between filters; and for each thread more
than two."""
CODING_THREAD_BYTES = 9
CODING_BYTES: Mapping[Codec, int] = {"h264": 115, "hevc": 215, "av1": 385, "vp9": 130}
"""The same for each pixel of an output, at the usual preset: frames that the encoder looks ahead at and refers to."""
PRESETS: Mapping[Preset, float] = {
    "ultrafast": 0.45,
    "superfast": 0.7,
    "veryfast": 1.0,
    "faster": 1.2,
    "fast": 1.5,
    "medium": 1.8,
    "slow": 2.1,
    "slower": 2.3,
}
"""Of H.264, beside the usual one. The others look ahead as far with each."""
DEEP = 2.0
"""Of a picture of more than 8 bits, beside one of 8."""

PIXELS_OF_A_CORE = 640 * 480
"""An encoder finds work for one core more in so many pixels of a frame."""

CODED_BITS: Mapping[Codec, float] = {"h264": 1.0, "hevc": 0.8, "av1": 0.8, "vp9": 0.9}
"""A pixel, beside one of H.264 at the same factor."""
LARGER: Mapping[Preset, float] = {"ultrafast": 2.0, "superfast": 1.4}
LEAST_BITS, MOST_BITS = 0.16, 6.0
"""Bits a pixel at a factor of MIDDLE_CRF, of pictures easy and very hard to code."""
UNKNOWN_BITS = 0.5
"""The same of a source that was coded from single frames."""
DENSER = 1.5
"""An output has at most so many times the bits a pixel of its source, at that factor."""
MIDDLE_CRF: Mapping[Codec, int] = {"h264": 18, "hevc": 20, "av1": 27, "vp9": 26}
CRF_DOUBLE, CRF_HALF = 6, 8
"""So many steps of the factor below that double a file, so many above halve it, of what is hard to code."""
SMALLER_IS_DENSER = 0.3
"""The power by which a picture with fewer pixels than its source has more bits on each."""
BETWEEN_FRAMES = frozenset({"h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "mpeg1video"})
PEAKS = 1.15
"""What containers add, and an average that is not met at once."""
PASS_LOG = 1 / 100
"""Bytes a pixel of the log between two passes."""
LOSSLESS_BIT_RATE = 1_536_000
IMAGE_BYTES = 0.6
"""A pixel of a still, a sheet or a moving image."""
CUE_BYTES, CLEAR_PIXEL_BYTES, INKED_PIXEL_BYTES = 4096, 0.01, 0.5
"""Of a cue that is drawn: of any; for each pixel of the picture that holds all cues, which is there with it and without
it; and for each pixel of its own box. Measured: 0.007 of what is clear; of boxes 0.05 to 0.3 in 1080p and 4K, 0.46 with
a soft shadow; only a small picture that is full of emoji takes more, 0.65. Memory it takes less than what is coded
afterwards."""
IMAGE_MEMORY_BYTES = 4
"""A pixel: all of them are there until the image is written."""
UNSAID_RATE = Fraction(30)


def footprint(plan: Plan, threads: int) -> Need:
    """Return what making it takes at its peak. `threads`: of one encode on the machine."""
    if not plan.inputs:
        return Need()
    source = plan.inputs[0].media
    made = sum(_bytes(one, source) for one in plan.outputs) + _images(plan)
    drawn = _drawn(plan)
    between = made if plan.is_spliced else sum(map(_log, plan.outputs)) + far_stills.frames_bytes(plan)
    return Need(
        work_bytes=math.ceil(made + between + drawn),
        media_bytes=math.ceil(made + drawn),
        memory_bytes=_memory(plan, threads),
        cores=_cores(plan, threads),
    )


def import_footprint(size_bytes: int | None) -> Need:
    """Return what fetching a file takes, as far as its size is known."""
    return Need(media_bytes=size_bytes or 0)


def _bytes(output: ExpectedOutput, source: MediaInfo) -> float:
    duration_s = float(Fraction(output.duration_s))
    sound = output.audio_tracks * _sound_bit_rate(output, source) * duration_s / 8
    if (video := output.output.video) is None:
        return sound * PEAKS
    if output.copied:
        share = min(duration_s / source.duration_s, 1.0) if source.duration_s else 1.0
        return (source.size_bytes * share + sound) * PEAKS
    if video.bit_rate:
        return (video.bit_rate * duration_s / 8 + sound) * PEAKS
    bits = _bits(video, _density(source), source, output.width * output.height)
    bytes_ = output.width * output.height * _frames(output) * bits / 8
    if video.peak_bit_rate:
        bytes_ = min(bytes_, video.peak_bit_rate * duration_s / 8)
    return (bytes_ + sound) * PEAKS


def _bits(video: VideoEncoding, density: float | None, source: MediaInfo, pixels: int) -> float:
    """Bits a pixel."""
    own = source.main_video.width * source.main_video.height
    smaller = math.pow(max(own / pixels, 1), SMALLER_IS_DENSER)
    hard = UNKNOWN_BITS if density is None else min(max(DENSER * density, LEAST_BITS), MOST_BITS)
    finer = MIDDLE_CRF[video.codec] - video.crf
    factor = math.pow(2, finer / (CRF_DOUBLE if finer > 0 else CRF_HALF))
    return hard * smaller * factor * CODED_BITS[video.codec] * LARGER.get(video.preset, 1.0)


def _density(source: MediaInfo) -> float | None:
    """Bits a pixel of the source; None where they say nothing."""
    video = source.main_video
    if video.codec not in BETWEEN_FRAMES or not source.duration_s or not source.size_bytes:
        return None
    frames = video.frame_count or source.duration_s * float(Fraction(video.frame_rate or UNSAID_RATE))
    return 8 * source.size_bytes / max(video.width * video.height * frames, 1)


def _frames(output: ExpectedOutput) -> float:
    return output.frame_count or float(Fraction(output.duration_s) * UNSAID_RATE)


def _sound_bit_rate(output: ExpectedOutput, source: MediaInfo) -> float:
    """Of one track."""
    audio = output.output.audio
    if (rules := AUDIO_RULES.get(audio.codec)) is None:  # copied
        return max((track.bit_rate or LOSSLESS_BIT_RATE for track in source.audio), default=0)
    return audio.bit_rate if rules.bit_rates is not None else LOSSLESS_BIT_RATE


def _log(output: ExpectedOutput) -> float:
    video = output.output.video
    if video is None or output.copied or not video.two_pass:
        return 0.0
    return output.width * output.height * _frames(output) * PASS_LOG


def _images(plan: Plan) -> float:
    images = [file.image for file in plan.files if file.image is not None]
    texts = sum(file.role is not FileRole.MAIN for file in plan.files if file.image is None)
    pixels = sum(image.width * image.height * (image.pages or 1) for image in images)
    return pixels * IMAGE_BYTES + texts * MIB / 4


def _drawn(plan: Plan) -> float:
    return sum(
        facts.cues * (facts.width * facts.height * CLEAR_PIXEL_BYTES + CUE_BYTES)
        + (facts.inked_pixels or facts.cues * facts.width * facts.height) * INKED_PIXEL_BYTES
        for facts in plan.laid_subtitles
    )


def _memory(plan: Plan, threads: int) -> int:
    more = max(threads - 2, 0)
    videos = [facts.media.main_video for facts in plan.inputs]
    read = sum(video.width * video.height for video in videos) * (READING_BYTES + more * READING_THREAD_BYTES)
    coded = sum(
        one.width * one.height * (_coding(one.output.pictures) + more * CODING_THREAD_BYTES) for one in _coded(plan)
    )
    images = sum(
        image.width * image.height * (image.pages or 1) * IMAGE_MEMORY_BYTES
        for file in plan.files
        if (image := file.image) is not None
    )
    is_deep = any((video.bit_depth or 8) > 8 for video in videos)
    return BASE_BYTES + math.ceil((read + coded) * (DEEP if is_deep else 1.0) + images)


def _coding(video: VideoEncoding) -> float:
    return CODING_BYTES[video.codec] * (PRESETS[video.preset] if video.codec == "h264" else 1.0)


def _coded(plan: Plan) -> list[ExpectedOutput]:
    return [one for one in plan.outputs if one.output.video is not None and not one.copied]


def _cores(plan: Plan, threads: int) -> int:
    pixels = sum(one.width * one.height for one in _coded(plan))
    return max(1, min(threads, math.ceil(pixels / PIXELS_OF_A_CORE)))
