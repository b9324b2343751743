"""The second surface's routes, all under /api/v1."""

from __future__ import annotations

from litestar import Router

from reelwright.api.v1 import edits, jobs, videos

router = Router(
    "/api/v1",
    route_handlers=[
        videos.upload,
        videos.list_videos,
        videos.get_video,
        videos.download,
        edits.trim_video,
        edits.overlay_video,
        edits.watermark_video,
        edits.make_qualities,
        jobs.status,
        jobs.result,
        jobs.download_result,
    ],
    tags=["v1"],
)
