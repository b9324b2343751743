"""Tokens and signed addresses on a running service: what each opens, and that it opens nothing else; how they end; that
nobody hears of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reelwright.access import tokens
from reelwright.access.key_lookup import MAX_AGE_S
from reelwright.api.http.event_stream import RECHECK_S
from reelwright.settings import Settings
from tests.acceptance.test_keys import bearer, guarded, made
from tests.acceptance.test_streaming import decoded_frames, streamed
from tests.support import footage
from tests.support.processes import PATIENCE_S
from tests.support.route_table import NOTHING, filled, operations, things
from tests.support.service import UNKNOWN, Service, http_client, problem

LATE_S = 3.0
"""What a busy machine may take beyond a promise."""
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
async def service(settings: Settings, tmp_path: Path) -> AsyncIterator[Service]:
    async with guarded(settings, tmp_path) as running:
        yield running


@asynccontextmanager
async def another(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A second API process on the same database; its client has no key."""
    folder = service.folder / "another"
    folder.mkdir()
    second = Service(service.settings, folder)
    async with second.running():
        yield second.client


async def token(service: Service, purpose: str, **wanted: Any) -> dict[str, Any]:
    answer = await service.client.post("/tokens", json={"purpose": purpose, **wanted})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def stranger(service: Service, **headers: str) -> httpx.AsyncClient:
    return http_client(service.url, headers=headers)


@pytest.mark.slow
async def test_a_token_opens_its_own_routes_and_nothing_else(service: Service, clip: Path) -> None:
    """Each purpose on every operation of the document: what is not for it is 403, by header and by address; what is,
    finds its one thing alone, and nothing of another project."""
    keys = {project: await made(service, project, project=project) for project in ("theirs", "ours")}
    reader = await made(service, "reader", project="ours", scopes=["read"])
    service.client.headers["Authorization"] = f"Bearer {keys['theirs']}"
    theirs = await things(service, clip)
    service.client.headers["Authorization"] = f"Bearer {keys['ours']}"
    real = await things(service, clip)
    subjects = {
        "upload": {},
        "read video": {"video_id": real["video"]},
        "read job": {"job_id": real["job"]},
        "play": {"variant_id": real["variant"]},
        "download video": {"video_id": real["video"]},
        "download variant": {"variant_id": real["variant"]},
    }
    made_ones = {name: await token(service, name.split()[0], **subject) for name, subject in subjects.items()}
    found: dict[str, set[str]] = {name: set() for name in subjects}
    table = await operations(service.client)
    async with stranger(service) as client:
        for one in table:
            if one.is_public:
                continue
            for name, token_made in made_ones.items():
                by_address = one.path.startswith("/signed/")
                headers = {} if by_address else bearer(token_made["token"])
                is_open = name.split()[0] in one.purposes
                for named in (real, theirs, NOTHING) if is_open else (real,):
                    address = filled(one._address, {**NOTHING, **named})
                    address = address.replace("/signed/nothing/", f"/signed/{token_made['token']}/")
                    answer = await client.request(one.method, address, headers={**TUS, **headers})
                    where = (name, one.name, answer.status_code, answer.text[:200])
                    assert answer.status_code < 500, where
                    if not is_open:
                        assert answer.status_code == (403 if one.scope or by_address else 401), where
                    elif one.in_path and named is not real:
                        assert answer.status_code == 404, where
                    elif answer.status_code == 200:
                        found[name].add(one.name)
    assert {name: {path for path in paths if path.startswith("GET")} for name, paths in found.items()} == {
        "upload": set(),
        "read video": {"GET /videos/{video_id}"},
        "read job": {"GET /status/{job_id}", "GET /jobs/{job_id}", "GET /jobs/{job_id}/events"},
        "play": {"GET /signed/{token}/variants/{variant_id}/files/{name}"},
        "download video": {"GET /signed/{token}/videos/{video_id}/download"},
        "download variant": {"GET /signed/{token}/variants/{variant_id}/download"},
    }
    refused = [
        ({"purpose": "play", "variant_id": theirs["variant"]}, 404, "not_found"),
        ({"purpose": "download", "video_id": theirs["video"]}, 404, "not_found"),
        ({"purpose": "read", "job_id": theirs["job"]}, 404, "not_found"),
        ({"purpose": "play", "video_id": real["video"]}, 422, "invalid_input"),
        ({"purpose": "read"}, 422, "invalid_input"),
        ({"purpose": "read", "video_id": real["video"], "job_id": real["job"]}, 422, "invalid_input"),
        ({"purpose": "upload", "expires_in_s": 10**6}, 422, "invalid_input"),
    ]
    for body, status, code in refused:
        problem(await service.client.post("/tokens", json=body), status, code)
    again = {"Idempotency-Key": "once"}
    answer = await service.client.post("/tokens", json={"purpose": "upload"}, headers=again)
    problem(answer, 422, "invalid_input")  # its answer would be stored
    async with stranger(service, **bearer(reader)) as client:
        problem(await client.post("/tokens", json={"purpose": "upload"}), 403, "forbidden")
        own = (await client.post("/tokens", json={"purpose": "read", "video_id": real["video"]})).json()
        problem(await client.delete(f"/tokens/{made_ones['play']['id']}"), 404, "not_found")
        assert (await client.delete(f"/tokens/{own['id']}")).json()["revoked_at"] is not None
        assert (await client.delete("/tokens", params={"of": real["video"]})).json() == {"revoked": 0}
    assert (await service.client.get("/tokens", params={"purpose": "play"})).json()["total"] == 1


