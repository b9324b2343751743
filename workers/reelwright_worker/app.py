"""The procrastinate App. Importing it reads no settings; opening it does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import async_sessionmaker

from reelwright import codecs
from reelwright import settings as configuration
from reelwright.db import schema
from reelwright.db.database import DatabaseUnusable, create_engine, located
from reelwright.jobs.queue import QUEUE
from reelwright.jobs.reaper import Reaper
from reelwright.media import contain, programs
from reelwright.media.picture_check import PictureChecker
from reelwright.media.probe import Prober
from reelwright.settings import CONTAINERS
from reelwright.storage.local import LocalStorage
from reelwright.telemetry import logs, metrics, tracing
from reelwright_worker import tasks
from reelwright_worker.hardened import WorkerApp
from reelwright_worker.render import Workshop

logger = logging.getLogger(__name__)


def database() -> AbstractAsyncContextManager[str]:
    settings = configuration.load()
    logs.configure(settings, "worker")  # in place of what procrastinate's command set up
    for remark in configuration.remarks(settings):
        logger.warning("settings: %s", remark)
    return located(settings)


def defaults() -> dict[str, Any]:
    settings = configuration.load()
    return {
        "queues": [QUEUE],
        "concurrency": settings.max_concurrent_jobs,
        "fetch_job_polling_interval": 1.0,
        "shutdown_graceful_timeout": float(settings.shutdown_grace_s),
        "heartbeat_file": Path(settings.heartbeat_file) if settings.heartbeat_file else None,
    }


@asynccontextmanager
async def resources(url: str) -> AsyncIterator[dict[str, Any]]:
    """What jobs work with, for as long as the worker runs; the reaper runs beside them."""
    settings = configuration.load()
    try:
        await schema.require(url)
    except DatabaseUnusable as error:
        raise SystemExit(f"Error: {error}") from error
    storage = LocalStorage(settings.media_path, reserve_bytes=settings.disk_reserve_bytes)
    await asyncio.to_thread(storage.prepare)
    await asyncio.to_thread(settings.work_path.mkdir, mode=0o750, parents=True, exist_ok=True)
    await programs.settle(settings)
    for missing in contain.available().missing:
        logger.warning("containment: %s", missing)
    engine = create_engine(
        url,
        application_name="reelwright-worker",
        pool_size=max(settings.db_pool_size, 2 * settings.max_concurrent_jobs),
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    reaper = Reaper(
        sessions,
        storage,
        work_root=settings.work_path,
        interval_s=settings.reap_interval_s,
        orphan_grace_s=settings.orphan_grace_s,
    )
    try:
        rules = replace(programs.probe_rules(settings), formats=CONTAINERS, codecs=codecs.VIDEO)  # outputs are ours
        async with Prober(rules) as prober, PictureChecker(memory_bytes=settings.media_memory_bytes) as checker:
            capabilities = await programs.capabilities(settings)
            found = await programs.hardware_encoders(settings)
            capabilities = msgspec.structs.replace(capabilities, hardware=found)
            logger.info(
                "ffmpeg %s, %d threads, encoders in hardware: %s",
                capabilities.ffmpeg_version,
                capabilities.threads,
                ", ".join(found) or "none",
            )
            workshop = Workshop(
                settings=settings,
                sessions=sessions,
                storage=storage,
                prober=prober,
                checker=checker,
                capabilities=capabilities,
            )
            metrics.SLOTS.set(settings.max_concurrent_jobs)
            with tracing.exporting("worker"), metrics.serving(settings, metrics.Disk(settings.media_path)):
                reaping = asyncio.create_task(reaper.run(), name="reaper")
                try:
                    yield {"workshop": workshop}
                finally:
                    reaping.cancel()
                    await asyncio.wait([reaping])
    finally:
        await engine.dispose()


app = WorkerApp(database=database, resources=resources, defaults=defaults)
tasks.register(app)
