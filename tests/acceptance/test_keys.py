"""Keys: how they are made, what they tell, whose things they see, how they end."""

from __future__ import annotations

import asyncio
import datetime
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.processes import PATIENCE_S
from tests.support.service import UNKNOWN, Service, http_client, problem

PAGE = Path(__file__).parents[2] / "docs" / "access.md"
SQL = re.compile(r"^```sql\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def command(service: Service, *argv: str) -> tuple[str, str]:
    """What `reelwright keys ...` writes to its two outputs."""
    ended = await service.command("keys", *argv)
    assert ended.status == 0, ended
    return ended.output.strip(), ended.errors


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@asynccontextmanager
async def guarded(settings: Settings, folder: Path) -> AsyncIterator[Service]:
    """A service that asks for keys; its client has the first one."""
    folder.mkdir(exist_ok=True)
    service = Service(msgspec.structs.replace(settings, auth="keys", reuse_results=True), folder)
    async with service.running():
        service.use_first_key()
        yield service


@pytest.fixture
async def service(settings: Settings, tmp_path: Path) -> AsyncIterator[Service]:
    async with guarded(settings, tmp_path) as running:
        yield running


async def made(service: Service, name: str, **more: Any) -> str:
    answer = await service.client.post("/keys", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    key: str = answer.json()["key"]
    return key


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "A key is needed"),
        (["Bearer"], "This is no key"),
        (["Bearer rw_nothing"], "This is no key"),
        (["Basic dXNlcjpwYXNz"], "has to be `Bearer`"),
        (["Bearer rw_" + "A" * 43 + "0c2b5986"], "is not known"),
        (["Bearer rw_" + "A" * 43 + "0c2b5986"] * 2, "one header Authorization"),
    ],
)
async def test_who_is_refused_is_told_why(service: Service, given: list[str], told: str) -> None:
    async with http_client(service.url) as client:
        headers = [("Authorization", value) for value in given]
        answer = await client.get("/videos", headers=headers)
        assert told in str(problem(answer, 401, "unauthorized")["detail"])
        body = await client.post("/videos/upload", headers=headers, files={"file": b"0" * 5_000_000})
        problem(body, 401, "unauthorized")


async def test_a_project_sees_nothing_of_another(service: Service, clip: Path) -> None:
    """Every id of one project is unknown to the other, on every route that takes one; its lists are empty, its edits
    are made anew, and what has its name is another thing."""
    ours, theirs = await made(service, "ours", project="ours"), await made(service, "theirs", project="theirs")
    service.client.headers["Authorization"] = f"Bearer {ours}"
    video = await service.upload(clip)
    template = {"name": "clip", "edit": {"steps": [{"type": "trim", "start": 0, "end": 1}]}}
    assert (await service.client.post("/templates", json=template)).json()["version"] == 1
    subtitles = {"file": ("words.srt", b"1\n00:00:00,000 --> 00:00:01,000\nwords\n")}
    asset = (await service.client.post("/assets", files=subtitles)).json()
    async with service.worker():
        job = await service.until(await service.trim(video["id"], 0.5, 1.5))
    assert job["status"] == "SUCCESS"
    variant = job["outputs"][0]["variant_id"]
    stored = (await service.client.get(f"/variants/{variant}")).json()
    assert (await service.client.get(stored["url"])).status_code == 200
    async with http_client(service.url, headers=bearer(theirs)) as stranger:
        for path in (
            video["url"],
            stored["url"],
            "/templates/clip",
            "/templates/clip/versions/1",
            f"/uploads/{variant}",
        ):
            problem(await stranger.get(path), 404, "not_found")
        for path in ("/videos", "/variants", "/jobs", "/assets", "/templates", f"/jobs?video_id={video['id']}"):
            page = (await stranger.get(path)).json()
            assert (page["items"], page["total"]) == ([], 0), path
        assert (await stranger.get("/api/v1/videos")).json()["total"] == 0
        for reference in (f"video:{video['id']}", f"variant:{variant}", video["stored_path"], f"asset:{asset['id']}"):
            own = (await stranger.post("/videos/upload", files={"file": ("a.mp4", clip.read_bytes())})).json()
            edit = {"source": own["id"], "steps": [{"type": "concat", "after": [{"source": reference}]}]}
            answer = await stranger.post("/edits", json=edit)
            assert answer.status_code in (404, 422), (reference, answer.text)
            assert answer.json()["errors"][0]["code"] == "asset_missing", answer.text
        again = await stranger.post("/trim", json={"video_id": own["id"], "start": 0.5, "end": 1.5})
        assert (await stranger.get(f"/jobs/{again.json()['job_id']}")).json()["status"] == "PENDING"  # not ours, reused
        assert (await stranger.post("/templates", json=template)).json()["version"] == 1
        async with stranger.stream("GET", f"/jobs/{again.json()['job_id']}/events") as stream:
            assert (stream.status_code, await anext(stream.aiter_lines())) == (200, "retry: 2000")
    same = await service.client.post("/trim", json={"video_id": video["id"], "start": 0.5, "end": 1.5})
    assert (await service.job(same.json()["job_id"]))["status"] == "SUCCESS"  # ours, reused
    rows = await service.sql(
        "SELECT DISTINCT p.name, count(*) FROM files f JOIN projects p ON p.id = f.project_id GROUP BY 1 ORDER BY 1"
    )
    assert [row["name"] for row in rows] == ["ours", "theirs"]
    projects, keys, tokens = [await service.sql(query) for query in SQL.findall(PAGE.read_text())]
    assert tokens == []
    told = {row["project"]: (row["good_keys"], row["videos"], row["unfinished_jobs"]) for row in projects}
    assert told == {"default": (1, 0, 0), "ours": (1, 1, 0), "theirs": (1, 4, 1)}
    assert {(row["project"], row["name"], row["state"]) for row in keys} == {
        ("default", "first key", "good"),
        ("ours", "ours", "good"),
        ("theirs", "theirs", "good"),
    }
    assert (await service.client.delete(f"/videos/{video['id']}")).status_code == 204


