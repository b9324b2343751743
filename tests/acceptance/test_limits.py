"""Limits of keys and projects: each is held, also where many want the last place, of several API processes at once."""

from __future__ import annotations

import asyncio
import datetime
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reelwright.settings import Settings
from tests.acceptance.test_imports import file_server
from tests.acceptance.test_keys import bearer, command, guarded, made
from tests.support.processes import PATIENCE_S
from tests.support.remote import Remote
from tests.support.service import UNKNOWN, Service, http_client, problem


@pytest.fixture
async def service(settings: Settings, tmp_path: Path) -> AsyncIterator[Service]:
    async with guarded(msgspec.structs.replace(settings, reuse_results=False), tmp_path) as running:
        yield running


@asynccontextmanager
async def two_apis(service: Service, key: str) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Clients of the service and of a second API process beside it, with one key."""
    second = Service(service.settings, service.folder / "second")
    second.folder.mkdir()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(second.running())
        most = httpx.Limits(max_connections=200)
        yield [
            await stack.enter_async_context(http_client(url, headers=bearer(key), limits=most))
            for url in (service.url, second.url)
        ]


def padded(clip: Path, number: int) -> bytes:
    """The clip with other bytes each time: a box that players skip."""
    return clip.read_bytes() + b"\0\0\0\x10free" + number.to_bytes(8, "big")


async def upload(client: httpx.AsyncClient, content: bytes, path: str = "/videos/upload") -> httpx.Response:
    return await client.post(path, files={"file": ("clip.mp4", content)})


async def test_requests_by_the_minute(service: Service) -> None:
    """A minute's worth at once, then one each so many seconds; every answer says how it stands, and what is refused is
    told when to come back. The project's own limit counts all its keys together."""
    limits = {"requests_per_minute": 3}
    first, second = [await made(service, name, project="shop", limits=limits) for name in ("first", "second")]
    async with http_client(service.url) as client:
        for left in (2, 1, 0):
            answer = await client.get("/videos", headers=bearer(first))
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"key-requests";q=3;w=60'
            assert re.fullmatch(rf'"key-requests";r={left};t=\d+', answer.headers["ratelimit"])
        refused = await client.get("/videos", headers=bearer(first))
        assert "3 requests a minute" in str(problem(refused, 429, "rate_limited")["detail"])
        assert 18 <= int(refused.headers["retry-after"]) <= 20
        assert refused.headers["ratelimit"].startswith('"key-requests";r=0;t=')
        assert (await client.get("/videos", headers=bearer(second))).status_code == 200
        assert (await client.get("/health", headers=bearer(first))).status_code == 200  # which needs no key
        changed = await service.client.patch("/projects/shop", json={"limits": {"requests_per_minute": 1}})
        assert changed.json()["limits"]["requests_per_minute"] == 1
        answer = await client.get("/videos", headers=bearer(second))
        assert answer.headers["ratelimit-policy"] == '"project-requests";q=1;w=60, "key-requests";q=3;w=60'
        assert (
            "The project may send 1"
            in problem(await client.get("/videos", headers=bearer(second)), 429, "rate_limited")["detail"]
        )
    unlimited = await service.client.get("/videos")
    assert "ratelimit" not in unlimited.headers


async def test_of_a_hundred_who_want_the_last_job_one_gets_it(service: Service, clip: Path) -> None:
    """Of two API processes; when it has ended, the next one does. A retry is a new job, too."""
    key = await made(service, "shop", limits={"unfinished_jobs": 1})
    video = await service.upload(clip)
    cut = {"video_id": video["id"], "start": 0, "end": 1}
    async with two_apis(service, key) as clients:
        answers = await asyncio.gather(*(clients[number % 2].post("/trim", json=cut) for number in range(100)))
        assert Counter(answer.status_code for answer in answers) == {202: 1, 429: 99}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert "unfinished_jobs" in str(problem(refused, 429, "rate_limited")["detail"])
        assert int(refused.headers["retry-after"]) > 0
        job_id = next(answer for answer in answers if answer.status_code == 202).json()["job_id"]
        assert (await service.sql("SELECT count(*) AS jobs FROM jobs"))[0]["jobs"] == 1
        assert (await clients[1].post(f"/jobs/{job_id}/cancel")).status_code == 202
        assert (await clients[0].post("/trim", json=cut)).status_code == 202
        problem(await clients[1].post(f"/jobs/{job_id}/retry"), 429, "rate_limited")
        batch = {"steps": [{"type": "trim", "start": 0, "end": 1}], "items": [{"source": video["id"]}]}
        item = (await clients[0].post("/edits/batch", json=batch)).json()["items"][0]
        assert (item["status"], item["problem"]["code"]) == (429, "rate_limited")
        explained = await clients[0].post("/trim", json=cut, params={"validate_only": True})
        assert explained.status_code == 200  # what makes no job takes no place
        told = await service.sql("SELECT unfinished_jobs, limits FROM ops.keys WHERE name = 'shop'")
        assert (told[0]["unfinished_jobs"], told[0]["limits"]) == (1, '{"unfinished_jobs": 1}')


