"""/fonts: those that texts can be drawn with."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from reelwright.api.context import Services
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.fonts import FontOut


@get("/fonts", summary="List fonts", operation_class=operation(responses={200: examples.FONTS}))
async def list_fonts(services: NamedDependency[Services]) -> list[FontOut]:
    """Those that texts can be drawn with: bundled, in FONT_DIR, the system's."""
    book = await services.overlay_images.fonts()
    return [FontOut(family=font.family, style=font.style, file_name=font.path.name) for font in book.list()]


router = Router("/", route_handlers=[list_fonts], tags=["edits"])
