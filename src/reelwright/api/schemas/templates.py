"""The JSON of templates; how an edit is made of one, and what is wrong with it is told of its variables."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from reelwright.api.http.addresses import Addresses
from reelwright.api.http.field_errors import field_errors
from reelwright.api.http.json_body import MAX_FIELD_ERRORS, read_json
from reelwright.api.schemas.base import Address, Body, Page, Timestamp
from reelwright.api.schemas.coding import CutModeIn, ReencodeIn
from reelwright.api.schemas.edits import EditsIn, Steps
from reelwright.api.schemas.outputs import USUAL_OUTPUTS, Outputs
from reelwright.db.models import TemplateVersion as Row
from reelwright.edits.template_variables import Variable, VariableName
from reelwright.edits.templates import (
    MAX_VARIABLES,
    Filled,
    Template,
    TemplateName,
    faults,
    filled,
    tried,
)
from reelwright.errors import FieldError, InvalidInput, NotFound

MAX_TEMPLATE_BYTES = 64 * 1024


class TemplateIn(Body, frozen=True, kw_only=True):
    """A new template, or the next version of one. In `edit`, `{"$var": "name"}` stands where a variable's value goes:
    a whole JSON value, never a part of a text."""

    name: TemplateName
    description: Annotated[str, Meta(max_length=1000)] = ""
    edit: Annotated[dict[str, Any], Meta(description="`steps`, `outputs`, `mode` and `reencode`, as in `POST /edits`.")]
    variables: Annotated[dict[VariableName, Variable], Meta(max_length=MAX_VARIABLES)] = msgspec.field(
        default_factory=dict
    )

    def template(self) -> Template:
        """Raises InvalidInput that names all that is wrong."""
        template = Template(edit=self.edit, variables=dict(self.variables))
        errors = faults(template)
        if not errors and len(msgspec.json.encode(self.edit)) > MAX_TEMPLATE_BYTES:
            errors.append(FieldError("/edit", f"is more than {MAX_TEMPLATE_BYTES} bytes of JSON"))
        if not errors:
            errors = edit_faults(tried(template))
        if errors:
            raise InvalidInput(errors)
        return template


class TemplateEdit(Body, frozen=True, kw_only=True):
    """What a template makes: an edit without its source."""

    steps: Steps = ()
    outputs: Outputs = USUAL_OUTPUTS
    mode: CutModeIn = None
    reencode: ReencodeIn = None


def edit_faults(attempt: Filled) -> list[FieldError]:
    """Return what is wrong with the edit of a template that was tried with samples: its types, and every check beside
    them. What depends on a source is found out when there is one."""
    plain = msgspec.json.decode(msgspec.json.encode(attempt.edit))
    found = islice(field_errors(TemplateEdit, plain, ""), MAX_FIELD_ERRORS)
    return [_of_template(error, attempt) for error in found]


def _of_template(error: FieldError, attempt: Filled) -> FieldError:
    told = attempt.told(error)
    name = told.pointer.removeprefix("/variables/").partition("/")[0] if told.pointer != "/template" else None
    tried_with = f" (tried with a usual value of the variable {name}: give it a fitting `example`)" if name else ""
    return FieldError(f"/edit{error.pointer}", error.detail + tried_with)


def _read(edit: dict[str, Any], source: uuid.UUID) -> EditsIn:
    """Read an edit as strictly as a body. Raises InvalidInput, NotFound."""
    read: TemplateEdit = read_json(msgspec.json.encode(edit), TemplateEdit)
    return EditsIn(source=source, **msgspec.structs.asdict(read))


class TemplateOut(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a template. It never changes."""

    name: str
    version: int
    url: Address
    description: str
    edit: dict[str, Any]
    variables: dict[str, Variable]
    created_at: Timestamp

    @classmethod
    def of(cls, row: Row, addresses: Addresses) -> TemplateOut:
        return cls(
            name=row.name,
            version=row.version,
            url=addresses.template(row.name, row.version),
            description=row.description,
            edit=row.edit_json,
            variables=msgspec.convert(row.variables_json, dict[str, Variable]),
            created_at=row.created_at,
        )


class TemplatePage(Page[TemplateOut], frozen=True, kw_only=True):
    """One page of templates, each in its newest version, by name."""


def made_of(template: Template, variables: dict[str, Any], source: uuid.UUID) -> tuple[EditsIn, Filled]:
    """Return the request that a template makes. Raises InvalidInput, NotFound, which name variables."""
    attempt = filled(template, variables)
    with telling(attempt):
        return _read(attempt.edit, source), attempt


@contextmanager
def telling(attempt: Filled | None) -> Iterator[None]:
    """Let what is raised inside name the variable of a template, not the field that this was put into."""
    try:
        yield
    except (InvalidInput, NotFound) as error:
        ours = [one.pointer.startswith(("/steps", "/outputs")) for one in error.errors]
        if attempt is None or not any(ours):
            raise
        told = [attempt.told(one) if mine else one for one, mine in zip(error.errors, ours, strict=True)]
        if isinstance(error, InvalidInput):
            raise InvalidInput(told) from error
        raise NotFound(error.detail, code=error.code, errors=told) from error