@pytest.mark.slow
async def test_new_jobs_by_the_minute(service: Service, clip: Path) -> None:
    """All API processes count together, and all keys of a project whose own limit is reached."""
    key = await made(service, "shop", limits={"jobs_per_minute": 5})
    video = await service.upload(clip)
    cut = {"video_id": video["id"], "start": 0, "end": 1}
    async with two_apis(service, key) as clients:
        answers = await asyncio.gather(*(clients[number % 2].post("/trim", json=cut) for number in range(20)))
        assert Counter(answer.status_code for answer in answers) == {202: 5, 429: 15}
        taken = sorted(answer.headers["ratelimit"] for answer in answers if answer.status_code == 202)
        assert [re.sub(";t=.*", "", told) for told in taken] == [f'"key-jobs";r={left}' for left in range(5)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        assert refused.headers["ratelimit-policy"] == '"key-jobs";q=5;w=60'
        row = (await service.client.get("/keys")).json()["items"][1]
        more = {"limits": {"jobs_per_minute": None}}
        assert (await service.client.patch(f"/keys/{row['id']}", json=more)).json()["limits"]["jobs_per_minute"] is None
        assert (await clients[0].post("/trim", json=cut)).status_code == 202
        await service.client.patch("/projects/default", json={"limits": {"jobs_per_minute": 1}})
        await service.trim(video["id"], 0, 1)
        assert "The project" in str(problem(await clients[0].post("/trim", json=cut), 429, "rate_limited")["detail"])


@pytest.mark.slow
async def test_uploads_at_once(service: Service, clip: Path) -> None:
    """While one is under way, no other is taken, of no API process; one whose process died holds its place no longer
    than a minute."""
    key = await made(service, "shop", limits={"concurrent_uploads": 1})
    form = b"Content-Length: 9999\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n"
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    async with two_apis(service, key) as clients:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.settings.app_port)
        head = f"POST /videos/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        writer.write(head.encode() + form + body)
        while not await service.sql("SELECT id FROM upload_places"):
            await asyncio.sleep(0.02)
        for client in clients:
            for path in ("/videos/upload", "/api/v1/upload", "/assets"):
                refused = await upload(client, clip.read_bytes(), path)
                assert "concurrent_uploads" in str(problem(refused, 429, "rate_limited")["detail"]), path
        writer.close()
        while await service.sql("SELECT id FROM upload_places"):
            await asyncio.sleep(0.02)
        assert (await upload(clients[1], clip.read_bytes())).status_code == 201
        row = (await service.sql("SELECT project_id, id FROM api_keys WHERE name = 'shop'"))[0]
        held = "INSERT INTO upload_places VALUES (gen_random_uuid(), $1, $2, now() + make_interval(secs => $3))"
        await service.sql(held, row["project_id"], row["id"], 60)  # as by a process that died
        problem(await upload(clients[1], clip.read_bytes()), 429, "rate_limited")
        await service.sql("UPDATE upload_places SET held_until = now() - interval '1 s'")
        assert (await upload(clients[1], clip.read_bytes())).status_code == 201
    assert reader is not None


