"""The settings of a WebVTT cue, which say where it wants to be. Pure. Source: WebVTT, 6.3."""

from __future__ import annotations

import re

import msgspec

from reelwright.edits.cues.cue import ANYWHERE, CuePlace

_PER_CENT = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)%", re.ASCII)
_LINE_NUMBER = re.compile(r"-?\d{1,4}", re.ASCII)


def placed_by(settings: str) -> CuePlace:
    """Where a cue with these settings wants to be: what cannot be read of them counts as not said."""
    said: dict[str, object] = {}
    for setting in settings.split():
        name, _, value = setting.partition(":")
        value, _, edge = value.partition(",")
        if name == "align" and value in ("start", "center", "end", "left", "right", "middle"):
            said["align"] = "center" if value == "middle" else value
        elif name == "size" and (share := _per_cent(value)) is not None:
            said["size_percent"] = share
        elif name == "position" and (share := _per_cent(value)) is not None:
            said["position_percent"] = share
            edges = {"line-left": "start", "center": "center", "line-right": "end"}
            said |= {"position_align": edges[edge]} if edge in edges else {}
        elif name == "line":
            if (share := _per_cent(value)) is not None:
                said["line_percent"] = share
            elif _LINE_NUMBER.fullmatch(value):
                said["line"] = int(value)
            said |= {"line_align": edge} if edge in ("start", "center", "end") else {}
    return msgspec.convert(said, CuePlace) if said else ANYWHERE


def _per_cent(value: str) -> float | None:
    found = _PER_CENT.fullmatch(value)
    return float(found[1]) if found and float(found[1]) <= 100 else None
