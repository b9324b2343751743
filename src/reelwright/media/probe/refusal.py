"""Why a file is not taken, in sentences: what it seems to be (`first_bytes`), what to do, and what is taken instead."""

from __future__ import annotations

import os
from collections.abc import Sequence

from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.probe import first_bytes
from reelwright.media.probe.first_bytes import EMPTY, MOTION_PHOTO, KnownFormat

NAMES = {
    "mov": "MP4 or MOV",
    "matroska": "Matroska",
    "webm": "WebM",
    "avi": "AVI",
    "mpegts": "MPEG-TS",
    "flv": "FLV",
    "asf": "WMV",
    "mpeg": "MPEG-PS",
    "mpegvideo": "raw MPEG-1 or MPEG-2 video",
    "ogg": "Ogg",
    "dv": "DV",
    "mxf": "MXF",
    "gif": "animated GIF",
}
"""Of the containers, by FFmpeg's demuxers, as people know them."""

NO_PICTURE = (
    "No picture of the video can be decoded: it is damaged, or the key frame that its pictures build on is missing. "
    "Upload it again."
)
RESTARTED = (
    "The file's clock starts anew in its middle: it seems to be several recordings that were joined byte by byte. "
    "Upload each of them, or join them with `ffmpeg -f concat -i list.txt -c copy joined.mp4`."
)
NO_MOVING_PICTURE = "The file has no moving picture: sound or a cover alone is not edited here."
UNKNOWN_CODEC = (
    "The video is coded in a way that is not known here. Convert it, for example with "
    "`ffmpeg -i FILE -c:v libx264 -c:a aac video.mp4`, where the program that made it, or its maker's, can export it."
)

NO_SOUND_FILE = "A sound is an MP3, WAV, M4A, Ogg or FLAC file."
SOUND_IS_A_VIDEO = "The file is a video: upload it by POST /videos; `video:<id>` names it wherever a sound is wanted."


def refused(media_fd: int, formats: Sequence[str]) -> UnsupportedMedia | UnreadableMedia:
    """Of a file that no demuxer of `formats` opens."""
    head = os.pread(media_fd, first_bytes.SIGNATURE_BYTES, 0)
    container = first_bytes.container_kind(head)
    if container is not None and container in formats:
        return UnreadableMedia(
            f"The file begins as {NAMES[container]} and cannot be opened: it is damaged, or was cut off before it was "
            "uploaded whole. Upload it again."
        )
    if container is not None:
        return unsupported(KnownFormat(f"{NAMES[container]}, which is not taken on this server"), formats)
    found = first_bytes.kind(head)
    if found is not None and found.name.startswith("a picture") and first_bytes.has_video_behind(media_fd):
        found = MOTION_PHOTO
    return unsupported(found, formats)


def codec_not_taken(codec: str) -> UnsupportedMedia:
    return UnsupportedMedia(
        f"The video is coded as {codec}, which is not taken on this server (ALLOWED_VIDEO_CODECS). Convert it, for "
        "example with `ffmpeg -i FILE -c:v libx264 -c:a aac video.mp4`.",
        code="unsupported_codec",
    )


def unsupported(seems: KnownFormat | None, formats: Sequence[str]) -> UnsupportedMedia:
    """`seems`: what the file is, if that can be told."""
    what = f"it seems to be {seems.name}" if seems else "what it is cannot be told"
    if seems is EMPTY:
        what = "it is empty"
    advice = f" {seems.advice}" if seems and seems.advice else ""
    taken = ", ".join(NAMES[name] for name in formats if name in NAMES)
    return UnsupportedMedia(f"The file is not a video that can be taken: {what}.{advice} Taken are {taken}.")
