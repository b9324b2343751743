"""Every route is asked what its document allows, and what it does not, by schemathesis: with and without keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.npm import TOOLS, told
from tests.support.service import Service

EXAMPLES = 3
"""Requests that are thought of for each operation, beside those at the borders of its schema."""
THOUGHT_OF = "examples,fuzzing"
AT_THE_BORDERS = "examples,coverage,fuzzing"
"""Some 15,000 requests: all that lie at a border, and just beyond one."""
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


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("auth", "scopes", "phases"),
    [
        ("off", [], THOUGHT_OF),
        ("keys", ["read", "write", "admin"], AT_THE_BORDERS),
        ("keys", ["read"], THOUGHT_OF),
    ],
    ids=["nobody is asked", "a key for all", "a key that reads"],
)
async def test_no_answer_is_a_failure_or_unforeseen(
    settings: Settings, tmp_path: Path, auth: str, scopes: list[str], phases: str
) -> None:
    """No 5xx, and no status, type, header or body that the document does not tell of."""
    async with asked(settings, tmp_path, auth, scopes) as (service, key):
        options = [
            *("--phases", phases),
            *("--checks", ",".join(CHECKS)),
            *("--max-examples", str(EXAMPLES)),
            *("--exclude-path-regex", STREAMS),
            *("--seed", "13", "--generation-database", "none", "--no-shrink", "--no-color"),
            *("--continue-on-failure", "--warnings", "off", "--request-timeout", "60"),
            *(("-H", f"Authorization: Bearer {key}") if key else ()),
        ]
        await told(TOOLS / "schemathesis", "run", f"{service.url}/openapi.json", *options, cwd=tmp_path, within_s=800)
        async with httpx.AsyncClient(base_url=service.url, trust_env=False) as client:
            assert (await client.get("/health")).status_code == 200
        assert "Traceback" not in service.api.log.read_text()