async def test_a_token_that_was_used_hears_its_own_answer_again(service: Service, clip: Path) -> None:
    """Whoever did not hear what became of the file asks again, with the same Idempotency-Key; what another request was
    answered is not for the token, nor is a second file."""
    content = clip.read_bytes()
    checksum = {"Upload-Checksum": f"sha256 {hashlib.sha256(content).hexdigest()}"}
    async with stranger(service) as client:

        async def sent(who: httpx.AsyncClient, key: str, **headers: str) -> httpx.Response:
            again = {**checksum, "Idempotency-Key": key, **headers}
            return await who.post("/videos/upload", files={"file": content}, headers=again)

        once = await token(service, "upload", max_bytes=len(content))
        by_token = bearer(once["token"])
        first = await sent(client, "page-1", **by_token)
        assert first.status_code == 201, first.text
        again = await sent(client, "page-1", **by_token)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        assert again.json() == first.json()
        assert (await sent(service.client, "server-1")).status_code == 201
        for key in ("server-1", "page-2"):
            problem(await sent(client, key, **by_token), 401, "unauthorized")
        refused = await client.put(
            "/videos?filename=a.mp4", content=content, headers={**by_token, "Idempotency-Key": "x"}
        )
        problem(refused, 401, "unauthorized")
    assert (await service.client.get("/videos")).json()["total"] == 2


