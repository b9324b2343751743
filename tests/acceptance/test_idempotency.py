"""Idempotency-Key: what is asked for again is made once, whichever process is asked and whenever one of them dies."""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import text

from reelwright.access.idempotent_answers import Asked, FirstAnswers, forget_old
from reelwright.settings import Settings
from tests.acceptance.test_keys import bearer, guarded, made
from tests.support.job_database import World
from tests.support.service import Service, free_port, http_client, problem

NOTHING_KEPT = {"/edits/preview", "/jobs/cancel", "/jobs/delete", "/keys", "/keys/{key_id}/rotate", "/tokens"}
"""Routes that make nothing, or answer with a secret that is stored nowhere."""
SUBTITLES = b"1\n00:00:00,000 --> 00:00:01,000\nwords\n"


def keyed(key: str | None = None, file: bytes | None = None) -> dict[str, str]:
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return headers if file is None else {**headers, "Upload-Checksum": f"sha256 {hashlib.sha256(file).hexdigest()}"}


def again(first: httpx.Response, second: httpx.Response) -> None:
    """The second is the first one's answer."""
    assert first.is_success, first.text
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers.get("location") == first.headers.get("location")
    assert second.headers.get("content-type") == first.headers.get("content-type")


async def rows(service: Service) -> dict[str, int]:
    tables = (
        "videos",
        "assets",
        "jobs",
        "job_events",
        "templates",
        "files",
        "procrastinate_jobs",
        "webhooks",
        "uploads",
    )
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in tables)
    return dict((await service.sql(f"SELECT {counts}"))[0])


async def trashed(service: Service, clip: Path) -> str:
    """The id of a video that can be had back."""
    video_id = str((await service.upload(clip))["id"])
    for keep in ({"trash_s": 3600}, {"trash_s": None}):
        assert (await service.client.patch("/projects/default", json={"keep": keep})).is_success
        await service.client.delete(f"/videos/{video_id}")
    return video_id


@pytest.mark.slow
async def test_every_post_of_the_document_is_answered_once(shared_service: Service, clip: Path) -> None:
    """With the document's own examples: sent again it is the first answer and makes nothing; with another body it is
    refused."""
    client, video_bytes = shared_service.client, clip.read_bytes()
    document = (await client.get("/openapi.json")).json()
    video = await shared_service.upload(clip)
    job = await shared_service.until(await shared_service.trim(video["id"], 0, 0.2), "SUCCESS")
    ids = {"video_id": video["id"], "video_or_variant_id": video["id"], "variant_id": job["output_variant_id"]}
    webhook = (await client.post("/webhooks", json={"url": "http://nobody.invalid/hook"})).json()["id"]
    delivery = (await client.post(f"/webhooks/{webhook}/test")).json()["id"]
    ids |= {"webhook_id": webhook, "delivery_id": delivery, "queue": "light"}
    await shared_service.sql("SELECT ops.pause('render')")
    tried = set()
    try:
        for path, methods in document["paths"].items():
            if (operation := methods.get("post")) is None:
                continue
            named = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("Idempotency-Key" in named) == (path not in NOTHING_KEPT), path
            if path in NOTHING_KEPT:
                continue
            content = operation.get("requestBody", {}).get("content", {})
            sent: list[dict[str, Any]] = [{"headers": keyed()}]
            if "multipart/form-data" in content:
                file = SUBTITLES if path == "/assets" else video_bytes
                sent = [{"headers": keyed(file=file), "files": {"file": ("name", file)}}]
            elif path == "/uploads":
                sent = [{"headers": {**keyed(), "Tus-Resumable": "1.0.0", "Upload-Length": "10"}}]
            elif examples := content.get("application/json", {}).get("examples"):
                bodies = [copy.deepcopy(example["value"]) for example in examples.values()]
                for body in bodies:
                    body |= {name: video["id"] for name in ("video_id", "source") if name in body}
                sent = [{"headers": keyed(), "json": body} for body in bodies]
            for request in sent:
                waiting = await shared_service.trim(video["id"], 0, 3)
                if path == "/videos/{video_id}/undelete":
                    ids = {**ids, "video_id": await trashed(shared_service, clip)}
                if path == "/jobs/{job_id}/retry":
                    await client.post(f"/jobs/{waiting}/cancel")
                address = path.format(**ids, job_id=waiting)
                first = await client.post(address, **request)
                before = await rows(shared_service)
                again(first, await client.post(address, **request))
                if "json" in request:
                    request["json"] = dict(reversed(request["json"].items()))  # the same, in other words
                    again(first, await client.post(address, **request))
                other = dict(request, params={"other": "1"})
                if "json" in request:
                    other = dict(request, json={**request["json"], "other": 1})
                elif "files" in request:
                    file = b"another file"
                    other = {"headers": keyed(request["headers"]["Idempotency-Key"], file), "files": {"file": file}}
                problem(await client.post(address, **other), 422, "idempotency_key_reused")
                assert await rows(shared_service) == before, path
                tried.add(path)
    finally:
        await shared_service.sql("SELECT cancel_job(id) FROM jobs WHERE status = 'PENDING'")
        await shared_service.sql("SELECT ops.resume('light'), ops.resume('render')")
    assert len(tried) >= 15
    refused = await client.post("/keys", json={}, headers=keyed())
    assert "has a secret" in str(problem(refused, 422, "invalid_input")["detail"])