async def test_a_key_ends_when_it_is_revoked_replaced_or_over(service: Service) -> None:
    """Its row stays, and says so. The key itself is nowhere: not in the database, not in a log."""
    plain = {"name": "shop", "project": "shop"}
    soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).isoformat()
    key = (await service.client.post("/keys", json={**plain, "expires_at": soon})).json()
    async with http_client(service.url) as client:
        assert (await client.get("/videos", headers=bearer(key["key"]))).status_code == 200
        replaced = await service.client.post(f"/keys/{key['id']}/rotate", json={"overlap_s": 0})
        newer = replaced.json()
        assert (newer["name"], newer["project"], newer["scopes"]) == ("shop", "shop", ["read", "write"])
        assert (await client.get("/videos", headers=bearer(newer["key"]))).status_code == 200
        revoked = (await service.client.delete(f"/keys/{newer['id']}")).json()
        assert revoked["revoked_at"] is not None
        for ended in (key, newer):
            problem(await client.get("/videos", headers=bearer(ended["key"])), 401, "unauthorized")
            refusal = await service.client.post(f"/keys/{ended['id']}/rotate", json={})
            problem(refusal, 409, "conflict")
    problem(await service.client.delete(f"/keys/{UNKNOWN}"), 404, "not_found")
    wrong = {"name": "", "project": "Shop!", "scopes": ["all"]}
    problem(await service.client.post("/keys", json=wrong), 422, "invalid_input")
    problem(
        await service.client.post("/keys", json={**plain, "expires_at": "2020-01-01T00:00:00Z"}), 422, "invalid_input"
    )
    page = (await service.client.get("/keys?project=shop")).json()
    assert [one["id"] for one in page["items"]] == [key["id"], newer["id"]]
    await service.api.end()
    used = await service.sql("SELECT name, last_used_at IS NOT NULL AS used FROM api_keys ORDER BY created_at")
    assert all(row["used"] for row in used)
    written = str([await service.sql(f"SELECT * FROM {table}") for table in ("api_keys", "jobs")]) + service.logs()
    assert key["key"][13:] not in written
    assert newer["key"][13:] not in written


@pytest.mark.slow
async def test_keys_are_made_on_the_machine(service: Service) -> None:
    """Made, listed, limited, replaced and revoked, while the service runs."""
    key, about = await command(service, "create", "by hand", "--project", "shop", "--scope", "read", "--days", "7")
    assert "of project shop: read, until " in about
    async with http_client(service.url) as client:
        assert (await client.get("/videos", headers=bearer(key))).status_code == 200
        problem(await client.post("/trim", headers=bearer(key), json={}), 403, "forbidden")
        line = (await command(service, "list", "--project", "shop"))[0]
        key_id = line.split()[0]
        assert key[:10] in line
        assert key not in line
        limited, _ = await command(service, "limit", key_id, "--limit", "requests_per_minute=600")
        assert limited.endswith("of shop, by hand: requests_per_minute=600")
        newer, _ = await command(service, "rotate", key_id, "--overlap-hours", "0")
        assert (await client.get("/videos", headers=bearer(newer))).status_code == 200
        older, newest = (await command(service, "list", "--project", "shop"))[0].splitlines()
        assert "expired" in older
        assert newest.endswith("by hand  requests_per_minute=600")
        assert "revoked: " in (await command(service, "revoke", newest.split()[0]))[0]
        async with asyncio.timeout(PATIENCE_S):
            while (await client.get("/videos", headers=bearer(newer))).status_code != 401:
                await asyncio.sleep(0.1)
        assert "  revoked  " in (await command(service, "list"))[0]
    shop, _ = await command(service, "limit-project", "shop", "--limit", "unfinished_jobs=3", "--queue-share", "2")
    assert shop == "project shop, with 0 bytes stored: unfinished_jobs=3, share 2 of the queue"
    ended = await service.command("keys", "revoke", UNKNOWN)
    assert (ended.status, ended.errors) == (1, "Error: no such key\n")


async def test_the_examples_of_the_document_work_and_pages_of_named_origins_may_send_keys(
    settings: Settings, tmp_path: Path
) -> None:
    async with guarded(msgspec.structs.replace(settings, cors_origins=("https://app.example",)), tmp_path) as service:
        content = (await service.client.get("/openapi.json")).json()["paths"]["/keys"]["post"]["requestBody"]["content"]
        for example in content["application/json"]["examples"].values():
            assert (await service.client.post("/keys", json=example["value"])).status_code == 201
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        asked |= {"Access-Control-Request-Headers": "authorization"}
        async with http_client(service.url) as page:
            answer = await page.options("/trim", headers=asked)
        assert answer.status_code == 204
        assert "authorization" in answer.headers["access-control-allow-headers"].lower()


@pytest.mark.slow
async def test_where_no_key_is_needed_none_can_be_made_from_afar(
    settings: Settings, tmp_path: Path, clip: Path
) -> None:
    """And what was made before belongs to the project `default`, whose keys see it later."""
    service = Service(settings, tmp_path)
    async with service.running():
        problem(await service.client.post("/keys", json={"name": "later"}), 403, "forbidden")
        assert (await service.client.get("/openapi.json")).json()["security"] == [{}, {"key": []}]
        video = await service.upload(clip)
    async with guarded(settings, tmp_path / "guarded") as later:
        assert (await later.client.get(f"/videos/{video['id']}")).status_code == 200
