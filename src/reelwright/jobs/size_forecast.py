"""How large the files of an edit will be, by what earlier ones came to. Pure. How long it will take: forecast.py."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

from reelwright.edits.codecs import AUDIO_RULES
from reelwright.edits.media_info import VideoStream
from reelwright.edits.outputs import Preset
from reelwright.edits.plan import ExpectedOutput, Plan
from reelwright.jobs.forecast import Case, Forecast, density_of, foretell, frames

LARGER: Mapping[Preset, float] = {"ultrafast": 2.0, "superfast": 1.4}
"""What those presets make, beside the others."""
CRF_HALF = 6
"""So many steps of the constant rate factor halve a file, about."""
LOSSLESS_BIT_RATE = 1_536_000
"""Of 16 bits in stereo."""
DENSITY_OF_SIZE = 0.7
"""The power of a source's density by which the size goes of what is made of it: what was hard to code is so again."""


def size_case(
    output: ExpectedOutput, sha256: str, source: VideoStream, source_density: float, size_bytes: float
) -> Case:
    """Return an output of earlier as a case of how large such come out."""
    return Case(_size_kinds(output, sha256), _weight(output, source), size_bytes, source_density)


def bytes_of(output: ExpectedOutput, plan: Plan, cases: Iterable[Case]) -> Forecast | None:
    """How large an output will be. Of what is copied nothing is known."""
    if plan.is_spliced:
        return None
    kinds, weight = _size_kinds(output, plan.inputs[0].sha256), _weight(output, plan.inputs[0].media.main_video)
    return foretell(kinds, weight, cases, density_of(plan), DENSITY_OF_SIZE)


def _size_kinds(output: ExpectedOutput, sha256: str) -> tuple[tuple[object, ...], ...]:
    if (video := output.output.video) is None:
        audio = output.output.audio
        return (("source", sha256, audio.codec, audio.channels), ("codec", audio.codec))
    way = ("copied",) if output.copied else (video.codec, "bit rate" if video.bit_rate else "factor")
    return (("source", sha256, *way), ("codec", *way))


def _weight(output: ExpectedOutput, source: VideoStream) -> float:
    """What a file's size goes by: the bits that were asked for, or its pixels and the factor."""
    if (video := output.output.video) is None:
        return _sound_bytes(output)
    if video.bit_rate and not output.copied:
        return video.bit_rate * float(Fraction(output.duration_s))
    pixels = output.width * output.height * frames(output, source)
    if output.copied:
        return pixels
    return pixels * LARGER.get(video.preset, 1.0) * math.pow(2, -video.crf / CRF_HALF)


def _sound_bytes(output: ExpectedOutput) -> float:
    """By the bits that were asked for; of sound that loses nothing, by how long it is."""
    rules = AUDIO_RULES[output.output.audio.codec]
    bit_rate = output.output.audio.bit_rate if rules.bit_rates is not None else LOSSLESS_BIT_RATE
    return bit_rate * float(Fraction(output.duration_s)) / 8
