"""What tests need that this project cannot bring along: `@pytest.mark.needs("nginx")`.

Where a program is missing, its tests are skipped with a reason that says how to install it. With TESTS_MUST_RUN set, as
CI has it, they fail: there everything can be installed, and green means tested.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

PACKAGES = {
    "chromedriver": "chromium-driver",
    "chromium": "chromium",
    "curl": "curl",
    "nginx": "nginx-light",
    "npm": "npm",
    "openssl": "openssl",
    "prometheus": "prometheus",
    "systemd-analyze": "systemd",
    "vlc": "vlc-bin vlc-plugin-base",
}
"""Debian's packages, by the program. `.ci/run` installs them."""

_OTHER_NAMES = {"chromium": ("chromium-browser", "google-chrome")}
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"


def find(name: str) -> str | None:
    """Where a program of PACKAGES is; None where it is not installed."""
    assert name in PACKAGES, name
    names = (name, *_OTHER_NAMES.get(name, ()))
    return next((path for path in (shutil.which(one, path=_PATH) for one in names) if path), None)


def program(name: str) -> str:
    """Where a program is that the test is marked to need."""
    path = find(name)
    assert path, name
    return path


def reason(name: str) -> str:
    """Why tests are skipped that need the program."""
    return f"{name} is not installed (Debian: apt install {PACKAGES[name]})"


def lacking(reason: str) -> NoReturn:
    """Skip the test that runs, or fail it where nothing may be missing."""
    if os.environ.get("TESTS_MUST_RUN"):
        pytest.fail(f"{reason}, and TESTS_MUST_RUN is set", pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            if find(name) is None:
                lacking(reason(name))
