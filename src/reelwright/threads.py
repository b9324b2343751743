"""Threads for calls that block: so many that a short look at a disk waits for no copy or hash of a large file.

A transaction that is open meanwhile is ended when it waits for long (db/connection.py).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 64
"""Begun as they are needed. As shipped, asyncio has four more than there are cores."""


def provide() -> None:
    """Have the running loop use them for `asyncio.to_thread`."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE, thread_name_prefix="blocking"))
