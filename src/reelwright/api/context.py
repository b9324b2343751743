"""What the routes work with, opened and closed with the application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from reelwright import threads
from reelwright.access.idempotent_answers import FirstAnswers
from reelwright.access.keep_rules import KeepRules
from reelwright.access.key_lookup import Keyring
from reelwright.access.limits import limits_of
from reelwright.access.sent_bytes import SentBytes
from reelwright.access.token_lookup import Grants
from reelwright.api.http.addresses import Addresses
from reelwright.api.job_event_feeds import JobFeeds
from reelwright.api.metrics_text import Exposition
from reelwright.api.project_event_feeds import EventFeeds
from reelwright.api.readiness import Readiness
from reelwright.api.upload_event_feeds import UploadFeeds
from reelwright.db.database import connected
from reelwright.db.sessions import Sessions
from reelwright.jobs.notifier import JobNotifier
from reelwright.jobs.past_jobs import RecentPast
from reelwright.jobs.prepared_materials import LayerSources
from reelwright.jobs.previews import Previews
from reelwright.jobs.short_queries import ShortQueries
from reelwright.jobs.status_reader import StatusReader
from reelwright.jobs.survey import Surveyor
from reelwright.library.embedded_subtitles import EmbeddedTexts
from reelwright.library.fetched_materials import FetchedMaterials
from reelwright.library.overlay_images import OverlayImages
from reelwright.library.resumable_upload_writers import UploadWriters
from reelwright.library.resumable_uploads import ResumableUploads, UploadLimits
from reelwright.library.retention import rules_of_settings
from reelwright.library.stored_on_first_use import StoredOnFirstUse
from reelwright.library.upload_completion import Completions
from reelwright.media.ffmpeg import system_call_trial
from reelwright.media.probe.prober import Prober, probe_rules
from reelwright.media.shared_reader import media_reader
from reelwright.media.splicing.splicer import Splicer
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    sessions: Sessions
    storage: LocalStorage
    prober: Prober
    notifier: JobNotifier
    statuses: StatusReader
    feeds: JobFeeds
    event_feeds: EventFeeds
    overlay_images: OverlayImages
    layer_sources: LayerSources
    readiness: Readiness
    metrics: Exposition
    previews: Previews
    surveyor: Surveyor
    embedded_texts: EmbeddedTexts
    first_answers: FirstAnswers
    uploads: ResumableUploads
    upload_writers: UploadWriters
    completions: Completions
    upload_feeds: UploadFeeds
    keyring: Keyring | None
    """None: no request needs a key."""
    grants: Grants
    sent_bytes: SentBytes
    past: RecentPast

    def reuse_from(self, wanted: bool) -> LocalStorage | None:
        """Return where results lie that an edit may take, None when it is to be made anew."""
        return self.storage if wanted and self.settings.reuse_results else None

    @property
    def keep_rules(self) -> KeepRules:
        """Return for how long projects keep what that have no rules of their own."""
        return rules_of_settings(self.settings)

    @property
    def addresses(self) -> Addresses:
        return Addresses(self.settings.api_root_path)


def upload_limits(settings: Settings) -> UploadLimits:
    """Return what the settings say of uploads that come in several requests."""
    return UploadLimits(
        max_bytes=settings.max_upload_bytes,
        max_unfinished=settings.max_unfinished_uploads,
        expiry_s=settings.upload_expiry_s,
        keep_rules=rules_of_settings(settings),
        of_keys=limits_of(settings, "key"),
        of_projects=limits_of(settings, "project"),
    )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    threads.provide()
    storage = LocalStorage(settings.media_path, reserve_bytes=settings.disk_reserve_bytes)
    try:
        await asyncio.to_thread(storage.prepare)
    except OSError as error:  # what is stored can be had, uploads say why they cannot be taken, /ready says it too
        logger.error("MEDIA_ROOT cannot be used: %s", error)
    if settings.system_calls != "auto":  # else /ready tries it with its first answer, and the prober on its own
        await system_call_trial.settle(settings)
    async with (
        connected(settings, application_name="reelwright-api") as database,
        media_reader() as reader,
        JobNotifier(database.url).running() as notifier,
        FirstAnswers(database.url, database.sessions, settings.idempotency_keep_s).running() as first_answers,
    ):
        await reader.start()
        memory_bytes, stall_s, wait_s = settings.probe_memory_bytes, settings.stall_timeout_s, settings.turn_wait_s
        prober = Prober(probe_rules(settings), reader, wait_s=wait_s)
        splicer = Splicer(reader, memory_bytes=memory_bytes, stall_s=stall_s, wait_s=wait_s)
        overlay_images = OverlayImages(settings, storage, wait_s=wait_s)
        look = ShortQueries(notifier, database.engine).fetch
        keyring = (
            Keyring(
                database.sessions,
                look,
                of_keys=limits_of(settings, "key"),
                of_projects=limits_of(settings, "project"),
            )
            if settings.needs_keys
            else None
        )
        uploads = ResumableUploads(database.sessions, storage, upload_limits(settings))
        upload_writers = UploadWriters(uploads)
        sent_bytes = SentBytes(database.sessions)
        statuses = StatusReader(notifier, database.sessions)
        completions = Completions(uploads, upload_writers, prober)
        on_first_use = StoredOnFirstUse(storage, prober, database.sessions, rules_of_settings(settings))
        client = OutboundClient(OutboundRules.of(settings))
        embedded_texts = EmbeddedTexts(prober, storage, database.sessions)
        fetched = FetchedMaterials(settings, storage, database.sessions, prober, overlay_images, on_first_use, client)
        try:
            async with (
                keyring.uses.writing_down() if keyring is not None else nullcontext(),
                completions.running(),
                sent_bytes.writing_down(),
            ):
                yield Services(
                    settings,
                    database.sessions,
                    storage,
                    prober,
                    notifier,
                    statuses,
                    JobFeeds(database.sessions, notifier, statuses),
                    EventFeeds(database.sessions, notifier),
                    overlay_images,
                    LayerSources(
                        overlay_images,
                        settings,
                        storage,
                        database.sessions,
                        on_first_use,
                        fetched,
                        embedded_texts,
                    ),
                    Readiness(settings, database.sessions, storage, notifier),
                    Exposition(database.sessions, settings.media_path),
                    Previews(settings, storage, overlay_images),
                    Surveyor(splicer, storage),
                    embedded_texts,
                    first_answers,
                    uploads,
                    upload_writers,
                    completions,
                    UploadFeeds(uploads, notifier, Addresses(settings.api_root_path)),
                    keyring,
                    Grants(look, keyring),
                    sent_bytes,
                    RecentPast(),
                )
        finally:
            await overlay_images.close()
