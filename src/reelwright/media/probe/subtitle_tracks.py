"""A video's tracks of text -> what they say. Runs only in the prober's children; objects of PyAV are untyped here.

Nothing is decoded: packets of text are taken apart by `edits/cues/packet_text.py`. Every other stream is passed over.
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

from av.error import FFmpegError
from av.stream import Discard, Disposition

from reelwright.edits.cues.cue import MAX_CUES
from reelwright.edits.cues.embedded import EmbeddedSubtitles, FoundCue, FoundTrack, embedded
from reelwright.edits.cues.packet_text import TEXT_CODECS, TrackHeader, header_of, text_of
from reelwright.media.probe import packets, untrusted_files
from reelwright.media.probe.rules import ProbeRules

MAX_STREAMS = 64
"""Tracks that are read; more are kept of no file."""
MAX_PACKETS = 4 * MAX_CUES
"""Of a track, with something in them: ASS repeats lines to draw their outlines."""
MAX_BYTES = 16 * 2**20
"""Of the text of all tracks, with its tags."""
OF_THE_TIME = 0.8
"""The part of a probe's time after which what is not read to its end is given up."""
SETTINGS = "webvtt_settings"


def read(media_fd: int, rules: ProbeRules) -> EmbeddedSubtitles:
    """Raises UnsupportedMedia or UnreadableMedia, MemoryError at the limit."""
    deadline = time.monotonic() + OF_THE_TIME * rules.timeout_s
    origin = Fraction(rules.text_from_s or 0)
    with untrusted_files.opened(media_fd, rules) as container:
        streams = [stream for stream in container.streams if _codec(stream) in TEXT_CODECS][:MAX_STREAMS]
        found = {stream.index: _found(stream) for stream in streams}
        headers = {stream.index: _header(stream) for stream in streams}
        packets.play_only(container, streams)
        read_bytes = 0
        try:
            for packet in container.demux(*streams):
                index = packet.stream.index
                track = found[index]
                if time.monotonic() > deadline:
                    _give_up(found, "reading it takes too long")
                    break
                if not packet.size or packet.pts is None or track.given_up is not None:
                    continue
                read_bytes += packet.size
                if read_bytes > MAX_BYTES:
                    _give_up(found, f"all tracks have at most {MAX_BYTES} bytes together")
                    break
                _take(packet, track, headers[index], origin)
                if len(track.cues) > MAX_PACKETS:
                    track.given_up = f"it has more than {MAX_PACKETS} cues"
                    container.streams[index].discard = Discard.all
        except MemoryError:
            raise
        except (FFmpegError, IndexError):
            pass  # a file that was cut off: what came before is as good as its pictures
    return embedded(list(found.values()))


def _codec(stream: Any) -> str:
    context = stream.codec_context if stream.type == "subtitle" else None
    return context.codec.canonical_name if context is not None else ""


def _found(stream: Any) -> FoundTrack:
    disposition = int(stream.disposition)
    metadata = stream.metadata
    return FoundTrack(
        stream=stream.index,
        language=stream.language or "",
        title=metadata.get("title") or metadata.get("name") or "",  # the latter is QuickTime's
        default=bool(disposition & Disposition.default),
        forced=bool(disposition & Disposition.forced),
        cues=[],
    )


def _header(stream: Any) -> TrackHeader:
    return header_of(_codec(stream), bytes(stream.codec_context.extradata or b""))


def _take(packet: Any, track: FoundTrack, header: TrackHeader, origin: Fraction) -> None:
    codec = _codec(packet.stream)
    settings = ""
    if codec == "webvtt":
        said = [bytes(one) for one in packet.iter_sidedata() if one.data_type == SETTINGS]
        settings = said[0][:1000].decode("utf-8", "replace") if said else ""
    text = text_of(codec, bytes(packet), header, settings)
    if codec == "mov_text" and not text.runs:
        return  # what is between two cues
    start = packet.pts * Fraction(packet.time_base) - origin
    end = start + packet.duration * Fraction(packet.time_base) if packet.duration else None
    track.cues.append(FoundCue(start, end, text))


def _give_up(found: dict[int, FoundTrack], why: str) -> None:
    for track in found.values():
        track.given_up = track.given_up or why
