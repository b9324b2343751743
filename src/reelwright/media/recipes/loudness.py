"""Loudness by EBU R 128: each track is measured first, and what it lacks is found between two commands.

A plain gain keeps the loudness range; a limiter holds what would then peak too high. The measured number reaches the
second command through a slot of its own, "{gain-0}", which the runner fills with a number that it has checked.
"""

from __future__ import annotations

from fractions import Fraction

from reelwright.media.ffmpeg.filtergraph import Filter, decibels, file_in_work, filter_, metadata_key
from reelwright.media.ffmpeg.measured_values import LOUDNESS_KEY, LoudnessGain

MAX_PEAK = Fraction(794, 1000)
"""-2 dBTP, before the sound is coded: -1 dBTP is the highest that EBU R 128 takes, and lossy codecs add up to 1 dB to
most sound. They add up to 4 dB (measured) where all of it is limited or an attack follows silence; to hold that as well
would make everything softer."""
OVERSAMPLED_RATE = 192_000
"""The limiter sees peaks between the samples (ITU-R BS.1770-4, annex 2)."""
MEASURING_SHARE = 0.03
"""What measuring takes beside coding a picture, about."""


def measuring(gain: LoudnessGain) -> list[Filter]:
    """Return the end of the audio that is measured: the loudness so far is written beside each frame, the last one of
    which holds that of all."""
    printed = filter_("ametadata", mode="print", key=metadata_key(LOUDNESS_KEY), file=file_in_work(gain.file))
    return [filter_("ebur128", metadata=1), printed]


def levelling(gain: LoudnessGain, sample_rate: int) -> list[Filter]:
    """Return the end of the same audio, which has so many samples a second."""
    return [
        filter_("volume", volume=decibels(gain.name)),
        filter_("aresample", sample_rate=OVERSAMPLED_RATE),
        # `level` would bring what was held up to full scale again; `latency` takes off what the limiter looks ahead
        filter_("alimiter", limit=MAX_PEAK, level=0, latency=1),
        filter_("aresample", sample_rate=sample_rate),
    ]
