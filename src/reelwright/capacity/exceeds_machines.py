"""What no machine could ever do, however long it waits: refused as `exceeds_machines`, by what each worker's machine
could give one job. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reelwright.capacity.need import Need

SURE = 0.5
"""A forecast may be wrong: what needs so large a part of it more than there could ever be is refused."""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What one job could have here if nothing ran and the disks were empty, as workers tell it. None: no limit, or none
    that is known."""

    work_bytes: int | None
    media_bytes: int | None
    memory_bytes: int | None
    cores: int | None


def impossible(need: Need, machines: Sequence[Capacity]) -> str | None:
    """Return why none could ever do it, as a sentence with the setting; None where one could, or none is known."""
    if not machines:
        return None
    found = []
    for machine in machines:
        for name, needs, most, advice in (
            ("disk", need.work_bytes, machine.work_bytes, "a larger disk for WORK_ROOT, or a lower DISK_RESERVE_BYTES"),
            (
                "disk",
                need.media_bytes,
                machine.media_bytes,
                "a larger disk for MEDIA_ROOT, or a lower DISK_RESERVE_BYTES",
            ),
            ("memory", need.memory_bytes, machine.memory_bytes, "more memory, or a higher MACHINE_MEMORY_BYTES"),
        ):
            if most is not None and needs * SURE > most:
                found.append(
                    (most, f"about {needs} bytes of {name}, of which the machine has {max(most, 0)} at most", advice)
                )
                break
        else:
            return None
    _, lacks, advice = max(found)
    return f"it would need {lacks}: ask for less, or give the service {advice}"
