"""The JSON of what clients say of their own videos and edits; requests for either inherit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.api.http.json_body import read_json
from reelwright.api.schemas.base import Body
from reelwright.edits.labels import ExternalId, Labels, Metadata, Tags, Title, faults
from reelwright.errors import FieldError, InvalidInput


class LabelsIn(Body, frozen=True, kw_only=True):
    """What a client says of it. A request that inherits from another has the same four fields of its own."""

    title: Title | None = None
    tags: Tags | None = None
    external_id: ExternalId | None = None
    metadata: Metadata | None = None


class Said(Protocol):
    """Any request that has the fields of LabelsIn."""

    @property
    def title(self) -> str | None: ...
    @property
    def tags(self) -> list[str] | None: ...
    @property
    def external_id(self) -> str | None: ...
    @property
    def metadata(self) -> dict[str, Any] | None: ...


def labels_of(said: Said) -> Labels:
    """Return what a request says. Raises InvalidInput that names every wrong field."""
    labels = Labels(
        title=said.title,
        tags=tuple(dict.fromkeys(said.tags or ())),
        external_id=said.external_id,
        metadata=said.metadata or {},
    )
    if errors := faults(labels):
        raise InvalidInput(errors)
    return labels


class LabelsPatch(Body, frozen=True, kw_only=True):
    """What is to be changed: a field that is left out stays as it is, `null` takes it away. `tags` and `metadata` are
    replaced as a whole."""

    title: Title | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    external_id: ExternalId | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET

    def change(self) -> tuple[Labels, tuple[str, ...]]:
        """Return what is set, and the names of all that is given. Raises InvalidInput as `labels_of`."""
        given = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}
        return labels_of(LabelsIn(**given)), tuple(given)


TitleOut = Annotated[str | None, Meta(description="What it was called.")]
TagsOut = Annotated[list[str], Meta(description="The words that it was given.")]
ExternalIdOut = Annotated[str | None, Meta(description="What the client's own system calls it.")]
MetadataOut = Annotated[dict[str, Any], Meta(description="What the client keeps with it.")]


def shown(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the four fields above for what a row keeps."""
    labels = msgspec.convert(stored, Labels)
    return {
        "title": labels.title,
        "tags": list(labels.tags),
        "external_id": labels.external_id,
        "metadata": labels.metadata,
    }


FORM_FIELDS, REPEATED_FORM_FIELDS = LabelsIn.__struct_fields__, ("tags",)
"""Of an upload, beside its file."""


def labels_of_form(fields: Mapping[str, Sequence[str]]) -> Labels:
    """Return what the text fields of a form say; an empty one says nothing. `tags` comes once for each tag, or once as
    a list in JSON; `metadata` is JSON.

    Raises InvalidInput that names every wrong field.
    """
    plain: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, texts in fields.items():
        if given := [text for text in texts if text]:
            try:
                plain[name] = _value(name, given)
            except (msgspec.DecodeError, RecursionError) as error:
                errors.append(FieldError(f"/{name}", f"is not JSON: {error}"))
    if errors:
        raise InvalidInput(errors)
    return labels_of(read_json(msgspec.json.encode(plain), LabelsIn))


def _value(name: str, texts: Sequence[str]) -> Any:
    if name == "metadata" or (name == "tags" and len(texts) == 1 and texts[0].lstrip()[:1] == "["):
        return msgspec.json.decode(texts[0])
    return list(texts) if name == "tags" else texts[0]