@pytest.mark.slow
async def test_of_many_who_want_the_last_bytes_one_gets_them(service: Service, clip: Path) -> None:
    """What is stored already costs nothing; what is over is refused, and leaves nothing behind; jobs too. Who deletes
    has room again."""
    key = await made(service, "shop", project="shop")
    size = len(padded(clip, 0))
    limit = {"limits": {"stored_bytes": 2 * size - 1}}
    assert (await service.client.patch("/projects/shop", json=limit)).status_code == 200
    async with two_apis(service, key) as clients:
        answers = await asyncio.gather(*(upload(clients[number % 2], padded(clip, number)) for number in range(20)))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 507: 19}
        refused = next(answer for answer in answers if answer.status_code == 507)
        assert "stored_bytes" in str(problem(refused, 507, "quota_exceeded")["detail"])
        number = [answer.status_code for answer in answers].index(201)
        video = answers[number].json()
        again = await upload(clients[0], padded(clip, number))
        assert again.status_code == 201
        assert service.stored() == {video["stored_path"], again.json()["stored_path"]}
        assert (await service.client.get("/projects")).json()["items"][1]["stored_bytes"] == size
        cut = {"video_id": video["id"], "start": 0, "end": 1}
        assert (await clients[0].post("/trim", json=cut)).status_code == 202
        await service.client.patch("/projects/shop", json={"limits": {"stored_bytes": size}})
        problem(await clients[0].post("/trim", json=cut), 507, "quota_exceeded")
        problem(await upload(clients[0], padded(clip, 99)), 507, "quota_exceeded")
        job = (await clients[0].get("/jobs")).json()["items"][0]
        assert (await clients[0].post(f"/jobs/{job['job_id']}/cancel")).status_code == 202
        for one in (video, again.json()):
            assert (await clients[0].delete(f"/videos/{one['id']}")).status_code == 204
        assert (await upload(clients[0], padded(clip, 99))).status_code == 201


@pytest.mark.slow
async def test_limits_are_set_on_the_machine_and_by_admins_alone(service: Service) -> None:
    key, _ = await command(service, "create", "by hand", "--limit", "jobs_per_minute=2", "--limit", "unfinished_jobs=0")
    line = (await command(service, "list"))[0].splitlines()[1]
    assert line.endswith("jobs_per_minute=2  unfinished_jobs=0")
    told, _ = await command(service, "limit", line.split()[0], "--limit", "jobs_per_minute=default")
    assert told.endswith("by hand: unfinished_jobs=0")
    told, _ = await command(service, "limit-project", "default", "--limit", "stored_bytes=1000", "--queue-share", "3")
    assert told == "project default, with 0 bytes stored: stored_bytes=1000, share 3 of the queue"
    projects = (await service.client.get("/projects")).json()
    assert [(one["name"], one["limits"]["stored_bytes"]) for one in projects["items"]] == [("default", 1000)]
    assert [one["queue_share"] for one in projects["items"]] == [3]
    shared = await service.client.patch("/projects/default", json={"queue_share": 7})
    assert shared.status_code == 200, shared.text
    assert (shared.json()["queue_share"], shared.json()["limits"]["stored_bytes"]) == (7, 1000)
    assert (await service.client.get("/limits")).json()["queue_share"] == 7
    problem(await service.client.patch("/projects/default", json={"queue_share": 0}), 422, "invalid_input")
    wrong = {"name": "x", "limits": {"jobs_per_minute": -1}}
    refused = problem(await service.client.post("/keys", json=wrong), 422, "invalid_input")
    assert "/limits/jobs_per_minute" in str(refused["errors"])
    problem(await service.client.patch(f"/keys/{UNKNOWN}", json={}), 404, "not_found")
    problem(await service.client.patch("/projects/none", json={"limits": {}}), 404, "not_found")
    page = (await service.client.get("/keys")).json()
    changed = (await service.client.patch(f"/keys/{page['items'][1]['id']}", json={"name": "renamed"})).json()
    assert (changed["name"], changed["limits"]["unfinished_jobs"]) == ("renamed", 0)
    replaced = await service.client.post(f"/keys/{changed['id']}/rotate", json={})
    assert replaced.json()["limits"]["unfinished_jobs"] == 0
    assert key


async def test_the_settings_limit_whoever_has_no_limits_of_its_own(settings: Settings, tmp_path: Path) -> None:
    limited = msgspec.structs.replace(settings, key_requests_per_minute=2)
    service = Service(msgspec.structs.replace(limited, auth="keys"), tmp_path)
    async with service.running():
        key, _ = await command(service, "create", "usual")
        free, _ = await command(service, "create", "free", "--limit", "requests_per_minute=0")
        for given, wanted in ((key, [200, 200, 429]), (free, [200] * 3)):
            answers = [await service.client.get("/videos", headers=bearer(given)) for _ in range(3)]
            assert [answer.status_code for answer in answers] == wanted


