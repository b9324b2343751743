"""Example bodies for the OpenAPI document. A test sends the requests to a real service and reads the answers' types."""

from __future__ import annotations

from typing import Any

import msgspec

from reelwright.api.schemas.media_info import AudioStreamOut, MediaInfoOut, VideoStreamOut
from reelwright.errors import Conflict

VIDEO_ID = "0199f0d2-7a51-7c3e-9b60-3f1f1a2b4c5d"
VARIANT_ID = "0199f0d4-11aa-7b21-8c1e-9d8c7b6a5f4e"
JOB_ID = "0199f0d3-5c0d-7f00-a5d4-2e6f70b1c8a9"
ASSET_ID = "0199f0d1-3e2b-7d4c-8a5f-6b7c8d9e0f1a"
NOW = "2026-11-21T10:15:30.123456Z"

IN_USE = Conflict(f"unfinished jobs read it: {JOB_ID}", code="in_use", job_ids=[JOB_ID])
"""Why a video or a variant cannot be deleted now."""

MEDIA_INFO = MediaInfoOut(
    container="mov,mp4,m4a,3gp,3g2,mj2",
    size_bytes=1055736,
    duration_s=5.312,
    bit_rate=1589963,
    video=[
        VideoStreamOut(
            index=0,
            codec="h264",
            profile="Main",
            width=1280,
            height=720,
            display_width=1280,
            display_height=720,
            time_base="1/12800",
            start_s=0.0,
            duration_s=5.28,
            frame_rate="25/1",
            variable_frame_rate=False,
            frame_count=132,
            longest_frame_s=0.04,
            pixel_format="yuv420p",
            bit_depth=8,
            bit_rate=1205959,
        )
    ],
    chapter_marks=[],
    audio=[
        AudioStreamOut(
            index=1,
            codec="aac",
            profile="LC",
            sample_rate=48000,
            channels=2,
            layout="stereo",
            language="eng",
            default=True,
            time_base="1/48000",
            start_s=0.0,
            duration_s=5.312,
            bit_rate=128000,
        )
    ],
)

LABELS: dict[str, Any] = {
    "title": "Holiday, day 1",
    "tags": ["holiday", "raw"],
    "external_id": "cms-4711",
    "metadata": {"customer": {"id": 7}, "season": "summer"},
}
LABEL_CHANGES: dict[str, Any] = {
    "all": LABELS,
    "one of them": {"title": "Holiday, first day"},
    "take some away": {"tags": [], "external_id": None},
}

CHANGES: dict[str, Any] = {**LABEL_CHANGES, "keep it for another week": {"keep_s": 604800}}

VIDEO: dict[str, Any] = {
    "id": VIDEO_ID,
    "original_filename": "holiday.mp4",
    "url": f"/uploads/{VIDEO_ID}/source.mp4",
    "download_url": f"/videos/{VIDEO_ID}/download",
    "variants_url": f"/videos/{VIDEO_ID}/variants",
    "stored_path": f"uploads/{VIDEO_ID}/source.mp4",
    "size_bytes": 1055736,
    "duration_sec": 5.312,
    "width": 1280,
    "height": 720,
    "format": "mp4",
    "mime_type": "video/mp4",
    "upload_time": NOW,
    "kept_until": None,
    "sha256": "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
    **LABELS,
    "media_info": MEDIA_INFO,
}
LISTED_VIDEO = {**VIDEO, "media_info": msgspec.structs.replace(MEDIA_INFO, chapter_marks=msgspec.UNSET)}
VIDEOS = {"items": [LISTED_VIDEO], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}

FILES = [
    {
        "name": "trim.mp4",
        "url": f"/variants/{VARIANT_ID}/files/trim.mp4",
        "role": "main",
        "size_bytes": 412345,
        "content_type": "video/mp4",
    }
]
CHECKS = [
    {"name": "frames", "outcome": "ok", "seen": "48", "wanted": "48"},
    {"name": "decodes", "outcome": "ok", "seen": "all frames and all sound, without an error", "wanted": None},
    {"name": "silence", "outcome": "noted", "seen": "0.00 to 1.98 s", "wanted": None},
]

