"""Addresses that an edit names: what is there is fetched and stored first, and the edit names that instead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from reelwright.edits.layers import AnyLayer
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps import Step
from reelwright.edits.steps.audio import OtherSound
from reelwright.errors import (
    AddressRefused,
    FieldError,
    InvalidInput,
    ReelwrightError,
    RemoteRefused,
    RemoteStalled,
    RemoteUnavailable,
    TooLarge,
    UnreadableMedia,
    UnsupportedMedia,
)
from reelwright.library.fetched_materials import FetchedMaterials, MaterialKind, is_address

MAX_ADDRESSES = 20
"""Of one edit."""
KINDS: Mapping[str, MaterialKind] = {
    "image_path": "image",
    "video_path": "video",
    "file": "subtitles",
    "source": "picture",
}
"""The fields that may hold an address, and what is taken there; the `source` of a sound may be a sound."""

OF_THE_ADDRESS = (
    *(AddressRefused, RemoteRefused, RemoteUnavailable, RemoteStalled),
    *(TooLarge, UnsupportedMedia, UnreadableMedia),
)

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """`place`: the names and numbers that lead to it; the first is that of the part."""

    place: tuple[str | int, ...]
    address: str
    kind: MaterialKind

    @property
    def wanted(self) -> tuple[str, MaterialKind]:
        return self.address, self.kind


async def fetched_steps(materials: FetchedMaterials, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return the steps, naming what is stored. Raises InvalidInput that names every wrong address; NoSpace, Busy."""
    return await _fetched(materials, steps, [Pointer(f"/steps/{number}") for number in range(len(steps))])


async def fetched_layers(
    materials: FetchedMaterials, layers: tuple[AnyLayer, ...], pointers: Sequence[Pointer]
) -> tuple[AnyLayer, ...]:
    """The same of layers. `pointers`: where the request has each."""
    return await _fetched(materials, layers, pointers)


async def _fetched(
    materials: FetchedMaterials, parts: tuple[Part, ...], pointers: Sequence[Pointer]
) -> tuple[Part, ...]:
    named = list(_named(parts, ()))
    if not named:
        return parts
    wanted = list(dict.fromkeys(one.wanted for one in named))
    if len(wanted) > MAX_ADDRESSES:
        where = _pointer(named[-1], pointers)
        raise InvalidInput([FieldError(where, f"is one of more than {MAX_ADDRESSES} addresses: import some first")])
    outcomes = await asyncio.gather(*(_outcome(materials, *one) for one in wanted))
    found = dict(zip(wanted, outcomes, strict=True))
    errors = [
        FieldError(_pointer(one, pointers), outcome.detail, outcome.code)
        for one in named
        if isinstance(outcome := found[one.wanted], ReelwrightError)
    ]
    if errors:
        raise InvalidInput(errors)
    made: tuple[Part, ...] = _renamed(parts, (), {one.place: found[one.wanted] for one in named})
    return made


async def _outcome(materials: FetchedMaterials, address: str, kind: MaterialKind) -> str | ReelwrightError:
    """What names what is stored, or why there is nothing: the same wherever the request names it."""
    try:
        return await materials.take(address, kind)
    except OF_THE_ADDRESS as error:
        return error


def _named(part: Any, place: tuple[str | int, ...]) -> Iterator[NamedAddress]:
    for key, value in _inside(part):
        if isinstance(value, str):
            if key in KINDS and is_address(value):
                kind = "sound" if isinstance(part, OtherSound) else KINDS[str(key)]
                yield NamedAddress((*place, key), value, kind)
        else:
            yield from _named(value, (*place, key))


def _inside(part: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(part, msgspec.Struct):
        yield from ((name, getattr(part, name)) for name in part.__struct_fields__)
    elif isinstance(part, tuple):
        yield from enumerate(part)


def _renamed(part: Any, place: tuple[str | int, ...], names: Mapping[tuple[str | int, ...], Any]) -> Any:
    if place in names:
        return names[place]
    if isinstance(part, tuple):
        return tuple(_renamed(one, (*place, number), names) for number, one in enumerate(part))
    if isinstance(part, msgspec.Struct):
        changed = {str(name): _renamed(value, (*place, name), names) for name, value in _inside(part)}
        return msgspec.structs.replace(part, **changed)
    return part


def _pointer(named: NamedAddress, pointers: Sequence[Pointer]) -> str:
    number, *rest, last = named.place
    pointer = pointers[int(number)]
    return pointer / str(last) if not rest else f"{pointer.path}/{'/'.join(map(str, rest))}/{last}"
