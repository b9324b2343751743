"""Where things are found: the addresses that answers name, below the prefix under which a proxy serves the API.

They begin with a slash and name no host: a client resolves them against the address that it asked, which a service
behind proxies does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from reelwright.api.http.redacted_paths import SIGNED


@dataclass(frozen=True, slots=True)
class Addresses:
    """`root_path`: API_ROOT_PATH."""

    root_path: str = ""

    @property
    def video_upload(self) -> str:
        return f"{self.root_path}/videos/upload"

    def video(self, video_id: UUID) -> str:
        return f"{self.root_path}/videos/{video_id}"

    def video_file(self, stored_path: str) -> str:
        """Where a browser shows an upload; `/videos/{id}/download` saves it."""
        return f"{self.root_path}/{quote(stored_path)}"

    def video_download(self, video_id: UUID) -> str:
        return f"{self.video(video_id)}/download"

    def upload(self, upload_id: UUID) -> str:
        """Of an upload that comes in several requests."""
        return f"{self.root_path}/uploads/{upload_id}"

    def upload_events(self, upload_id: UUID) -> str:
        return f"{self.upload(upload_id)}/events"

    def variants(self, video_id: UUID) -> str:
        """Where all is listed that was made of the video."""
        return f"{self.video(video_id)}/variants"

    def variant(self, variant_id: UUID) -> str:
        return f"{self.root_path}/variants/{variant_id}"

    def variant_file(self, variant_id: UUID, name: str) -> str:
        """Where a browser shows a file of a variant; `/variants/{id}/download` saves the main one."""
        return f"{self.root_path}/variants/{variant_id}/files/{quote(name)}"

    def variant_download(self, variant_id: UUID) -> str:
        return f"{self.variant(variant_id)}/download"

    def lineage(self, variant_id: UUID) -> str:
        return f"{self.variant(variant_id)}/lineage"

    def asset(self, asset_id: UUID) -> str:
        return f"{self.root_path}/assets/{asset_id}"

    def asset_file(self, asset_id: UUID) -> str:
        return f"{self.root_path}/assets/{asset_id}/download"

    def template(self, name: str, version: int) -> str:
        return f"{self.root_path}/templates/{quote(name)}/versions/{version}"

    def webhook(self, webhook_id: UUID) -> str:
        return f"{self.root_path}/webhooks/{webhook_id}"

    def job(self, job_id: UUID) -> str:
        return f"{self.root_path}/jobs/{job_id}"

    def status(self, job_id: UUID) -> str:
        return f"{self.root_path}/status/{job_id}"

    def events(self, job_id: UUID) -> str:
        return f"{self.job(job_id)}/events"

    def signed(self, token: str) -> Addresses:
        """The addresses that the token opens by being part of them."""
        return Addresses(f"{self.root_path}{SIGNED}/{token}")

    def result(self, job_id: UUID) -> str:
        return f"{self.root_path}/result/{job_id}"
