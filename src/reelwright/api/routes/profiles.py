"""/profiles: named choices for renditions."""

from __future__ import annotations

from litestar import Router, get

from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.profiles import ALL, ProfileOut


@get("/profiles", summary="List profiles", operation_class=operation(responses={200: ALL[:2]}), sync_to_thread=False)
def list_profiles() -> list[ProfileOut]:
    """Named choices for `POST /transcode`: `{"profile": "web"}`. A field of the request wins over its profile's."""
    return ALL


@get(
    "/presets",
    summary="List profiles (older address)",
    deprecated=True,
    operation_class=operation(responses={200: ALL[:2]}),
    sync_to_thread=False,
)
def list_presets() -> list[ProfileOut]:
    """The same as `/profiles`. (`preset` is the encoder's speed.)"""
    return ALL


router = Router("/", route_handlers=[list_profiles, list_presets], tags=["edits"])
