"""The quality ladder: which renditions a video gets, how large each is, and how well it is coded by default. Pure.

A quality is an orientation-aware box: 1080p is 1920 x 1080, turned for portraits. The picture fits inside with its
aspect kept, in square pixels, with even sides.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec
from msgspec import UNSET

from reelwright.edits import bit_rates, codecs
from reelwright.edits.audio_tracks import usual_bit_rate
from reelwright.edits.codecs import Codec
from reelwright.edits.enums import Quality
from reelwright.edits.geometry import Size, even, scaled
from reelwright.edits.outputs import AUDIO_BIT_RATE, NOT_ENCODED, AudioEncoding, FileOutput, Ladder, VideoEncoding
from reelwright.edits.stream_copy import COPIED
from reelwright.edits.streaming import Streaming
from reelwright.errors import FieldError, InvalidInput

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

USUAL = (Quality.P1080, Quality.P720, Quality.P480)
"""What is made when no quality is named."""


def outputs(wanted: Ladder, picture: Size) -> tuple[FileOutput, ...]:
    """The renditions for a picture of that size, as displayed. Raises InvalidInput that names every wrong field."""
    if wanted.container in codecs.SOUND_CONTAINERS:
        return (_sound(wanted),)
    errors: list[FieldError] = []
    qualities = usual(picture) if wanted.qualities is None else wanted.qualities
    if not qualities:
        errors.append(FieldError("/qualities", "is empty"))
    for place, quality in enumerate(qualities):
        if quality in qualities[:place]:
            errors.append(FieldError(f"/qualities/{place}", f"{quality} is named twice"))
    videos, sounds = codecs.held_by(wanted.container), codecs.AUDIO_CODECS[wanted.container]
    if wanted.codec not in videos:
        errors.append(FieldError("/codec", f"{wanted.container} holds {' or '.join(videos)}, not {wanted.codec}"))
    sound = wanted.audio_codec or sounds[0]
    if sound not in sounds:
        errors.append(FieldError("/audio/codec", f"{wanted.container} holds {' or '.join(sounds[:-1])}, not {sound}"))
    if wanted.loudness_lufs is not None and sound in NOT_ENCODED:
        errors.append(FieldError("/audio/loudness", f"needs sound that is coded, not {sound}"))
    for field, value in (("bit_rate", wanted.audio_bit_rate), ("channels", wanted.audio_channels)):
        if value is not None and sound in NOT_ENCODED:
            errors.append(FieldError(f"/audio/{field}", f"needs sound that is coded, not {sound}"))
    lowest, highest = codecs.CODECS[wanted.codec].crf_range
    if wanted.crf is not None and not lowest <= wanted.crf <= highest:
        errors.append(FieldError("/crf", f"goes from {lowest} to {highest} with {wanted.codec}"))
    errors += bit_rates.wrong(wanted)
    if wanted.streaming is not None:
        errors += _wrong_streaming(wanted.streaming, wanted)
    elif wanted.copy_conforming and (wanted.codec, wanted.container) != COPIED:
        errors.append(FieldError("/copy_conforming", f"is only for {' in '.join(COPIED)}"))
    if errors:
        raise InvalidInput(errors)
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
                bit_rate=bit_rates.share(wanted.video_bit_rate, size, sizes),
                two_pass=bit_rates.in_two_passes(wanted),
                copy_conforming=wanted.copy_conforming,
                hardware=wanted.hardware,
                segment_s=wanted.streaming.segment_s if wanted.streaming is not None else None,
                peak_bit_rate=None
                if wanted.streaming is None or wanted.video_bit_rate is not None
                else bit_rates.streamed_peak(size, wanted.codec),
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
    (held,) = codecs.AUDIO_CODECS[wanted.container]
    codec = wanted.audio_codec or held
    rate, rates = wanted.audio_bit_rate, codecs.AUDIO_RULES[held].bit_rates
    if codec != held:
        raise InvalidInput([FieldError("/audio/codec", f"{wanted.container} holds {held}, not {codec}")])
    if rate is not None and rates is None:
        raise InvalidInput([FieldError("/audio/bit_rate", f"is not for {wanted.container}, which loses nothing")])
    if rate is not None and rates is not None and not rates[0] <= rate <= rates[1]:
        raise InvalidInput([FieldError("/audio/bit_rate", f"goes from {rates[0]} to {rates[1]} with {held}")])
    return FileOutput(
        container=wanted.container,
        video=None,
        audio=AudioEncoding(
            codec=held,
            bit_rate=rate or AUDIO_BIT_RATE,
            loudness_lufs=wanted.loudness_lufs,
            channels=wanted.audio_channels,
        ),
    )


def single(wanted: Ladder, picture: Size, *, usual_crf: int) -> FileOutput:
    """The one output of an edit; `usual_crf`: of H.264 at the picture's own size. Raises InvalidInput."""
    usual = wanted.codec == "h264" and wanted.qualities == (Quality.SOURCE,) and wanted.crf is None
    (output,) = outputs(msgspec.structs.replace(wanted, crf=usual_crf) if usual else wanted, picture)
    return output


def _wrong_streaming(request: Streaming, wanted: Ladder) -> list[FieldError]:
    if not (request.hls or request.dash):
        return [FieldError("/segment_s", "needs hls or dash")]
    errors: list[FieldError] = []
    if wanted.container != "mp4":
        errors.append(FieldError("/container", f"streaming is made of mp4, not {wanted.container}"))
    if wanted.copy_conforming:
        errors.append(FieldError("/copy_conforming", "is not for streaming, which needs key frames of its own"))
    return errors


def fitted(picture: Size, quality: Quality) -> Size:
    """The picture's size in the quality's box; `source` keeps it. Sides are even, and 2 at least."""
    return even(picture) if quality is Quality.SOURCE else scaled(picture, _scale(picture, quality))


def is_upscaled(picture: Size, quality: Quality) -> bool:
    return quality is not Quality.SOURCE and _scale(picture, quality) > 1


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
