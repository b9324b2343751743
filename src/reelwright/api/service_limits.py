"""Every limit that the service holds its clients to, in one table: `GET /limits` and `docs/limits.md` are made of it.

A test asks that every number of the settings is here, or is named as none that a client meets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_type_hints

from msgspec import Meta

from reelwright.access import limits
from reelwright.api.http.connection import MAX_HEAD_BYTES
from reelwright.api.http.idempotency import MAX_KEY_LENGTH
from reelwright.api.http.json_body import MAX_BODY_BYTES
from reelwright.api.http.multipart import MAX_TEXT_BYTES
from reelwright.api.schemas.batches import MAX_BATCH_ITEMS
from reelwright.api.schemas.edits import MAX_STEPS
from reelwright.api.schemas.outputs import MAX_OUTPUTS
from reelwright.api.schemas.pages import MAX_PAGE, MAX_PAGE_SIZE
from reelwright.api.schemas.templates import MAX_TEMPLATE_BYTES
from reelwright.api.schemas.transcode import MAX_QUALITIES
from reelwright.edits import labels, posters_and_thumbnails, sprite_sheet, text_rules, timecode
from reelwright.edits import templates as edit_templates
from reelwright.edits.cues import cue, track
from reelwright.edits.layers import MAX_LAYERS, MAX_LAYERS_OF_EDIT
from reelwright.edits.steps import concat, keep_and_cut
from reelwright.jobs.pausing import MAX_REASON_CHARACTERS
from reelwright.jobs.timing import MAX_AHEAD_S, MOST_URGENT
from reelwright.media.images.client_images import MAX_SIDE
from reelwright.settings import Settings


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit. `setting`: by which it is changed, None: it is built in. `status`: what is answered beyond it, None:
    what is under way ends, or waits."""

    name: str
    value: float
    unit: str
    status: int | None
    meaning: str
    setting: str | None = None


OF_SETTINGS: dict[str, tuple[str, int | None]] = {
    "max_upload_bytes": ("bytes", 413),
    "max_asset_bytes": ("bytes", 413),
    "max_asset_pixels": ("pixels", 422),
    "max_pixels": ("pixels", 422),
    "max_duration_s": ("seconds", 422),
    "max_frame_rate": ("frames/s", 422),
    "max_streams": ("tracks", 422),
    "max_preview_s": ("seconds", 422),
    "upload_idle_timeout_s": ("seconds", 408),
    "max_unfinished_uploads": ("uploads", 429),
    "upload_expiry_s": ("seconds", None),
    "max_token_s": ("seconds", 422),
    "request_timeout_s": ("seconds", 408),
    "send_timeout_s": ("seconds", None),
    "max_connections": ("connections", 503),
    "max_connections_per_address": ("connections", 429),
    "turn_wait_s": ("seconds", 503),
    "previews_at_once": ("previews", 503),
    "preview_wait_s": ("seconds", 503),
    "preview_timeout_s": ("seconds", 503),
    "probe_timeout_s": ("seconds", 422),
    "probe_memory_bytes": ("bytes", 422),
    "disk_reserve_bytes": ("bytes", 507),
    "idempotency_keep_s": ("seconds", None),
    "import_timeout_s": ("seconds", None),
    "import_stall_timeout_s": ("seconds", None),
    "fetch_timeout_s": ("seconds", 422),
    "max_fetched_bytes": ("bytes", 422),
    "job_wall_base_s": ("seconds", None),
    "job_wall_factor": ("seconds", None),
    "stall_timeout_s": ("seconds", None),
    "media_memory_bytes": ("bytes", None),
    "max_output_bytes": ("bytes", None),
    "max_failures": ("attempts", None),
}
"""Settings that limit what clients do: unit, and status of who is beyond."""

NO_LIMITS = {
    *("app_port", "db_port", "metrics_port", "db_pool_size"),
    *("max_concurrent_jobs", "light_jobs_beside", "ffmpeg_threads"),
    *("lease_s", "reap_interval_s", "shutdown_grace_s", "orphan_grace_s"),
    *("video_keep_days", "result_keep_days", "asset_keep_days", "job_keep_days"),
    *("event_keep_days", "delivery_keep_days", "trash_days"),
    *("webhook_timeout_s", "machine_memory_bytes", "machine_cores"),
    *(f"{whose}_{name}" for whose in ("key", "project") for name in limits.NAMES),
}
"""Numbers of settings that are none, or that are told of each key and project."""

