"""What clients say of their things is kept as it is sent, within bounds; what is beyond them is named."""

from __future__ import annotations

import string
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.api.schemas.upload_forms import said_in_form
from reelwright.edits import labels
from reelwright.edits.labels import Labels, faults
from reelwright.errors import InvalidInput


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"end": 1}
    for _ in range(depth - 1):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        (Labels(title="a\nb"), "/title"),
        (Labels(title="a\0b"), "/title"),
        (Labels(title="\u2028"), "/title"),
        (Labels(title="   "), "/title"),
        (Labels(tags=("fine", "\x1b[2J")), "/tags/1"),
        (Labels(tags=("\t",)), "/tags/0"),
        (Labels(external_id="\x7f"), "/external_id"),
        (Labels(metadata={"a": {"b/c": "\x07"}}), "/metadata/a/b~1c"),
        (Labels(metadata={"list": ["fine", "\0"]}), "/metadata/list/1"),
        (Labels(metadata={"in": {"a\0b": 1}}), "/metadata/in"),
        (Labels(metadata={"n" * 129: 1}), f"/metadata/{'n' * 100}"),
        (Labels(metadata={"n": 2**53 + 2}), "/metadata/n"),
        (Labels(metadata={"n": -1e300}), "/metadata/n"),
        (Labels(metadata=nested(6)), "/metadata/in/in/in/in/in"),
        (Labels(metadata={"list": [0] * 256}), "/metadata"),
        (Labels(metadata={"text": "x" * 16_384}), "/metadata"),
        (Labels(metadata={"text": "ä" * 8_190}), "/metadata"),
    ],
)
def test_what_is_beyond_the_bounds_is_named(given: Labels, pointer: str) -> None:
    """With the pointer of the very value, not of the whole."""
    (fault,) = faults(given)
    assert fault.pointer == pointer
    assert fault.detail


def test_the_bounds_themselves_are_taken() -> None:
    """The longest, the most, the deepest, the largest."""
    metadata = {"deep": nested(4), "number": -(2**53), "yes": True, "none": None, "lines": "a\n\tb", "n" * 128: 1.5}
    kept = Labels(title="x" * 200, tags=tuple(map(str, range(50))), external_id="☂" * 200, metadata=metadata)
    assert faults(kept) == []
    assert faults(Labels(metadata={"list": [0] * 255})) == []
    assert faults(Labels(metadata={"text": "x" * (16_384 - len('{"text":""}'))})) == []


def test_nothing_said_is_nothing_kept() -> None:
    """Rows of which nothing is said cost no index anything."""
    assert Labels().stored == {}
    assert Labels(title="a", tags=("b",)).stored == {"title": "a", "tags": ("b",)}


PLAIN = st.text(string.ascii_letters + " é語", min_size=1, max_size=20)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | PLAIN,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
        max_leaves=20,
    )
)
def test_metadata_is_any_json(value: Any) -> None:
    """Whatever is within the bounds has no fault, and is found in what a form says."""
    metadata = {"value": value}
    if not faults(Labels(metadata=metadata)):
        text = msgspec.json.encode(metadata).decode()
        assert said_in_form({"metadata": [text]}).labels.metadata == metadata


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Labels()),
        ({"title": [""], "tags": [""], "metadata": [""]}, Labels()),
        ({"title": ["null"], "external_id": ["7"]}, Labels(title="null", external_id="7")),
        ({"tags": ["a", "b", "a"]}, Labels(tags=("a", "b"))),
        ({"tags": ["one, two"]}, Labels(tags=("one, two",))),
        ({"tags": ['["a", "b"]']}, Labels(tags=("a", "b"))),
        ({"tags": ["[odd", "b"]}, Labels(tags=("[odd", "b"))),
        ({"metadata": ['{"a": [1]}']}, Labels(metadata={"a": [1]})),
    ],
)
def test_a_form_says_them_in_texts(fields: dict[str, list[str]], expected: Labels) -> None:
    """One part for each tag, or a list; metadata as JSON; what is left empty is not said."""
    assert said_in_form(fields).labels == expected


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"metadata": ["{"]}, ["/metadata"]),
        ({"metadata": ["[1]"]}, ["/metadata"]),
        ({"metadata": ["{" + '"a":{' * 5000]}, ["/metadata"]),
        ({"metadata": ["7"], "title": ["x" * 201]}, ["/title", "/metadata"]),
        ({"tags": ["[1]"]}, ["/tags/0"]),
        ({"tags": ["a"] * 51}, ["/tags"]),
        ({"tags": ["t" * 65, "fine"]}, ["/tags/0"]),
        ({"external_id": ["x" * 201]}, ["/external_id"]),
        ({"title": ["a\rb"], "tags": ["a", "\x01"]}, ["/title", "/tags/1"]),
    ],
)
def test_a_wrong_form_is_told_every_field(fields: dict[str, list[str]], pointers: list[str]) -> None:
    """As a body of JSON is."""
    with pytest.raises(InvalidInput) as caught:
        said_in_form(fields)
    assert [error.pointer for error in caught.value.errors] == pointers


def test_the_bounds_are_documented() -> None:
    """The table of docs/api.md has each of them."""
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    for name in (
        "TITLE_CHARACTERS",
        "TAGS",
        "TAG_CHARACTERS",
        "EXTERNAL_ID_CHARACTERS",
        "METADATA_DEPTH",
        "METADATA_VALUES",
    ):
        assert f"| {getattr(labels, f'MAX_{name}')} " in page, name
