"""A message to an endpoint: signed after Standard Webhooks, sent once, and how the beginning of the answer is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reelwright.errors import RemoteRefused, RemoteStalled, RemoteUnavailable
from reelwright.events.signatures import sign
from reelwright.outbound.client import OutboundClient
from reelwright.outbound.timeouts import Patience
from reelwright.outbound.url import Target

MAX_ANSWER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an endpoint answered. `text`: the beginning of it; `retry_after`: the header, as it came."""

    status: int
    text: str
    retry_after: str | None


async def send(
    client: OutboundClient,
    url: str,
    *,
    message_id: str,
    body: bytes,
    secrets: Iterable[str],
    timestamp_s: int,
    timeout_s: float,
) -> Reaction:
    """Send it, and follow no redirect. Raises as `OutboundClient.open`."""
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": sign(secrets, message_id, timestamp_s, body),
    }
    patience = Patience(total_s=timeout_s, stall_s=timeout_s, least_bytes_per_s=1)
    async with client.open(
        Target.read(url), patience=patience, method="POST", headers=headers, body=body, max_redirects=0
    ) as remote:
        said = bytearray()
        try:
            async for chunk in remote.chunks():
                said += chunk
                if len(said) >= MAX_ANSWER_BYTES:
                    break
        except (RemoteStalled, RemoteUnavailable, RemoteRefused):
            if not 200 <= remote.status < 300:  # the status has said enough
                raise
        text = bytes(said[:MAX_ANSWER_BYTES]).decode("utf-8", "replace").replace("\0", "\ufffd")
        return Reaction(remote.status, text, remote.headers.get("retry-after"))
