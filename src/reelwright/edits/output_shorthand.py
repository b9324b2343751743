"""Outputs in one word: "mp4:720p", "webm", "hls", "mp3", "gif", "jpg:poster". Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reelwright.edits.codecs import SOUND_CONTAINERS, Codec, VideoContainer
from reelwright.edits.gifs_and_previews import Gif, Preview
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.outputs import Ladder
from reelwright.edits.posters_and_thumbnails import Poster
from reelwright.edits.sidecars import AnySidecar
from reelwright.edits.sprite_sheet import Sprite
from reelwright.edits.streaming import Streaming

FILES: dict[str, tuple[VideoContainer, Codec]] = {
    "mp4": ("mp4", "h264"),
    "webm": ("webm", "vp9"),
    "mkv": ("mkv", "h264"),
}
STREAMS = {"hls": Streaming(hls=True), "dash": Streaming(hls=False, dash=True)}
SOUNDS = {container: Ladder(container=container) for container in SOUND_CONTAINERS}
SIDECARS: dict[str, AnySidecar] = {
    "gif": Gif(),
    "jpg:poster": Poster(),
    "jpg:sprite": Sprite(),
    "webp:preview": Preview(),
}
QUALITIES = {quality.value: quality for quality in Quality}
EXAMPLES = ("mp4", "mp4:720p", "webm:480p", "hls", "dash", *SOUNDS, *SIDECARS)


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """Renditions, or sound alone, if any, and images."""

    ladder: Ladder | None
    sidecars: tuple[AnySidecar, ...] = ()


def read_word(text: str) -> WantedOutput:
    """Raises ValueError with a sentence for the client."""
    if text in SIDECARS:
        return WantedOutput(None, (SIDECARS[text],))
    if text in STREAMS:
        return WantedOutput(Ladder(streaming=STREAMS[text]))
    if text in SOUNDS:
        return WantedOutput(SOUNDS[text])
    kind, colon, quality = text.partition(":")
    if kind in FILES and (not colon or quality in QUALITIES):
        container, codec = FILES[kind]
        return WantedOutput(
            Ladder(qualities=(QUALITIES[quality] if colon else Quality.SOURCE,), codec=codec, container=container)
        )
    raise ValueError(f"an output in one word is like {', '.join(EXAMPLES)}")
