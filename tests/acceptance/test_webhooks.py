"""Webhooks: real endpoints that take, fail, hang, ask for rest, are gone: what they are told, when, in which order."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook as Verifier

from reelwright.settings import Settings
from tests.support.processes import PATIENCE_S
from tests.support.remote import Call, Remote, head
from tests.support.service import Service, problem

PORTS = "1024-65535"


@dataclass
class Receiver:
    """An endpoint: what it was told, and how it answers. `statuses` are given one after the other, then 204."""

    statuses: list[int] = field(default_factory=list)
    hangs: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[float, Call]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    path: str = "/"
    """What comes to others is for somebody else, who had the port before."""

    async def answer(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if not call.path.startswith(self.path):
            writer.write(head(404, Content_Length=0))
            return
        self.calls.append((time.time(), call))
        self.came.set()
        if self.hangs:
            await asyncio.sleep(3600)
        status = self.statuses.pop(0) if self.statuses else 204
        body = b"" if status == 204 else b"x" * 10_000
        writer.write(head(status, Content_Length=len(body), **self.headers) + body)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(call.body) for _, call in self.calls]

    async def until(self, count: int, within_s: float = PATIENCE_S) -> list[dict[str, Any]]:
        async with asyncio.timeout(within_s):
            while len(self.calls) < count:
                self.came.clear()
                await self.came.wait()
        return self.told


@asynccontextmanager
async def receiving(**how: Any) -> AsyncIterator[tuple[Receiver, Remote]]:
    receiver = Receiver(**how)
    async with Remote(receiver.answer).running() as remote:
        yield receiver, remote


def sending(settings: Settings, *, timeout_s: float) -> Settings:
    """Of a service that may send to this machine."""
    return msgspec.structs.replace(
        settings, outbound_allowed=("127.0.0.0/8",), outbound_ports=(PORTS,), webhook_timeout_s=timeout_s
    )


@pytest.fixture
async def service(settings: Settings, tmp_path: Path) -> AsyncIterator[Service]:
    """It waits for no endpoint for long."""
    async with Service(sending(settings, timeout_s=2), tmp_path).running() as running:
        yield running


async def made(service: Service, url: str, **more: Any) -> dict[str, Any]:
    answer = await service.client.post("/webhooks", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/webhooks/{answer.json()['id']}"
    found: dict[str, Any] = answer.json()
    return found


async def deliveries(service: Service, webhook: str, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await service.client.get(f"/webhooks/{webhook}/deliveries", params=query)).json()[
        "items"
    ]
    return items


async def settled(service: Service, webhook: str, delivery: str, **wanted: object) -> dict[str, Any]:
    """The delivery with its tries, once it is as wanted."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found: dict[str, Any] = (await service.client.get(f"/webhooks/{webhook}/deliveries/{delivery}")).json()
            if all(found[name] == value for name, value in wanted.items()):
                return found
            await asyncio.sleep(0.02)


