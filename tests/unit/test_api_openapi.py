"""The OpenAPI document is valid and says all that the types and routes hold; its pages need no internet."""

from __future__ import annotations

import datetime
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, get, post, route
from litestar.datastructures import ResponseHeader
from litestar.enums import HttpMethod
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct
from openapi_spec_validator import OpenAPIV31SpecValidator

from reelwright.api.http.event_stream import EventStream
from reelwright.api.http.file_response import FileDownload
from reelwright.api.http.json_body import StrictRequest
from reelwright.api.http.problems import EXCEPTION_HANDLERS
from reelwright.api.openapi import swagger_ui
from reelwright.api.openapi.document import docs_router, openapi_config, openapi_document
from reelwright.api.openapi.operations import operation
from reelwright.api.openapi.struct_schemas import StructSchemas
from reelwright.error_codes import ERROR_CODES
from reelwright.errors import Conflict, NotFound
from tests.support.in_process import client_of

T = TypeVar("T")


class Text(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """Words on the picture."""

    text: Annotated[str, Meta(min_length=1, description="What is written.")]
    end: Annotated[float, Meta(ge=0)] | None = None
    x: Annotated[float, Meta(ge=-1)] | str = 20


class Image(Struct, tag_field="type", tag="image", forbid_unknown_fields=True):
    image_path: str
    opacity: Annotated[float, Meta(ge=0, le=1)] = 1


class Edit(Struct, forbid_unknown_fields=True):
    """What to put on a video."""

    overlays: Annotated[list[Text | Image], Meta(min_length=1)]
    before: Edit | None = None


class Accepted(Struct):
    job_id: UUID
    warnings: list[str] = []


class Happened(Struct):
    """The data of an event."""

    at: Annotated[datetime.datetime, Meta(tz=True)]


class Page(Struct, Generic[T]):
    items: list[T]
    total: int


TEXT = {"overlays": [{"type": "text", "text": "Hello"}]}
ANSWER = Accepted(UUID(int=7))


@post(
    "/edits/{video_id:uuid}",
    status_code=202,
    summary="Edit a video",
    operation_class=operation(
        request_examples={"A caption": TEXT, "A logo": Edit([Image("logo.png")])},
        responses={202: ANSWER},
        errors=[NotFound("No such video."), Conflict("Being deleted.", code="in_use", job_ids=["1"])],
    ),
)
async def edit(video_id: FromPath[UUID], data: JSONBody[Edit]) -> Accepted:
    """Answers at once; the job does the rest."""
    return ANSWER


@post("/upload", operation_class=operation(upload="file", responses={201: ANSWER}), request_max_body_size=None)
async def upload(request: Request[Any, Any, Any]) -> Accepted:
    """Takes one file."""
    return ANSWER


@route(
    "/videos/{video_id:uuid}/download",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    operation_class=operation(download="video/*", errors=[NotFound("Gone.", code="file_missing")]),
)
async def download(video_id: FromPath[UUID]) -> FileDownload:
    """The file as it came."""
    raise NotFound("Gone.", code="file_missing")


@get("/jobs", operation_class=operation(responses={200: Page([ANSWER], 1)}))
async def jobs(page: Annotated[int, QueryParameter(ge=1)] = 1) -> Page[Accepted]:
    """All jobs."""
    return Page([ANSWER], 1)


@get("/jobs/events", operation_class=operation(event_stream=True))
async def events(since: FromQuery[int] = 0) -> EventStream:
    """What happens."""
    raise NotFound("Over.")


def make_app(root_path: str = "") -> Litestar:
    return Litestar(
        [edit, upload, download, jobs, events, docs_router(root_path)],
        plugins=[StructSchemas(Happened)],
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=StrictRequest,
        openapi_config=openapi_config(
            title="Edits <b>", version="1", description="All.", root_path=root_path, tags={"edits": "What to do."}
        ),
        logging_config=None,
    )


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document(make_app())


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_app()) as client:
        yield client


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    """OpenAPI 3.1, as the reference validator sees it."""
    OpenAPIV31SpecValidator(document).validate()


