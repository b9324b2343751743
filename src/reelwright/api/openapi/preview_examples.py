"""Example bodies of what looks at an edit before it is made; as in examples.py."""

from __future__ import annotations

from typing import Any

from reelwright.api.openapi.examples import VIDEO_ID

PREVIEWS: dict[str, Any] = {
    "a frame of a vertical clip": {
        "source": VIDEO_ID,
        "steps": [
            {"type": "trim", "start": 0.5, "end": 3.5},
            {"type": "fit", "aspect": "vertical", "fill": "blur"},
        ],
        "t": 1.25,
    },
}
EXPLANATION: dict[str, Any] = {
    "edit": {"steps": [{"type": "trim", "start": 1.5, "end": 3.5}]},
    "warnings": [],
    "outputs": [
        {
            "index": 0,
            "quality": "source",
            "container": "mp4",
            "codec": "h264",
            "width": 1280,
            "height": 720,
            "duration_s": 2.0,
            "frame_count": 50,
            "audio_tracks": 1,
            "copied": False,
            "size_bytes": {"expected": 412345, "low": 301200, "high": 564500, "cases": 12, "reason": None},
        }
    ],
    "files": [],
    "seconds": {"expected": 0.84, "low": 0.61, "high": 1.15, "cases": 12, "reason": None},
    "toolchain": {
        "workers": ["host:4711"],
        "alive": 1,
        "ffmpeg_version": "9.0.2",
        "threads": 4,
        "encoders": ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "libwebp_anim"],
        "hardware": [],
        "tone_mapping": True,
    },
    "why_no_commands": None,
    "commands": [
        {
            "argv": [
                "ffmpeg",
                "-i",
                "<in0>",
                "-filter_complex",
                "[0:0]trim=start_pts=19200:end_pts=44800[o0]",
                "<out0>",
            ],
            "if_damaged": None,
            "from_start": None,
            "graph": "[0:0]trim=start_pts=19200:end_pts=44800[o0]",
            "mermaid": 'flowchart LR\n  i0(["in0"])\n  c0["trim=start_pts=19200:end_pts=44800"]\n  o1(["out0"])\n'
            '  i0 -- "stream 0" --> c0\n  c0 --> o1',
        }
    ],
    "cut": None,
    "plan": {},
    "plan_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