async def test_a_job_is_told_signed_and_in_order(service: Service, clip: Path) -> None:
    """What an endpoint chose, and what a request's own address hears; verified by the receivers' library with the old
    and with the new secret; and the same events in the log."""
    async with receiving() as (receiver, remote), receiving() as (own, own_remote), service.worker():
        webhook = await made(service, remote.url("/hook?token=1"), events=["job.*", "video.created"])
        video = await service.upload(clip)
        secret = (await service.client.get("/webhooks/signing-secret")).json()["secret"]
        job_id = await service.trim(
            video["id"], 0, 0.2, webhook_url=own_remote.url("/mine"), external_id="order 1", metadata={"a": [1]}
        )
        other = await service.trim(video["id"], 0, 0.2)
        await service.until(job_id)
        await service.until(other)
        told = await receiver.until(5)
        assert [one["type"] for one in told[:2]] == ["video.created", "job.started"]
        assert told[0]["data"]["filename"] == "clip.mp4"
        of_job = [one for one in told if one["data"].get("job_id") == job_id]
        assert [one["type"] for one in of_job] == ["job.started", "job.succeeded"]
        done = of_job[1]["data"]
        job = await service.job(job_id)
        assert (done["output_variant_id"], done["variant_ids"]) == (
            job["output_variant_id"],
            [job["output_variant_id"]],
        )
        assert (done["external_id"], done["metadata"], done["video_id"]) == ("order 1", {"a": [1]}, video["id"])
        assert await own.until(2) == of_job
        for calls, key in ((receiver.calls, webhook["secret"]), (own.calls, secret)):
            for _, call in calls:
                assert (call.method, call.headers["content-type"]) == ("POST", "application/json")
                assert Verifier(key).verify(call.body, call.headers)["id"] == call.headers["webhook-id"]
        assert {call.path for _, call in receiver.calls} == {"/hook?token=1"}
        rotated = (await service.client.post(f"/webhooks/{webhook['id']}/rotate", json={})).json()
        again = (await service.client.post(f"/webhooks/{webhook['id']}/test")).json()
        await settled(service, webhook["id"], again["id"], state="delivered", attempts=1)
        _, call = receiver.calls[-1]
        assert json.loads(call.body)["type"] == "webhook.test"
        for key in (webhook["secret"], rotated["secret"]):
            Verifier(key).verify(call.body, call.headers)
        signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
        digest = hmac.digest(base64.b64decode(rotated["secret"].removeprefix("whsec_")), signed, hashlib.sha256)
        assert f"v1,{base64.b64encode(digest).decode()}" in call.headers["webhook-signature"].split(" ")
        log = await service.client.get("/events")
        assert log.status_code == 200, log.text
        events = log.json()["items"]
        assert [one for one in events if one["type"] != "video.created"][: len(told) - 1] == [
            one for one in sorted(told, key=lambda one: one["seq"]) if one["type"] != "video.created"
        ]
        listed = (await service.client.get("/webhooks")).json()["items"]
        assert [(one["url"], one["of_requests"]) for one in listed] == [
            (remote.url("/hook?token=1"), False),
            (own_remote.url("/mine"), True),
        ]


async def test_what_is_not_taken_is_sent_again(service: Service, clip: Path) -> None:
    """A failure is tried again, what follows of the same job waits for it; a worker that dies amid it loses nothing;
    410 ends the endpoint and is told to the others; a range is replayed under the same ids; all tries are kept."""
    async with receiving() as (watcher, watching), receiving(statuses=[500]) as (receiver, remote):
        await made(service, watching.url(), events=["webhook.*"])
        webhook = await made(service, remote.url(), events=["job.*"])
        video = await service.upload(clip)
        async with service.worker() as mortal:
            job_id = await service.trim(video["id"], 0, 0.2)
            await service.until(job_id)
            await receiver.until(1)
            mortal.process.kill()
            await mortal.process.wait()
        async with service.worker():
            told = await receiver.until(3)
            assert [one["type"] for one in told] == ["job.started", "job.started", "job.succeeded"]
            assert told[0] == told[1]
            items = await deliveries(service, webhook["id"])
            assert [one["event_type"] for one in items] == ["job.succeeded", "job.started"]
            tries = (await settled(service, webhook["id"], items[1]["id"], state="delivered"))["tries"]
            assert [(one["number"], one["outcome"], one["status"]) for one in tries] == [
                (1, "failing", 500),
                (2, "delivered", 204),
            ]
            assert tries[0]["answer"] == "x" * 4096
            began, again = (datetime.fromisoformat(one) for one in (items[1]["created_at"], tries[1]["at"]))
            assert (again - began).total_seconds() >= 4.5
            replayed = await service.client.post(f"/webhooks/{webhook['id']}/replay", json={"after": 0})
            assert replayed.json() == {"queued": 2, "next_after": None}
            told = await receiver.until(5)
            assert [one["type"] for one in told[3:]] == ["job.started", "job.succeeded"]
            assert {call.headers["webhook-id"] for _, call in receiver.calls} == {told[0]["id"], told[2]["id"]}
            receiver.statuses = [410]
            once = await service.client.post(f"/webhooks/{webhook['id']}/deliveries/{items[0]['id']}/replay")
            await settled(service, webhook["id"], once.json()["id"], state="failed", attempts=1)
            (disabled,) = await watcher.until(1)
            assert (disabled["type"], disabled["data"]["webhook_id"]) == ("webhook.disabled", webhook["id"])
            assert disabled["data"]["reason"] == "gone"
            found = (await service.client.get(f"/webhooks/{webhook['id']}")).json()
            assert (found["enabled"], found["disabled_reason"]) == (False, "gone")
            refused = await service.client.post(f"/webhooks/{webhook['id']}/test")
            problem(refused, 409, "conflict")
            (seen,) = await service.sql("SELECT state, waiting FROM ops.webhooks WHERE webhook_id = $1", webhook["id"])
            assert seen == {"state": "disabled: gone", "waiting": 0}
            changed = await service.client.patch(f"/webhooks/{webhook['id']}", json={"enabled": True})
            assert changed.json()["enabled"] is True
            await service.client.post(f"/webhooks/{webhook['id']}/test")
            assert (await receiver.until(7))[-1]["type"] == "webhook.test"


