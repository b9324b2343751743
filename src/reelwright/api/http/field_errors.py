"""Every field of a plain JSON value that does not fit its type, found by walking both side by side.

On the way each `null` that stands for a default is dropped, and the fields' own checks are asked. (Where all types are
right, planning finds what is wrong, together with what it measures.)
"""

from __future__ import annotations

import enum
import functools
import re
import types
import uuid
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from reelwright.did_you_mean import MAX_NAMED, unknown
from reelwright.edits.pointers import below
from reelwright.edits.validation import Check
from reelwright.errors import FieldError

NO_ID = "not_found"
"""Code of a field whose text could be no id."""

_ARRAYS = (list, set, frozenset, tuple, Sequence, AbstractSet)


def nul_characters(value: Any, pointer: str = "") -> Iterator[FieldError]:
    """Yield where a text holds a NUL: PostgreSQL cannot store one, and nobody means one."""
    if isinstance(value, str) and "\0" in value:
        yield FieldError(pointer, "holds a NUL character")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from nul_characters(item, below(pointer, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if "\0" in key:
                yield FieldError(pointer, "holds a name with a NUL character")
            else:
                yield from nul_characters(item, below(pointer, key))


def field_errors(hint: Any, value: Any, pointer: str) -> Iterator[FieldError]:
    """What is wrong with a plain value that should become a `hint`. Drops, in place, each `null` that means a default.

    The value is converted as a whole only when nothing inside it is wrong: each error is told once, where it is.
    """
    fits_inside = True
    for error in _inner_errors(hint, value, pointer):
        fits_inside = False
        yield error
    if fits_inside:
        yield from _own_errors(hint, value, pointer)


def _own_errors(hint: Any, value: Any, pointer: str) -> Iterator[FieldError]:
    try:
        msgspec.convert(value, hint, strict=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        steps = [step for step in re.split(r"[.\[\]]+", path.rstrip("`")) if step]
        if not path and isinstance(value, str) and any(bare is uuid.UUID for bare, _ in _members(hint)):
            yield FieldError(pointer, "is no id: there is nothing under it", NO_ID)
            return
        if not path:
            message = _expected(hint, value) or message
        for step in steps:
            pointer = below(pointer, step)
        yield FieldError(pointer, message)
        return
    for check in [] if value is None else dict.fromkeys(_checks(hint)):
        try:
            check.read(value)
        except ValueError as error:
            yield FieldError(pointer, str(error))


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    return (bare for bare, _ in _members(hint) if isinstance(bare, type) and issubclass(bare, msgspec.Struct))


def _expected(hint: Any, value: Any) -> str | None:
    """Return what to write instead, where words, an object or a list belong; else None."""
    words = list(_words(hint))
    struct = next(_structs(hint), None)
    if struct is not None and not isinstance(value, dict):
        return " or ".join([*([f"is one of: {', '.join(words)};"] if words else []), _object(struct)])
    if words and all(bare in (None, type(None)) or _is_words(bare) for bare, _ in _members(hint)):
        return f"must be one of: {', '.join(words)}"
    if any(get_origin(bare) in _ARRAYS for bare, _ in _members(hint)) and not isinstance(value, list):
        return "is a list: write it in [ ]"
    return None


def _object(struct: type[msgspec.Struct]) -> str:
    fields = _fields(struct)
    needed = [field.encode_name for field in fields if field.required]
    if needed:
        return f"is an object with {', '.join(needed)}"
    some = ", ".join(field.encode_name for field in fields[:MAX_NAMED])
    return f"is an object: {{}} takes the usual; there is {some}"


def _is_words(bare: Any) -> bool:
    return get_origin(bare) is Literal or (isinstance(bare, type) and issubclass(bare, enum.StrEnum))


def _words(hint: Any) -> Iterator[str]:
    """Yield the words that a type takes."""
    for bare, _ in _members(hint):
        if _is_words(bare):
            yield from map(str, get_args(bare) if get_origin(bare) is Literal else list(bare))


def _inner_errors(hint: Any, value: Any, pointer: str) -> Iterator[FieldError]:
    """Yield the errors inside an object or a list, by that member of the type which its shape points at."""
    members = list(_members(hint))
    if isinstance(value, dict):
        if structs := list(_structs(hint)):
            yield from _struct_errors(structs, value, pointer)
        for item_hint in [get_args(bare)[1] for bare, _ in members if get_origin(bare) is dict][:1]:
            for key, item in value.items():
                yield from field_errors(item_hint, item, below(pointer, key))
    elif isinstance(value, list):
        for bare, constraints in [member for member in members if get_origin(member[0]) in _ARRAYS][:1]:
            if constraints:
                yield from _own_errors(Annotated[list[Any], *constraints], value, pointer)
            for index, item in enumerate(value):
                yield from field_errors(_item_hint(bare, index), item, below(pointer, index))


def _members(hint: Any, constraints: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield the alternatives of a type, each bare and with its own constraints."""
    if get_origin(hint) is Annotated:
        meta = tuple(item for item in hint.__metadata__ if isinstance(item, msgspec.Meta | Check))
        yield from _members(hint.__origin__, constraints + meta)
    elif get_origin(hint) in (Union, types.UnionType):
        for member in get_args(hint):
            yield from _members(member, constraints)
    else:
        yield hint, constraints


def _checks(hint: Any) -> Iterator[Check]:
    return (item for _, constraints in _members(hint) for item in constraints if isinstance(item, Check))


def _item_hint(array: Any, index: int) -> Any:
    arguments = get_args(array)
    if get_origin(array) is tuple and arguments[-1] is not Ellipsis:
        return arguments[min(index, len(arguments) - 1)]
    return arguments[0]


def _struct_errors(structs: list[type[msgspec.Struct]], value: dict[str, Any], pointer: str) -> Iterator[FieldError]:
    """The errors of an object that should be one of `structs`, which differ by their tag if they are several. Names in
    another spelling are replaced."""
    tag_field = structs[0].__struct_config__.tag_field
    known = [tag_field] if tag_field else []
    if tag_field:
        by_tag = {struct.__struct_config__.tag: struct for struct in structs}
        if len(structs) == 1 and tag_field not in value:
            chosen = structs[0]
        elif isinstance(tag := value.get(tag_field), str | int) and tag in by_tag:
            chosen = by_tag[tag]
        else:
            choices = ", ".join(str(tag) for tag in by_tag)
            yield FieldError(below(pointer, tag_field), f"must be one of: {choices}")
            return
    else:
        chosen = structs[0]
    for other, name in getattr(chosen, "other_spellings", {}).items():
        if other in value and name not in value:
            value[name] = value.pop(other)
    fields = _fields(chosen)
    known += [field.encode_name for field in fields]
    if chosen.__struct_config__.forbid_unknown_fields:
        for key in [key for key in value if key not in known]:
            yield FieldError(below(pointer, key), unknown("field", key[:100], known))
    for field in fields:
        name = field.encode_name
        if name not in value:
            if field.required:
                yield FieldError(below(pointer, name), "is required")
        elif value[name] is None and not field.required and not _takes_null(field.type):
            del value[name]
        else:
            yield from field_errors(field.type, value[name], below(pointer, name))


@functools.cache
def _fields(struct: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a struct, whose annotations msgspec would evaluate for each object of each body."""
    return msgspec.structs.fields(struct)


def _takes_null(hint: Any) -> bool:
    return any(bare in (None, type(None), Any) for bare, _ in _members(hint))
