"""JSON bodies are read strictly, and a refusal names every bad field."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from reelwright.api.http.json_body import MAX_BODY_BYTES, MAX_FIELD_ERRORS, StrictRequest, read_json
from reelwright.api.http.problems import EXCEPTION_HANDLERS
from reelwright.api.schemas.transcode import TranscodeIn
from reelwright.errors import InvalidInput, Malformed
from tests.support.in_process import client_of

Time = Annotated[float, Meta(ge=0)] | str


class Anchored(Struct, forbid_unknown_fields=True):
    anchor: Literal["top-left", "bottom-right"]
    margin: Annotated[int, Meta(ge=0)] = 20


class Overlay(Struct, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    start: Time = 0
    end: Time | None = None
    x: float | str | Anchored = 20


class Text(Overlay, tag="text"):
    text: Annotated[str, Meta(min_length=1)]
    font_size: Annotated[int, Meta(gt=0)] = 32


class Image(Overlay, tag="image"):
    image_path: str
    opacity: Annotated[float, Meta(ge=0, le=1)] = 1

    def __post_init__(self) -> None:
        if self.opacity == 0:
            raise ValueError("an invisible picture is no overlay")


class Edit(Struct, forbid_unknown_fields=True):
    overlays: Annotated[list[Text | Image], Meta(min_length=1, max_length=3)]
    labels: dict[str, int] = {}
    qualities: list[str] | None = None
    watermark: Image | None = None
    name: str = "edit"


def errors_of(body: bytes, hint: Any = Edit) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        read_json(body, hint)
    return {error.pointer: error.detail for error in refused.value.errors}


def test_a_right_body_becomes_the_type() -> None:
    """Tagged unions, defaults and nested types arrive as the handler declares them."""
    edit = read_json(b'{"overlays":[{"type":"text","text":"hi","x":{"anchor":"top-left"}}]}', Edit)
    assert edit == Edit(overlays=[Text(text="hi", x=Anchored("top-left"))])


def test_every_bad_field_is_named() -> None:
    """One answer lists all that is wrong, wherever it is, each with its own reason."""
    body = b"""{
        "overlays": [
            {"type": "text", "text": "", "font_size": "32", "colour": "red"},
            {"type": "image", "opacity": 1.5, "end": -1, "x": {"anchor": "middle", "margin": -2}},
            {"type": "gif"},
            {"type": "image", "image_path": "a.png", "opacity": 0}
        ],
        "labels": {"a/b": "1", "ok": 2},
        "qualities": ["1080p", 720],
        "watermark": [],
        "nmae": "x"
    }"""
    assert errors_of(body) == {
        "/overlays": "Expected `array` of length <= 3",
        "/overlays/0/text": "Expected `str` of length >= 1",
        "/overlays/0/font_size": "Expected `int`, got `str`",
        "/overlays/0/colour": "unknown field; there is type, text, font_size, start, end, x",
        "/overlays/1/image_path": "is required",
        "/overlays/1/opacity": "Expected `float` <= 1.0",
        "/overlays/1/end": "Expected `float` >= 0.0",
        "/overlays/1/x/anchor": "must be one of: top-left, bottom-right",
        "/overlays/1/x/margin": "Expected `int` >= 0",
        "/overlays/2/type": "must be one of: text, image",
        "/overlays/3": "an invisible picture is no overlay",
        "/labels/a~1b": "Expected `int`, got `str`",
        "/qualities/1": "Expected `str`, got `int`",
        "/watermark": "is an object with image_path",
        "/nmae": "unknown field, name perhaps?",
    }


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"{}", "/overlays"),
        (b"[]", ""),
        (b"null", ""),
        (b'"text"', ""),
        (b'{"overlays": []}', "/overlays"),
        (b'{"overlays": {}}', "/overlays"),
        (b'{"overlays": [null]}', "/overlays/0"),
        (b'{"overlays": [{}]}', "/overlays/0/type"),
        (b'{"overlays": [{"type": ["text"]}]}', "/overlays/0/type"),
        (b'{"overlays": [{"type": "text", "text": "a", "start": true}]}', "/overlays/0/start"),
        (b'{"overlays": [{"type": "text", "text": null}]}', "/overlays/0/text"),
    ],
)
def test_a_single_fault_is_named_where_it_is(body: bytes, pointer: str) -> None:
    """Whatever the shape of the body, the pointer is that of the fault."""
    assert list(errors_of(body)) == [pointer]


def test_null_means_the_default() -> None:
    """`null` for an optional field is as if it were not there, also deep inside."""
    body = (
        b'{"overlays": [{"type": "text", "text": "a", "font_size": null, "end": null}], "labels": null, "name": null}'
    )
    assert read_json(body, Edit) == Edit(overlays=[Text(text="a")])


def test_a_nul_character_is_refused_wherever_it_hides() -> None:
    """In texts and in names of free objects; an escaped backslash before u0000 is none."""
    body = rb'{"overlays": [{"type": "text", "text": "a\u0000b", "font_size": 0}], "labels": {"x\u0000": 1}}'
    assert errors_of(body) == {
        "/overlays/0/text": "holds a NUL character",
        "/labels": "holds a name with a NUL character",
        "/overlays/0/font_size": "Expected `int` >= 1",
    }
    assert read_json(rb'{"overlays": [{"type": "text", "text": "a\\u0000b"}]}', Edit).overlays[0].text == r"a\u0000b"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"overlays": [}',
        b'{"overlays": "\xff"}',
        b'{"name": "\xff", "overlays": 1}',
        b'{"name": "\\ud800"}',
        b'{"overlays": NaN}',
        b'{"labels": {"a": 1e999}}',
        b'{"overlays": ' + b"[" * 100_000,
        b'{"unknown": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'\xef\xbb\xbf{"overlays": []}',
        b'{"name": "a\x00b"}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    """Broken syntax, bad UTF-8, numbers beyond all types and bottomless nesting are 400, never 500."""
    with pytest.raises(Malformed):
        read_json(body, Edit)


def test_the_list_of_errors_has_an_end() -> None:
    """A hostile body cannot make an answer that is larger than itself many times over."""
    body = msgspec.json.encode({f"key{number}": 1 for number in range(5000)})
    assert len(errors_of(body)) == MAX_FIELD_ERRORS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["overlays", "type", "text", "image_path", "x", "anchor", "end", "labels", "other"]),
            inner | st.sampled_from(["text", "image", "top-left"]),
            max_size=5,
        )
    ),
)


@given(json_values)
def test_any_json_is_taken_or_refused_with_reasons(value: Any) -> None:
    """No body of any shape gets past the type, and none is refused without a reason."""
    try:
        taken = read_json(msgspec.json.encode(value), Edit)
    except InvalidInput as refused:
        if not refused.errors:
            raise
    except Malformed:
        pass
    else:
        assert isinstance(taken, Edit)


@post("/edits", sync_to_thread=False)
def make(data: JSONBody[Edit]) -> Edit:
    return data


@post("/transcode", sync_to_thread=False)
def maybe(data: JSONBody[Anchored | None] = None) -> str:
    return repr(data)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        [make, maybe],
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=StrictRequest,
        openapi_config=None,
        logging_config=None,
    )
    async with client_of(app) as client:
        yield client


RIGHT = b'{"overlays": [{"type": "text", "text": "a"}]}'


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ('application/json; charset="UTF-8"', 201),
        ("application/vnd.edit+json", 201),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
async def test_only_json_is_taken(client: httpx.AsyncClient, content_type: str, status: int) -> None:
    """What a browser sends across sites without asking, such as text/plain, is refused."""
    answer = await client.post("/edits", content=RIGHT, headers={"Content-Type": content_type})
    assert answer.status_code == status, answer.text


async def test_over_http_a_refusal_is_a_problem(client: httpx.AsyncClient) -> None:
    """400 and 422 come out as problem documents with pointers."""
    answer = await client.post("/edits", json={"overlays": [{"type": "text", "text": 1}], "x": 1})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/overlays/0/text", "/x"}
    answer = await client.post("/edits", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_body_may_be_left_out_where_the_handler_has_a_default(client: httpx.AsyncClient) -> None:
    """No body, and `null`, mean the default."""
    assert (await client.post("/transcode")).text == "None"
    assert (
        await client.post("/transcode", content=b"null", headers={"Content-Type": "application/json"})
    ).text == "None"
    assert (await client.post("/transcode", json={"anchor": "top-left"})).text.startswith("Anchored")


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
async def test_a_body_over_the_limit_is_refused(client: httpx.AsyncClient, declared: bool) -> None:
    """By its declared length at once, else when too much has come; the connection is closed."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * (MAX_BODY_BYTES // 16)

    content = b" " * (MAX_BODY_BYTES + 1) if declared else chunks()
    answer = await client.post("/edits", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"], answer.headers["connection"]) == (413, "too_large", "close")


def test_another_spelling_of_a_field_is_taken() -> None:
    """ "bit rate" is one word or two; both at once are one too many."""
    body = b'{"video_bit_rate": 500000, "audio": {"bitrate": 96000}}'
    found = read_json(body, TranscodeIn)
    assert (found.video_bitrate, found.audio.bit_rate) == (500_000, 96_000)
    with pytest.raises(InvalidInput, match="/video_bit_rate: unknown field, video_bitrate perhaps"):
        read_json(b'{"video_bit_rate": 500000, "video_bitrate": 500000}', TranscodeIn)
