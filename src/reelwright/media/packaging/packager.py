"""Adaptive streaming: finished renditions as fragmented MP4, one stream a file, and the manifests of HLS and DASH."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from reelwright.edits.cues.track import SubtitleTrack, track_file_name
from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.streaming import DASH_MANIFEST, HLS_MASTER, PlannedStreaming, playlist_of
from reelwright.errors import JobFailed, VerifyFailed
from reelwright.media.ffmpeg.command import WITHOUT_METADATA
from reelwright.media.packaging import dash, hls
from reelwright.media.packaging.fragmented_mp4 import Fragments, fragments_of, indexed
from reelwright.media.packaging.presentation import AudioRendition, Presentation, SubtitlesRendition, VideoRendition
from reelwright.media.packaging.segment_borders import hold_borders, longest_rest_s

FLAGS = "+dash+delay_moov+skip_sidx+skip_trailer"
"""CMAF, as yet without an index. The header is written when the first packets are known: its edit lists take
off what encoders need to start, so that picture and sound begin at the same time. The index (`sidx`) is written by us,
who know the segments; no player needs the one at the end (`mfra`)."""


def packaging(streaming: PlannedStreaming) -> tuple[str, ...]:
    """Inputs and outputs that copy each stream out of the renditions <out0>, <out1>... into a file of its own.

    A picture is cut at its key frames, which lie at the borders of segments and nowhere else; sound, which can be cut
    anywhere, after the same time.
    """
    inputs: list[str] = []
    outputs: list[str] = []
    for number, name in enumerate(streaming.video_files):
        # files of our own, named as what they are: nothing is guessed, nothing else opened
        inputs += ["-protocol_whitelist", "file", "-f", "mov", "-i", f"<out{number}>"]
        outputs += [
            "-map",
            f"{number}:v:0",
            *_fragmented("-movflags", f"{FLAGS}+frag_keyframe"),
            f"<{fragments_of(name)}>",
        ]
    length = str(streaming.request.segment_s * 1_000_000)
    for number, name in enumerate(streaming.audio_files):
        outputs += [
            "-map",
            f"0:a:{number}",
            *_fragmented("-movflags", FLAGS, "-frag_duration", length),
            f"<{fragments_of(name)}>",
        ]
    return (*inputs, *outputs)


def _fragmented(*how: str) -> tuple[str, ...]:
    # bitexact: the muxer does not write its version; cmfc: CMAF's brand
    return ("-c", "copy", *WITHOUT_METADATA, "-fflags", "+bitexact", *how, "-brand", "cmfc", "-f", "mp4")


def finish(
    streaming: PlannedStreaming, renditions: Sequence[MediaInfo], folder: Path, tracks: Sequence[SubtitleTrack] = ()
) -> None:
    """Make the media files of what the packaging left in the folder, and the manifests that tell players of them.
    `renditions`: as measured, in the plan's order; `tracks`: of subtitles, whose files are there.

    Raises VerifyFailed where the media cannot be streamed as planned, JobFailed `no_space`. Blocks.
    """
    presentation = _presentation(streaming, renditions, folder, tracks)
    texts: dict[str, str] = {}
    if streaming.request.hls:
        texts[HLS_MASTER] = hls.master(presentation)
        for media in presentation.media:
            texts[playlist_of(media.name)] = hls.media_playlist(media, presentation.target_s)
        for track in presentation.subtitles:
            texts[playlist_of(track.name)] = hls.subtitles_playlist(track, presentation.duration_s)
    if streaming.request.dash:
        texts[DASH_MANIFEST] = dash.manifest(presentation)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _presentation(
    streaming: PlannedStreaming, renditions: Sequence[MediaInfo], folder: Path, subtitles: Sequence[SubtitleTrack]
) -> Presentation:
    first = renditions[0]
    rest_s = longest_rest_s(folder, streaming.video_files)
    pictures = tuple(
        _picture(_indexed(folder / name, rest_s), media.main_video)
        for name, media in zip(streaming.video_files, renditions, strict=True)
    )
    hold_borders([picture.media for picture in pictures], streaming, first.main_video, rest_s)
    tracks = list(zip(streaming.audio_files, first.audio, strict=True))
    default = next((number for number, (_, track) in enumerate(tracks) if track.default), 0)
    sounds = tuple(
        AudioRendition(
            media=_indexed(folder / name, longest_rest_s(folder, [name])),
            channels=track.channels,
            sample_rate=track.sample_rate,
            language=track.language,
            default=number == default,
        )
        for number, (name, track) in enumerate(tracks)
    )
    texts = tuple(_text(folder / track_file_name(number), track) for number, track in enumerate(subtitles, start=1))
    return Presentation(pictures, sounds, texts)


def _text(path: Path, track: SubtitleTrack) -> SubtitlesRendition:
    return SubtitlesRendition(
        name=path.name,
        size_bytes=path.stat().st_size,
        language=track.language,
        label=track.label,
        default=track.default,
        forced=track.forced,
    )


def _picture(media: Fragments, picture: VideoStream) -> VideoRendition:
    """`picture` says how fast frames come when they come evenly, else how fast on average."""
    rate = Fraction(picture.frame_rate) if picture.frame_rate else None
    if picture.variable_frame_rate is not False and media.densest_rate is not None:
        rate = media.densest_rate.limit_denominator(1001)
    return VideoRendition(
        media=media,
        width=picture.width,
        height=picture.height,
        frame_rate=rate,
        transfer=picture.color_transfer,
    )


def _indexed(path: Path, longest_rest_s: Fraction) -> Fragments:
    fragments = path.with_name(fragments_of(path.name))
    try:
        found = indexed(fragments, path, longest_rest_s=longest_rest_s)
        fragments.unlink()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise JobFailed("the disk is full", code="no_space", stage="verify", of_machine=True) from error
    except ValueError as error:
        raise VerifyFailed(f"{path.name} cannot be streamed: {error}") from error
    return found
