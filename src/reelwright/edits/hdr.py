"""Whether HDR, and more than eight bits a sample, stay through an edit: what the codecs of its outputs and its steps
allow. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reelwright.edits.codecs import CODECS, TEN_BIT
from reelwright.edits.media_info import VideoStream
from reelwright.edits.outputs import FileOutput
from reelwright.edits.steps.base import BaseStep


def ten_bit(outputs: Sequence[FileOutput]) -> list[bool]:
    """Of each output with a picture, whether it may have ten bits a sample."""
    return [CODECS[output.video.codec].ten_bit for output in outputs if output.video is not None]


def steps_keep(steps: Sequence[BaseStep]) -> bool:
    """Whether the steps leave it, whatever comes behind them."""
    return all(step.keeps_hdr for step in steps)


def stays(steps: Sequence[BaseStep], outputs: Sequence[FileOutput]) -> bool:
    """Whether HDR may stay for one of the outputs; where a step draws, for all of them."""
    deep = ten_bit(outputs)
    kept = all(deep) if any(step.draws for step in steps) else any(deep)
    return kept and bool(deep) and steps_keep(steps)


def losses(picture: VideoStream, outputs: Sequence[FileOutput], *, keeps_hdr: bool) -> list[str]:
    """What of it no output will have, in sentences for the client. `keeps_hdr`: whether the steps can, with a codec
    that can."""
    kept = f"the codecs {', '.join(TEN_BIT[:-1])} and {TEN_BIT[-1]} keep"
    videos = [output.video for output in outputs if output.video is not None]
    if not videos:
        return []
    flat = any(video.codec not in TEN_BIT for video in videos)
    if picture.is_hdr and (flat or not keeps_hdr):
        way = f"; {kept} it" if keeps_hdr else ""
        return [f"the video is HDR: it becomes SDR (BT.709){way}"]
    if (picture.bit_depth or 8) > 8 and flat:
        return [f"the video has {picture.bit_depth} bits a sample: with h264 it becomes 8; {kept} ten"]
    if (picture.bit_depth or 8) > 10:
        return [f"the video has {picture.bit_depth} bits a sample: it becomes 10"]
    return []
