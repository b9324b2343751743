"""What a type alone cannot say of a field, said beside its type: `Annotated[str, Check(color.parse)]`; `problems` has
all that is wrong with a struct."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from reelwright.edits.pointers import BODY, Pointer, pointer_to
from reelwright.errors import FieldError


@dataclass(frozen=True, slots=True)
class Check:
    """A value of the field is one that `read` takes; it raises ValueError with a sentence for the client."""

    read: Callable[[Any], object]


def problems(struct: msgspec.Struct, pointer: Pointer = BODY, parts: Sequence[Pointer] = ()) -> list[FieldError]:
    """Name every field of a struct, and of those in it, whose value its type, or a check beside the type, does not
    take. `pointer`: where the request has it; `parts`: where each of the structs that it lists is, if not within it.

    Decoding finds what types do not take, and stops at the first; a struct that was made in code was not held to any.
    """
    errors: list[FieldError] = []
    names = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
    for name, hint in _hints(type(struct)).items():
        value, place = getattr(struct, name), pointer / names[name]
        if isinstance(value, msgspec.Struct):
            errors += problems(value, Pointer(place))
            continue
        if isinstance(value, tuple) and value and all(isinstance(part, msgspec.Struct) for part in value):
            for number, part in enumerate(value):
                errors += problems(part, pointer_to(parts, number, place))
            continue
        try:
            msgspec.convert(value, hint)
            for check in _checks(hint) if value is not None else ():
                check.read(value)
        except ValueError as error:  # msgspec's too
            errors.append(FieldError(place, str(error)))
    return errors


@cache
def _hints(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(struct, include_extras=True)


def _checks(hint: Any) -> Iterator[Check]:
    """The checks of a field, as far as they stand beside the whole of it or of one of its alternatives."""
    if get_origin(hint) is Annotated:
        yield from (item for item in hint.__metadata__ if isinstance(item, Check))
    for part in get_args(hint):
        yield from _checks(part)
