"""How frames are coded that stand beside copied ones, at the edges of a cut or where steps touch some: as H.264 or HEVC
that goes with the source's own parameters, at a quality that does not stand out."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.codecs import CODECS
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import ExpectedOutput
from reelwright.edits.splice_structs import SourceCoding, Splice
from reelwright.errors import JobFailed
from reelwright.media.ffmpeg.capabilities import Capabilities

EDGE_CRF = 14
"""Of the frames at edges, which are few and seen beside the source's own: grain stays like it, too."""
DRAWN_CRF = 16
"""Of all that is coded where steps touch some: that may be a minute."""
DRAWN_GROUP = 50
"""Frames from one key frame to the next, at most, of what steps touch: players seek in it, and so does the proof."""


def coded_beside(
    splice: Splice, media: MediaInfo, expected: ExpectedOutput, capabilities: Capabilities
) -> tuple[str, ...]:
    """How frames are coded that stand beside the source's. Raises JobFailed `unsupported_here`."""
    coding = splice.coding
    assert coding is not None
    crf = min(expected.output.pictures.crf, DRAWN_CRF if splice.drawn else EDGE_CRF)
    encoder = CODECS[coding.codec].encoder
    if encoder not in capabilities.encoders:
        raise JobFailed(f"this machine's ffmpeg cannot encode {coding.codec} ({encoder})", code="unsupported_here")
    group = DRAWN_GROUP if splice.drawn else None
    if coding.codec == "hevc":
        return _hevc_beside(coding, crf, group)
    return _h264_beside(coding, media, crf, group, capabilities)


def _hevc_beside(coding: SourceCoding, crf: int, group: int | None) -> tuple[str, ...]:
    own = {
        "log-level": "error",
        "open-gop": "0",
        "keyint": str(group or -1),
        "scenecut": "0",
        "rc-lookahead": "10",
        # what `hevc_ids` reads: one slice a picture whose header is short, and decoders hold no more than the source's
        "bframes": "0",
        "ref": "1",
        "weightp": "0",
        "wpp": "0",
        "slices": "1",
        "frame-threads": "1",
        "info": "0",
        "repeat-headers": "0",
    }
    options = ":".join(f"{name}={value}" for name, value in own.items())
    return (
        *("-c:v", "libx265", "-preset", "fast", "-crf", str(crf), "-profile:v", coding.profile),
        *("-tag:v", "hvc1", "-x265-params", options),
    )


def _h264_beside(
    coding: SourceCoding, media: MediaInfo, crf: int, group: int | None, capabilities: Capabilities
) -> tuple[str, ...]:
    own = {
        "sps-id": str(coding.free_id),  # x264 gives it the other set, too
        "stitchable": "1",  # parameters do not depend on what is coded
        "open-gop": "0",
        "keyint": str(group or "infinite"),
        "scenecut": "0",
    }
    # frames may not be reordered by more than the source's are: decoders hold no more
    own |= {0: {"bframes": "0"}, 1: {"bframes": "2", "b-pyramid": "none"}}.get(coding.reorder, {"bframes": "3"})
    if coding.decoded_pictures is not None:
        own["dpb-size"] = str(max(1, coding.decoded_pictures))
    rate = Fraction(media.main_video.frame_rate or 0)
    if media.main_video.variable_frame_rate is not False and rate:
        # by the time until the next one, a frame that is shown for a moment would get next to no bits
        own |= {"force-cfr": "1", "fps": f"{rate.numerator}/{rate.denominator}"}
    interlaced: tuple[str, ...] = ()
    if coding.interlaced:
        interlaced = ("-flags", "+ildct+ilme")
        own |= {"bff": "1"} if media.main_video.field_order.startswith("b") else {"tff": "1"}
    return (
        # so few frames may be large, and cost little
        *("-c:v", "libx264", "-preset", "superfast", "-crf", str(crf)),
        *("-profile:v", coding.profile, "-level:v", coding.level, "-threads:v", str(capabilities.threads)),
        *interlaced,
        *("-x264-params", ":".join(f"{name}={value}" for name, value in own.items())),
    )
