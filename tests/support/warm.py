"""Imported last by the process that processes under test are forks of: what each would do first is done once."""

from __future__ import annotations

import gc

from reelwright.api.app import create_app
from reelwright.media.ffmpeg.toolchain import program_sha256
from reelwright.settings import Settings

program_sha256(Settings())
create_app(Settings())  # what Litestar reads of the routes' signatures stays with the routes
gc.freeze()  # else the first collection of each fork would copy all pages
