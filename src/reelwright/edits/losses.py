"""What of a source no output will have, in sentences for the client, with the way to keep it if there is one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reelwright.edits import hdr
from reelwright.edits.audio_tracks import STREAMED_CHANNELS
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput

LEFT_OUT = {"subtitle": "subtitle track", "data": "data track", "attachment": "attachment"}
LEFT_OUT |= {"attached_picture": "cover picture", "unknown": "unknown track"}


def losses(
    media: MediaInfo, outputs: Sequence[FileOutput], *, streamed: bool = False, keeps_hdr: bool = True
) -> list[str]:
    """`keeps_hdr`: whether the operation can, with a codec that can."""
    return [
        *hdr.losses(media.main_video, outputs, keeps_hdr=keeps_hdr),
        *_of_sound(media, outputs, streamed),
        *of_others(media),
    ]


def _of_sound(media: MediaInfo, outputs: Sequence[FileOutput], streamed: bool) -> list[str]:
    found = []
    if lost := len(media.audio) - len(media.decodable_audio):
        found.append(f"{lost} audio track(s) cannot be decoded and are left out")
    alone = [output.container for output in outputs if output.video is None]
    if alone and len(media.decodable_audio) > 1:
        found.append(f"the video has {len(media.decodable_audio)} tracks of sound: {', '.join(alone)} has the first")
    by_default = streamed and all(output.audio.channels is None and output.audio.codec != "none" for output in outputs)
    if by_default and (most := max((track.channels for track in media.decodable_audio), default=0)) > STREAMED_CHANNELS:
        found.append(f"sound of {most} channels becomes stereo in streams; `audio.channels` keeps more")
    return found


PICTURES_OF_TEXT = {
    "hdmv_pgs_subtitle": "PGS",
    "dvb_subtitle": "DVB",
    "dvd_subtitle": "VobSub",
    "xsub": "XSUB",
}
"""Codecs of subtitles that are pictures, as people call them."""


def of_others(media: MediaInfo) -> list[str]:
    """What there is beside picture and sound."""
    counts = Counter(LEFT_OUT[stream.kind] for stream in media.other if stream.kind in LEFT_OUT)
    found = [(len(media.video) - 1, "further video track"), *((count, name) for name, count in counts.items())]
    found.append((media.chapters, "chapter"))
    named = [f"{count} {name}{'s' if count > 1 else ''}" for count, name in found if count > 0]
    said = [f"left out: {', '.join(named)}"] if named else []
    drawn = {PICTURES_OF_TEXT[stream.codec]: None for stream in media.other if stream.codec in PICTURES_OF_TEXT}
    if drawn:
        said.append(
            f"subtitles that are pictures ({', '.join(drawn)}) cannot be kept: upload their text as SRT or WebVTT, and"
            " name it in a step `subtitles`"
        )
    if media.programs > 1:
        said.append(f"the file holds {media.programs} programmes: the picture of one is used")
    return said
