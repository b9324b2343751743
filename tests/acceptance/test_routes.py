"""What holds for every route, by asking each."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from tests.support.service import UNKNOWN, Service, problem


async def addresses(service: Service) -> dict[str, set[str]]:
    """Every address of the OpenAPI document, with ids and numbers that nothing has, and the methods that it takes."""
    document = (await service.client.get("/openapi.json")).json()
    return {
        re.sub(r"\{[^}]*\}", UNKNOWN, path.replace("{version}", "1")): {method.upper() for method in methods}
        - {"PARAMETERS"}
        for path, methods in document["paths"].items()
    }


async def test_every_route_names_all_its_methods(shared_service: Service) -> None:
    """In the `Allow` of OPTIONS, and of 405."""
    for address, methods in (await addresses(shared_service)).items():
        told = await shared_service.client.options(address)
        assert told.status_code == 204, address
        assert set(told.headers["allow"].split(", ")) == {*methods, "OPTIONS"}, address
        refused = await shared_service.client.request("PROPFIND", address)
        problem(refused, 405, "method_not_allowed")
        assert set(refused.headers["allow"].split(", ")) == {*methods, "OPTIONS"}, address


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/health",
        "/jobs",
        "/nothing",
        "/docs",
        "/docs/errors",
        "/openapi.json",
        "/metrics",
        "/docs/static/swagger-ui.css",
    ],
)
async def test_no_answer_is_to_be_guessed_at(shared_service: Service, path: str) -> None:
    """`nosniff`, once."""
    answer = await shared_service.client.get(path)
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("path", ["/docs", "/docs/errors"])
async def test_pages_are_framed_by_nobody(shared_service: Service, path: str) -> None:
    """Old browsers and new ones."""
    answer = await shared_service.client.get(path)
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    "query", ["status=null", "type=null", "video_id=NULL", "page=null", "page_size=20&status=null"]
)
async def test_null_in_a_query_is_not_the_same_as_nothing(shared_service: Service, query: str) -> None:
    """422 that names the parameter."""
    document = problem(await shared_service.client.get(f"/jobs?{query}"), 422, "invalid_input")
    name = re.split(r"[=&]", query)[-2]
    assert f"?{name}" in str(document["errors"])


async def test_uploads_and_results_are_for_the_group_at_most(shared_service: Service, clip: Path) -> None:
    """0640, whatever the umask of those who made them."""
    video = await shared_service.upload(clip)
    job = await shared_service.until(await shared_service.trim(video["id"], 0, 0.2))
    variant = (await shared_service.client.get(f"/variants/{job['output_variant_id']}")).json()
    for path in (video["stored_path"], variant["stored_path"]):
        assert stat.filemode((shared_service.settings.media_path / path).stat().st_mode) == "-rw-r-----"
