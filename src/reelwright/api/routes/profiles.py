"""The routes that list named choices: profiles, and cut modes."""

from __future__ import annotations

from litestar import Router, get

from reelwright.api.openapi.operations import operation
from reelwright.api.schemas import cut_modes
from reelwright.api.schemas.cut_modes import CutModeOut
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


@get(
    "/cut-modes",
    summary="List cut modes",
    operation_class=operation(responses={200: cut_modes.ALL[:2]}),
    sync_to_thread=False,
)
def list_cut_modes() -> list[CutModeOut]:
    """What to expect of each `mode` of a cut: which frames, what is coded, at which cost, who plays it, and what is
    copied from which containers into which."""
    return cut_modes.ALL


router = Router("/", route_handlers=[list_profiles, list_presets, list_cut_modes], tags=["edits"])
