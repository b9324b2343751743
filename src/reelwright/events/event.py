"""Events as clients get them, wherever: from the log, from its stream, as the body of a webhook. Pure."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from reelwright.db.models import EventRow
from reelwright.edits.kinds_and_states import JobStatus, JobType, Quality, VariantKind
from reelwright.edits.labels import Labels
from reelwright.edits.seconds_left import Eta

ID_PREFIX = "evt_"

Timestamp = Annotated[datetime.datetime, Meta(tz=True)]
_Title = Annotated[str | None, Meta(description="What it was called.")]
_Tags = Annotated[list[str], Meta(description="The words that it was given.")]
_ExternalId = Annotated[str | None, Meta(description="What the client's own system calls it.")]
_Metadata = Annotated[dict[str, Any], Meta(description="What the client keeps with it.")]


_Reason = Annotated[
    Literal["requested", "expired"] | None,
    Meta(description="Why it was deleted: somebody asked for it, or its end had come. Null: it was not."),
]


class _Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has said of the thing."""

    title: _Title
    tags: _Tags
    external_id: _ExternalId
    metadata: _Metadata


class _VideoData(_Labelled, frozen=True, kw_only=True):
    """A video, and until when it is kept."""

    video_id: uuid.UUID
    filename: str
    format: str
    size_bytes: int
    duration_s: float | None
    width: int
    height: int
    kept_until: Timestamp | None


class JobEventData(_Labelled, frozen=True, kw_only=True):
    """A job that has come into a state. `GET /jobs/{job_id}` has the rest."""

    job_id: uuid.UUID
    job_type: JobType
    status: JobStatus
    attempt: Annotated[int, Meta(description="Which one: a job that is tried again starts again.")]
    video_id: uuid.UUID | None
    input_variant_id: uuid.UUID | None
    output_variant_id: Annotated[uuid.UUID | None, Meta(description="The (best) result.")]
    variant_ids: Annotated[list[uuid.UUID], Meta(description="All results, in the order of the outputs.")]
    reused_from: Annotated[uuid.UUID | None, Meta(description="The equal job that made its result.")]
    error_code: Annotated[str | None, Meta(description="Listed at `/docs/errors`.")]
    error_message: str | None


class JobDeletedData(_Labelled, frozen=True, kw_only=True):
    """A job that is forgotten. What it made was gone before."""

    job_id: uuid.UUID
    job_type: JobType
    status: Annotated[JobStatus, Meta(description="How it had ended.")]
    video_id: uuid.UUID | None
    reason: _Reason


class JobProgressData(_Labelled, frozen=True, kw_only=True):
    """How far a job is."""

    job_id: uuid.UUID
    job_type: JobType
    status: JobStatus
    attempt: int
    progress: Annotated[int, Meta(ge=0, le=100, description="Per cent; it never falls.")]
    stage: Annotated[str | None, Meta(description="`fetch`, `render`, `verify` or `publish`.")]
    eta_s: Annotated[
        float | None, Meta(description="Seconds that are left, where that can be said: the middle of `eta`.")
    ]
    eta: Eta
    video_id: uuid.UUID | None


class VideoEventData(_VideoData, frozen=True, kw_only=True):
    """A video that has come, or gone, or can be had back. `kept_until`: when it goes by itself, or from the trash."""

    reason: _Reason


class ImportEventData(_VideoData, frozen=True, kw_only=True):
    """A video that was brought in from an address, by `job_id`. `kept_until`: when it goes by itself."""

    job_id: uuid.UUID


class UploadEventData(_Labelled, frozen=True, kw_only=True):
    """An upload in several requests."""

    upload_id: uuid.UUID
    filename: str
    length_bytes: Annotated[int | None, Meta(description="Null: the client had not said it yet.")]
    created_at: Timestamp