async def test_an_endpoint_that_asks_for_rest_has_it(service: Service) -> None:
    """429 with Retry-After: nothing is sent before that, also nothing new. A redirect is no delivery and is not
    followed; what is no public address is not connected to."""
    async with service.worker():
        async with receiving(statuses=[429], headers={"Retry-After": "2"}) as (receiver, remote):
            webhook = await made(service, remote.url(), events=["job.*"])
            (await service.client.post(f"/webhooks/{webhook['id']}/test")).raise_for_status()
            await receiver.until(1)
            project = "00000000-0000-7000-8000-000000000001"
            await service.sql("SELECT record_event($1::uuid, 'job.failed', gen_random_uuid(), '{}')", project)
            await receiver.until(2)
            assert receiver.calls[1][0] - receiver.calls[0][0] >= 1.9
        async with receiving(statuses=[302], headers={"Location": "/elsewhere"}, path="/moved") as (receiver, remote):
            webhook = await made(service, remote.url("/moved"), events=["job.failed"])
            tried = (await service.client.post(f"/webhooks/{webhook['id']}/test")).json()
            found = await settled(service, webhook["id"], tried["id"], attempts=1)
            assert (found["state"], found["tries"][0]["outcome"], len(receiver.calls)) == ("pending", "redirected", 1)
        webhook = await made(service, "http://elsewhere.test:8080/", events=["job.failed"])
        # as a release left it that knew an address by the connection alone
        moved = "UPDATE webhooks SET url = 'http://10.1.2.3:8080/' WHERE id = $1::uuid"
        await service.sql(moved, webhook["id"])
        tried = (await service.client.post(f"/webhooks/{webhook['id']}/test")).json()
        found = await settled(service, webhook["id"], tried["id"], attempts=1)
        assert (found["tries"][0]["outcome"], found["tries"][0]["status"]) == ("not_allowed", None)
    for url in ("https://user@host/", "http://10.1.2.3:8080/", "http://[::ffff:127.0.0.1]:8080/"):
        bad = await service.client.post("/webhooks", json={"url": url})
        assert problem(bad, 422, "invalid_input")["errors"][0]["code"] == "address_refused", url


GOOD = 20
HANGING = 1000


