"""JSON bodies, read strictly into the handler's type; a refusal names every bad field.

msgspec stops at the first error, and Litestar would convert laxly ("32" for a number). So a body is decoded once,
strictly, and only when that fails is it walked a second time beside its type, field by field: to drop each `null`
that stands for a default, and to collect what is wrong, by the fields' own checks too. (Where all types are right,
planning finds what is wrong, together with what it measures.)
"""

from __future__ import annotations

import asyncio
import enum
import re
import types
import uuid
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

import msgspec
from litestar import Request
from litestar.types.empty import Empty

from reelwright.api.http.hints import MOST_NAMED, unknown
from reelwright.api.http.problems import close_after_answer
from reelwright.edits.validation import Check
from reelwright.errors import (
    FieldError,
    InvalidInput,
    Malformed,
    NotFound,
    RequestTimeout,
    TooLarge,
    UnsupportedMedia,
)

MAX_BODY_BYTES = 2**20
MAX_FIELD_ERRORS = 100
NO_ID = "not_found"
"""Code of a field whose text could be no id."""

_ARRAYS = (list, set, frozenset, tuple, Sequence, AbstractSet)


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body is decoded into the type that the handler declares.

    Raises Malformed (400), NotFound (404), RequestTimeout (408), TooLarge (413), UnsupportedMedia (415) and
    InvalidInput (422)."""

    body_timeout_s: ClassVar[float] = 30.0
    """The whole body has to be there within so long."""

    async def body(self) -> bytes:
        """The whole body, at most MAX_BODY_BYTES. Uploads are streamed and do not come here."""
        if self._body is not Empty:
            return self._body
        if (known := self._connection_state.body) is not Empty:
            self._body = known
            return known
        if (self.content_length or 0) > MAX_BODY_BYTES:
            raise self._too_large()
        received = bytearray()
        try:
            async with asyncio.timeout(self.body_timeout_s):
                async for chunk in self.stream():
                    received += chunk
                    if len(received) > MAX_BODY_BYTES:
                        raise self._too_large()
        except TimeoutError as error:
            close_after_answer(self.scope)
            raise RequestTimeout(f"The body did not come within {self.body_timeout_s:g} seconds.") from error
        self._body = self._connection_state.body = bytes(received)
        return self._body

    def _too_large(self) -> TooLarge:
        close_after_answer(self.scope)
        return TooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")

    async def json(self) -> Any:
        """The body as the handler's type. Litestar asks for it only where there is a body."""
        if self._json is Empty:
            if (known := self._connection_state.json) is Empty:
                field = self.route_handler.parsed_data_field
                if self.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                    raise UnsupportedMedia("The body must not be compressed.")
                _demand_json(*self.content_type)
                known = read_json(await self.body(), field.raw if field is not None else Any)
            self._json = self._connection_state.json = known
        return self._json


def strict_request(body_timeout_s: float) -> type[StrictRequest]:
    """The class of requests whose body has to be there within so long."""
    return type("StrictRequest", (StrictRequest,), {"body_timeout_s": body_timeout_s})


def _demand_json(kind: str, options: Mapping[str, str]) -> None:
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMedia("The body must be sent as application/json.")
    if options.get("charset", "utf-8").strip('"').lower() not in ("utf-8", "utf8"):
        raise UnsupportedMedia("The body must be UTF-8.")


