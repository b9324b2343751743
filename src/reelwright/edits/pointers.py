"""Where a request names what an edit holds: JSON pointers (RFC 6901), which errors and warnings carry to the client.

Whoever turns a request into an edit hands them down, so that nothing has to be translated back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pointer:
    """The pointer of an object of the request: a trim, a layer, a sidecar. `path` is empty for the whole body; `names`:
    those of its fields that the request calls otherwise."""

    path: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def __truediv__(self, name: str) -> str:
        """Return the pointer of one of its fields."""
        return f"{self.path}/{self.names.get(name, name)}"

    def remark(self, sentence: str) -> str:
        """Return the sentence with what it speaks of before it, where that is not all of the request."""
        return f"{self.path}: {sentence}" if self.path else sentence


BODY = Pointer()
"""Of what is the whole body."""


def below(pointer: str, key: object) -> str:
    """Return the pointer of a member or an item, whatever it is called."""
    return f"{pointer}/{str(key)[:100].replace('~', '~0').replace('/', '~1')}"


def pointer_to(pointers: Sequence[Pointer], number: int, place: str) -> Pointer:
    """Return the request's pointer to the part with the number, or the edit's own."""
    return pointers[number] if pointers else Pointer(f"{place}/{number}")
