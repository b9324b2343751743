"""How a file is opened: as what it was found to be and nothing else. No format that refers to other files, no protocol
but files, no decoder that is not wanted."""

from __future__ import annotations

from reelwright.edits.media_info import MediaInfo
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.damage import BROADCAST
from reelwright.settings import CONTAINERS, SOUND_CONTAINERS


def video_input(slot: str, media: MediaInfo, capabilities: Capabilities) -> tuple[str, ...]:
    """An untrusted video: no format that refers to other files, no protocol but files, no decoder that is not wanted.

    A packet that the end of the file tore apart is dropped. The picture's filters stay when its size or format changes
    in the middle: they would count from their start again. They begin with a scaler, which takes any (but where ffmpeg
    turns the picture, its own filters come first).
    """
    return (
        *(("-fflags", "+discardcorrupt") if media.container not in BROADCAST else ()),
        *(("-reinit_filter:v", "0") if media.main_video.rotation == 0 else ()),
        *("-max_pixels", str(capabilities.max_pixels), "-threads", str(capabilities.threads)),
        *("-protocol_whitelist", "file", "-format_whitelist", ",".join(CONTAINERS)),
        *("-codec_whitelist", capabilities.decoders, "-i", slot),
    )


def sound_input(slot: str, media: MediaInfo, capabilities: Capabilities) -> tuple[str, ...]:
    """An untrusted file of which only the sound is read; the same that `video_input` keeps out is kept out."""
    return (
        *(("-fflags", "+discardcorrupt") if media.container not in BROADCAST else ()),
        *("-vn", "-sn", "-dn", "-threads", str(capabilities.threads)),
        *(
            "-protocol_whitelist",
            "file",
            "-format_whitelist",
            ",".join(dict.fromkeys((*CONTAINERS, *SOUND_CONTAINERS))),
        ),
        *("-codec_whitelist", capabilities.decoders, "-i", slot),
    )


def picture_input(slot: str, *options: str) -> tuple[str, ...]:
    """A PNG that a contained process made of a client's picture, or drew."""
    pictures = ("-f", "png_pipe", "-format_whitelist", "png_pipe", "-codec_whitelist", "png")
    return ("-protocol_whitelist", "file", *pictures, *options, "-i", slot)
