"""Kinds of footage by name, each unlike plain footage in one way or a few: what `footage.make` is told for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.footage import Footage, make

KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "24": {"frame_rate": "24"},
    "29.97": {"frame_rate": "30000/1001"},
    "30": {"frame_rate": "30"},
    "60": {"frame_rate": "60"},
    "vfr mp4": {"variable": True},
    "vfr mkv": {"variable": True, "container": "mkv"},
    "mkv 29.97": {"container": "mkv", "frame_rate": "30000/1001"},
    "webm vp9": {"container": "webm", "video": "vp9"},
    "webm 29.97": {"container": "webm", "video": "vp9", "frame_rate": "30000/1001"},
    "ts late": {"container": "ts", "start_offset_s": "1.4"},
    "mpeg2 ts": {"container": "ts", "video": "mpeg2video", "start_offset_s": "1.4"},
    "avi mpeg4": {"container": "avi", "video": "mpeg4"},
    "mpg": {"container": "mpg", "video": "mpeg2video"},
    "flv": {"container": "flv"},
    "wmv": {"container": "wmv", "video": "wmv2"},
    "hevc mkv": {"container": "mkv", "video": "hevc"},
    "hevc 10 bit": {"video": "hevc", "pixel_format": "yuv420p10le"},
    "prores 10 bit": {"container": "mov", "video": "prores", "pixel_format": "yuv422p10le"},
    "av1": {"video": "av1"},
    "open gop": {"open_gop": True},
    "one gop": {"keyframe_every": None},
    "interlaced": {"interlaced": True},
    "portrait": {"size": (108, 192)},
    "odd 4:4:4": {"size": (193, 109), "pixel_format": "yuv444p"},
    "rotated": {"rotation": 90},
    "upside down": {"rotation": 180},
    "anamorphic": {"sample_aspect_ratio": "4/3"},
    "anamorphic odd": {"size": (194, 110), "sample_aspect_ratio": "12/11"},
    "two tracks": {"audio": 2, "languages": ("eng", "hin")},
    "5.1": {"channels": "5.1"},
    "silent": {"audio": 0},
    "late sound": {"audio_delay_s": 0.5},
    "short sound": {"audio_seconds": 1.3},
    "late picture": {"video_delay_frames": 10},
    "cover art": {"cover_art": True},
}


def some_slow(names: Iterable[str], slow: Iterable[str]) -> list[Any]:
    """Parameters of a test, of which CI alone runs `slow`: what they show one by one is shown of the others, too."""
    slow = frozenset(slow)
    assert slow < frozenset(names)
    return [pytest.param(name, marks=[pytest.mark.slow] if name in slow else []) for name in names]


def of_kind(name: str, **more: Any) -> Footage:
    return make(**(KINDS[name] | more))


def tracks(name: str) -> range:
    """Of sound."""
    return range(KINDS[name].get("audio", 1))
