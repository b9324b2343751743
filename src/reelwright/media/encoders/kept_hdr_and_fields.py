"""What of a source's form is kept where frames are coded: HDR, fields, ten bits, as far as the codec can."""

from __future__ import annotations

from reelwright.edits.codecs import CODECS, Codec
from reelwright.edits.geometry import even
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput


def keeps_hdr(media: MediaInfo, codec: Codec) -> bool:
    return media.main_video.is_hdr and CODECS[codec].ten_bit


def keeps_fields(media: MediaInfo, output: FileOutput, *, height: int) -> bool:
    """Return whether an interlaced video stays so in an output that high: its lines must be the source's, in pairs of
    each field, and the codec must tell players."""
    as_it_was = height == even(media.main_video.upright_size)[1] and height % 4 == 0
    return CODECS[output.pictures.codec].interlaced and as_it_was and media.main_video.is_interlaced


def pixel_format(media: MediaInfo, codec: Codec) -> str:
    """Return 4:2:0, which all players decode, with ten bits where the source has more than eight."""
    ten_bit = CODECS[codec].ten_bit and (media.main_video.bit_depth or 8) > 8
    return "yuv420p10le" if ten_bit else "yuv420p"
