"""All looks, at once, in the order in which they are told. A look that fails itself is a finding too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from reelwright.doctor import databases, disks, machine, programs
from reelwright.doctor.finding import Finding, failed
from reelwright.settings import Settings

Look = Callable[[Settings], Awaitable[list[Finding]]]
LOOKS: dict[str, Look] = {
    "python": machine.python,
    "settings": machine.configured,
    "ffmpeg": programs.ffmpeg,
    "hardware": programs.hardware,
    "fonts": programs.fonts,
    "disk": disks.disks,
    "database": databases.database,
    "kernel": machine.kernel,
    "limits": machine.limits,
}


async def examine(settings: Settings) -> list[Finding]:
    """Return everything that was found, good and bad. Raises nothing."""
    found = await asyncio.gather(*(_looked(name, look, settings) for name, look in LOOKS.items()))
    return [finding for group in found for finding in group]


async def _looked(name: str, look: Look, settings: Settings) -> list[Finding]:
    try:
        return await look(settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return [failed(name, f"{type(error).__name__}: {error}", "Report this: it was not foreseen.")]
