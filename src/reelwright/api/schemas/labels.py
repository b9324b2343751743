"""The JSON of what clients say of their own videos and edits; requests for either inherit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.api.schemas.base import Body
from reelwright.edits.labels import ExternalId, Labels, Metadata, Tags, Title, faults
from reelwright.errors import InvalidInput


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
        names = LabelsPatch.__struct_fields__
        given = {name: value for name in names if (value := getattr(self, name)) is not UNSET}
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
