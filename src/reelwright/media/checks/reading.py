"""An open media file -> Findings. Runs only in the inspector's children; objects of PyAV are untyped here.

All packets are read. Sound is decoded whole, or at its ends; of the picture, as much as the inspection says.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import av
from av.error import FFmpegError

from reelwright.media.checks.decoded_groups import Sample, windows
from reelwright.media.checks.frame_order import OddPlace
from reelwright.media.checks.inspection import Findings, Inspection
from reelwright.media.checks.picture_reading import ReadVideo
from reelwright.media.checks.sound_reading import EndsOfAudio, ReadAudio
from reelwright.media.checks.subtitle_reading import ReadSubtitles
from reelwright.media.probe.mp4_boxes import index_first
from reelwright.settings import CONTAINERS, SOUND_CONTAINERS

STRICT = {"err_detect": "explode"}
"""Damage is an error, not something to hide."""
Tell = Callable[[float], None]
"""Told how much is done, 0 to 1."""


def opened(media_fd: int, inspection: Inspection) -> Any:
    """Raises FFmpegError."""
    os.lseek(media_fd, 0, os.SEEK_SET)
    options = {
        "fd": str(media_fd),
        "protocol_whitelist": "fd",
        "format_whitelist": ",".join(dict.fromkeys((*CONTAINERS, *SOUND_CONTAINERS))),
        "codec_whitelist": inspection.decoders,
        "max_pixels": str(inspection.max_pixels),
    }
    return av.open("fd:", options=options, metadata_errors="replace")


def prepared(stream: Any, inspection: Inspection, **more: str) -> Any:
    """The stream, to be decoded by the inspection's rules."""
    context = stream.codec_context
    context.options = {
        "max_pixels": str(inspection.max_pixels),
        "codec_whitelist": inspection.decoders,
        **more,
    }
    context.thread_count = inspection.threads if stream.type == "video" else 1
    context.thread_type = "AUTO"
    return stream


def read(media_fd: int, inspection: Inspection, tell: Tell) -> tuple[Findings, Sequence[OddPlace]]:
    """Read the file through, and decode what is to be. `tell` hears how far it is. With the frames that seem to be out
    of order, which are not kept elsewhere."""
    findings = Findings(index_first=index_first(media_fd))
    size = os.fstat(media_fd).st_size or 1
    wanted = inspection.sample
    share = 1.0 if wanted is None else 0.3
    with opened(media_fd, inspection) as container:
        strict = STRICT if inspection.strict else {}
        videos = [prepared(stream, inspection, **strict) for stream in container.streams.video[:1]]
        pictures = {stream.index: ReadVideo(stream, findings.video) for stream in videos}
        sounds = {
            stream.index: _sound(prepared(stream, inspection, **strict), number, inspection)
            for number, stream in enumerate(container.streams.audio)
        }
        findings.audio = [sound.findings for sound in sounds.values()]
        texts = {stream.index: ReadSubtitles(stream) for stream in container.streams.subtitles}
        findings.subtitles = [text.findings for text in texts.values()]
        played = [*videos, *(sound.stream for sound in sounds.values()), *(text.stream for text in texts.values())]
        try:
            for number, packet in enumerate(container.demux(played)):
                if (picture := pictures.get(packet.stream.index)) is not None:
                    picture.pass_by(packet)
                    if wanted is None:
                        picture.decode(packet)
                elif packet.stream.index in sounds:
                    sounds[packet.stream.index].decode(packet)
                else:
                    texts[packet.stream.index].pass_by(packet)
                if number % 256 == 0 and packet.pos:
                    tell(share * min(packet.pos / size, 1.0))
        except FFmpegError:
            findings.broken_off = True
        for sound in sounds.values():
            sound.end()
        for picture in pictures.values():
            picture.end()
            if wanted is None:
                findings.video.groups_decoded = findings.video.groups
            else:
                findings.video.whole = False
                _some_groups(container, picture, wanted, lambda done: tell(share + (1 - share) * done))
        watched = [stretch for picture in pictures.values() for stretch in picture.watch.found()]
        found = [*watched, *(stretch for sound in sounds.values() for stretch in sound.silent.found())]
        findings.stretches = found
        places = [place for picture in pictures.values() for place in picture.watch.order.places]
    return findings, places


def _sound(stream: Any, number: int, inspection: Inspection) -> ReadAudio:
    return EndsOfAudio(stream, number) if inspection.ends_of_sound else ReadAudio(stream, number)


def _some_groups(container: Any, picture: ReadVideo, wanted: Sample, tell: Tell) -> None:
    keys, findings = picture.keys, picture.findings
    ends = [*keys[1:], picture.end_tick]
    lengths = [(end - begin) * picture.tick for begin, end in zip(keys, ends, strict=True)]
    chosen = windows(lengths, wanted)
    for number, (group, seconds) in enumerate(chosen):
        until = keys[group] + math.ceil(seconds / picture.tick) if seconds < lengths[group] else ends[group]
        picture.interrupt()
        try:
            container.seek(keys[group], stream=picture.stream, backward=True)
            for packet in container.demux(picture.stream):
                if packet.pts is None or (not picture.begun and packet.pts < keys[group]):
                    continue
                if packet.pts >= until and (packet.is_keyframe or until < ends[group]):
                    break
                picture.decode(packet)
        except FFmpegError:
            findings.errors += 1
        picture.flush()
        findings.groups_decoded += 1
        tell((number + 1) / len(chosen))
