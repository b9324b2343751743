"""What work takes at its peak, wherever it runs."""

from __future__ import annotations

import msgspec


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """`work_bytes`: of its work folder; `media_bytes`: of what is published, which takes nothing more where both lie on
    one disk. As it is stored of jobs that wait."""

    work_bytes: int = 0
    media_bytes: int = 0
    memory_bytes: int = 0
    cores: int = 0
