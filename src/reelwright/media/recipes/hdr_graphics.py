"""What is made for SDR, laid over HDR: pictures, texts and cues, as bright as graphics are there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from reelwright.edits.media_info import VideoStream
from reelwright.media.ffmpeg.filtergraph import Filter, Value, filter_, from_srgb, to_hlg, to_pq

TO_BT2020 = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
"""Linear light of BT.709's primaries in those of BT.2020 (ITU-R BT.2087)."""
TO_P3 = ((0.8225, 0.1774, 0.0), (0.0332, 0.9669, 0.0), (0.0171, 0.0724, 0.9108))
"""The same in those of Display P3 (SMPTE EG 432-1)."""
HDR_WHITE = 203
"""cd/m2 of white in graphics over HDR (ITU-R BT.2408): they do not dazzle."""
TRANSFERS = {"smpte2084": to_pq(HDR_WHITE), "arib-std-b67": to_hlg(HDR_WHITE)}


def lit(below: VideoStream) -> list[Filter]:
    """From sRGB with its opacity to the colours of what is below, which is HDR. By tables, and not by zscale, which
    would make what is half transparent brighter (in FFmpeg 9)."""
    primaries = TO_P3 if below.color_primaries == "smpte432" else TO_BT2020
    matrix = "bt709" if below.color_space == "bt709" else "bt2020"
    return [
        filter_("format", pix_fmts="gbrap16le"),
        _each(from_srgb()),
        filter_("colorchannelmixer", **_mixed(primaries)),
        _each(TRANSFERS[below.color_transfer or "smpte2084"]),
        filter_("scale", out_color_matrix=matrix, out_range="pc" if below.color_range == "pc" else "tv"),
        filter_("format", pix_fmts="yuva420p10le"),
    ]


def _each(curve: Value) -> Filter:
    return filter_("lutrgb", r=curve, g=curve, b=curve)


def _mixed(rows: tuple[tuple[float, float, float], ...]) -> Mapping[str, Value]:
    return {
        to + of: Fraction(repr(share))
        for to, row in zip("rgb", rows, strict=True)
        for of, share in zip("rgb", row, strict=True)
    }
