"""Labels: what clients say of their own videos and edits, for themselves. Nothing is decided by them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from reelwright.edits.pointers import below
from reelwright.edits.text_rules import code_point, control_character
from reelwright.errors import FieldError

MAX_TITLE_CHARACTERS = 200
"""Characters (code points), as of all texts here."""
MAX_TAGS = 50
MAX_TAG_CHARACTERS = 64
MAX_EXTERNAL_ID_CHARACTERS = 200
MAX_METADATA_BYTES = 16 * 1024
"""As JSON without spaces, in UTF-8."""
MAX_METADATA_DEPTH = 5
"""Objects and lists in one another, the outermost counted."""
MAX_METADATA_VALUES = 256
"""Members of objects and items of lists, all in all."""
MAX_METADATA_NAME_CHARACTERS = 128
MAX_METADATA_NUMBER = 2**53
"""Beyond it, programs that read JSON disagree about numbers (RFC 8259, 6)."""

Title = Annotated[
    str, Meta(min_length=1, max_length=MAX_TITLE_CHARACTERS, description="For people: what it is called.")
]
Tag = Annotated[str, Meta(min_length=1, max_length=MAX_TAG_CHARACTERS)]
Tags = Annotated[
    list[Tag], Meta(max_length=MAX_TAGS, description="Words to find it by. One that comes twice counts once.")
]
ExternalId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_EXTERNAL_ID_CHARACTERS,
        description="What your own system calls it. Several may have the same.",
    ),
]
Metadata = Annotated[
    dict[str, Any],
    Meta(
        description=f"Anything that you want to keep with it: at most {MAX_METADATA_BYTES} bytes of JSON,"
        f" {MAX_METADATA_VALUES} values, {MAX_METADATA_DEPTH} deep."
    ),
]


class Labels(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a client says of a video, or of an edit: then its job has them, and so have the variants that it makes."""

    title: str | None = None
    tags: tuple[str, ...] = ()
    external_id: str | None = None
    metadata: dict[str, Any] = {}

    @property
    def stored(self) -> dict[str, Any]:
        """As rows keep them: an object that contains another's when it has all that the other has."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        return kept


NO_LABELS = Labels()


def faults(labels: Labels) -> list[FieldError]:
    """Return what is wrong with labels beyond what their types say, each with its pointer."""
    tags = ((f"/tags/{number}", tag) for number, tag in enumerate(labels.tags))
    texts = [("/title", labels.title), *tags, ("/external_id", labels.external_id)]
    errors = [error for pointer, text in texts if text is not None for error in _text_faults(text, pointer)]
    return errors + metadata_faults(labels.metadata, "/metadata")


def _text_faults(text: str, pointer: str) -> Iterator[FieldError]:
    """Texts of one line."""
    if character := control_character(text):
        yield FieldError(pointer, f"holds a control character: {code_point(character)}")
    elif not text.strip():
        yield FieldError(pointer, "is blank")


def metadata_faults(metadata: dict[str, Any], pointer: str) -> list[FieldError]:
    """Return what is wrong with metadata that stands at the pointer."""
    values = 0
    errors: list[FieldError] = []
    waiting: list[tuple[str, Any, int]] = [(pointer, metadata, 1)]
    while waiting:
        place, value, depth = waiting.pop()
        if isinstance(value, dict | list):
            if depth > MAX_METADATA_DEPTH:
                return [FieldError(place, f"lies deeper than {MAX_METADATA_DEPTH} objects and lists in one another")]
            values += len(value)
            if values > MAX_METADATA_VALUES:
                return [FieldError(pointer, f"has more than {MAX_METADATA_VALUES} values")]
            members = list(value.items() if isinstance(value, dict) else enumerate(value))
            waiting += [(below(place, name), inner, depth + 1) for name, inner in reversed(members)]
            errors += [] if isinstance(value, list) else _name_faults(value, place)
        elif isinstance(value, str):
            if character := control_character(value, allowed="\t\n\r\u2028\u2029"):
                errors.append(FieldError(place, f"holds a control character: {code_point(character)}"))
        elif isinstance(value, int | float) and abs(value) > MAX_METADATA_NUMBER:
            errors.append(FieldError(place, "is a number beyond 2^53, which not every program reads: send it as text"))
    if not errors and len(msgspec.json.encode(metadata)) > MAX_METADATA_BYTES:
        errors.append(FieldError(pointer, f"is more than {MAX_METADATA_BYTES} bytes of JSON"))
    return errors


def _name_faults(value: dict[str, Any], place: str) -> Iterator[FieldError]:
    for name in value:
        if len(name) > MAX_METADATA_NAME_CHARACTERS:
            yield FieldError(below(place, name), f"has a name of more than {MAX_METADATA_NAME_CHARACTERS} characters")
        elif character := control_character(name):
            yield FieldError(place, f"holds a name with a control character: {code_point(character)}")