@asynccontextmanager
async def another_api(service: Service, **extra: str) -> AsyncIterator[Service]:
    """A second API process of the same service."""
    folder = service.folder / "other"
    folder.mkdir()
    other = Service(service.settings, folder)
    async with other.running(**extra):
        yield other


@pytest.mark.slow
async def test_of_a_hundred_equal_requests_one_is_done_whoever_dies(service: Service, clip: Path) -> None:
    """They go to two API processes, one of which is killed when it has committed and answered nobody; whoever hears
    nothing, or that it is under way, asks again. One job is made, and all are told of it. Where the survivor was the
    first to have it, they ask for another."""
    video = await service.upload(clip)
    body = {"video_id": video["id"], "start": 0, "end": 1}
    seen, asked_for = list[int](), 0
    async with another_api(service, REELWRIGHT_FAULTS="request: committed, not answered=kill") as mortal:

        async def ask(number: int) -> httpx.Response:
            urls = [mortal.url, service.url]
            for attempt in range(1000):
                at_first = number % 2 or not attempt  # some ask the survivor only when the other one is dead
                try:
                    answer = await client.post(urls[0 if at_first else 1] + "/trim", json=body, headers=headers)
                except httpx.TransportError:
                    seen.append(0)
                    urls[0] = service.url
                    continue
                seen.append(answer.status_code)
                if answer.status_code != 409:
                    return answer
                assert (answer.json()["code"], answer.headers["retry-after"]) == ("request_under_way", "1")
                await asyncio.sleep(0.01)
            raise AssertionError("no answer")

        limits = httpx.Limits(max_connections=100)
        async with http_client(limits=limits) as client:
            while 0 not in seen:
                headers, asked_for = keyed(), asked_for + 1
                answers = await asyncio.gather(*(ask(number) for number in range(100)))
        assert await mortal.api.process.wait() != 0
    assert {answer.status_code for answer in answers} == {202}, answers[0].text
    assert len({answer.content for answer in answers}) == 1
    assert all("idempotency-replayed" in answer.headers for answer in answers)  # the first one was never heard
    jobs = [row["id"] for row in await service.sql("SELECT id::text FROM jobs ORDER BY id")]
    assert (len(jobs), jobs[-1]) == (asked_for, answers[0].json()["job_id"])
    assert len(await service.sql("SELECT FROM procrastinate_jobs")) == asked_for


