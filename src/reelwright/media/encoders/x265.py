"""x265: HEVC. Most is told in its own parameters, which ffmpeg hands through."""

from __future__ import annotations

from reelwright.edits.outputs import VideoEncoding
from reelwright.media.encoders.rate_control import STATISTICS, Coding, crf_or_rate


def options(coding: Coding) -> tuple[str, ...]:
    """Return x265's own options."""
    video = coding.video
    # `pools` is how x265 is held to so many threads. It does not report its settings on
    # stderr, by whose end failures are explained.
    parameters = f"pools={coding.threads}:log-level=warning{_closed(video)}{_pass(coding)}"
    limit = ("-threads:v", str(coding.threads))
    return ("-preset", video.preset, *crf_or_rate(video), *limit, "-x265-params", parameters)


def first_pass_share(video: VideoEncoding) -> float:
    """Return the first pass's share: with `slow-firstpass=0` as long as the second one, measured."""
    del video
    return 1.0


def _closed(video: VideoEncoding) -> str:
    """Key frames where segments begin and nowhere else (`scenecut`), that nothing before them is needed for
    (`open-gop`), however close they are (`min-keyint`)."""
    return ":scenecut=0:open-gop=0:min-keyint=1" if video.segment_s is not None else ""


def _pass(coding: Coding) -> str:
    """ffmpeg's `-pass` does not reach x265."""
    if not coding.video.two_pass:
        return ""
    return f":pass={coding.pass_number}:stats={STATISTICS}-{coding.output_number}.x265:slow-firstpass=0"
