"""What outputs cannot be, each with the field that says it: what a container holds, what a codec can, what is for a
video, for a stream, for sound alone. Pure.

Fields are named from their output on. Who has several outputs puts the place of each before them: one prefix there, not
a pointer through every rule here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reelwright.edits import codecs
from reelwright.edits.codecs import SOUND_CONTAINERS, TWO_PASS, Container
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import NOT_ENCODED, Ladder
from reelwright.edits.stream_copy import COPIED
from reelwright.edits.streaming import Streaming
from reelwright.errors import FieldError

OF_VIDEO = (
    *("profile", "codec", "crf", "preset", "video_bitrate", "two_pass", "copy_conforming", "hardware"),
    *("hls", "dash", "segment_s"),
)
"""What requests call the fields that say something of a video."""
NO_SOUND = "is sound alone, and the video has none, or none that can be decoded: leave it out"


def of_what_is_not_made(said: Collection[str], container: Container | None, *, images_alone: bool) -> list[FieldError]:
    """`said`: the fields that a request gives."""
    of_video = [field for field in OF_VIDEO if field in said]
    if container in SOUND_CONTAINERS:
        wrong = [*(["qualities"] if "qualities" in said else []), *of_video]
        return [FieldError(f"/{field}", f"is for video: {container} holds sound alone") for field in wrong]
    if not images_alone:
        return []
    wrong = [*of_video, *(field for field in ("container", "audio") if field in said)]
    return [FieldError(f"/{field}", "is for video or sound: `qualities` names none") for field in wrong]


def of_renditions(wanted: Ladder, qualities: Sequence[Quality]) -> list[FieldError]:
    """`qualities`: those that are named, or the usual ones."""
    errors: list[FieldError] = []
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
    errors += _of_bit_rates(wanted)
    if wanted.streaming is not None:
        errors += _of_streams(wanted.streaming, wanted)
    elif wanted.copy_conforming and (wanted.codec, wanted.container) != COPIED:
        errors.append(FieldError("/copy_conforming", f"is only for {' in '.join(COPIED)}"))
    return errors


def _of_bit_rates(wanted: Ladder) -> list[FieldError]:
    errors: list[FieldError] = []
    if wanted.video_bit_rate is not None and wanted.crf is not None:
        errors.append(FieldError("/video_bitrate", "is instead of crf: name one of them"))
    if wanted.two_pass and wanted.video_bit_rate is None:
        errors.append(FieldError("/two_pass", "needs video_bitrate"))
    if wanted.two_pass and wanted.codec not in TWO_PASS:
        errors.append(FieldError("/two_pass", f"works with {', '.join(TWO_PASS)}, not {wanted.codec}"))
    return errors


def _of_streams(request: Streaming, wanted: Ladder) -> list[FieldError]:
    if not (request.hls or request.dash):
        return [FieldError("/segment_s", "needs hls or dash")]
    errors: list[FieldError] = []
    if wanted.container != "mp4":
        errors.append(FieldError("/container", f"streaming is made of mp4, not {wanted.container}"))
    if wanted.copy_conforming:
        errors.append(FieldError("/copy_conforming", "is not for streaming, which needs key frames of its own"))
    return errors


def of_sound_alone(wanted: Ladder) -> list[FieldError]:
    (held,) = codecs.AUDIO_CODECS[wanted.container]
    codec = wanted.audio_codec or held
    rate, rates = wanted.audio_bit_rate, codecs.AUDIO_RULES[held].bit_rates
    if codec != held:
        return [FieldError("/audio/codec", f"{wanted.container} holds {held}, not {codec}")]
    if rate is not None and rates is None:
        return [FieldError("/audio/bit_rate", f"is not for {wanted.container}, which loses nothing")]
    if rate is not None and rates is not None and not rates[0] <= rate <= rates[1]:
        return [FieldError("/audio/bit_rate", f"goes from {rates[0]} to {rates[1]} with {held}")]
    return []
