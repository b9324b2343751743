"""The procrastinate App. Importing it reads no settings; opening it does."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from reelwright import garbage_collection, settings_reader, settings_warnings, source_codecs, threads
from reelwright.capacity.machine_resources import WorkPlace
from reelwright.db import schema_version
from reelwright.db.connection_pool import close, create_engine
from reelwright.db.database import located
from reelwright.db.embedded import EmbeddedPostgresError
from reelwright.db.sessions import Sessions
from reelwright.db.unusable import DatabaseUnusable
from reelwright.events import delivery_turns
from reelwright.events.deliverer import Deliverer
from reelwright.jobs.maintenance import Maintenance
from reelwright.jobs.notifier import JobNotifier
from reelwright.jobs.past_jobs import RecentPast
from reelwright.jobs.patience_after_outages import OutagePatience
from reelwright.jobs.progress_webhooks import ProgressMessages
from reelwright.library.overlay_images import OverlayImages
from reelwright.library.retention import rules_of_settings
from reelwright.media.checks.image_checker import ImageChecker
from reelwright.media.checks.inspector import Inspector
from reelwright.media.probe.prober import Prober, probe_rules
from reelwright.media.sandbox import kernel_support
from reelwright.media.shared_reader import media_reader
from reelwright.media.splicing.splicer import Splicer
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient
from reelwright.settings import CONTAINERS
from reelwright.storage.local import LocalStorage
from reelwright.telemetry import logs, metrics, metrics_server, tracing
from reelwright_worker import tasks
from reelwright_worker.context import WorkerContext
from reelwright_worker.machine_health import MachineHealth
from reelwright_worker.queue_worker import WorkerApp

logger = logging.getLogger(__name__)


@asynccontextmanager
async def database() -> AsyncIterator[str]:
    settings = settings_reader.load()
    logs.configure(settings, "worker")  # in place of what procrastinate's command set up
    for remark in settings_warnings.warnings(settings):
        logger.warning("settings: %s", remark)
    try:
        async with located(settings, make=False) as url:
            yield url
    except (DatabaseUnusable, EmbeddedPostgresError) as error:
        raise SystemExit(f"Error: {error}") from error


def defaults() -> dict[str, Any]:
    settings = settings_reader.load()
    return {
        "queues": settings.worker_queues,
        "concurrency": settings.max_concurrent_jobs,
        "light_beside": settings.light_jobs_beside,
        "fetch_job_polling_interval": 1.0,
        "shutdown_graceful_timeout": float(settings.shutdown_grace_s),
        "heartbeat_file": Path(settings.heartbeat_file) if settings.heartbeat_file else None,
    }


@asynccontextmanager
async def resources(url: str) -> AsyncIterator[dict[str, Any]]:
    """Yield what jobs work with, for as long as the worker runs; the maintenance runs beside them."""
    settings = settings_reader.load()
    threads.provide()
    garbage_collection.as_shipped()
    try:
        await schema_version.require(url)
    except DatabaseUnusable as error:
        raise SystemExit(f"Error: {error}") from error
    storage = LocalStorage(settings.media_path, reserve_bytes=settings.disk_reserve_bytes)
    engine = create_engine(
        url,
        application_name="reelwright-worker",
        pool_size=max(settings.db_pool_size, 2 * (settings.max_concurrent_jobs + settings.light_jobs_beside)),
    )
    sessions = Sessions(engine)
    events_engine = create_engine(url, application_name="reelwright-webhooks", pool_size=3)
    patience = OutagePatience(settings.lease_s / 2)
    maintenance = Maintenance(
        sessions,
        storage,
        work_root=settings.work_path,
        interval_s=settings.reap_interval_s,
        orphan_grace_s=settings.orphan_grace_s,
        patience=patience,
        idempotency_keep_s=settings.idempotency_keep_s,
        keep=rules_of_settings(settings),
    )
    place = WorkPlace.of(settings, storage)
    overlay_images = OverlayImages(settings, storage)
    machine = MachineHealth(settings, place, sessions, name=f"{socket.gethostname()}:{os.getpid()}")
    try:
        ours = probe_rules(settings)
        rules = replace(ours, formats=CONTAINERS, codecs=source_codecs.VIDEO)  # what outputs may be
        most_bytes, stall_s = settings.media_memory_bytes, settings.stall_timeout_s
        async with (
            media_reader(work=settings.work_path) as reader,
            ImageChecker(memory_bytes=most_bytes) as checker,
        ):
            prober = Prober(rules, reader)
            if await machine.examine():
                for missing in kernel_support.available().missing:
                    logger.warning("containment: %s", missing)
                await reader.start()  # the first job finds it warm
            await machine.report()
            outbound = OutboundClient(OutboundRules.of(settings))
            context = WorkerContext(
                settings=settings,
                sessions=sessions,
                storage=storage,
                prober=prober,
                upload_prober=prober.by(ours),
                outbound=outbound,
                progress=ProgressMessages(Sessions(events_engine), outbound, timeout_s=settings.webhook_timeout_s),
                checker=checker,
                inspector=Inspector(reader, memory_bytes=most_bytes, stall_s=stall_s),
                splicer=Splicer(reader, memory_bytes=most_bytes, stall_s=stall_s),
                overlay_images=overlay_images,
                machine=machine,
                place=place,
                patience=patience,
                past=RecentPast(took=True),
            )
            notifier = JobNotifier(url, (delivery_turns.CHANNEL,))
            with (
                tracing.exporting("worker"),
                metrics_server.serving(settings, metrics.Disk(settings.media_path)),
                notifier.subscribe("due") as due,
            ):
                deliverer = Deliverer(
                    Sessions(events_engine), context.outbound, due, timeout_s=settings.webhook_timeout_s
                )
                beside = [
                    asyncio.create_task(maintenance.run(), name="maintenance"),
                    asyncio.create_task(machine.watch(), name="machine"),
                    asyncio.create_task(notifier.listen(), name="news of webhooks"),
                    asyncio.create_task(deliverer.run(), name="webhooks"),
                ]
                try:
                    yield {"context": context}
                finally:
                    await _ended(beside)
                    await machine.leave()
    finally:
        await overlay_images.close()
        await close(events_engine)
        await close(engine)


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: a library below may lose a cancellation."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=1)


app = WorkerApp(database=database, resources=resources, defaults=defaults)
tasks.register(app)
