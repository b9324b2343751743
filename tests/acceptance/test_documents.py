"""The service about itself: health, readiness, OpenAPI, docs; and the examples in the document are true."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from reelwright.release import RELEASE
from reelwright.settings import Settings
from tests.support.service import UNKNOWN, Service, problem


async def test_index_health_and_readiness(shared_service: Service) -> None:
    """What the plan promises, and every part by trying it."""
    client = shared_service.client
    index = (await client.get("/")).json()
    assert (index["name"], index["version"], index["docs"]) == ("reelwright", RELEASE, "/docs")
    assert (await client.get("/health")).json() == {"status": "healthy"}
    for path in ("/", "/health", "/ready"):
        head = await client.head(path)
        assert (head.status_code, head.content) == (200, b"")
    ready = await client.get("/ready")
    assert ready.status_code == 200, ready.text
    assert [check["name"] for check in ready.json()["checks"]] == [
        "database", "queue", "storage", "ffmpeg", "containment"
    ]  # fmt: skip


async def test_readiness_names_a_database_that_is_away_or_old(service: Service) -> None:
    """503 with the reason, and no traceback."""
    await service.sql("UPDATE alembic_version SET version_num = '0001'")
    ready = await service.client.get("/ready")
    assert ready.status_code == 503
    (failed,) = [check for check in ready.json()["checks"] if not check["ok"]]
    assert failed["name"] == "database"
    assert "reelwright migrate" in failed["detail"]


@pytest.fixture
async def document(shared_service: Service) -> dict[str, Any]:
    found: dict[str, Any] = (await shared_service.client.get("/openapi.json")).json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "patch", "delete")
    ]


def test_the_document_is_valid_and_complete(document: dict[str, Any]) -> None:
    """OpenAPI 3.1; each route has tag, summary, description and described refusals."""
    validate(document)
    assert document["openapi"].startswith("3.1")
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["tags"], where
        assert operation["summary"], where
        assert operation["description"], where
        assert all(parameter.get("description") for parameter in operation.get("parameters", [])), where
        if method == "get" and path not in (
            "/",
            "/health",
            "/ready",
            "/fonts",
            "/profiles",
            "/presets",
            "/cut-modes",
            "/limits",
            "/queues",
            "/webhooks/signing-secret",
        ):
            refusals = {status for status in operation["responses"] if status.startswith("4")}
            assert refusals, where


def test_the_document_gives_clients_names_to_read(document: dict[str, Any]) -> None:
    """Components and operations are called as their parts are: that is what generators make classes and methods of."""
    names = list(document["components"]["schemas"]) + [
        operation["operationId"] for _, _, operation in operations(document)
    ]
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9]+(_[a-z0-9]+)*", name)] == []
    assert {"VideoPage", "JobPage", "StateEvent", "ProgressEvent", "videos_get_video", "v1_trim_video"} <= set(names)


async def test_v1_answers_400_as_it_is_told(shared_service: Service, document: dict[str, Any]) -> None:
    """The codes that routes of /api/v1 send with 400 are those that /docs/errors marks."""
    told = {
        code
        for path, _, operation in operations(document)
        if path.startswith("/api/v1/")
        for content in operation["responses"].get("400", {}).get("content", {}).values()
        for code in content["examples"]
    }
    page = (await shared_service.client.get("/docs/errors")).text
    assert set(re.findall(r'id="(\w+)"><td>\d+ \(400\)', page)) == told - {"malformed"}


async def test_the_request_examples_work(shared_service: Service, document: dict[str, Any], clip: Path) -> None:
    """Each is accepted as it stands, with the ids of a video and of a variant that exist."""
    video = await shared_service.upload(clip)
    job = await shared_service.until(await shared_service.trim(video["id"], 0, 0.2), "SUCCESS")
    webhook = (await shared_service.client.post("/webhooks", json={"url": "http://nobody.invalid/hook"})).json()["id"]
    ids = {"video_id": video["id"], "video_or_variant_id": video["id"], "variant_id": job["output_variant_id"]}
    subtitles = {"file": ("words.srt", b"1\n00:00:00,000 --> 00:00:01,000\nwords\n")}
    asset = (await shared_service.client.post("/assets", files=subtitles)).json()["id"]
    ids |= {"key_id": UNKNOWN, "project": "default", "webhook_id": webhook, "asset_id": asset}
    sent = 0
    await shared_service.sql("SELECT ops.pause('render')")  # what is accepted need not be made
    try:
        for path, method, operation in operations(document):
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for example in content.get("examples", {}).values():
                    body = copy.deepcopy(example["value"])
                    body |= {name: video["id"] for name in ("video_id", "source") if name in body}
                    body |= {name: ids[name] for name in ("variant_id",) if name in body}
                    address = path.format(**ids)
                    answer = await shared_service.client.request(method, address, json=body)
                    if path.startswith("/keys") or "limits" in body:  # there are none here; test_keys.py has some
                        problem(answer, 403, "forbidden")
                        continue
                    assert answer.is_success, (path, answer.text)
                    sent += 1
    finally:
        await shared_service.sql("SELECT cancel_job(id) FROM jobs WHERE status = 'PENDING'")
        await shared_service.sql("SELECT ops.resume('render')")
        await shared_service.sql("UPDATE projects SET keep = '{}'")
    assert sent >= 3


def test_the_answer_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    """Every example of a 2xx answer is valid against the schema beside it."""
    from jsonschema import Draft202012Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    registry = Registry().with_resource("urn:api", DRAFT202012.create_resource(document))
    seen = 0
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                text = json.dumps(content.get("schema", {})).replace('"#/', '"urn:api#/')
                validator = Draft202012Validator(json.loads(text), registry=registry)
                for example in content.get("examples", {}).values():
                    errors = [error.message for error in validator.iter_errors(example["value"])]
                    assert errors == [], (path, method, status)
                    seen += 1
    assert seen >= 20


async def test_the_docs_need_no_internet(shared_service: Service) -> None:
    """The page and all that it names come from the service itself."""
    client = shared_service.client
    page = (await client.get("/docs")).text
    assert re.findall(r"(?:src|href)=\"(https?:)?//", page) == []
    scripts = re.findall(r"(?:src|href)=\"(/[^\"]+)\"", page)
    assert scripts
    for script in scripts:
        assert (await client.get(script)).status_code == 200, script
    redoc = await client.get("/redoc")
    assert (redoc.status_code, redoc.headers["location"]) == (302, "/docs")


@pytest.mark.api(CORS_ORIGINS="https://app.example")
async def test_cors_is_off_unless_set(shared_service: Service, service: Service, clip: Path) -> None:
    """No origin is allowed by default; those that are named are, exactly, may read the headers they need, and may show
    the videos in their pages."""
    origin = {"origin": "https://app.example"}
    assert "access-control-allow-origin" not in (await shared_service.client.get("/health", headers=origin)).headers
    alone = await shared_service.client.get(f"/videos/{(await shared_service.upload(clip))['id']}/download")
    assert alone.headers["cross-origin-resource-policy"] == "same-origin"
    answer = await service.client.get("/health", headers=origin)
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    exposed = set(answer.headers["access-control-expose-headers"].lower().split(", "))
    assert exposed >= {"location", "etag", "content-range", "content-disposition", "accept-ranges", "retry-after"}
    video = await service.upload(clip)
    shown = await service.client.get(f"/videos/{video['id']}/download", headers={**origin, "range": "bytes=0-9"})
    assert (shown.status_code, shown.headers["cross-origin-resource-policy"]) == (206, "cross-origin")
    assert shown.headers["access-control-allow-origin"] == "https://app.example"
    refused = await service.client.get(f"/videos/{UNKNOWN}", headers=origin)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (404, "https://app.example")
    other = await service.client.get("/health", headers={"origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.api(API_ROOT_PATH="/video")
async def test_a_prefix_of_a_proxy_is_honoured(service: Service, clip: Path) -> None:
    """Links, locations and problems carry API_ROOT_PATH."""
    assert (await service.client.get("/")).json()["docs"] == "/video/docs"
    assert "/video/docs" in (await service.client.get("/docs")).text
    uploaded = await service.upload(clip)
    assert uploaded["url"] == f"/video/{uploaded['stored_path']}"
    answer = await service.client.post("/trim", json={"video_id": uploaded["id"], "start": 0, "end": 1})
    assert answer.headers["location"].startswith("/video/jobs/")
    assert (await service.client.get("/videos/x")).json()["instance"] == "/video/videos/x"


@pytest.mark.slow
async def test_the_command_writes_the_document(settings: Settings, tmp_path: Path, document: dict[str, Any]) -> None:
    """`reelwright openapi` needs no database and writes what /openapi.json answers."""
    settings = msgspec.structs.replace(settings, database_url="postgresql://nobody@127.0.0.1:1/nothing")
    ended = await Service(settings, tmp_path).command("openapi", "--output", "o.json")
    assert ended.status == 0, ended
    assert json.loads((tmp_path / "o.json").read_text()) == document
