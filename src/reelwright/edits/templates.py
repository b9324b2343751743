"""Templates: edits in which variables stand for whole JSON values, and are never written into a text. Pure.

{"steps": [{"type": "trim", "start": 0, "end": {"$var": "length"}}], "outputs": ["mp4:720p"]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from reelwright.edits.pointers import below
from reelwright.edits.template_variables import Variable, declaration_faults, values_of
from reelwright.errors import FieldError

MARK = "$var"
"""An object with this one name is the place of the variable that it names."""
MAX_VARIABLES = 100
MAX_DEPTH = 20

TemplateName = Annotated[
    str, Meta(pattern="^[a-z0-9][a-z0-9._-]{0,63}$", description="Lower case letters, digits, `.`, `_`, `-`.")
]
TemplateReference = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9][a-z0-9._-]{0,63}(@[1-9][0-9]{0,8})?$",
        description="A template instead of `steps` and `outputs`: its name for the newest version, `name@2` for that.",
    ),
]
Variables = Annotated[
    dict[str, Any],
    Meta(max_length=MAX_VARIABLES, description="What is put into the template, by the names of its variables."),
]


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """An edit with places, and what may be put into them."""

    edit: dict[str, Any]
    variables: dict[str, Variable] = {}


@dataclass(frozen=True, slots=True)
class Filled:
    """An edit that was made of a template. `places`: where each variable went, by pointer into the edit."""

    edit: dict[str, Any]
    places: Mapping[str, str]

    def told(self, error: FieldError) -> FieldError:
        """Return an error in the edit as one in what the client gave: its variable, or else the template."""
        for place, name in self.places.items():
            if error.pointer == place or error.pointer.startswith(f"{place}/"):
                inside = error.pointer.removeprefix(place)
                return FieldError(f"{below('/variables', name)}{inside}", error.detail, error.code)
        return FieldError("/template", f"{error.pointer}: {error.detail}", error.code)


def faults(template: Template) -> list[FieldError]:
    """Return what is wrong with a template itself, apart from the edit that it makes."""
    errors = [
        FieldError(f"/variables/{name}{where}", wrong)
        for name, variable in template.variables.items()
        for where, wrong in declaration_faults(variable)
    ]
    used: set[str] = set()
    for pointer, name in _places(template.edit, "/edit"):
        if isinstance(name, FieldError):
            errors.append(name)
        elif name not in template.variables:
            errors.append(FieldError(pointer, f"there is no variable {name!r} in `variables`"))
        else:
            used.add(name)
    unused = [name for name in template.variables if name not in used]
    return errors + [FieldError(f"/variables/{name}", "is used nowhere in the edit") for name in unused]


def filled(template: Template, variables: Mapping[str, Any]) -> Filled:
    """Put the variables into their places. Raises InvalidInput that names every variable which is missing, unknown or
    wrong."""
    return _put(template, values_of(template.variables, variables))


def tried(template: Template) -> Filled:
    """Return what the template makes of its defaults and samples, to see whether that is an edit."""
    return _put(template, {name: variable.sample() for name, variable in template.variables.items()})


def _put(template: Template, values: Mapping[str, Any]) -> Filled:
    places = {pointer: name for pointer, name in _places(template.edit, "") if isinstance(name, str)}
    edit: dict[str, Any] = _with_values(template.edit, values)
    return Filled(edit, places)


def _places(value: Any, pointer: str, depth: int = 1) -> Iterator[tuple[str, str | FieldError]]:
    """Yield where each variable goes, with its name; or what is wrong there."""
    if depth > MAX_DEPTH:
        yield pointer, FieldError(pointer, f"lies deeper than {MAX_DEPTH} objects and lists in one another")
    elif isinstance(value, dict):
        if (marked := [name for name in value if name.startswith("$")]) and depth > 1:
            name = value.get(MARK)
            if len(value) == 1 and isinstance(name, str):
                yield pointer, name
            else:
                yield pointer, FieldError(pointer, f'is no place of a variable: {{"{MARK}": "name"}}')
        elif marked:
            yield pointer, FieldError(pointer, "is a place as a whole: an edit has steps and outputs")
        else:
            for name, inner in value.items():
                yield from _places(inner, below(pointer, name), depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _places(inner, below(pointer, number), depth + 1)


def _with_values(value: Any, values: Mapping[str, Any]) -> Any:
    """What a variable holds is put in as it is: a place inside of it is none."""
    if isinstance(value, dict):
        if MARK in value:
            return values[value[MARK]]
        return {name: _with_values(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_values(inner, values) for inner in value]
    return value
