"""What every job of a worker works with, made once when the worker starts."""

from __future__ import annotations

from dataclasses import dataclass

from reelwright.capacity.machine_resources import WorkPlace
from reelwright.db.sessions import Sessions
from reelwright.jobs.past_jobs import RecentPast
from reelwright.jobs.patience_after_outages import OutagePatience
from reelwright.jobs.progress_webhooks import ProgressMessages
from reelwright.library.overlay_images import OverlayImages
from reelwright.media.checks.image_checker import ImageChecker
from reelwright.media.checks.inspector import Inspector
from reelwright.media.probe.prober import Prober
from reelwright.media.splicing.splicer import Splicer
from reelwright.outbound.client import OutboundClient
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage
from reelwright_worker.machine_health import MachineHealth


@dataclass(frozen=True, slots=True)
class WorkerContext:
    settings: Settings
    sessions: Sessions
    storage: LocalStorage
    prober: Prober
    upload_prober: Prober
    """By the rules for what clients send."""
    outbound: OutboundClient
    progress: ProgressMessages
    checker: ImageChecker
    inspector: Inspector
    splicer: Splicer
    overlay_images: OverlayImages
    machine: MachineHealth
    place: WorkPlace
    patience: OutagePatience
    past: RecentPast
    """With what jobs took."""