def test_structs_are_described_exactly(document: dict[str, Any]) -> None:
    """Constraints wherever they stand, docstrings, tags, unknown fields, self-reference."""
    schemas = document["components"]["schemas"]
    assert schemas["Text"] == {
        "title": "Text",
        "description": "Words on the picture.",
        "type": "object",
        "properties": {
            "type": {"type": "string", "const": "text"},
            "text": {"type": "string", "minLength": 1, "description": "What is written."},
            "end": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]},
            "x": {"anyOf": [{"type": "number", "minimum": -1}, {"type": "string"}], "description": "Omitted: `20`."},
        },
        "required": ["type", "text"],
        "additionalProperties": False,
    }
    assert schemas["Edit"]["properties"]["overlays"] == {
        "type": "array",
        "minItems": 1,
        "items": {
            "anyOf": [{"$ref": "#/components/schemas/Text"}, {"$ref": "#/components/schemas/Image"}],
            "discriminator": {
                "propertyName": "type",
                "mapping": {"text": "#/components/schemas/Text", "image": "#/components/schemas/Image"},
            },
        },
    }
    assert {"$ref": "#/components/schemas/Edit"} in schemas["Edit"]["properties"]["before"]["anyOf"]


def test_what_is_always_answered_is_never_optional(document: dict[str, Any]) -> None:
    """A default of ours is no reason to leave a field out of an answer; what may be missing is not required."""
    schemas = document["components"]["schemas"]
    assert schemas["Accepted"]["required"] == ["job_id", "warnings"]
    assert "default" not in schemas["Accepted"]["properties"]["warnings"]
    assert "errors" not in schemas["Problem"]["required"]


def test_a_route_shows_bodies_to_copy(document: dict[str, Any]) -> None:
    """Named request examples, a response example, and the docstring as description."""
    post = document["paths"]["/edits/{video_id}"]["post"]
    examples = post["requestBody"]["content"]["application/json"]["examples"]
    assert {example["summary"]: example["value"] for example in examples.values()} == {
        "A caption": TEXT,
        "A logo": {"overlays": [{"type": "image", "image_path": "logo.png", "opacity": 1}], "before": None},
    }
    (answer,) = post["responses"]["202"]["content"]["application/json"]["examples"].values()
    assert answer["value"] == msgspec.to_builtins(ANSWER)
    assert post["description"] == "Answers at once; the job does the rest."


def test_errors_are_documented_as_they_are_sent(document: dict[str, Any]) -> None:
    """What follows from the route is added by itself, its own problems come with examples, all as problem+json."""
    responses = document["paths"]["/edits/{video_id}"]["post"]["responses"]
    assert set(responses) == {"202", "400", "404", "409", "413", "415", "422", "default"}
    content = responses["409"]["content"]["application/problem+json"]
    assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert content["examples"]["in_use"]["value"]["job_ids"] == ["1"]
    assert set(document["paths"]["/jobs"]["get"]["responses"]) == {"200", "422", "default"}
    assert set(responses["404"]["content"]["application/problem+json"]["examples"]) == {"not_found"}
    assert "Retry-After" in document["components"]["responses"]["Problem503"]["headers"]
    assert "ValidationException" not in str(document)


def test_an_upload_is_a_form_with_one_file(document: dict[str, Any]) -> None:
    """The body that Litestar cannot see, because the route streams it."""
    operation = document["paths"]["/upload"]["post"]
    schema = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["required"] == ["file"]
    assert {"400", "408", "413", "415", "422", "507"} < set(operation["responses"])


def test_a_download_says_that_it_can_be_resumed(document: dict[str, Any]) -> None:
    """Whole, part, unchanged and refused, with the headers; for GET and HEAD."""
    path = document["paths"]["/videos/{video_id}/download"]
    for method in ("get", "head"):
        responses = path[method]["responses"]
        assert set(responses) == {"200", "206", "304", "404", "412", "416", "default"}
        assert list(responses["206"]["content"]) == ["application/octet-stream", "video/*"]
        assert "Content-Range" in responses["206"]["headers"]
        assert {"Range", "If-Range", "If-None-Match"} < {
            parameter["name"] for parameter in path[method]["parameters"] if parameter["in"] == "header"
        }
        assert set(responses["404"]["content"]["application/problem+json"]["examples"]) == {"not_found", "file_missing"}
    assert (path["get"]["operationId"], path["head"]["operationId"]) == ("download", "download_head")


