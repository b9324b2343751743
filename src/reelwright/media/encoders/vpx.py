"""libvpx: VP9."""

from __future__ import annotations

from collections.abc import Mapping

from reelwright.edits.outputs import VideoEncoding
from reelwright.media.encoders.rate_control import Coding, crf_or_rate, pass_options, peak_limit
from reelwright.media.encoders.segment_key_frames import NEVER

DEADLINE_US = "2000000000"
"""Good quality. What is shown for longer than the deadline would be coded as in real time, as a key frame at that."""
_SPEEDS: Mapping[str, int] = {
    "ultrafast": 8,
    "superfast": 7,
    "veryfast": 6,
    "faster": 5,
    "fast": 4,
    "medium": 3,
    "slow": 2,
    "slower": 1,
}
"""Its own numbers, for x264's names."""


def options(coding: Coding) -> tuple[str, ...]:
    """Return libvpx's own options."""
    video = coding.video
    rate = crf_or_rate(video) if video.bit_rate is not None else _held_look(video)
    # Rows of blocks in parallel (`-row-mt`): without it a small picture keeps one core busy.
    speed = ("-deadline", DEADLINE_US, "-cpu-used", str(_SPEEDS[video.preset]), "-row-mt", "1")
    # Where segments are wanted, no key frame of its own: none is due before so many frames.
    closed = ("-keyint_min", NEVER) if video.segment_s is not None else ()
    return (*rate, *speed, "-threads:v", str(coding.threads), *pass_options(coding), *closed)


def first_pass_share(video: VideoEncoding) -> float:
    """Return the first pass's share: it is quick at any speed."""
    del video
    return 0.1


def _held_look(video: VideoEncoding) -> tuple[str, ...]:
    """libvpx takes the average rate for a limit of the factor: 0 is none."""
    return ("-crf", str(video.crf), "-b:v", str(video.peak_bit_rate or 0), *peak_limit(video))
