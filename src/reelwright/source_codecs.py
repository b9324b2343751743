"""Which codecs an untrusted file may be coded by: what the world's cameras, phones, editors and archives have written.

FFmpeg has several hundred decoders, many of them for formats of games or film scanners that nobody has looked at for
years. Those that are not named here are never opened.
"""

from __future__ import annotations

from collections.abc import Iterable

VIDEO = (
    *("h264", "hevc", "vvc", "av1", "vp8", "vp9", "vp7", "vp6", "vp6f", "vp6a", "vp5", "vp4", "vp3", "theora", "dirac"),
    *("mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "wmv1", "wmv2", "wmv3", "vc1"),
    *("mss1", "mss2", "h261", "h263", "h263i", "h263p", "flv1", "flashsv", "flashsv2", "rv10", "rv20", "rv30", "rv40"),
    *("svq1", "svq3", "cavs", "mjpeg", "mjpegb", "sp5x", "amv", "jpeg2000", "dvvideo", "prores", "dnxhd", "cfhd"),
    *("aic", "pixlet", "hq_hqa", "hqx", "hap", "dxv", "speedhq", "notchlc", "ffv1", "huffyuv", "ffvhuff", "utvideo"),
    *("magicyuv", "lagarith", "vble", "zlib", "mszh", "loco", "fraps", "tscc", "tscc2", "cscd", "qtrle", "rpza", "smc"),
    *("8bps", "cinepak", "indeo2", "indeo3", "indeo4", "indeo5", "msvideo1", "msrle", "gif", "png", "webp"),
    *("rawvideo", "v210", "v210x", "v308", "v408", "v410", "r210", "r10k", "y41p", "yuv4", "avui", "avrp", "cyuv"),
)
"""By FFmpeg's names of codecs: the default of what is taken."""
MORE_VIDEO = (
    *("apv", "asv1", "asv2", "avs2", "avs3", "bmp", "cllc", "clearvideo", "dds", "dpx", "dxtory", "escape124", "exr"),
    *("g2m", "mimic", "mscc", "mts2", "mvha", "mwsc", "mxpeg", "nuv", "prores_raw", "rasc", "rscc", "rv60", "scpr"),
    *("screenpresso", "sheervideo", "snow", "srgc", "targa", "tiff", "truemotion1", "truemotion2", "vixl", "vmnc"),
    *("wcmv", "wnv1", "xpm", "ylc", "zerocodec", "zmbv"),
)
"""That can be allowed as well."""

OURS = ("h264", "hevc", "av1", "vp9", "mjpeg", "webp", "png")
"""By which results are coded, which are edited further."""
USUAL_NAMES = {
    "avc": "h264",
    "h.264": "h264",
    "h265": "hevc",
    "h.265": "hevc",
    "xvid": "mpeg4",
    "divx": "mpeg4",
    "mpeg1": "mpeg1video",
    "mpeg2": "mpeg2video",
    "dv": "dvvideo",
    "flv": "flv1",
}
"""What people call some of them."""

_AUDIO = (
    *("aac", "aac_latm", "ac3", "eac3", "ac4", "dca", "mlp", "truehd", "mp1", "mp2", "mp3", "mp3adu", "mp3on4", "als"),
    *("alac", "flac", "opus", "vorbis", "speex", "wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "amrnb"),
    *("amrwb", "gsm", "gsm_ms", "g722", "g723_1", "g726", "g726le", "g729", "ilbc", "qcelp", "evrc", "qdm2", "qdmc"),
    *("cook", "sipr", "real_144", "real_288", "ralf", "atrac3", "atrac3al", "atrac3plus", "mace3", "mace6", "wavpack"),
    *("tta", "tak", "ape", "nellymoser", "truespeech", "imc", "iac", "on2avc", "metasound", "dvaudio", "s302m", "sbc"),
    *("adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ima_amv", "adpcm_ms", "adpcm_swf", "adpcm_yamaha", "adpcm_ct"),
    *("pcm_alaw", "pcm_mulaw", "pcm_bluray", "pcm_dvd", "pcm_s8", "pcm_s8_planar", "pcm_u8", "pcm_lxf", "pcm_vidc"),
    *(f"pcm_{kind}le" for kind in ("s16", "s24", "s32", "s64", "u16", "u24", "u32", "f16", "f24", "f32", "f64")),
    *(f"pcm_{kind}be" for kind in ("s16", "s24", "s32", "s64", "u16", "u24", "u32", "f32", "f64")),
    *("pcm_s16le_planar", "pcm_s16be_planar", "pcm_s24le_planar", "pcm_s32le_planar"),
    *("pcm_s24daud", "dsd_lsbf", "dsd_msbf", "dsd_lsbf_planar", "dsd_msbf_planar"),
)

_DECODERS = {
    "av1": ("libdav1d", "libaom-av1", "av1"),
    "vp8": ("vp8", "libvpx"),
    "vp9": ("vp9", "libvpx-vp9"),
    "msmpeg4v3": ("msmpeg4",),
    "flv1": ("flv",),
    "tscc": ("camtasia",),
    "cscd": ("camstudio",),
    "mpeg1video": ("mpeg1video", "mpegvideo"),
    "mpeg2video": ("mpeg2video", "mpegvideo"),
    "avs2": ("libdavs2",),
    "avs3": ("libuavs3d",),
    "aac": ("aac", "aac_fixed"),
    "ac3": ("ac3", "ac3_fixed"),
    "mp1": ("mp1float", "mp1"),
    "mp2": ("mp2float", "mp2"),
    "mp3": ("mp3float", "mp3"),
    "mp3adu": ("mp3adufloat", "mp3adu"),
    "mp3on4": ("mp3on4float", "mp3on4"),
    "opus": ("opus", "libopus"),
    "vorbis": ("vorbis", "libvorbis"),
    "speex": ("speex", "libspeex"),
    "gsm": ("gsm", "libgsm"),
    "gsm_ms": ("gsm_ms", "libgsm_ms"),
    "ilbc": ("ilbc", "libilbc"),
    "amrnb": ("amrnb", "libopencore_amrnb"),
    "amrwb": ("amrwb", "libopencore_amrwb"),
}
"""Where they are not called as the codec is."""


def whitelist(video: Iterable[str]) -> str:
    """FFmpeg's `codec_whitelist`: the decoders of these codecs, and those of sound."""
    names = (decoder for codec in (*video, *_AUDIO) for decoder in _DECODERS.get(codec, (codec,)))
    return ",".join(dict.fromkeys(names))
