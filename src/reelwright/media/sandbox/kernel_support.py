"""What this machine's kernel offers to confine media processes, tried in one, and what is lacking, for an operator."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reelwright.errors import MediaProcessFailed
from reelwright.media.sandbox.contained import Access, Limits, command, why_not_listed


@dataclass(frozen=True, slots=True)
class Containment:
    """What the kernel lets `start` do, as tried in a process."""

    landlock_abi: int
    """Landlock's version, 0: absent."""
    seccomp: bool
    no_new_privileges: bool
    capabilities: bool = False
    """Whether some are left."""
    unlisted: str = ""
    """Why system calls are not held to the allow-list; empty when they are."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What does not hold, in sentences for an operator; empty when all does."""
        found = []
        if not self.no_new_privileges:
            found.append("no_new_privs cannot be set: nothing else confines media processes either.")
        if self.landlock_abi == 0:
            found.append(
                "Landlock is absent (Linux 5.13 or newer with it switched on): media processes can read and write "
                "whatever the service's user can."
            )
        elif unknown := [right for since, right in LANDLOCK_SINCE.items() if self.landlock_abi < since]:
            found.append(
                f"Landlock here is version {self.landlock_abi} of {max(LANDLOCK_SINCE)}, too old to refuse media "
                f"processes to {'; to '.join(unknown)}"
                + (": the filter of system calls alone does." if self.seccomp else ": nothing does.")
            )
        if not self.seccomp:
            network = " and open sockets" if self.landlock_abi < 4 else " and open sockets other than TCP"
            found.append(f"seccomp filters are absent: media processes can make any system call{network}.")
        elif self.unlisted:
            found.append(f"System calls that do harm are refused, all others allowed: {self.unlisted}.")
        if self.capabilities:
            found.append("Capabilities cannot be given up: media processes have those of root.")
        return tuple(found)


LANDLOCK_SINCE = {
    3: "truncate files by name",
    4: "use TCP",
    5: "control devices",
    6: "send signals to others or reach their abstract sockets",
}
"""The version that knows of it, and what."""


def available() -> Containment:
    """What this kernel offers, measured once by confining a process (some 20 ms)."""
    found = measured()
    return Containment(
        landlock_abi=int(found["landlock"]),
        seccomp=found["seccomp"] == "1",
        no_new_privileges=found["no_new_privileges"] == "1",
        capabilities=found["capabilities"] == "1",
        unlisted=why_not_listed(),
    )


@cache
def measured() -> Mapping[str, str]:
    """What the launcher reports from within."""
    whole = command((), limits=Limits(children=False), access=Access())
    ended = subprocess.run(whole, env={}, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30)
    if ended.returncode != 0:
        raise MediaProcessFailed(
            f"The launcher of media processes does not start: {ended.stderr.decode(errors='replace').strip()}",
            code="cannot_start",
        )
    return dict(word.split("=") for word in ended.stdout.decode().split())
