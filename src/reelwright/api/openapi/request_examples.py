"""Example requests for edits, and the answer to a batch of them, for the OpenAPI document. A test sends them."""

from __future__ import annotations

from typing import Any

from reelwright.api.openapi.examples import ACCEPTED, JOB_ID, LABELS, VARIANT_ID, VIDEO_ID

TRIMS: dict[str, Any] = {
    "seconds": {"video_id": VIDEO_ID, "start": 1.5, "end": 3.5},
    "clock": {"video_id": VIDEO_ID, "start": "00:00:00.500", "end": 2.0, "source_variant_id": None},
    "named": {"video_id": VIDEO_ID, "start": 0, "end": 1, **LABELS},
    "copied where it can be": {"video_id": VIDEO_ID, "start": 0.5, "end": 3.5, "mode": "smart"},
}
IMPORTS: dict[str, Any] = {
    "a public file": {"url": "https://media.example.org/holiday.mp4", **LABELS},
    "behind a key": {
        "url": "https://media.example.org/files/4711?sig=c29tZXRoaW5n",
        "headers": {"Authorization": "Bearer ..."},
        "filename": "holiday.mp4",
    },
}
EDITS: dict[str, Any] = {
    "a vertical clip": {
        "source": VIDEO_ID,
        "steps": [
            {"type": "trim", "start": 0.5, "end": 3.5},
            {"type": "fit", "aspect": "vertical", "fill": "blur"},
            {"type": "overlay", "layers": [{"type": "text", "text": "Hello", "position": "top"}]},
            {"type": "subtitles", "text": "WEBVTT\n\n00:00.500 --> 00:02.000\nनमस्ते <i>दुनिया</i>"},
        ],
        "outputs": ["mp4:480p", "jpg:poster"],
    },
    "the best bits, twice as fast": {
        "source": VIDEO_ID,
        "steps": [
            {"type": "keep", "intervals": [{"start": 0, "end": 1}, {"start": "0:02", "end": 3.5}]},
            {"type": "speed", "factor": 2},
            {"type": "fade", "in": 0.2, "out": 0.2},
            {
                "type": "subtitles",
                "as": "track",
                "language": "pt-BR",
                "cues": [{"start": 0.2, "end": 1, "text": "Olá"}],
            },
        ],
        "outputs": [{"qualities": ["360p"], "codec": "h264", "hls": True}],
    },
    "sound alone": {
        "source": VIDEO_ID,
        "steps": [{"type": "trim", "start": 0.5, "end": 3.5}],
        "outputs": ["m4a", {"container": "mp3", "audio": {"bit_rate": 192_000, "channels": 1, "loudness": -16}}],
    },
    "a poster and a GIF, without a video": {
        "source": VIDEO_ID,
        "steps": [{"type": "crop", "aspect": "square"}],
        "outputs": [{"qualities": [], "poster": {"at": 1.5}, "gif": {"duration": 2, "width": 240}}],
    },
}
BATCHES: dict[str, Any] = {
    "the same cut of two": {
        "steps": [{"type": "trim", "start": 0, "end": 1}],
        "outputs": ["mp4:240p"],
        "tags": ["teaser"],
        "items": [{"source": VIDEO_ID, "title": "First"}, {"source": VARIANT_ID, "external_id": "cms-4712"}],
    }
}
OVERLAYS: dict[str, Any] = {
    "text, logo and watermark": {
        "video_id": VIDEO_ID,
        "source_variant_id": None,
        "overlays": [
            {
                "type": "text",
                "text": "नमस्ते दुनिया",
                "font": "NotoSansDevanagari-Regular.ttf",
                "font_size": 48,
                "color": "white@0.85",
                "x": "(w-tw)/2",
                "y": "h-th-20",
                "start": 1.5,
                "end": 5.0,
            },
            {
                "type": "image",
                "image_path": "/app/assets/logo.png",
                "x": 20,
                "y": 20,
                "start": 0,
                "end": 600,
                "opacity": 0.6,
            },
        ],
        "watermark": {"image_path": "/app/assets/wm.png", "x": "W-w-20", "y": "H-h-20", "opacity": 0.5},
    },
    "a title for two seconds": {
        "video_id": VIDEO_ID,
        "overlays": [
            {"type": "text", "text": "Chapter one", "position": "bottom", "start": 1, "end": 3, "fade_in": 0.5}
        ],
        "reencode": "touched",
    },
}
WATERMARKS: dict[str, Any] = {
    "corner": {"video_id": VIDEO_ID, "image_path": "wm.png", "position": "bottom-right", "margin": 10, "opacity": 0.8},
}
TRANSCODES: dict[str, Any] = {
    "usual": {},
    "named": {"qualities": ["1080p", "720p", "480p"]},
    "streaming": {"qualities": ["720p", "480p", "240p"], "hls": True, "dash": True, "segment_s": 4},
    "av1": {"qualities": ["720p"], "codec": "av1", "container": "webm", "audio": {"codec": "opus", "bit_rate": 96000}},
    "profile": {"profile": "web", "qualities": ["480p"]},
    "two passes": {"qualities": ["720p", "480p"], "video_bitrate": 2_000_000, "two_pass": True},
    "copy": {"qualities": ["source", "240p"], "copy_conforming": True, "audio": {"codec": "copy"}},
    "pictures": {
        "poster": {},
        "thumbnails": {"at": [1, "00:00:02.500"], "width": 320},
        "sprite": {"every": 10, "width": 160, "columns": 10},
        "preview": {"duration": 3},
    },
}
BATCH: dict[str, Any] = {
    "accepted": 1,
    "refused": 1,
    "items": [
        {"index": 0, "status": 202, "job": ACCEPTED, "problem": None},
        {
            "index": 1,
            "status": 422,
            "job": None,
            "problem": {
                "type": "/docs/errors#invalid_input",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "/variables/to: is required",
                "code": "invalid_input",
                "instance": "/edits/batch",
                "errors": [{"pointer": "/variables/to", "detail": "is required"}],
            },
        },
    ],
}

JOBS_TO_CANCEL: dict[str, Any] = {
    "what waits of a campaign": {"status": ["PENDING"], "tags": ["campaign"]},
    "all on a video": {"video_id": VIDEO_ID},
}
JOBS_TO_RETRY: dict[str, Any] = {
    "what lost its worker": {"error_code": "worker_lost", "finished_after": "2026-11-21T00:00:00Z"},
}
JOBS_TO_DELETE: dict[str, Any] = {
    "old failures": {"status": ["FAILURE", "CANCELLED"], "finished_before": "2026-11-01T00:00:00Z"},
    "old jobs and what they made": {"finished_before": "2026-10-01T00:00:00Z", "with_results": True, "limit": 200},
}
MANY_JOBS: dict[str, Any] = {
    "matched": 3,
    "done": 2,
    "refused": [{"job_id": JOB_ID, "code": "input_gone", "detail": "what the job works on was deleted"}],
    "next_cursor": None,
}