@pytest.mark.slow
async def test_a_thousand_that_hang_delay_nobody(settings: Settings, tmp_path: Path) -> None:
    """Of one project, all told of the same: the others hear of each event as soon as without them; and full job slots
    do not matter, for no slot is used. Each endpoint that hangs is waited for once, and then has its rest."""
    hung, heard = Counter[str](), asyncio.Queue[tuple[float, str]]()

    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path.startswith("/hang"):
            hung[call.path] += 1
            await asyncio.sleep(3600)
        heard.put_nowait((time.time(), json.loads(call.body)["id"]))
        writer.write(head(204))

    project = "00000000-0000-7000-8000-000000000001"

    async def lags_s(service: Service, count: int) -> list[float]:
        """From the commit to the arrival at each good endpoint."""
        found = []
        for _ in range(count):
            rows = await service.sql(
                "SELECT record_event($1::uuid, 'job.failed', gen_random_uuid(), '{}'), clock_timestamp() AS at", project
            )
            async with asyncio.timeout(PATIENCE_S):
                arrived = [await heard.get() for _ in range(GOOD)]
            found += [at - rows[0]["at"].timestamp() for at, _ in arrived]
        return found

    patient = sending(settings, timeout_s=15)
    async with Remote(answer).running() as remote, Service(patient, tmp_path).running() as service, service.worker():
        for number in range(GOOD):
            await made(service, remote.url(f"/good{number}"), events=["job.failed"])
        await lags_s(service, 1)
        alone = await lags_s(service, 10)
        await service.sql(
            "INSERT INTO webhooks (id, url, events, secret) SELECT gen_random_uuid(), $1 || n, '{job.failed}', $2"
            " FROM generate_series(1, $3::integer) AS n",
            *(remote.url("/hang"), "whsec_" + base64.b64encode(b"0" * 32).decode(), HANGING),
        )
        beside = await lags_s(service, 10)
        async with asyncio.timeout(PATIENCE_S):
            while len(hung) < HANGING:
                await asyncio.sleep(0.05)
        late = await lags_s(service, 5)

        def shown(lags: list[float]) -> str:
            return f"p50 {1000 * statistics.median(lags):.0f} ms, worst {1000 * max(lags):.0f} ms"

        print(f"alone {shown(alone)}; beside {HANGING} that hang {shown(beside)}; later {shown(late)}")
        assert max(beside + late) < max(alone) + 10  # nobody has waited for one that hangs


async def test_an_answer_without_end_is_cut_and_no_secret_is_told_twice(service: Service) -> None:
    """Of an answer its beginning is kept, and 2xx has said enough; a secret is in the answer that makes it alone: in no
    list, event or log."""
    sent_bytes = 0

    async def answer(_: Call, writer: asyncio.StreamWriter) -> None:
        nonlocal sent_bytes
        writer.write(head(200))
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            sent_bytes += 65_536
            await writer.drain()

    async with Remote(answer).running() as remote, service.worker() as worker:
        webhook = await made(service, remote.url("/without-end"), events=["job.failed"])
        secret = webhook["secret"].removeprefix("whsec_")
        tried = (await service.client.post(f"/webhooks/{webhook['id']}/test")).json()
        found = await settled(service, webhook["id"], tried["id"], state="delivered")
        assert found["tries"][0]["status"] == 200
        assert len(found["tries"][0]["answer"]) <= 4096
        assert sent_bytes < 50_000_000
        changed = await service.client.patch(f"/webhooks/{webhook['id']}", json={"enabled": True})
        told = [changed.text, json.dumps(found), *(log.read_text() for log in (service.api.log, worker.log))]
        own = f"/webhooks/{webhook['id']}"
        pages = [
            await service.client.get(path) for path in ("/webhooks", own, f"{own}/deliveries", "/events", "/metrics")
        ]
        told += [
            str(await service.sql("SELECT * FROM ops.webhooks")),
            *(page.raise_for_status().text for page in pages),
        ]
    assert [text for text in told if secret in text] == []


async def test_a_job_that_has_expired_is_told_as_failed(service: Service, clip: Path) -> None:
    """Though no worker has ever begun it."""
    video = await service.upload(clip)
    expires_at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    async with receiving() as (receiver, remote):
        await made(service, remote.url("/hook"), events=["job.*"])
        job_id = await service.trim(video["id"], 0, 0.2, expires_at=expires_at)
        await service.sql("UPDATE jobs SET expires_at = now() - interval '1 second'")
        async with service.worker():
            (told,) = await receiver.until(1)
    assert (told["type"], told["data"]["job_id"], told["data"]["status"]) == ("job.failed", job_id, "FAILURE")
    assert told["data"]["error_code"] == "expired"
