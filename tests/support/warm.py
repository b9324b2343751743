"""Imported last by the process that processes under test are forks of: what each would do first is done once."""

from __future__ import annotations

import asyncio
import gc
from functools import cache

import msgspec

from reelwright.api import app
from reelwright.media.ffmpeg import system_call_trial
from reelwright.media.ffmpeg.capabilities import capabilities
from reelwright.media.ffmpeg.toolchain import program_sha256
from reelwright.settings import Settings

program_sha256(Settings())
asyncio.run(capabilities(Settings()))
asyncio.run(system_call_trial.settle(Settings()))
app.application = cache(app.application)
for auth in ("off", "keys"):
    app.create_app(msgspec.structs.replace(Settings(), auth=auth))
gc.freeze()  # else the first collection of each fork would copy all pages