async def test_a_token_to_upload_takes_one_file_of_its_size(service: Service, clip: Path) -> None:
    """As a form, as it is, and by tus; of two that come at once with the same one, one wins, and the other leaves
    nothing."""
    content = clip.read_bytes()
    async with stranger(service) as client:
        small = await token(service, "upload", max_bytes=len(content) - 1)
        headers = bearer(small["token"])
        problem(await client.post(small["url"], files={"file": content}, headers=headers), 413, "too_large")
        problem(await client.put("/videos?filename=a.mp4", content=content, headers=headers), 413, "too_large")
        tus = {**TUS, "Upload-Length": str(len(content))}
        problem(await client.post("/uploads", headers={**tus, **headers}), 413, "too_large")
        deferred = {**TUS, "Upload-Defer-Length": "1"}
        problem(await client.post("/uploads", headers={**deferred, **headers}), 403, "forbidden")

        once = await token(service, "upload", max_bytes=len(content))
        headers = bearer(once["token"])
        both = await asyncio.gather(
            client.post(once["url"], files={"file": content}, headers=headers),
            client.put("/videos?filename=a.mp4", content=content, headers=headers),
        )
        assert sorted(answer.status_code for answer in both) == [201, 401]
        won = next(answer.json() for answer in both if answer.status_code == 201)
        problem(await client.post(once["url"], files={"file": content}, headers=headers), 401, "unauthorized")
        listed = (await service.client.get("/tokens", params={"of": won["id"]})).json()["items"]
        assert [(one["id"], one["video_id"]) for one in listed] == [(once["id"], won["id"])]

        resumed = await token(service, "upload", max_bytes=len(content))
        headers = {**TUS, **bearer(resumed["token"])}
        begun = await client.post("/uploads", headers={**headers, "Upload-Length": str(len(content))})
        assert begun.status_code == 201, begun.text
        place = begun.headers["location"]
        other = await service.client.post("/uploads", headers={**TUS, "Upload-Length": "5"})
        problem(await client.post("/uploads", headers={**headers, "Upload-Length": "5"}), 401, "unauthorized")
        assert (await client.head(other.headers["location"], headers=headers)).status_code == 404
        for at in (0, len(content) // 2):
            piece = content[at : len(content) // 2 if not at else None]
            kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(at)}
            answer = await client.patch(place, content=piece, headers={**headers, **kind})
            assert answer.status_code == 204, answer.text
        assert (await client.head(place, headers=headers)).headers["upload-offset"] == str(len(content))
        assert answer.headers["reelwright-video-id"]
    assert (await service.client.get("/videos")).json()["total"] == 2
    rows = await service.sql("SELECT state, count(*) FROM ops.tokens GROUP BY state ORDER BY state")
    assert [(row["state"], row["count"]) for row in rows] == [("good", 1), ("used", 2)]


@pytest.mark.slow
async def test_tokens_end_in_every_process(service: Service, clip: Path) -> None:
    """Within the seconds that are promised, by time, by revocation of one or of all of a thing, and with their key;
    event streams that are open end, too. No log, metric or row tells a token."""
    video = await service.upload(clip)
    job_id = await service.trim(video["id"], 0, 1)  # nobody makes it: its events go on
    admin = service.client.headers["Authorization"]
    key = (await service.client.post("/keys", json={"name": "shop", "scopes": ["read", "write"]})).json()
    service.client.headers["Authorization"] = f"Bearer {key['key']}"
    short = await token(service, "download", video_id=video["id"], expires_in_s=3)
    one = await token(service, "download", video_id=video["id"])
    assert await token(service, "download", video_id=video["id"]) == one  # caches find it again
    follows = await token(service, "read", job_id=job_id)
    reads = await token(service, "read", job_id=job_id)
    service.client.headers["Authorization"] = admin

    async with another(service) as elsewhere, stranger(service) as here:

        async def ends(address: str, told: str, **headers: str) -> None:
            async with asyncio.timeout(MAX_AGE_S + LATE_S):
                for client in (here, elsewhere):
                    while (answer := await client.get(address, headers=headers)).status_code == 200:
                        await asyncio.sleep(0.05)
                    assert told in str(problem(answer, 401, "unauthorized")["detail"])

        status = f"/status/{job_id}"
        for client in (here, elsewhere):
            for address in (short["url"], one["url"]):
                answer = await client.get(address)
                assert (answer.status_code, answer.content) == (200, clip.read_bytes()) or address == short["url"]
            assert (await client.get(status, headers=bearer(reads["token"]))).status_code == 200
        await ends(short["url"], "has expired")
        assert (await service.client.delete(f"/tokens/{one['id']}")).json()["revoked_at"]
        await ends(one["url"], "was revoked")
        assert (await token(service, "download", video_id=video["id"]))["url"] != one["url"]
        async with elsewhere.stream("GET", follows["url"]) as stream:
            assert stream.status_code == 200
            assert stream.headers["referrer-policy"] == "no-referrer"
            assert (await service.client.delete("/tokens", params={"of": job_id})).json() == {"revoked": 2}
            async with asyncio.timeout(MAX_AGE_S + RECHECK_S + LATE_S):
                async for _ in stream.aiter_lines():
                    pass
        await ends(status, "was revoked", **bearer(reads["token"]))

        service.client.headers["Authorization"] = f"Bearer {key['key']}"
        last = await token(service, "download", video_id=video["id"], expires_in_s=7200)
        service.client.headers["Authorization"] = admin
        for client in (here, elsewhere):
            assert (await client.head(last["url"])).status_code == 200
        await service.client.delete(f"/keys/{key['id']}")
        await ends(last["url"], "key that made the token")
        metrics = (await service.client.get("/metrics")).text
        assert 'reelwright_tokens_refused_total{reason="revoked"}' in metrics
    await service.sql("UPDATE tokens SET expires_at = expires_at - make_interval(secs => $1)", tokens.KEPT_S + 7300.0)
    rows = str(await service.sql("SELECT * FROM tokens"))
    written = rows + metrics + "".join(path.read_text() for path in service.folder.rglob("*.log"))
    for told in (short, one, follows, reads, last):
        for secret in (told["token"], told["token"][30:], base64.urlsafe_b64decode(told["token"][4:])[16:].hex()):
            assert secret not in written
    assert "/signed/_/videos/" in written
    async with service.worker(ORPHAN_GRACE_S="1"), asyncio.timeout(PATIENCE_S):
        while await service.sql("SELECT 1 FROM tokens"):
            await asyncio.sleep(0.1)


async def test_a_signed_address_is_the_same_answer_as_the_plain_one(service: Service, clip: Path) -> None:
    """Status, bytes and headers, of whole files, ranges, conditions and HEAD; but a cache may keep it as long as it is
    good, and pages do not tell where they were. A changed one opens nothing."""
    video = await service.upload(clip)
    signed = await token(service, "download", video_id=video["id"])
    etag = (await service.client.head(video["download_url"])).headers["etag"]
    asked: list[tuple[str, dict[str, str]]] = [
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"Range": "bytes=5-90"}),
        ("GET", {"Range": "bytes=99999999-"}),
        ("GET", {"If-None-Match": etag}),
        ("GET", {"If-Match": '"other"'}),
        ("GET", {"Range": "bytes=0-9", "If-Range": '"other"'}),
    ]
    differing = {"cache-control", "referrer-policy", "date", "x-request-id"}
    async with stranger(service) as client:
        for method, headers in asked:
            plain = await service.client.request(method, video["download_url"], headers=headers)
            answer = await client.request(method, signed["url"], headers=headers)
            assert answer.status_code == plain.status_code, headers
            if answer.is_success or answer.status_code == 304:
                assert answer.content == plain.content
                left, right = ({k: v for k, v in one.headers.items() if k not in differing} for one in (answer, plain))
                assert left == right, headers
                kind, _, age = answer.headers["cache-control"].partition(", max-age=")
                assert kind == "public"
                assert 2600 < int(age) <= 3600
                assert answer.headers["referrer-policy"] == "no-referrer"
        text = signed["token"]
        for place in range(len(text)):
            changed = text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :]
            answer = await client.get(signed["url"].replace(text, changed))
            assert text[40:] not in json.dumps(problem(answer, 401, "unauthorized"))
        gone = signed["url"].replace(video["id"], UNKNOWN)
        problem(await client.get(gone), 404, "not_found")


