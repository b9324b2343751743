"""The quality ladder: which renditions a video gets, how large each is, and its CRF where none is said. Pure.

A quality is an orientation-aware box: 1080p is 1920 x 1080, turned for portraits. The picture fits inside with its
aspect kept, in square pixels, with even sides.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec
from msgspec import UNSET

from reelwright.edits import codecs, output_rules, rendition_bit_rates
from reelwright.edits.audio_tracks import usual_bit_rate
from reelwright.edits.codecs import Codec
from reelwright.edits.geometry import Size, even, scaled
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import AUDIO_BIT_RATE, AudioEncoding, FileOutput, Ladder, VideoEncoding
from reelwright.errors import InvalidInput

BOXES: dict[Quality, Size] = {
    Quality.P2160: (3840, 2160),
    Quality.P1440: (2560, 1440),
    Quality.P1080: (1920, 1080),
    Quality.P720: (1280, 720),
    Quality.P480: (854, 480),
    Quality.P360: (640, 360),
    Quality.P240: (426, 240),
}
"""From the best to the least."""

TRIM_CRF, OVERLAY_CRF = 18, 20
"""Constant rate factors of H.264 at the source's own size, where none is said."""

USUAL = (Quality.P1080, Quality.P720, Quality.P480)
"""What is made when no quality is named."""


def outputs(wanted: Ladder, picture: Size) -> tuple[FileOutput, ...]:
    """The renditions for a picture of that size, as displayed. Raises InvalidInput that names every wrong field."""
    if wanted.container in codecs.SOUND_CONTAINERS:
        return (_sound(wanted),)
    qualities = usual(picture) if wanted.qualities is None else wanted.qualities
    if errors := output_rules.of_renditions(wanted, qualities):
        raise InvalidInput(errors)
    sound = wanted.audio_codec or codecs.AUDIO_CODECS[wanted.container][0]
    sizes = [fitted(picture, quality) for quality in qualities]
    rates_of_sound = [usual_bit_rate(_named(quality, picture)) for quality in qualities]
    if wanted.streaming is not None:  # one sound for all
        rates_of_sound = [max(rates_of_sound)] * len(qualities)
    if wanted.loudness_lufs is not None:  # the less bits, the further decoded peaks go beyond those that are held
        rates_of_sound = [AUDIO_BIT_RATE] * len(qualities)
    return tuple(
        FileOutput(
            quality=quality,
            container=wanted.container,
            video=VideoEncoding(
                codec=wanted.codec,
                crf=default_crf(wanted.codec, quality, picture) if wanted.crf is None else wanted.crf,
                preset=wanted.preset,
                bit_rate=rendition_bit_rates.share(wanted.video_bit_rate, size, sizes),
                two_pass=rendition_bit_rates.in_two_passes(wanted),
                copy_conforming=wanted.copy_conforming,
                hardware=wanted.hardware,
                segment_s=wanted.streaming.segment_s if wanted.streaming is not None else None,
                peak_bit_rate=None
                if wanted.streaming is None or wanted.video_bit_rate is not None
                else rendition_bit_rates.streamed_peak(size, wanted.codec),
            ),
            audio=AudioEncoding(
                codec=sound,
                bit_rate=wanted.audio_bit_rate or usual_rate,
                loudness_lufs=wanted.loudness_lufs,
                channels=wanted.audio_channels,
            ),
            like_source=wanted.like_source or UNSET,
        )
        for quality, size, usual_rate in zip(qualities, sizes, rates_of_sound, strict=True)
    )


def _sound(wanted: Ladder) -> FileOutput:
    """A file of sound alone. Raises InvalidInput."""
    if errors := output_rules.of_sound_alone(wanted):
        raise InvalidInput(errors)
    (held,) = codecs.AUDIO_CODECS[wanted.container]
    return FileOutput(
        container=wanted.container,
        video=None,
        audio=AudioEncoding(
            codec=held,
            bit_rate=wanted.audio_bit_rate or AUDIO_BIT_RATE,
            loudness_lufs=wanted.loudness_lufs,
            channels=wanted.audio_channels,
        ),
    )


def single(wanted: Ladder, picture: Size, *, usual_crf: int) -> FileOutput:
    """The one output of an edit; `usual_crf`: of H.264 at the picture's own size. Raises InvalidInput."""
    usual = wanted.codec == "h264" and wanted.qualities == (Quality.SOURCE,) and wanted.crf is None
    (output,) = outputs(msgspec.structs.replace(wanted, crf=usual_crf) if usual else wanted, picture)
    return output


def fitted(picture: Size, quality: Quality) -> Size:
    """The picture's size in the quality's box; `source` keeps it. Sides are even, and 2 at least."""
    return even(picture) if quality is Quality.SOURCE else scaled(picture, _scale(picture, quality))


def is_upscaled(picture: Size, quality: Quality) -> bool:
    return quality is not Quality.SOURCE and _scale(picture, quality) > 1


def upscaling(picture: Size, quality: Quality) -> list[str]:
    """What a client is told of a rendition that is larger than the picture."""
    if not is_upscaled(picture, quality):
        return []
    return [f"{quality} is larger than the video ({picture[0]}x{picture[1]}): it is upscaled"]


def usual(picture: Size) -> tuple[Quality, ...]:
    """The usual qualities that need no upscaling; where all would, one at the picture's own size."""
    return tuple(quality for quality in USUAL if not is_upscaled(picture, quality)) or (Quality.SOURCE,)


def nearest(picture: Size) -> Quality:
    """The least quality whose box holds the picture; the best where none does."""
    return next((quality for quality in reversed(BOXES) if _scale(picture, quality) >= 1), next(iter(BOXES)))


def default_crf(codec: Codec, quality: Quality, picture: Size) -> int:
    return codecs.CODECS[codec].crf[_named(quality, picture)]


def _named(quality: Quality, picture: Size) -> Quality:
    """A quality with a box."""
    return nearest(picture) if quality is Quality.SOURCE else quality


def _scale(picture: Size, quality: Quality) -> Fraction:
    """How much the picture grows or shrinks to fit the box, which is turned for a portrait."""
    box = BOXES[quality]
    if picture[0] < picture[1]:
        box = box[::-1]
    return min(Fraction(box[0], picture[0]), Fraction(box[1], picture[1]))