def _beyond(most: int, name: str, source: str) -> tuple[str, str, dict[str, Any]]:
    """A request that is one over a built-in limit: method, path, what is sent."""
    layer = {"type": "text", "text": "x"}
    cut = {"type": "trim", "start": 0, "end": 1}
    edit: dict[str, dict[str, Any]] = {
        "steps": {"steps": [cut] * (most + 1)},
        "outputs": {"outputs": ["mp4"] * (most + 1)},
        "qualities": {"outputs": [{"qualities": ["240p"] * (most + 1)}]},
        "layers": {"steps": [{"type": "overlay", "layers": [layer] * (most + 1)}]},
        "edit_layers": {"steps": [{"type": "overlay", "layers": [layer] * (most // 6 + 1)}] * 6},
        "intervals": {"steps": [{"type": "keep", "intervals": [{"start": 0, "end": 1}] * (most + 1)}]},
        "clips": {"steps": [{"type": "concat", "after": [{"source": f"video:{UNKNOWN}"}] * (most + 1)}]},
        "thumbnails": {"outputs": [{"thumbnails": {"at": [1] * (most + 1)}}]},
        "text_characters": {"steps": [{"type": "overlay", "layers": [{**layer, "text": "x" * (most + 1)}]}]},
        "text_lines": {"steps": [{"type": "overlay", "layers": [{**layer, "text": "x\n" * most + "x"}]}]},
        "font_px": {"steps": [{"type": "overlay", "layers": [{**layer, "font_size": most + 1}]}]},
        "cues": {"steps": [{"type": "subtitles", "cues": [{"start": 0, "end": 1, "text": "x"}] * (most + 1)}]},
        "time_s": {"steps": [{**cut, "end": most + 1}]},
        "title_characters": {"title": "x" * (most + 1)},
        "tags": {"tags": [str(number) for number in range(most + 1)]},
        "tag_characters": {"tags": ["x" * (most + 1)]},
        "external_id_characters": {"external_id": "x" * (most + 1)},
        "metadata_bytes": {"metadata": {"x": "x" * most}},
        "priority": {"priority": most + 1},
        "ahead_s": {
            "run_at": (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=most + 60)).isoformat()
        },
        "metadata_values": {"metadata": {"x": [0] * (most + 1)}},
    }
    if name in edit:
        return "POST", "/edits", {"json": {"source": source, **edit[name]}}
    json = {"Content-Type": "application/json"}
    many = {"steps": [cut], "items": [{"source": UNKNOWN}] * (most + 1 if name == "batch_items" else 1)}
    elsewhere: dict[str, tuple[str, str, dict[str, Any]]] = {
        "body_bytes": (
            "POST",
            "/edits",
            {"content": b" " * (most + 1), "headers": json},
        ),
        "head_bytes": ("GET", "/videos", {"headers": {"X-Long": "x" * most}}),
        "page_size": ("GET", f"/videos?page_size={most + 1}", {}),
        "pages": ("GET", f"/videos?page={most + 1}", {}),
        "idempotency_key_characters": (
            "POST",
            "/edits",
            {"headers": {"Idempotency-Key": "x" * (most + 1)}, "json": {}},
        ),
        "form_text_bytes": ("POST", "/videos/upload", {"data": {"title": "x" * (most + 1)}, "files": {"file": b"x"}}),
        "batch_items": ("POST", "/edits/batch", {"json": many}),
        "pause_reason_characters": ("POST", f"/queues/light/pause?reason={'x' * (most + 1)}", {}),
        "queue_share": ("PATCH", "/projects/default", {"json": {"queue_share": most + 1}}),
    }
    return elsewhere[name]


UNTRIED = {
    *("sprite_tiles", "picture_side_px", "subtitles_bytes", "cue_characters", "cue_lines", "tracks", "track_cues"),
    *("metadata_depth", "template_bytes", "template_variables"),
}
"""Built-in limits that the tests of their own subjects go beyond."""


async def test_one_over_a_limit_is_answered_as_the_table_says(shared_service: Service, clip: Path) -> None:
    """`GET /limits` is true: each built-in limit, and what it is beyond those with a setting."""
    table = (await shared_service.client.get("/limits")).json()
    assert (table["key"], table["project"]) == (None, None)
    video = await shared_service.upload(clip)
    built_in = {row["name"]: row for row in table["service"] if row["setting"] is None}
    tried = 0
    for name in built_in.keys() - UNTRIED:
        row = built_in[name]
        method, path, sent = _beyond(int(row["value"]), name, video["id"])
        answer = await shared_service.client.request(method, path, **sent)
        assert answer.status_code == row["status"], (name, answer.text[:300])
        tried += 1
    assert tried > 20
    told = {row["setting"]: row["value"] for row in table["service"] if row["setting"]}
    assert told["UPLOAD_IDLE_TIMEOUT_S"] == 5
    misdirected = await shared_service.client.get("/videos", headers={"Host": "elsewhere.example"})
    problem(misdirected, 421, "misdirected")
    unsupported = await shared_service.client.post("/edits", content=b"x", headers={"Content-Type": "text/plain"})
    problem(unsupported, 415, "unsupported_media")


async def test_a_key_is_told_what_it_has_used(service: Service, clip: Path) -> None:
    limits = {"requests_per_minute": 60, "jobs_per_minute": 10, "concurrent_uploads": 2}
    key = await made(service, "shop", project="shop", limits=limits)
    async with http_client(service.url, headers=bearer(key)) as client:
        video = (await upload(client, clip.read_bytes())).json()
        assert (await client.post("/trim", json={"video_id": video["id"], "start": 0, "end": 1})).status_code == 202
        told = (await client.get("/limits")).json()
    size = clip.stat().st_size
    assert told["key"]["jobs_per_minute"] == {"limit": 10, "used": 1}
    assert told["key"]["concurrent_uploads"] == {"limit": 2, "used": 0}
    assert told["key"]["unfinished_jobs"] == {"limit": None, "used": 1}
    assert told["key"]["requests_per_minute"]["limit"] == 60
    assert 1 <= told["key"]["requests_per_minute"]["used"] <= 3
    assert told["project"]["stored_bytes"] == {"limit": None, "used": size}
    assert told["project"]["jobs_per_minute"] == {"limit": None, "used": None}


async def test_bytes_are_held_to_the_limit_when_they_are_stored(service: Service, clip: Path) -> None:
    """Not only when they are asked for: an import that others were faster than fails, and an upload that another
    process takes up after a kill is refused. Nothing of either stays."""
    size = clip.stat().st_size
    key = await made(service, "shop", limits={"stored_bytes": size + 1000})
    remote = Remote(file_server(padded(clip, 1)))
    async with http_client(service.url, headers=bearer(key)) as client:
        async with remote.running():
            job_id = (await client.post("/videos/import", json={"url": remote.url("/a.mp4")})).json()["job_id"]
            assert (await upload(client, clip.read_bytes())).status_code == 201
            async with service.worker():
                job = await service.until(job_id, "FAILURE")
        assert job["error"]["code"] == "quota_exceeded"
        assert f"of the {size + 1000} bytes that it may have (stored_bytes)" in job["error"]["detail"]
        (video,) = (await client.get("/videos")).json()["items"]
        async with asyncio.timeout(PATIENCE_S):
            while service.stored() != {video["stored_path"]}:
                await asyncio.sleep(0.05)

        assert (await client.delete(f"/videos/{video['id']}")).status_code == 204
        await service.api.end()
        service.api = await service.start_api(REELWRIGHT_FAULTS="upload stored, not inserted=kill")
        whole = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size)}
        place = (await client.post("/uploads", headers=whole)).headers["location"]
        sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        with pytest.raises(httpx.TransportError):
            await client.patch(place, headers=sent, content=clip.read_bytes())
        await service.sql("UPDATE api_keys SET limits = jsonb_build_object('stored_bytes', 1) WHERE name = 'shop'")
        service.api = await service.start_api()
        async with asyncio.timeout(PATIENCE_S):
            while (found := (await client.get(place)).json())["state"] == "whole":
                await asyncio.sleep(0.05)
        assert (found["state"], found["problem"]["status"], found["problem"]["code"]) == (
            "refused", 507, "quota_exceeded",
        )  # fmt: skip
        assert (await client.get("/videos")).json()["total"] == 0
