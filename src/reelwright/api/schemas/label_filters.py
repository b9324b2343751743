"""The query parameters by which lists are narrowed to what has a tag, an external id, or something in its metadata."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from litestar.params import QueryParameter

from reelwright.edits.labels import (
    MAX_EXTERNAL_ID_CHARACTERS,
    MAX_METADATA_BYTES,
    MAX_TAG_CHARACTERS,
    Labels,
    faults,
)
from reelwright.errors import FieldError

MAX_TAGS_ASKED = 10
"""So many tags may be asked for at once."""

TagParameter: TypeAlias = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TAG_CHARACTERS)]] | None,
    QueryParameter(description="Only what has this tag; given several times, what has them all."),
]
ExternalIdParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=MAX_EXTERNAL_ID_CHARACTERS, description="Only what has this `external_id`."
    ),
]
MetadataParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        max_length=MAX_METADATA_BYTES,
        description="Only what has this in its metadata: `name=text`, or a JSON object (`"
        '{"customer": {"id": 7}}`), which may be a part of what is there.',
    ),
]


def label_filter(
    *, tag: list[str] | None, external_id: str | None, metadata: str | None
) -> tuple[Labels, list[FieldError]]:
    """Return what a row has to have, and an error for each parameter that says nothing that could be had."""
    errors: list[FieldError] = []
    if tag is not None and len(tag) > MAX_TAGS_ASKED:
        errors.append(FieldError("?tag", f"comes more than {MAX_TAGS_ASKED} times"))
    members: dict[str, Any] = {}
    try:
        members = {} if metadata is None else _metadata(metadata)
    except ValueError as error:
        errors.append(FieldError("?metadata", str(error)))
    labels = Labels(tags=tuple(dict.fromkeys(tag or ())), external_id=external_id, metadata=members)
    return labels, [*errors, *(_of_parameter(error) for error in faults(labels))]


def _metadata(text: str) -> dict[str, Any]:
    """Raises ValueError with a sentence for the client."""
    if not text.startswith("{"):
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError("is neither `name=text` nor a JSON object")
        return {name: value}
    try:
        members: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    if _names_nothing(members):
        raise ValueError("has an empty object or list in it, which names nothing to look for")
    return members


def _names_nothing(value: Any) -> bool:
    """Whether an object or a list somewhere in it is empty: no index finds what contains those."""
    if isinstance(value, dict | list):
        return not value or any(map(_names_nothing, value.values() if isinstance(value, dict) else value))
    return False


def _of_parameter(error: FieldError) -> FieldError:
    """The error where the query has what it speaks of."""
    _, name, *inside = error.pointer.split("/", 2)
    place = f"/{inside[0]}: " if inside and name == "metadata" else ""
    return FieldError(f"?{'tag' if name == 'tags' else name}", place + error.detail)
