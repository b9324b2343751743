"""The template that a request names, looked up."""

from __future__ import annotations

from reelwright.api.context import Services
from reelwright.edits.templates import Template
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.library import template_versions


async def named_template(services: Services, reference: str | None, *, has_own: bool) -> Template | None:
    """Return what `reference` names, if anything; `has_own`: the request says what a template would. Raises
    InvalidInput, NotFound."""
    if reference is None:
        return None
    if has_own:
        raise InvalidInput([FieldError("/template", "has steps and outputs of its own: leave those out")])
    name, _, version = reference.partition("@")
    async with services.sessions() as session:
        try:
            return template_versions.content_of(
                await template_versions.find(session, name, int(version) if version else None)
            )
        except NotFound as error:
            raise NotFound(error.detail, pointer="/template") from error
