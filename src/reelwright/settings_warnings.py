"""What is odd about the settings of a process, though it works: said once at its start, and by `reelwright doctor`."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping

from reelwright import setting_parsers
from reelwright.did_you_mean import nearest
from reelwright.settings import Settings
from reelwright.settings_reader import WITHOUT_SUCCESSOR, names, unknown_name

METADATA = ipaddress.IPv4Address("169.254.169.254")
"""Where clouds tell their machines who those are."""


def warnings(settings: Settings, environment: Mapping[str, str] | None = None) -> list[str]:
    """What is odd about the settings of this process, though it works: for the log, once at start.

    The environment holds much that is not ours, so a name in it is remarked on only where it is close to one of ours.
    """
    environment = os.environ if environment is None else environment
    known = names()
    problems = [
        f"{unknown_name(name)} It is not read."
        for name, text in environment.items()
        if text and name not in known and nearest(name, known, how_near=0.85)
    ]
    if without := [name for name in WITHOUT_SUCCESSOR if environment.get(name)]:
        problems.append(f"{', '.join(without)}: not read, nothing here needs it")
    if settings.auth == "off" and settings.listens_to_others:
        problems.append(
            f"AUTH=off, and APP_HOST={settings.app_host} is open to other machines: whoever reaches the port may do"
            " everything, deleting included. Set AUTH=keys, unless only those reach it who may"
        )
    problems += [
        f"OUTBOUND_ALLOWED={network}: clients can have read what only this machine should, such as the cloud's answers"
        f" at {METADATA}, its credentials among them. Name the networks that are meant"
        for network in map(setting_parsers.network_or_host, settings.outbound_allowed)
        if not isinstance(network, str) and network.version == METADATA.version and METADATA in network
    ]
    if settings.font_dir != Settings().font_dir and not settings.font_path.is_dir():
        problems.append(f"FONT_DIR={settings.font_dir}: there is no such folder, texts are drawn with the other fonts")
    return problems
