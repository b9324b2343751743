"""/cut-modes: what to expect of each."""

from __future__ import annotations

from litestar import Router, get

from reelwright.api.openapi.operations import operation
from reelwright.api.schemas import cut_modes
from reelwright.api.schemas.cut_modes import CutModeOut


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


router = Router("/", route_handlers=[list_cut_modes], tags=["edits"])