BUILT_IN = (
    Bound("body_bytes", MAX_BODY_BYTES, "bytes", 413, "A body of JSON."),
    Bound("head_bytes", MAX_HEAD_BYTES, "bytes", 431, "The head of a request; an address alone of that length: 414."),
    Bound("form_text_bytes", MAX_TEXT_BYTES, "bytes", 413, "A text field beside an upload's file."),
    Bound("idempotency_key_characters", MAX_KEY_LENGTH, "characters", 422, "An `Idempotency-Key`."),
    Bound("page_size", MAX_PAGE_SIZE, "items", 422, "One page of a list."),
    Bound("pages", MAX_PAGE, "pages", 422, "The number of a page; a cursor goes on beyond."),
    Bound("steps", MAX_STEPS, "steps", 422, "Steps of one edit."),
    Bound("outputs", MAX_OUTPUTS, "outputs", 422, "Outputs of one edit."),
    Bound("qualities", MAX_QUALITIES, "qualities", 422, "Renditions of one ladder."),
    Bound("layers", MAX_LAYERS, "layers", 422, "Texts, pictures and videos of one overlay."),
    Bound("edit_layers", MAX_LAYERS_OF_EDIT, "layers", 422, "Layers of all steps of one edit."),
    Bound("intervals", keep_and_cut.MAX_INTERVALS, "intervals", 422, "Intervals of one step `keep` or `cut`."),
    Bound("clips", concat.MAX_CLIPS, "clips", 422, "What one step `concat` joins, before and after."),
    Bound("thumbnails", posters_and_thumbnails.MAX_THUMBNAILS, "images", 422, "Thumbnails at times that are named."),
    Bound("sprite_tiles", sprite_sheet.MAX_TILES, "tiles", 422, "Images of one sprite sheet."),
    Bound("time_s", timecode.MAX_TIME_S, "seconds", 422, "Any time that an edit names."),
    Bound("cues", cue.MAX_CUES, "cues", 422, "Cues of subtitles that are burned in."),
    Bound("cue_characters", cue.MAX_CUE_CHARACTERS, "characters", 422, "The text of one cue, without its tags."),
    Bound("cue_lines", cue.MAX_CUE_LINES, "lines", 422, "Lines of one cue."),
    Bound("subtitles_bytes", cue.MAX_BYTES, "bytes", 422, "A file or a text of subtitles."),
    Bound("tracks", track.MAX_TRACKS, "tracks", 422, "Tracks of subtitles of one result."),
    Bound("track_cues", track.MAX_CUES, "cues", 422, "Cues of all tracks of one result; its chapters, too."),
    Bound("text_characters", text_rules.MAX_TEXT_CHARACTERS, "characters", 422, "A text that is laid over."),
    Bound("text_lines", text_rules.MAX_LINES, "lines", 422, "Its lines."),
    Bound("font_px", text_rules.MAX_FONT_PX, "pixels", 422, "The size of its letters."),
    Bound("picture_side_px", MAX_SIDE, "pixels", 422, "A side of a picture for overlays."),
    Bound("title_characters", labels.MAX_TITLE_CHARACTERS, "characters", 422, "A title."),
    Bound("tags", labels.MAX_TAGS, "tags", 422, "Tags of one thing."),
    Bound("tag_characters", labels.MAX_TAG_CHARACTERS, "characters", 422, "A tag."),
    Bound("external_id_characters", labels.MAX_EXTERNAL_ID_CHARACTERS, "characters", 422, "An `external_id`."),
    Bound("metadata_bytes", labels.MAX_METADATA_BYTES, "bytes", 422, "Metadata, as JSON without spaces."),
    Bound("metadata_depth", labels.MAX_METADATA_DEPTH, "levels", 422, "Objects and lists in one another."),
    Bound("metadata_values", labels.MAX_METADATA_VALUES, "values", 422, "Members and items, all in all."),
    Bound("template_bytes", MAX_TEMPLATE_BYTES, "bytes", 422, "A template."),
    Bound("template_variables", edit_templates.MAX_VARIABLES, "variables", 422, "Variables of a template."),
    Bound("priority", MOST_URGENT, "steps", 422, "How urgent a job may be, above the others or below."),
    Bound("ahead_s", MAX_AHEAD_S, "seconds", 422, "How far ahead `run_at` and `expires_at` of a job may be."),
    Bound("pause_reason_characters", MAX_REASON_CHARACTERS, "characters", 422, "Why a queue is paused."),
    Bound("queue_share", limits.MAX_QUEUE_SHARE, "times", 422, "The weight of a project in the queue."),
    Bound("batch_items", MAX_BATCH_ITEMS, "items", 422, "Items of one batch."),
)


def bounds(settings: Settings) -> list[Bound]:
    """Return every limit of the service, those of its settings first."""
    hints = get_type_hints(Settings, include_extras=True)
    found = []
    for name, (unit, status) in OF_SETTINGS.items():
        meaning = next(
            part.description for part in hints[name].__metadata__ if isinstance(part, Meta) and part.description
        )
        found.append(Bound(name, getattr(settings, name), unit, status, meaning, setting=name.upper()))
    return [*found, *BUILT_IN]
