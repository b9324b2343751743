"""Device files of encoders in hardware: which there are, and what a contained process has to see to use them."""

from __future__ import annotations

from pathlib import Path

RENDER_NODE = "/dev/dri/renderD128"
NVIDIA = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/nvidia-uvm")
NEEDED: dict[str, tuple[str, ...]] = {"nvenc": NVIDIA, "qsv": (RENDER_NODE,), "vaapi": (RENDER_NODE,)}
"""Device files by interface."""
DESCRIPTIONS = ("/sys/dev/char", "/sys/devices", "/sys/class/drm", "/proc/driver/nvidia")
"""Where drivers look for what their devices are."""


def interfaces() -> set[str]:
    """Return those whose devices are all there."""
    return {name for name, needed in NEEDED.items() if all(Path(path).exists() for path in needed)}


def devices() -> tuple[Path, ...]:
    """Return the device files that are there."""
    paths = dict.fromkeys(path for needed in NEEDED.values() for path in needed)
    return tuple(path for path in map(Path, paths) if path.exists())


def descriptions() -> tuple[Path, ...]:
    return tuple(path for path in map(Path, DESCRIPTIONS) if path.exists())
