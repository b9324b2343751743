"""The tables as SQLAlchemy sees them. Migrations make them; a test holds both equal.

Invariants that the columns carry: `jobs.attempt` only rises, and with `jobs.claim_token` it fences what attempts write;
`jobs.failures` is the budget;
`files.key` is relative to the media root and may be shared, its bytes go with the last row; `jobs.queue_job_id` has no
foreign key (the queue prunes its own rows).
"""

from reelwright.db.models.access import ApiKey, Project, ProjectBytes, Token, UploadPlace, Usage
from reelwright.db.models.base import Base, Labelled, new_id
from reelwright.db.models.events import Delivery, DeliveryAttempt, EventLog, EventRow, SigningSecret, Webhook
from reelwright.db.models.imports import Import, ImportSecrets
from reelwright.db.models.jobs import (
    LEADING,
    WITHOUT_EDIT_AND_PLAN,
    ForgottenJob,
    Job,
    JobEvent,
    JobInput,
    JobWait,
    Publication,
    Reservation,
)
from reelwright.db.models.library import Asset, File, Overlay, Storage, TemplateVersion, Variant, Video
from reelwright.db.models.requests import FirstAnswer
from reelwright.db.models.uploads import Upload
from reelwright.db.models.use import DailyUse, UseEntry
from reelwright.db.models.workers import AbleWorker, Hindrance, Queue, QueueTurn, SeenToolchain

__all__ = [
    "LEADING",
    "WITHOUT_EDIT_AND_PLAN",
    "AbleWorker",
    "ApiKey",
    "Asset",
    "Base",
    "DailyUse",
    "Delivery",
    "DeliveryAttempt",
    "EventLog",
    "EventRow",
    "File",
    "FirstAnswer",
    "ForgottenJob",
    "Hindrance",
    "Import",
    "ImportSecrets",
    "Job",
    "JobEvent",
    "JobInput",
    "JobWait",
    "Labelled",
    "Overlay",
    "Project",
    "ProjectBytes",
    "Publication",
    "Queue",
    "QueueTurn",
    "Reservation",
    "SeenToolchain",
    "SigningSecret",
    "Storage",
    "TemplateVersion",
    "Token",
    "Upload",
    "UploadPlace",
    "Usage",
    "UseEntry",
    "Variant",
    "Video",
    "Webhook",
    "new_id",
]