VARIANT: dict[str, Any] = {
    "id": VARIANT_ID,
    "video_id": VIDEO_ID,
    "kind": "trim",
    "quality": "source",
    "url": f"/variants/{VARIANT_ID}/files/trim.mp4",
    "download_url": f"/variants/{VARIANT_ID}/download",
    "job_url": f"/jobs/{JOB_ID}",
    "lineage_url": f"/variants/{VARIANT_ID}/lineage",
    "stored_path": f"processed/{VARIANT_ID}/trim.mp4",
    "size_bytes": 412345,
    "duration_sec": 2.0,
    "width": 1280,
    "height": 720,
    "created_at": NOW,
    "kept_until": None,
    "job_id": JOB_ID,
    "source_variant_id": None,
    **LABELS,
    "reused_from": None,
    "files": FILES,
    "subtitles": [],
    "checks": CHECKS,
}
LINEAGE: dict[str, Any] = {
    "variant_id": VARIANT_ID,
    "items": [
        {
            "id": VARIANT_ID,
            "type": "variant",
            "kind": "trim",
            "deleted": False,
            "title": "Holiday, day 1",
            "url": f"/variants/{VARIANT_ID}/files/trim.mp4",
            "edit": {"steps": [{"type": "trim", "start": 1.5, "end": 3.5}]},
            "job_id": JOB_ID,
            "job_url": f"/jobs/{JOB_ID}",
            "created_at": NOW,
        },
        {
            "id": VIDEO_ID,
            "type": "video",
            "kind": None,
            "deleted": False,
            "title": None,
            "url": f"/uploads/{VIDEO_ID}/source.mp4",
            "edit": None,
            "job_id": None,
            "job_url": None,
            "created_at": NOW,
        },
    ],
    "complete": True,
}
VARIANTS = {"items": [VARIANT], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}

ASSET: dict[str, Any] = {
    "id": ASSET_ID,
    "name": "badge.png",
    "url": f"/assets/{ASSET_ID}/download",
    "kind": "image",
    "content_type": "image/png",
    "width": 256,
    "height": 128,
    "duration_s": None,
    "size_bytes": 20480,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": NOW,
    "kept_until": None,
}
ASSET_CHANGES: dict[str, Any] = {"keep it for another week": {"keep_s": 604800}, "keep it for good": {"keep_s": 0}}
ASSETS = {"items": [ASSET], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}

TEMPLATES: dict[str, Any] = {
    "a captioned vertical clip": {
        "name": "vertical-clip",
        "description": "The best part of a recording for phones, with a caption.",
        "edit": {
            "steps": [
                {"type": "trim", "start": {"$var": "from"}, "end": {"$var": "to"}},
                {"type": "fit", "aspect": "vertical", "fill": "blur"},
                {
                    "type": "overlay",
                    "layers": [
                        {"type": "text", "text": {"$var": "caption"}, "color": {"$var": "color"}, "position": "top"}
                    ],
                },
            ],
            "outputs": ["mp4:480p", "jpg:poster"],
        },
        "variables": {
            "from": {"type": "time", "default": 0, "description": "Where it begins."},
            "to": {"type": "time", "example": 3},
            "caption": {"type": "text", "max_length": 80},
            "color": {"type": "color", "default": "white"},
        },
    }
}
TEMPLATE: dict[str, Any] = {
    **TEMPLATES["a captioned vertical clip"],
    "version": 1,
    "url": "/templates/vertical-clip/versions/1",
    "created_at": NOW,
}
TEMPLATE_PAGE = {"items": [TEMPLATE], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}
FONTS = [{"family": "Noto Sans Devanagari", "style": "Regular", "file_name": "NotoSansDevanagari[wght].ttf"}]
ACCEPTED: dict[str, object] = {
    "job_id": JOB_ID,
    "status": "PENDING",
    "job_url": f"/jobs/{JOB_ID}",
    "status_url": f"/status/{JOB_ID}",
    "events_url": f"/jobs/{JOB_ID}/events",
    "warnings": [],
    "reused_from": None,
}
STATUS = {
    "job_id": JOB_ID,
    "status": "STARTED",
    "progress": 42,
    "error_message": None,
    "job_url": f"/jobs/{JOB_ID}",
    "result_url": None,
}

