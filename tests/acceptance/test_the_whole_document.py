"""Every route is asked what its document allows, and what it does not, by schemathesis: with and without keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reelwright.api.routes.events import MAX_WAIT_S
from reelwright.settings import Settings
from tests.support.npm import TOOLS, told
from tests.support.service import Service

AT_THE_BORDERS = ("--phases", "examples,coverage,fuzzing", "--max-examples", "3")
"""Some 8,500 requests: the document's examples, all that lie at a border and just beyond one, some thought of."""
ONE_OF_EACH = ("--phases", "fuzzing", "--max-examples", "1")
"""One request of each operation, which goes the way of that key."""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
STREAMS = r"(\}/events|/events/stream)$"
"""They do not end."""


@asynccontextmanager
async def asked(settings: Settings, folder: Path, auth: str, scopes: list[str]) -> AsyncIterator[tuple[Service, str]]:
    """A service, and the key to ask it with."""
    service = Service(msgspec.structs.replace(settings, auth=auth, cors_origins=("https://page.example",)), folder)
    async with service.running():
        if auth == "off":
            yield service, ""
            return
        first = re.search(r"rw_\S{51}", service.api.log.read_text())
        assert first is not None
        headers = {"Authorization": f"Bearer {first[0]}"}
        made = await service.client.post("/keys", json={"name": "asks", "scopes": scopes}, headers=headers)
        yield service, made.json()["key"]


def told_once(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what other bodies take as POST /edits does: what lies at the borders of that is asked there,
    and is read in the same way everywhere. They keep one kind of step and of layer, without which they say nothing."""
    fields = {name: schema.get("properties", {}) for name, schema in document["components"]["schemas"].items()}
    for body, field, taken in (
        ("BatchIn", "steps", fields["EditsIn"]["steps"]),
        ("LookIn", "steps", fields["EditsIn"]["steps"]),
        ("OverlaysIn", "overlays", fields["OverlayStep"]["layers"]),
    ):
        kinds = fields[body][field]["items"]["anyOf"]
        assert all(kind in taken["items"]["anyOf"] for kind in kinds), body
        fields[body][field] = {"type": "array", "items": kinds[0]}
    for body in ("BatchIn", "ImportIn", "OverlaysIn", "PlacedWatermarkIn", "TranscodeIn", "TrimIn"):
        same = [name for name, schema in fields[body].items() if fields["EditsIn"].get(name) == schema]
        assert "priority" in same, body
        for name in same:
            del fields[body][name]
    return document


def soon_answered(document: dict[str, Any]) -> dict[str, Any]:
    """The document where nothing waits for as long as it may, up to a minute at the border."""
    (wait,) = (one for one in document["paths"]["/events"]["get"]["parameters"] if one["name"] == "wait")
    assert wait["schema"]["maximum"] == MAX_WAIT_S
    wait["schema"]["maximum"] = 0.2
    return document


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("auth", "scopes", "requests"),
    [
        ("off", [], AT_THE_BORDERS),  # a key would be among the keys that are asked to end, and all after it be 401
        ("keys", ["read", "write", "admin"], ONE_OF_EACH),
        ("keys", ["read"], ONE_OF_EACH),
    ],
    ids=["nobody is asked", "a key for all", "a key that reads"],
)
async def test_no_answer_is_a_failure_or_unforeseen(
    settings: Settings, tmp_path: Path, auth: str, scopes: list[str], requests: tuple[str, ...]
) -> None:
    """No 5xx, and no status, type, header or body that the document does not tell of."""
    async with asked(settings, tmp_path, auth, scopes) as (service, key):
        options = [
            *("--url", service.url),
            *requests,
            *("--checks", ",".join(CHECKS)),
            *("--exclude-path-regex", STREAMS),
            *("--seed", "13", "--generation-database", "none", "--no-shrink", "--no-color"),
            *("--continue-on-failure", "--warnings", "off", "--request-timeout", "60"),
            *(("-H", f"Authorization: Bearer {key}") if key else ()),
        ]
        document = tmp_path / "openapi.json"
        told_of = (await service.client.get("/openapi.json")).json()
        document.write_bytes(msgspec.json.encode(soon_answered(told_once(told_of))))
        await told(TOOLS / "schemathesis", "run", document, *options, cwd=tmp_path, within_s=800)
        asker = {"Authorization": f"Bearer {key}"} if key else {}
        assert (await service.client.get("/videos", headers=asker)).status_code == 200  # else the last were 401 alone
        assert "Traceback" not in service.api.log.read_text()