class AssetEventData(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, a sound or subtitles that edits use. `kept_until`: when it goes by itself."""

    asset_id: uuid.UUID
    name: str
    kind: Annotated[str, Meta(description="`image`, `audio` or `subtitles`.")]
    content_type: str
    size_bytes: int
    kept_until: Timestamp | None
    reason: _Reason


class VariantEventData(_Labelled, frozen=True, kw_only=True):
    """A result that has gone."""

    variant_id: uuid.UUID
    video_id: uuid.UUID
    job_id: uuid.UUID | None
    kind: VariantKind
    quality: Quality | None
    size_bytes: int
    duration_s: float | None
    reason: _Reason


class WebhookEventData(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint."""

    webhook_id: uuid.UUID
    url: str
    reason: Annotated[str | None, Meta(description="Why it is told nothing more: `gone`, `failing`.")]


class Catalogued(msgspec.Struct, frozen=True):
    """A type of event. `data`: of what shape its data is; `told`: whether endpoints choose it; `stored`: whether it is
    in the log."""

    meaning: str
    data: type[msgspec.Struct]
    told: bool = True
    stored: bool = True


PROGRESS = "job.progress"
JOB_ENDS = frozenset({"job.succeeded", "job.failed", "job.cancelled"})
"""Types that tell how a job has ended."""


CATALOGUE: dict[str, Catalogued] = {
    "job.started": Catalogued("A worker has taken the job; again with each attempt.", JobEventData),
    "job.succeeded": Catalogued("The job has ended, its results are there.", JobEventData),
    "job.failed": Catalogued("The job has ended without a result; `error_code` says why.", JobEventData),
    "job.cancelled": Catalogued("The job was cancelled.", JobEventData),
    "job.deleted": Catalogued(
        "The job is forgotten, with its history; endpoints that requests named are not told.", JobDeletedData
    ),
    PROGRESS: Catalogued(
        "How far a job is, now and then, to endpoints that name this type, and to streams that ask for it; it is in no"
        " log, and never sent again.",
        JobProgressData,
        stored=False,
    ),
    "video.created": Catalogued("A video was uploaded, or came in by another way.", VideoEventData),
    "video.imported": Catalogued(
        "The same video, where it was imported from an address: by this job.", ImportEventData
    ),
    "video.trashed": Catalogued("A video was deleted, and can be had back until `kept_until`.", VideoEventData),
    "video.restored": Catalogued("A video was had back from the trash.", VideoEventData),
    "video.deleted": Catalogued("A video was deleted for good, with all that was made of it.", VideoEventData),
    "variant.deleted": Catalogued(
        "A result was deleted; of those that go with their video, the video's event tells.", VariantEventData
    ),
    "asset.created": Catalogued(
        "A picture, a sound or subtitles were uploaded, or came in with an edit that names them by an address.",
        AssetEventData,
    ),
    "asset.deleted": Catalogued("A picture, a sound or subtitles were deleted.", AssetEventData),
    "upload.expired": Catalogued(
        "An upload that resumes was not finished in time, and is gone with its bytes.", UploadEventData
    ),
    "webhook.disabled": Catalogued(
        "An endpoint is told nothing more, for it is gone or failed for days.", WebhookEventData
    ),
    "webhook.test": Catalogued("Somebody tries an endpoint, which alone is told.", WebhookEventData, told=False),
}
"""Every type of event. What a type means never changes; new ones may come."""

ALL = "all"
CHOICES = (
    ALL,
    "job.*",
    "video.*",
    "variant.*",
    "asset.*",
    "upload.*",
    "webhook.*",
    *(name for name, row in CATALOGUE.items() if row.told),
)
"""What an endpoint may choose."""


def chosen(choices: Collection[str], types: Collection[str] = ()) -> list[str]:
    """Return the types of events that an endpoint's choices name; `types`: of those alone, where any are named."""
    return [
        name
        for name in CATALOGUE
        if {ALL, name, f"{name.partition('.')[0]}.*"} & set(choices) and (not types or name in types)
    ]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `data` is of the shape that belongs to the type."""

    id: Annotated[str, Meta(description="The same wherever it is told, and as often as it is: `webhook-id`.")]
    seq: Annotated[
        int, Meta(description="Its place in the project's log: from 1, without gaps, in the order of commits.")
    ]
    type: str
    timestamp: Timestamp
    data: dict[str, Any]

    @classmethod
    def of(cls, row: EventRow) -> Event:
        data = dict(row.data)
        if (stored := data.pop("labels", None)) is not None:
            data |= as_told(msgspec.convert(stored, Labels))
        return cls(id=f"{ID_PREFIX}{row.id.hex}", seq=row.seq, type=row.type, timestamp=row.created_at, data=data)


class ProgressMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is no event: it has no place in the log, and an `id` that is never sent again."""

    id: str
    type: str
    timestamp: Timestamp
    data: JobProgressData


def as_told(labels: Labels) -> dict[str, Any]:
    """Return what a client said of a thing, as the fields of its events."""
    return {
        "title": labels.title,
        "tags": list(labels.tags),
        "external_id": labels.external_id,
        "metadata": labels.metadata,
    }