@pytest.mark.slow
async def test_a_signed_tree_is_played_whole(settings: Settings, tmp_path: Path) -> None:
    """By ffmpeg, by HLS and by DASH (players: test_players.py), with AUTH=keys; and all the same where nobody is asked
    for keys."""
    source = footage.make(audio=2, languages=("eng", "hin"), seconds=6)
    async with guarded(settings, tmp_path / "guarded") as service, service.worker():
        variant = await streamed(service, source.path)
        signed = await token(service, "play", variant_id=variant["id"])
        for address in (signed["hls_url"], signed["dash_url"]):
            assert await decoded_frames(service.url + address) == [150, 150]
    async with Service(settings, tmp_path / "guarded").running() as plain:
        open_one = await token(plain, "play", variant_id=variant["id"])
        async with stranger(plain) as client:
            for address in (signed["hls_url"], open_one["hls_url"], signed["url"]):
                assert (await client.get(address)).status_code == 200
            problem(await client.get(open_one["hls_url"].replace("rwt_", "rwt_A")), 401, "unauthorized")
            problem(await client.get("/videos", headers=bearer(open_one["token"])), 403, "forbidden")
    later = Service(msgspec.structs.replace(settings, auth="keys"), tmp_path / "guarded")
    async with later.running(), stranger(later) as client:
        problem(await client.get(open_one["hls_url"]), 401, "unauthorized")  # no key made it, and now one is needed


async def test_a_page_can_read_what_is_wrong(settings: Settings, tmp_path: Path) -> None:
    """Refusals of the application have the headers of CORS, too: without them a page's client would see a broken
    connection, and try again what cannot come right."""
    origin = {"Origin": "https://page.example", **TUS}
    of_page = msgspec.structs.replace(settings, cors_origins=(origin["Origin"],))
    async with guarded(of_page, tmp_path / "page") as service:
        key = {"Authorization": service.client.headers["Authorization"]}
        bytes_of_it = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        async with stranger(service) as client:
            for method, path, headers, status in (
                ("GET", "/videos", {}, 401),
                ("POST", "/uploads", bearer("rwt_x"), 401),
                ("HEAD", f"/uploads/{UNKNOWN}", key, 404),
                ("PATCH", f"/uploads/{UNKNOWN}", {**key, **bytes_of_it}, 404),
                ("POST", "/uploads", {**key, "Upload-Length": str(10**15)}, 413),
                ("POST", "/uploads", {**key, "Upload-Length": "x"}, 400),
            ):
                answer = await client.request(method, path, headers={**origin, **headers})
                assert answer.status_code == status, (method, path)
                assert answer.headers["access-control-allow-origin"] == origin["Origin"]
                assert "Upload-Offset" in answer.headers["access-control-expose-headers"]
