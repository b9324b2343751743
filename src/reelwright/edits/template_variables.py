"""Variables of templates: their types, what each takes and is by default, a value to try a template with. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.edits import color, timecode
from reelwright.edits.pointers import below
from reelwright.edits.text_rules import code_point, control_character
from reelwright.errors import FieldError, InvalidInput

MAX_STRING_CHARACTERS = 1024
MAX_TEXT_CHARACTERS = 10_000
_REFERENCE = re.compile(r"(?:video:|variant:)?([0-9a-fA-F-]{36})")

VariableName = Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
VariableType = Literal["string", "text", "number", "integer", "boolean", "time", "color", "asset", "video", "json"]


class Variable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What may be put into a place. `string`: one line of text; `text`: several; `time`: seconds or a clock time;
    `asset`: a picture's name or `asset:<id>`; `video`: the id of an upload or a variant, alone or after `video:` or
    `variant:`; `json`: anything that the edit takes there. A variable without `default` has to be given."""

    type: VariableType
    description: Annotated[str, Meta(max_length=1000)] = ""
    default: Any | UnsetType = UNSET
    example: Annotated[
        Any, Meta(description="A value to try the template with, where there is no default and a usual one is wrong.")
    ] = UNSET
    enum: (
        Annotated[list[str | int | float | bool], Meta(min_length=1, max_length=100, description="Only one of these.")]
        | None
    ) = None
    minimum: Annotated[float, Meta(description="Of a number or a time.")] | None = None
    maximum: Annotated[float, Meta(description="Of a number or a time.")] | None = None
    max_length: Annotated[int, Meta(ge=1, le=MAX_TEXT_CHARACTERS, description="Of a text: characters.")] | None = None

    def fault(self, value: object) -> str | None:
        """Return what is wrong with a value, in a sentence for the client."""
        wrong = _FAULTS[self.type](value)
        if wrong is not None:
            return wrong
        if self.enum is not None and not any(_same(value, one) for one in self.enum):
            return f"is none of {', '.join(msgspec.json.encode(one).decode() for one in self.enum)[:200]}"
        if self.max_length is not None and isinstance(value, str) and len(value) > self.max_length:
            return f"has more than {self.max_length} characters"
        if self.type == "time":
            return self._beyond(timecode.parse(value))  # type: ignore[arg-type]
        return self._beyond(Fraction(repr(value))) if self.type in ("number", "integer") else None

    def _beyond(self, value: Fraction) -> str | None:
        if self.minimum is not None and value < Fraction(repr(self.minimum)):
            return f"is less than {self.minimum:g}"
        if self.maximum is not None and value > Fraction(repr(self.maximum)):
            return f"is more than {self.maximum:g}"
        return None

    def sample(self) -> Any:
        """Return a value to try the template with: the default, the example, or a usual one."""
        for given in (self.default, self.example, *(self.enum or [])[:1]):
            if given is not UNSET:
                return given
        usual = _SAMPLES[self.type]
        if self.type in ("number", "integer", "time") and self._beyond(Fraction(usual)) is not None:
            bound = self.minimum if self.minimum is not None else self.maximum
            return int(bound) if bound is not None and bound == int(bound) else bound
        return usual


def declaration_faults(variable: Variable) -> Iterator[tuple[str, str]]:
    for name in ("default", "example"):
        value = getattr(variable, name)
        may_be_null = name == "default" and value is None
        if value is not UNSET and not may_be_null and (wrong := variable.fault(value)):
            yield f"/{name}", wrong
    for number, one in enumerate(variable.enum or []):
        if wrong := _FAULTS[variable.type](one):
            yield f"/enum/{number}", wrong
    if variable.minimum is not None and variable.maximum is not None and variable.minimum > variable.maximum:
        yield "/minimum", "is more than maximum"


def values_of(declared: Mapping[str, Variable], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each variable. One whose value is null gets its default, as one that is not given.

    Raises InvalidInput that names every variable which is missing, unknown or wrong.
    """
    errors = [
        FieldError(below("/variables", name), f"is no variable of the template; {_named(declared)}")
        for name in given
        if name not in declared
    ]
    values: dict[str, Any] = {}
    for name, variable in declared.items():
        value = given.get(name)
        if value is not None:
            values[name] = value
            if wrong := variable.fault(value):
                errors.append(FieldError(below("/variables", name), wrong))
        elif variable.default is UNSET:
            errors.append(FieldError(below("/variables", name), "is required"))
        else:
            values[name] = variable.default
    if errors:
        raise InvalidInput(errors)
    return values


def _named(declared: Mapping[str, Variable]) -> str:
    return f"there is {', '.join(declared)}" if declared else "it has none"


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _string(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return "must be a text"
    if len(value) > MAX_STRING_CHARACTERS:
        return f"has more than {MAX_STRING_CHARACTERS} characters"
    character = control_character(value)
    return f"holds a control character: {code_point(character)}" if character else None


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a text"
    if len(value) > MAX_TEXT_CHARACTERS:
        return f"has more than {MAX_TEXT_CHARACTERS} characters"
    character = control_character(value, allowed="\t\n\r\u2028\u2029")
    return f"holds a control character: {code_point(character)}" if character else None


def _number(value: object) -> str | None:
    return None if isinstance(value, int | float) and not isinstance(value, bool) else "must be a number"


def _integer(value: object) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) else "must be an integer"


def _boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _time(value: object) -> str | None:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return "must be a time"
    try:
        timecode.parse(value)
    except ValueError as error:
        return str(error)
    return None


def _color(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a colour"
    try:
        color.parse(value)
    except ValueError as error:
        return str(error)
    return None


def _anything(value: object) -> str | None:
    return None


def _video(value: object) -> str | None:
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    try:
        uuid.UUID(found[1] if found else "")
    except ValueError:
        return "must be the id of a video or a variant"
    return None


_FAULTS: dict[str, Callable[[object], str | None]] = {
    "string": _string,
    "text": _text,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "time": _time,
    "color": _color,
    "asset": _string,
    "video": _video,
    "json": _anything,
}
_SAMPLES: dict[str, Any] = {
    "string": "text",
    "text": "text",
    "number": 1,
    "integer": 1,
    "boolean": True,
    "time": 1,
    "color": "white",
    "asset": "asset:00000000-0000-7000-8000-000000000000",
    "video": "00000000-0000-7000-8000-000000000000",
    "json": None,
}
