"""Ask what an untrusted file is, without letting it near this process: `Prober` talks to the contained prober."""

from __future__ import annotations

import os
from copy import copy
from dataclasses import replace
from pathlib import Path

import msgspec

from reelwright.edits.cues.embedded import NOTHING, EmbeddedSubtitles
from reelwright.edits.cues.packet_text import TEXT_CODECS
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.media.ffmpeg.executable import ffmpeg_path
from reelwright.media.probe import ffmpeg_first_frame
from reelwright.media.probe.rules import Examined, ProbeRules
from reelwright.media.sandbox import fork_client
from reelwright.media.sandbox.fair_slots import Turns
from reelwright.media.sandbox.fork_client import ChildFailed, ForkClient
from reelwright.media.sandbox.fork_server import Call
from reelwright.settings import SOUND_CONTAINERS, Settings

AT_ONCE = 4
"""Files that one prober looks into at the same time; further ones wait."""
LARGE_BYTES = 16 * 2**20
"""Of larger files less is to be expected: they do not take the last place."""
FAILED = {
    "crashed": "The file is damaged: reading it failed.",
    "timed_out": "Reading the file took too long: it is damaged, or made to be slow.",
    "out_of_memory": "Reading the file needs more memory than is allowed.",
}


UNREAD = "the file's subtitle tracks are left out: they cannot be read, or not in time"


def has_text(media: MediaInfo) -> bool:
    """Whether it has tracks of text that can be read."""
    return any(stream.kind == "subtitle" and stream.codec in TEXT_CODECS for stream in media.other)


def probe_rules(settings: Settings) -> ProbeRules:
    """Return what the settings say of probing."""
    return ProbeRules(
        formats=settings.allowed_formats,
        codecs=settings.video_codecs,
        max_pixels=settings.max_pixels,
        max_streams=settings.max_streams,
        max_duration_s=settings.max_duration_s,
        max_frame_rate=settings.max_frame_rate,
        timeout_s=settings.probe_timeout_s,
        memory_bytes=settings.probe_memory_bytes,
        ffmpeg=str(ffmpeg_path(settings)),
    )


def _call(rules: ProbeRules) -> Call:
    request = msgspec.Raw(msgspec.json.encode(rules))
    return Call(request=request, task="probe", timeout_s=rules.timeout_s, memory_bytes=rules.memory_bytes)


class Prober:
    """Measures files, by `media/reading_program.py`. Safe for any number of concurrent callers."""

    def __init__(self, rules: ProbeRules, server: ForkClient, *, wait_s: float | None = None) -> None:
        self._witnesses, self._turns = Turns(AT_ONCE, wait_s=wait_s), Turns(AT_ONCE, wait_s=wait_s)
        self.server = server
        self._go_by(rules)

    def _go_by(self, rules: ProbeRules) -> None:
        self._rules = rules
        self._call = _call(rules)
        self._sound_call = _call(replace(rules, sound=True, formats=SOUND_CONTAINERS))

    def by(self, rules: ProbeRules) -> Prober:
        """Return a prober that goes by other rules, and takes turns with this one."""
        other = copy(self)
        other._go_by(rules)
        return other

    async def probe(self, path: Path) -> MediaInfo:
        """What the file is.

        Raises UnsupportedMedia (not a container or codec that is taken), UnreadableMedia (a video by its container,
        but damaged, without a picture, or beyond the rules: `no_video_stream`, `too_many_pixels`,
        `too_many_streams`, `too_long`, `frame_rate_too_high`), NotFound, Busy (no turn, or the prober cannot be kept
        running).
        """
        found = await self._examined(path, self._call)
        return await self._settled(path, found.media) if found.doubtful and self._rules.ffmpeg else found.media

    async def probe_sound(self, path: Path) -> MediaInfo:
        """What a file of sound alone is: it has no `video`.

        Raises UnsupportedMedia (a video, or nothing that is taken), UnreadableMedia (damaged, or beyond the rules),
        NotFound, Busy.
        """
        return (await self._examined(path, self._sound_call)).media

    async def embedded_subtitles(self, path: Path, media: MediaInfo) -> EmbeddedSubtitles:
        """What the tracks of text say of a file that was probed; all of it is read where there are some. What cannot be
        read is no hindrance: then a warning says so. Raises NotFound, Busy."""
        if media.clock_jumps or not has_text(media):
            return NOTHING
        call = _call(replace(self._rules, text_from_s=media.start_s))
        media_fd = fork_client.open_file(path)
        try:
            large = os.fstat(media_fd).st_size > LARGE_BYTES
            return await self.server.ask(call, [media_fd], EmbeddedSubtitles, turns=self._turns, large=large)
        except (ChildFailed, UnreadableMedia, UnsupportedMedia):
            return EmbeddedSubtitles(warnings=(UNREAD,))
        finally:
            os.close(media_fd)

    async def _examined(self, path: Path, call: Call) -> Examined:
        media_fd = fork_client.open_file(path)
        try:
            large = os.fstat(media_fd).st_size > LARGE_BYTES
            return await self.server.ask(call, [media_fd], Examined, turns=self._turns, large=large)
        except ChildFailed as failed:
            raise UnreadableMedia(FAILED[failed.failure]) from failed
        finally:
            os.close(media_fd)

    async def _settled(self, path: Path, media: MediaInfo) -> MediaInfo:
        """With the first frame as the ffmpeg that renders sees it."""
        async with self._witnesses.turn():
            frame = await ffmpeg_first_frame.first_frame(path, media.main_video.index, self._rules)
        return media if frame is None else media.beginning(frame.tick, (frame.width, frame.height))
