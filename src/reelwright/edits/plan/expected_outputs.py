"""What a made file must turn out to be, worked out from the interval of the source that it shows."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from reelwright.edits.geometry import Size
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput
from reelwright.edits.plan.structs import ExpectedOutput, ExpectedVideo


def expect(
    output: FileOutput,
    media: MediaInfo,
    size: Size,
    interval: tuple[Fraction, Fraction],
    frames: int | None,
    tracks: int,
) -> ExpectedOutput:
    """What `interval` of the source gives. Without a frame count the picture may have gaps as long as the source's
    longest one, for it may begin, pause or end in that; any longer gap is a picture that was lost."""
    width, height = size
    picture, (start, end) = media.main_video, interval
    frame = 1 / Fraction(picture.frame_rate) if picture.frame_rate else Fraction(0)
    gap = Fraction(repr(picture.longest_frame_s)) if picture.longest_frame_s else Fraction(0)
    tolerance = max(Fraction(1, 10), gap, 2 * frame)
    expected = None
    if picture.duration_s is not None and picture.longest_frame_s is not None:
        begins = Fraction(picture.start_s) - media.start
        ends = begins + Fraction(repr(picture.duration_s))
        expected = ExpectedVideo(
            start_s=str(max(begins - start, Fraction(0))),
            end_s=str(min(ends, end) - start),
            longest_gap_s=str(max(tolerance, gap + frame)),
        )
    return ExpectedOutput(
        output=output,
        width=width,
        height=height,
        duration_s=str(end - start),
        duration_tolerance_s=str(tolerance),
        frame_count=frames,
        audio_tracks=tracks,
        video=expected,
    )


def expect_sound(output: FileOutput, length: Fraction) -> ExpectedOutput:
    """A file of sound alone, as long as all is: of several tracks it has the first."""
    return ExpectedOutput(
        output=output,
        width=0,
        height=0,
        duration_s=str(length),
        duration_tolerance_s=str(Fraction(1, 10)),
        frame_count=None,
        audio_tracks=1,
    )


def begun_at_once(expected: ExpectedOutput) -> ExpectedOutput:
    """As it is streamed: a picture that begins late is shown from the start."""
    if (picture := expected.video) is None:
        return expected
    held = Fraction(picture.start_s) + Fraction(picture.longest_gap_s)
    picture = msgspec.structs.replace(picture, start_s="0", longest_gap_s=str(held))
    return msgspec.structs.replace(expected, video=picture)


def counted(frames: int | None, output: FileOutput) -> int | None:
    """Of the containers that are made only MP4 counts its frames."""
    return frames if output.container == "mp4" else None


def heard(output: FileOutput, media: MediaInfo, *, more: bool = False) -> int:
    """How many tracks will be heard."""
    return 0 if output.audio.codec == "none" else len(media.decodable_audio) + more
