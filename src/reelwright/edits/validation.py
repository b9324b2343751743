"""What a type alone cannot say of a field, said beside its type: `Annotated[str, Check(colour.parse)]`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """A value of the field is one that `read` takes; it raises ValueError with a sentence for the client."""

    read: Callable[[Any], object]
