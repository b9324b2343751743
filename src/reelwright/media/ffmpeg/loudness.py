"""Loudness by EBU R 128: each track is measured first, and what it lacks is found between two commands.

A plain gain keeps the loudness range; a limiter holds what would then peak too high. The measured number reaches the
second command through a slot of its own, "{gain-0}", which the runner fills with what was read here of a file that
ffmpeg wrote into the work folder: never with text of the file.
"""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path

import msgspec

from reelwright.errors import MediaProcessFailed
from reelwright.media.ffmpeg.filtergraph import Filter, decibels, file_in_work, filter_, metadata_key

SILENCE_LUFS = -70.0
"""What ebur128 says of silence, and of less than 0.4 s: there is nothing to bring up."""
MAX_GAIN_DB = 30.0
"""More would bring up noise."""
TAIL_BYTES = 4096
LOUDNESS_KEY = "lavfi.r128.I"
_INTEGRATED = re.compile(r"^lavfi\.r128\.I=(-?[0-9]{1,3}\.[0-9]{1,3})$", re.ASCII | re.MULTILINE)
MAX_PEAK = Fraction(794, 1000)
"""-2 dBTP, before the sound is coded: -1 dBTP is the highest that EBU R 128 takes, and lossy codecs add up to 1 dB to
most sound. They add up to 4 dB (measured) where all of it is limited or an attack follows silence; to hold that as well
would make everything softer."""
OVERSAMPLED_RATE = 192_000
"""The limiter sees peaks between the samples (ITU-R BS.1770-4, annex 2)."""


class LoudnessGain(msgspec.Struct, frozen=True, kw_only=True):
    """A number that a command leaves behind: how many decibels bring the sound that it measured, and of which it wrote
    into `file` in the work folder, to `target_lufs`. Later commands have the slot "{name}" for it."""

    name: str
    file: str
    target_lufs: float

    @classmethod
    def of(cls, track: int, target_lufs: float, *, number: int = 0) -> LoudnessGain:
        """`number`: of those of the same track."""
        ending = f"-{number}" if number else ""
        return cls(name=f"gain-{track}{ending}", file=f"loudness-{track}{ending}.txt", target_lufs=target_lufs)

    def read(self, work: Path) -> str:
        """The number, as the filter takes it. Raises MediaProcessFailed when nothing was measured."""
        try:
            with (work / self.file).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
                text = file.read().decode("ascii", errors="replace")
        except FileNotFoundError:
            text = ""
        return f"{self.decibels(text):.3f}"

    def decibels(self, text: str) -> float:
        """What the end of the file says. Of no sound at all, and of silence, nothing is to be changed."""
        found = _INTEGRATED.findall(text)
        if not found and text.strip():
            raise MediaProcessFailed("the loudness could not be measured", code="ffmpeg_failed")
        measured = float(found[-1]) if found else SILENCE_LUFS
        if measured <= SILENCE_LUFS:
            return 0.0
        return min(self.target_lufs - measured, MAX_GAIN_DB)


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