def test_a_stream_of_events_says_how_it_is_resumed_and_ends(document: dict[str, Any]) -> None:
    """Its type, the header that resumes it, the status that ends it, and the data of its events."""
    events = document["paths"]["/jobs/events"]["get"]
    assert set(events["responses"]["200"]["content"]) == {"text/event-stream"}
    assert "204" in events["responses"]
    assert "Last-Event-ID" in {parameter["name"] for parameter in events["parameters"]}
    assert "Happened" in document["components"]["schemas"]


def test_an_example_of_an_answer_that_is_not_given_is_a_mistake() -> None:
    """A wrong status in `responses` fails when the document is made, not silently."""

    @get("/nothing", operation_class=operation(responses={299: {}}))
    async def nothing() -> None: ...

    with pytest.raises(ValueError, match="299"):
        _ = Litestar([nothing], plugins=[StructSchemas()], logging_config=None).openapi_schema


def test_headers_of_answers_come_in_one_order() -> None:
    """Litestar has them in sets: two processes would write two documents of the same API, with two ETags."""
    names = [f"X-{letter}" for letter in "hgfedcba"]

    headers = [ResponseHeader(name=name, documentation_only=True) for name in names]

    @get("/", operation_class=operation(responses={200: {}}), response_headers=headers)
    async def answered() -> dict[str, str]:
        return {}

    app = Litestar([answered], plugins=[StructSchemas()], logging_config=None)
    assert list(openapi_document(app)["paths"]["/"]["get"]["responses"]["200"]["headers"]) == sorted(names)


async def test_documented_problems_are_the_real_ones(client: httpx.AsyncClient) -> None:
    """A problem example has the members of the answer that is sent."""
    sent = (await client.get(f"/videos/{uuid4()}/download")).json()
    responses = openapi_document(make_app())["paths"]["/videos/{video_id}/download"]["get"]["responses"]
    shown = responses["404"]["content"]["application/problem+json"]["examples"]["file_missing"]["value"]
    assert {**shown, "instance": ""} == {**sent, "instance": ""}


async def test_the_documents_are_where_they_should_be(client: httpx.AsyncClient) -> None:
    """/openapi.json at the root, /redoc leads to /docs, and unknown files below it are not found."""
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["info"]["title"] == "Edits <b>"
    answer = await client.get("/redoc")
    assert (answer.is_redirect, answer.headers["location"]) == (True, "/docs")
    assert (await client.get("/docs/static/LICENSE")).status_code == 404
    assert (await client.get("/docs/static/..%2fdocs.py")).status_code == 404


@pytest.mark.parametrize("root_path", ["", "/video"])
async def test_the_page_is_served_from_here_alone(root_path: str) -> None:
    """Every file that /docs refers to is ours, below the proxy's prefix, and the page allows no other."""
    async with client_of(make_app(root_path)) as client:
        page = (await client.get("/docs")).text
        links = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert len(links) == 4
        for link in links:
            if link == "data:,":
                continue
            assert link.startswith(f"{root_path}/docs/static/")
            answer = await client.get(link.removeprefix(root_path))
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
        document = (await client.get("/openapi.json")).json()
    assert f'"url": "{root_path}/openapi.json"' in page
    assert "default-src 'none'" in page
    assert "Edits <b>" not in page
    assert document["servers"] == [{"url": root_path or "/"}]


async def test_every_problem_type_leads_to_its_meaning(client: httpx.AsyncClient) -> None:
    """The `type` of a problem is a place on a page of ours."""
    kind = (await client.get("/nowhere")).json()["type"]
    path, _, code = kind.partition("#")
    page = (await client.get(path)).text
    assert f'id="{code}"' in page
    assert all(f'id="{code}"' in page for code in ERROR_CODES)


def test_the_licence_of_the_shipped_files_is_shipped() -> None:
    """Apache-2.0 asks for LICENSE and NOTICE; VERSION says what it is."""
    folder = Path(swagger_ui.__file__).parents[1] / "static" / "swagger-ui"
    assert "Apache License" in (folder / "LICENSE").read_text()
    assert (folder / "NOTICE").read_text().strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", (folder / "VERSION").read_text().strip())
