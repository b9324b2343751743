"""A file of sound alone -> MediaInfo without a picture, or the refusal it deserves. Runs only in the prober's children.

All of it is read, so that how long it lasts is measured: what compressed sound states of itself is often a guess.
"""

from __future__ import annotations

import os
import time
from fractions import Fraction
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError

from reelwright import source_codecs
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.probe import limits, main_video, packets, refusal, streams, untrusted_files
from reelwright.media.probe.duration import believed, file_start
from reelwright.media.probe.packets import Reading
from reelwright.media.probe.rules import Examined, ProbeRules


def examine(media_fd: int, rules: ProbeRules) -> Examined:
    """What the file of `media_fd` is. Raises UnsupportedMedia or UnreadableMedia, MemoryError at the limit."""
    with _opened(media_fd, rules) as container:
        tracks = [stream for stream in container.streams if stream.type == "audio" and stream.codec_context is not None]
        if any(main_video.is_moving(stream) for stream in container.streams):
            raise UnsupportedMedia(refusal.SOUND_IS_A_VIDEO)
        if not tracks:
            raise UnsupportedMedia(refusal.NO_SOUND_FILE)
        limits.hold_tracks_of_sound(len(tracks), rules)
        allowed = {"codec_whitelist": source_codecs.whitelist(rules.codecs), "threads": "1"}
        for track in tracks:
            track.codec_context.options = dict(allowed)
        seen = _read(container, tracks, time.monotonic() + rules.timeout_s / 2)
        if not seen.heard_s:
            raise UnreadableMedia("No sound of the file can be decoded: it is damaged, or no sound.")
        media = _media(container, tracks, seen, os.fstat(media_fd).st_size)
    limits.hold_length_of_sound(media, rules)
    return Examined(media=media, doubtful=False)


def _opened(media_fd: int, rules: ProbeRules) -> InputContainer:
    try:
        return untrusted_files.opened(media_fd, rules)
    except (UnsupportedMedia, UnreadableMedia) as error:
        raise UnsupportedMedia(refusal.NO_SOUND_FILE) from error


def _read(container: Any, tracks: list[Any], deadline: float) -> Reading:
    """The whole file, as far as it can be read in time; of each track so much is decoded that it is heard."""
    found, silent = Reading(), {track.index: 0 for track in tracks}
    packets.play_only(container, tracks)
    try:
        for packet in container.demux(tracks):
            index = packet.stream.index
            if packet.size and (begin := packets.begins(packet)) is not None:
                end = begin + (packet.duration or 0)
                found.ends[index] = max(end, found.ends.get(index, end))
            if index in silent:
                _hear(packet, index, silent, found)
            if time.monotonic() > deadline:
                break
        else:
            found.whole = True
    except MemoryError:
        raise
    except (FFmpegError, IndexError):
        found.whole = False
    found.dumb |= set(silent)
    return found


def _hear(packet: Any, index: int, silent: dict[int, int], found: Reading) -> None:
    silent[index] += bool(packet.size)
    frame = next(iter(packets.decoded_frames(packet)), None)
    if frame is not None:
        found.heard_s[index] = frame.pts * frame.time_base if frame.pts is not None else Fraction(0)
    if frame is not None or silent[index] >= packets.TRIED_PACKETS:
        found.dumb |= {index} if frame is None else set()
        del silent[index]


def _media(container: Any, tracks: list[Any], seen: Reading, size_bytes: int) -> MediaInfo:
    start = file_start(container)
    ends = [seen.ends[track.index] * track.time_base for track in tracks if track.index in seen.ends]
    measured = max(ends) - start if ends and seen.whole else None
    stated = Fraction(container.duration, 1_000_000) if container.duration else None
    return MediaInfo(
        container=container.format.name,
        size_bytes=size_bytes,
        start_s=str(start),
        duration_s=believed(measured if measured is not None else stated),
        audio=[streams.audio_stream(track, seen) for track in tracks],
    )
