"""Adaptive streaming: the renditions cut at the same key frames, with the manifests that players choose among them by.

One media file a stream, read by byte ranges, serves HLS and DASH alike; sound has files of its own.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright import file_formats
from reelwright.edits.cues.track import track_file_name
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.sidecar_files import PlannedFile

HLS_MASTER, DASH_MANIFEST = "master.m3u8", "manifest.mpd"

SegmentSeconds = Annotated[int, Meta(ge=2, le=10)]
SEGMENT_S = 4


class Streaming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which manifests are made, and how long their segments are."""

    hls: bool = True
    dash: bool = False
    segment_s: SegmentSeconds = SEGMENT_S


class PlannedStreaming(msgspec.Struct, frozen=True, kw_only=True):
    """Media files of the renditions, in their order, and of the first one's audio tracks; `files` is all there is."""

    request: Streaming = msgspec.field(name="wish")
    video_files: tuple[str, ...] = msgspec.field(name="pictures")
    audio_files: tuple[str, ...] = msgspec.field(name="sounds")
    files: tuple[PlannedFile, ...]


def planned(request: Streaming, *, renditions: int, audio_tracks: int, subtitles: int = 0) -> PlannedStreaming:
    """`subtitles`: how many tracks there are."""
    videos = tuple(f"v{number}.mp4" for number in range(renditions))
    tracks = tuple(f"a{number}.mp4" for number in range(audio_tracks))
    files: list[PlannedFile] = []
    if request.hls:
        texts = tuple(track_file_name(number) for number in range(1, subtitles + 1))
        lists = [HLS_MASTER, *(playlist_of(media) for media in (*videos, *tracks, *texts))]
        files += [PlannedFile(name=name, role=FileRole.HLS, content_type=file_formats.HLS.mime_type) for name in lists]
    if request.dash:
        files.append(PlannedFile(name=DASH_MANIFEST, role=FileRole.DASH, content_type=file_formats.DASH.mime_type))
    role = FileRole.HLS if request.hls else FileRole.DASH
    files += [PlannedFile(name=name, role=role, content_type=file_formats.MP4.mime_type) for name in videos]
    files += [PlannedFile(name=name, role=role, content_type=file_formats.M4A.mime_type) for name in tracks]
    return PlannedStreaming(request=request, video_files=videos, audio_files=tracks, files=tuple(files))


def playlist_of(media: str) -> str:
    """The name of a media file's own playlist."""
    return f"{media.rpartition('.')[0]}.m3u8"
