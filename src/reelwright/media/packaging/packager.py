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
from reelwright.media.packaging.fragmented_mp4 import Fragments, beginning_s, indexed
from reelwright.media.packaging.presentation import AudioRendition, Presentation, SubtitlesRendition, VideoRendition

FLAGS = "+dash+delay_moov+skip_sidx+skip_trailer"
"""CMAF, as yet without an index. The header is written when the first packets are known: its edit lists take
off what encoders need to start, so that picture and sound begin at the same time. The index (`sidx`) is written by us,
who know the segments; no player needs the one at the end (`mfra`)."""

TOLERANCE_S = Fraction(1, 100)
"""Between borders of renditions that were coded with clocks of different ticks."""


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


def fragments_of(media: str) -> str:
    """What ffmpeg writes and a media file is made of."""
    return f"{media.removesuffix('.mp4')}.fragments"


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
    rest_s = _longest_rest_s(folder, streaming.video_files)
    pictures = tuple(
        _picture(_indexed(folder / name, rest_s), media.main_video)
        for name, media in zip(streaming.video_files, renditions, strict=True)
    )
    longest_s = streaming.request.segment_s + Fraction(repr(first.main_video.longest_frame_s or 0.0)) + rest_s
    for picture in pictures:
        if max(segment.duration_s for segment in picture.media.segments) > longest_s:
            raise VerifyFailed(f"{picture.media.name} has a segment that is longer than {float(longest_s):.3f} s")
        if not _aligned(picture.media, pictures[0].media):
            raise VerifyFailed(f"the segments of {picture.media.name} begin at other times than those of the first")
    tracks = list(zip(streaming.audio_files, first.audio, strict=True))
    default = next((number for number, (_, track) in enumerate(tracks) if track.default), 0)
    sounds = tuple(
        AudioRendition(
            media=_indexed(folder / name, _longest_rest_s(folder, [name])),
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


def _longest_rest_s(folder: Path, names: Sequence[str]) -> Fraction:
    """Return how long what is left over at the end may be to be no segment of its own, of files that are cut alike.

    hls.js heeds no edit list: it expects each segment later than it is shown, by what the encoder needed to start. One
    that is no longer than that it looks for behind the end, and waits for it there for ever.
    """
    try:
        return max(beginning_s(folder / fragments_of(name)) for name in names) + TOLERANCE_S
    except ValueError as error:
        raise VerifyFailed(f"{', '.join(names)} cannot be streamed: {error}") from error


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


def _aligned(one: Fragments, other: Fragments) -> bool:
    """Begin all segments at the same times? When the last one ends is each encoder's own guess."""
    starts, others = one.borders_s[:-1], other.borders_s[:-1]
    if len(starts) != len(others):
        return False
    return all(abs(a - b) <= TOLERANCE_S for a, b in zip(starts, others, strict=True))