JOB: dict[str, Any] = {
    "job_id": JOB_ID,
    "job_url": f"/jobs/{JOB_ID}",
    "events_url": f"/jobs/{JOB_ID}/events",
    "type": "trim",
    "status": "STARTED",
    "progress": 42,
    "stage": "render",
    "video_id": VIDEO_ID,
    "input_variant_id": None,
    "output_variant_id": None,
    "result_url": None,
    "outputs": [
        {
            "index": 0,
            "state": "rendering",
            "quality": "source",
            "width": 1280,
            "height": 720,
            "progress": 42,
            "variant_id": None,
            "url": None,
            "files": [],
            "checks": [],
        }
    ],
    **LABELS,
    "warnings": [],
    "error_message": None,
    "error": None,
    "queue": "media",
    "priority": 0,
    "run_at": None,
    "expires_at": None,
    "attempt": 1,
    "failures": 0,
    "max_failures": 3,
    "reused_from": None,
    "transfer": None,
    "waiting_for": None,
    "worker": "host:4711",
    "speed": 6.2,
    "eta_s": 1.4,
    "eta": {"low_s": 1.1, "likely_s": 1.4, "high_s": 2.2},
    "created_at": NOW,
    "started_at": NOW,
    "finished_at": None,
    "updated_at": NOW,
    "result_keep_s": None,
    "edit": {"steps": [{"type": "trim", "start": 1.5, "end": 3.5}]},
    "plan": None,
    "plan_digest": None,
    "commands": [["ffmpeg", "-nostdin", "-i", "<in0>", "<out0>"]],
    "frames": None,
}
_ONLY_ALONE = {"edit", "plan", "plan_digest", "commands", "frames"}
_LISTED: dict[str, Any] = {name: value for name, value in JOB.items() if name not in _ONLY_ALONE}
_LISTED["outputs"] = [{name: value for name, value in JOB["outputs"][0].items() if name not in ("files", "checks")}]
JOBS = {"items": [_LISTED], "total": 1, "page": 1, "page_size": 20, "next_cursor": None}

SERVICE = {
    "message": "Reelwright: uploaded videos in, edited videos out",
    "name": "reelwright",
    "version": "0.1.0",
    "docs": "/docs",
    "redoc": "/redoc",
    "openapi": "/openapi.json",
}
HEALTH = {"status": "healthy"}
READY = {"status": "ready", "checks": [{"name": "database", "ok": True, "detail": None}]}
NOT_READY = {
    "status": "not_ready",
    "checks": [{"name": "storage", "ok": False, "detail": "MEDIA_ROOT cannot be written"}],
}

V1_JOB = {"job_id": JOB_ID, "status": "processing", "progress": 42, "created_at": NOW, "error_message": None}
V1_UPLOAD = {**V1_JOB, "status": "completed", "progress": 100, "video_id": VIDEO_ID}
V1_VIDEO = {
    "id": VIDEO_ID,
    "filename": f"{VIDEO_ID}/source.mp4",
    "original_filename": "holiday.mp4",
    "file_size": 1055736,
    "duration": 5.312,
    "width": 1280,
    "height": 720,
    "format": "mp4",
    "mime_type": "video/mp4",
    "upload_time": NOW,
}
V1_VIDEOS = {"videos": [V1_VIDEO], "total": 1, "page": 1, "limit": 100}
V1_QUALITY: dict[str, Any] = {"video_id": VIDEO_ID, "qualities": ["720p", "480p"]}
V1_TRIM = {"video_id": VIDEO_ID, "start_time": 0.5, "end_time": 2.5}
V1_OVERLAY = {
    "video_id": VIDEO_ID,
    "overlay_type": "text",
    "content": "नमस्ते दुनिया",
    "position_x": 40,
    "position_y": 40,
    "start_time": 0.5,
    "end_time": 2.5,
    "language": "hi",
}
V1_WATERMARK = {"video_id": VIDEO_ID, "watermark_path": "wm.png", "position": "top-right", "opacity": 0.8}
V1_RESULT = {
    "job_id": JOB_ID,
    "status": "completed",
    "result_file_path": f"processed/{VARIANT_ID}/trim.mp4",
    "processed_video_id": VARIANT_ID,
    "error_message": None,
}
