"""How far uploads have come, for those who wait: as server-sent events, or until one has been examined.

News come from the database when a request begins or ends, and when the upload is a video; in between the file that
grows is looked at, which costs no query.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from uuid import UUID

from reelwright.api.http.addresses import Addresses
from reelwright.api.http.event_stream import encode_event
from reelwright.api.schemas.uploads import UploadOut
from reelwright.cancellation import set_within
from reelwright.db.models import Upload
from reelwright.errors import NotFound
from reelwright.jobs.notifier import JobNotifier
from reelwright.library.resumable_uploads import ResumableUploads

LOOK_S = 0.5
"""Between looks at a file that grows."""
READ_S = 15.0
"""A row is read so often, without news."""


class UploadFeeds:
    def __init__(self, uploads: ResumableUploads, notifier: JobNotifier, addresses: Addresses) -> None:
        self._uploads = uploads
        self._notifier = notifier
        self._addresses = addresses

    async def follow(self, upload_id: UUID) -> AsyncGenerator[bytes, None]:
        """`upload` whenever it has changed, until it is a video, is refused or is gone."""
        last: UploadOut | None = None
        with self._notifier.subscribe(upload_id) as news, suppress(NotFound):
            while True:
                news.clear()
                upload = await self._uploads.find(upload_id)
                for _ in range(int(READ_S / LOOK_S)):
                    told = UploadOut.of(upload, await self._uploads.offset(upload), self._addresses)
                    if told != last:
                        last = told
                        yield encode_event("upload", told, None)
                    if upload.state in ("stored", "refused"):
                        return
                    if await set_within(news, LOOK_S):
                        break

    async def examined(self, upload_id: UUID, within_s: float) -> Upload:
        """The upload, once it is no longer being examined, or after so long."""
        clock = asyncio.get_running_loop()
        deadline = clock.time() + within_s
        with self._notifier.subscribe(upload_id) as news:
            while True:
                news.clear()
                upload = await self._uploads.find(upload_id)
                left_s = deadline - clock.time()
                if upload.state != "whole" or upload.is_part or left_s <= 0 or self._notifier.closing.is_set():
                    return upload
                await set_within(news, min(left_s, READ_S))