@cache
def _decoder(hint: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(hint, strict=True)


def read_json(body: bytes, hint: Any) -> Any:
    """The JSON text as a value of the type `hint`.

    Raises Malformed where the text is not JSON (or is nested too deeply), InvalidInput that names every field which
    does not fit, and NotFound where all that is wrong are texts that could be no id, as in a path. `null` for a field
    that has a default, and no use for `null`, means that default.
    """
    errors: list[FieldError] = []
    try:
        if b"\\u0000" in body:
            errors += islice(_nul_characters(msgspec.json.decode(body)), MAX_FIELD_ERRORS)
        try:
            value = _decoder(hint).decode(body)
        except msgspec.ValidationError:
            plain = msgspec.json.decode(body)
            errors += islice(_faults(hint, plain, ""), MAX_FIELD_ERRORS)
            value = None if errors else msgspec.convert(plain, hint, strict=True)
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8.") from error
    except RecursionError as error:
        raise Malformed("The body is nested too deeply.") from error
    except msgspec.DecodeError as error:
        reason = str(error).partition(" - at `")[0].rstrip(".")
        raise Malformed(f"The body cannot be read: {reason}.") from error
    if errors and all(error.code == NO_ID for error in errors):
        raise NotFound("; ".join(f"{error.pointer}: {error.detail}" for error in errors), errors=errors)
    if errors:
        raise InvalidInput(errors)
    return value


def _below(pointer: str, key: object) -> str:
    return f"{pointer}/{str(key)[:100].replace('~', '~0').replace('/', '~1')}"


def _nul_characters(value: Any, pointer: str = "") -> Iterator[FieldError]:
    """Where a text holds a NUL: PostgreSQL cannot store one, and nobody means one."""
    if isinstance(value, str) and "\0" in value:
        yield FieldError(pointer, "holds a NUL character")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nul_characters(item, _below(pointer, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if "\0" in key:
                yield FieldError(pointer, "holds a name with a NUL character")
            else:
                yield from _nul_characters(item, _below(pointer, key))


def _faults(hint: Any, value: Any, pointer: str) -> Iterator[FieldError]:
    """What is wrong with a plain value that should become a `hint`. Drops, in place, each `null` that means a default.

    The value is converted as a whole only when nothing inside it is wrong: each fault is told once, where it is.
    """
    found = False
    for fault in _inner_faults(hint, value, pointer):
        found = True
        yield fault
    if not found:
        yield from _own_fault(hint, value, pointer)


def _own_fault(hint: Any, value: Any, pointer: str) -> Iterator[FieldError]:
    try:
        msgspec.convert(value, hint, strict=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        steps = [step for step in re.split(r"[.\[\]]+", path.rstrip("`")) if step]
        if not path and isinstance(value, str) and any(bare is uuid.UUID for bare, _ in _members(hint)):
            yield FieldError(pointer, "is no id: there is nothing under it", NO_ID)
            return
        if not path:
            message = _wanted(hint, value) or message
        for step in steps:
            pointer = _below(pointer, step)
        yield FieldError(pointer, message)
        return
    for check in [] if value is None else dict.fromkeys(_checks(hint)):
        try:
            check.read(value)
        except ValueError as error:
            yield FieldError(pointer, str(error))


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    return (bare for bare, _ in _members(hint) if isinstance(bare, type) and issubclass(bare, msgspec.Struct))


def _wanted(hint: Any, value: Any) -> str | None:
    """What to write instead of a value of another type, where words, an object or a list belong; else None."""
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
    fields = msgspec.structs.fields(struct)
    needed = [field.encode_name for field in fields if field.required]
    if needed:
        return f"is an object with {', '.join(needed)}"
    some = ", ".join(field.encode_name for field in fields[:MOST_NAMED])
    return f"is an object: {{}} takes the usual; there is {some}"


def _is_words(bare: Any) -> bool:
    return get_origin(bare) is Literal or (isinstance(bare, type) and issubclass(bare, enum.StrEnum))


def _words(hint: Any) -> Iterator[str]:
    """The words that a type takes."""
    for bare, _ in _members(hint):
        if _is_words(bare):
            yield from map(str, get_args(bare) if get_origin(bare) is Literal else list(bare))


def _inner_faults(hint: Any, value: Any, pointer: str) -> Iterator[FieldError]:
    """The faults inside an object or a list, by that member of the type which its shape points at."""
    members = list(_members(hint))
    if isinstance(value, dict):
        if structs := list(_structs(hint)):
            yield from _struct_faults(structs, value, pointer)
        for item_hint in [get_args(bare)[1] for bare, _ in members if get_origin(bare) is dict][:1]:
            for key, item in value.items():
                yield from _faults(item_hint, item, _below(pointer, key))
    elif isinstance(value, list):
        for bare, constraints in [member for member in members if get_origin(member[0]) in _ARRAYS][:1]:
            if constraints:
                yield from _own_fault(Annotated[list[Any], *constraints], value, pointer)
            for index, item in enumerate(value):
                yield from _faults(_item_hint(bare, index), item, _below(pointer, index))


def _members(hint: Any, constraints: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The alternatives of a type, each bare and with its own constraints."""
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


def _struct_faults(structs: list[type[msgspec.Struct]], value: dict[str, Any], pointer: str) -> Iterator[FieldError]:
    """The faults of an object that should be one of `structs`, which differ by their tag if they are several. Names in
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
            yield FieldError(_below(pointer, tag_field), f"must be one of: {choices}")
            return
    else:
        chosen = structs[0]
    for other, name in getattr(chosen, "other_spellings", {}).items():
        if other in value and name not in value:
            value[name] = value.pop(other)
    fields = msgspec.structs.fields(chosen)
    known += [field.encode_name for field in fields]
    if chosen.__struct_config__.forbid_unknown_fields:
        for key in [key for key in value if key not in known]:
            yield FieldError(_below(pointer, key), unknown("field", key[:100], known))
    for field in fields:
        name = field.encode_name
        if name not in value:
            if field.required:
                yield FieldError(_below(pointer, name), "is required")
        elif value[name] is None and not field.required and not _takes_null(field.type):
            del value[name]
        else:
            yield from _faults(field.type, value[name], _below(pointer, name))


def _takes_null(hint: Any) -> bool:
    return any(bare in (None, type(None), Any) for bare, _ in _members(hint))
