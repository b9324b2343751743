"""Command: one ffmpeg process of a recipe, and what all of them have in common."""

from __future__ import annotations

import msgspec

from reelwright.edits.plan import ExpectedOutput
from reelwright.edits.source import MediaInfo
from reelwright.media import stills
from reelwright.media.encode import ENCODERS, picture_options
from reelwright.media.loudness import Gain
from reelwright.settings import CONTAINERS

VERSION = 1

REPORTING = (
    *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+warning", "-xerror"),
    *("-progress", "pipe:1", "-stats_period", "0.5"),
)


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine's ffmpeg can do."""

    ffmpeg_version: str
    threads: int
    tone_mapping: bool
    encoders: tuple[str, ...] = (*ENCODERS.values(), stills.WEBP_ENCODER)
    """Those of ours that it has."""
    hardware: tuple[str, ...] = ()
    """Encoders in hardware that have coded a picture here."""
    packet_reports: bool = True
    """Whether it can tell of each packet (6.0 or newer)."""
    max_pixels: int = 2 * 8192 * 4320
    """Largest picture that is decoded. Codecs round sizes up: more than a probe lets in."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One ffmpeg process. Arguments "<in0>", "<out0>" are slots; any other "<name>" is a file of ours in the work
    folder. `weight` is its share of the whole work, `outputs` how many times the video is coded. `gains` are what it
    measures, for the slots "{name}" in the arguments of those that follow. `if_damaged` is what to try instead when the
    source proves damaged: it decodes nothing that the output does without."""

    arguments: tuple[str, ...]
    if_damaged: tuple[str, ...] = ()
    expected_s: str
    weight: float = 1.0
    outputs: int = 1
    gains: tuple[Gain, ...] = ()
    hardware: bool = False
    """Whether it uses the machine's encoders."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    commands: tuple[Command, ...]
    capabilities: Capabilities


def coded_picture(
    media: MediaInfo,
    expected: ExpectedOutput,
    capabilities: Capabilities,
    *,
    keep_fields: bool = False,
    number: int = 0,
    pass_number: int = 2,
) -> tuple[str, ...]:
    """How an output's picture is coded on this machine. Raises JobFailed `unsupported_here`."""
    return picture_options(
        media,
        expected.output,
        threads=capabilities.threads,
        encoders=capabilities.encoders,
        keep_fields=keep_fields,
        number=number,
        pass_number=pass_number,
    )


def video_input(slot: str, capabilities: Capabilities) -> tuple[str, ...]:
    """A stranger's video: no format that refers to other files, no protocol but files. A packet that the end of the
    file tore apart is dropped; what is lost in the middle fails the verification."""
    return (
        *("-fflags", "+discardcorrupt"),
        *("-max_pixels", str(capabilities.max_pixels), "-threads", str(capabilities.threads)),
        *("-protocol_whitelist", "file", "-format_whitelist", ",".join(CONTAINERS), "-i", slot),
    )