async def test_an_upload_is_known_by_its_declared_checksum(service: Service, clip: Path) -> None:
    """Killed before the commit, nothing is there and it is done anew; while one process is at it, another says so;
    what arrives damaged is refused, and is no first answer."""
    content = clip.read_bytes()
    headers, files = keyed(file=content), {"file": ("clip.mp4", content)}
    no_checksum = await service.client.post("/videos/upload", headers=keyed(), files=files)
    assert "Upload-Checksum" in str(problem(no_checksum, 422, "invalid_input")["detail"])
    damaged = content[:-1] + bytes([content[-1] ^ 1])
    answer = await service.client.post("/videos/upload", headers=headers, files={"file": damaged})
    problem(answer, 422, "checksum_mismatch")
    go = service.folder / "go"
    async with another_api(service, REELWRIGHT_FAULTS=f"upload inserted, not committed=pause:{go}") as other:
        first = asyncio.create_task(other.client.post("/videos/upload", headers=headers, files=files))
        while not go.with_name("go.reached").exists():
            assert not first.done(), first.result().text
            await asyncio.sleep(0.01)
        meanwhile = await service.client.post("/videos/upload", headers=headers, files=files)
        problem(meanwhile, 409, "request_under_way")
        other.api.process.kill()
        await other.api.process.wait()
        await asyncio.gather(first, return_exceptions=True)
    assert await service.sql("SELECT FROM videos") == []
    first_answer = await service.client.post("/videos/upload", headers=headers, files=files)
    again(first_answer, await service.client.post("/videos/upload", headers=headers, files=files))
    in_base64 = "sha256 " + base64.b64encode(hashlib.sha256(content).digest()).decode()
    headers |= {"Upload-Checksum": in_base64}
    again(first_answer, await service.client.post("/videos/upload", headers=headers, files=files))
    twice = [*headers.items(), *keyed().items()]
    refused = await service.client.post("/videos/upload", headers=twice, files=files)
    assert "is sent once" in str(problem(refused, 422, "invalid_input"))
    assert len(await service.sql("SELECT FROM videos")) == 1


async def test_an_answer_that_was_held_back_when_something_failed_is_a_problem(service: Service, clip: Path) -> None:
    """What the route had said was never sent: the client is told what went wrong, and asks again."""
    video, headers = await service.upload(clip), keyed()
    body = {"video_id": video["id"], "start": 0, "end": 1}
    async with another_api(service, REELWRIGHT_FAULTS="request: committed, not answered=fail") as other:
        problem(await other.client.post("/trim", json=body, headers=headers), 500, "internal")
        answer = await other.client.post("/trim", json=body, headers=headers)
        assert (answer.status_code, answer.headers["idempotency-replayed"]) == (202, "true")


async def test_a_lost_connection_lets_go_of_a_key(world: World) -> None:
    """Whoever works on a request under a key meanwhile is not troubled, and the key is free."""
    asked = Asked(uuid.uuid4(), "key", b"fingerprint")
    async with FirstAnswers(world.url, world.sessions, 60).running() as kept:
        async with kept.alone(asked):
            async with world.sessions() as session:
                ended = await session.scalar(
                    text(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE application_name = 'reelwright-requests' AND datname = current_database()"
                    )
                )
            assert ended == 1
        async with kept.alone(asked):
            pass


async def test_keys_are_a_projects_own_and_are_forgotten(settings: Settings, tmp_path: Path, world: World) -> None:
    """Another project's key is another key; a refusal is not kept; after its time a key is new again, and gone."""
    async with guarded(
        msgspec.structs.replace(settings, idempotency_keep_s=60, app_port=free_port()), tmp_path
    ) as service:
        template = {"name": "clip", "edit": {"steps": [{"type": "trim", "start": 0, "end": 1}]}}
        keys = [await made(service, name, project=name) for name in ("ours", "theirs")]
        mine, yours = ({**bearer(key), **keyed("the same")} for key in keys)
        wrong = {**template, "edit": {"steps": [{"type": "nothing"}]}}
        problem(await service.client.post("/templates", json=wrong, headers=mine), 422, "invalid_input")
        first = await service.client.post("/templates", json=template, headers=mine)
        assert first.status_code == 201, first.text
        assert (first.status_code, first.json()["version"]) == (201, 1)
        other = await service.client.post("/templates", json=template, headers=yours)
        assert "idempotency-replayed" not in other.headers
        again(first, await service.client.post("/templates", json=template, headers=mine))
        await service.sql("UPDATE first_answers SET created_at = created_at - interval '61 s'")
        late = await service.client.post("/templates", json=template, headers=mine)
        assert (late.status_code, late.json()["version"]) == (201, 2)
        again(late, await service.client.post("/templates", json=template, headers=mine))
    await world.do(forget_old, 60)
    assert len(await service.sql("SELECT FROM first_answers")) == 1
    await world.do(forget_old, 0)
    assert await service.sql("SELECT FROM first_answers") == []
