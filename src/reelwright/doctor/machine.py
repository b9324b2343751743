"""Python and the libraries, the kernel's means of containment, and limits on processes."""

from __future__ import annotations

import asyncio
import importlib
import platform
import resource
import subprocess
import sys
from importlib import metadata

from reelwright import machine_limits
from reelwright.doctor.finding import Finding, failed, ok, warning
from reelwright.errors import MediaProcessFailed
from reelwright.machine_limits import ControlGroups
from reelwright.media.sandbox import kernel_support
from reelwright.settings import Settings
from reelwright.settings_warnings import warnings

MIN_PYTHON = (3, 11)
LIBRARIES = ("asyncpg", "psycopg", "procrastinate", "litestar", "uvloop", "sqlalchemy", "av", "pyvips", "fontTools")
"""Those with parts in C that a machine may lack something for, and those that everything stands on."""
MIN_OPEN_FILES = 1024
MIN_PROCESSES = 256
MEMORY_OF_A_JOB_BYTES = 2**30
"""An encode of 1080p takes some 300 MB, of 2160p about a gigabyte."""


async def python(_: Settings) -> list[Finding]:
    detail = f"Python {platform.python_version()}, {platform.machine()}, {' '.join(platform.libc_ver())}".rstrip(", ")
    if sys.version_info < MIN_PYTHON or sys.platform != "linux":
        return [failed("python", detail, "Run it with Python 3.11 or newer on Linux.")]
    found = [ok("python", detail)]
    broken = await asyncio.to_thread(_broken)
    if broken:
        found.append(failed("libraries", "; ".join(broken), "Install again from the lock file: scripts/install."))
    else:
        found.append(ok("libraries", f"reelwright {metadata.version('reelwright')}, all {len(LIBRARIES)} load"))
    return found


def _broken() -> list[str]:
    found = []
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:
            found.append(f"{name}: {error}")
    return found


async def configured(settings: Settings) -> list[Finding]:
    """Names that are no settings, folders that are not there."""
    return [
        warning("settings", remark, "Correct it in the environment or in .env.") for remark in warnings(settings)
    ] or [ok("settings", "nothing odd")]


async def kernel(_: Settings) -> list[Finding]:
    """What confines media processes, tried in one; and user namespaces, which the embedded database may need."""
    try:
        offered = await asyncio.to_thread(kernel_support.available)
    except (MediaProcessFailed, subprocess.TimeoutExpired, OSError) as error:
        return [failed("containment", f"cannot be tried: {error}", "Let the service's user start Python processes.")]
    release = platform.release()
    found = [
        warning("containment", f"{missing} (Linux {release})", "Use a newer kernel, or allow it in the container.")
        for missing in offered.missing
    ]
    return found or [ok("containment", f"Landlock {offered.landlock_abi}, seccomp, no_new_privs (Linux {release})")]


async def limits(settings: Settings) -> list[Finding]:
    return await asyncio.to_thread(_limits, settings)


def _limits(settings: Settings) -> list[Finding]:
    groups = ControlGroups()
    return [
        _at_least(
            "open files",
            [resource.getrlimit(resource.RLIMIT_NOFILE)[0]],
            MIN_OPEN_FILES,
            f"Raise it to {MIN_OPEN_FILES} or more: ulimit -n, or LimitNOFILE= of the systemd unit.",
        ),
        _at_least(
            "processes",
            [resource.getrlimit(resource.RLIMIT_NPROC)[0], groups.processes() or 0],
            MIN_PROCESSES,
            f"Raise it to {MIN_PROCESSES} or more: TasksMax= of the systemd unit, or pids_limit of the container.",
        ),
        _at_least(
            "memory, bytes",
            [machine_limits.memory_bytes()],
            settings.max_concurrent_jobs * MEMORY_OF_A_JOB_BYTES,
            f"Lower MAX_CONCURRENT_JOBS, or give each of its {settings.max_concurrent_jobs} jobs a gigabyte.",
        ),
    ]


def _at_least(name: str, bounds: list[int], wanted: int, advice: str) -> Finding:
    known = [bound for bound in bounds if bound not in (resource.RLIM_INFINITY, 0)]
    if not known:
        return ok(name, "unlimited")
    least = min(known)
    return ok(name, f"{least}") if least >= wanted else warning(name, f"limited to {least}", advice)
