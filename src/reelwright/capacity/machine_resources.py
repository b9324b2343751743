"""Where work takes place: the machine with its memory and cores, and its disks, as settings and control groups say."""

from __future__ import annotations

import socket
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reelwright import machine_limits
from reelwright.capacity.exceeds_machines import Capacity
from reelwright.capacity.need import Need
from reelwright.capacity.who_gets_room import Amounts
from reelwright.settings import Settings
from reelwright.storage import disk_space
from reelwright.storage.local import LocalStorage

MEMORY_SHARE = 0.8
"""Of the memory that there is, for media processes; the rest is for the service, the database and the disk's cache."""


@dataclass(frozen=True, slots=True)
class PlaceLook:
    """A place as it was looked at. `have`: by resource all that there is, of the disks what is free beside the reserve;
    `most`: if the disks were empty."""

    machine: str
    work_disk: str
    media_disk: str
    have: Amounts
    most: Capacity

    def needs(self, need: Need) -> dict[str, int]:
        """Return by resource what work takes here. A forecast of more than there could ever be is cut to that: it may
        be wrong, and an encode with fewer cores is only slower."""
        most = self.most
        needs = {self.media_disk: _at_most(need.media_bytes, most.media_bytes)}
        needs[self.work_disk] = max(_at_most(need.work_bytes, most.work_bytes), needs.get(self.work_disk, 0))
        if most.memory_bytes is not None:
            needs[f"memory:{self.machine}"] = _at_most(need.memory_bytes, most.memory_bytes)
        if most.cores is not None:
            needs[f"cores:{self.machine}"] = _at_most(need.cores, most.cores)
        return {resource: amount for resource, amount in needs.items() if amount}


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """`memory_bytes`, `cores`: what all media processes of this machine may use together; None: not limited."""

    machine: str
    memory_bytes: int | None
    cores: int | None
    work: Path
    storage: LocalStorage

    @classmethod
    def of(cls, settings: Settings, storage: LocalStorage) -> WorkPlace:
        memory_bytes = settings.machine_memory_bytes or round(machine_limits.memory_bytes() * MEMORY_SHARE)
        return cls(
            machine=socket.gethostname(),
            memory_bytes=memory_bytes or None,
            cores=settings.machine_cores or None,
            work=settings.work_path,
            storage=storage,
        )

    def look(self) -> PlaceLook:
        """Look at what there is. Blocks. Raises OSError."""
        reserve_bytes = self.storage.reserve_bytes
        work, media = self.work_disk(), self.media_disk()
        have = {work: disk_space.usable_bytes(self.work, reserve_bytes), media: self.storage.free_bytes()}
        if self.memory_bytes is not None:
            have[f"memory:{self.machine}"] = self.memory_bytes
        if self.cores is not None:
            have[f"cores:{self.machine}"] = self.cores
        return PlaceLook(self.machine, work, media, have, self.capacity())

    def seen(self) -> PlaceLook | None:
        """Look; None where a disk is away: who works there will find out, and say it. Blocks."""
        try:
            return self.look()
        except OSError:
            return None

    def capacity(self) -> Capacity:
        """Blocks. Raises OSError."""
        reserve_bytes = self.storage.reserve_bytes
        return Capacity(
            work_bytes=disk_space.capacity_bytes(self.work, reserve_bytes),
            media_bytes=disk_space.capacity_bytes(self.storage.root, reserve_bytes),
            memory_bytes=self.memory_bytes,
            cores=self.cores,
        )

    def media_disk(self) -> str:
        return media_disk(self.storage)

    def work_disk(self) -> str:
        """The same as that of the storage where both are one: what is published takes nothing more there."""
        same = self.work.stat().st_dev == self.storage.root.stat().st_dev
        return self.media_disk() if same else _device(self.work)


def _at_most(need: int, most: int | None) -> int:
    return need if most is None else min(need, most)


def media_disk(storage: LocalStorage) -> str:
    """Known by the storage's id, which machines see that share it; until it has one, by its device. Blocks. Raises
    OSError."""
    identity = _identity(storage)
    return f"disk:{identity}" if identity is not None else _device(storage.root)


_IDENTITIES: dict[Path, uuid.UUID] = {}


def _identity(storage: LocalStorage) -> uuid.UUID | None:
    known = _IDENTITIES.get(storage.root)
    if known is None and (known := storage.identity()) is not None:
        _IDENTITIES[storage.root] = known
    return known


def _device(folder: Path) -> str:
    """A disk of this machine alone: containers on it see the same kernel."""
    return f"disk:{_boot_id()}:{folder.stat().st_dev}"


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return socket.gethostname()
