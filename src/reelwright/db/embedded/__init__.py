"""A private PostgreSQL for one machine: found, made, started and stopped by the processes that use it.

The server lives as long as any process holds what `acquire` gave it, and a few seconds longer. The kernel keeps
the count (a shared lock a process), so that a process killed with SIGKILL counts no longer. Linux only.

    home/            the application's own folder; every folder in it is 0700
      data-18/         the cluster, the server's major version in its name
      socket/          the Unix socket, the only way in (there is no TCP)
      run/             users.lock    held shared by every process that uses the server
                       keeper.lock   held by the keeper and all that it started
                       keeper.alive  a FIFO that the keeper reads: its writers learn when the keeper dies
                       keeper.log    what the keeper and the server say, at most 1 MB and one older file

Root's server may be unable to reach that: then `data-18` and `socket` are links to where it can (`place.py`).

The keeper (`keeper.py`, a process of its own) makes the cluster, runs the server, restarts it when it crashes and
stops it when nobody is left. The server dies with the keeper; whoever still uses it starts a new keeper.
"""

from reelwright.db.embedded.client import EmbeddedPostgres, acquire
from reelwright.db.embedded.discovery import is_there, running
from reelwright.db.embedded.failure import EmbeddedPostgresError
from reelwright.db.embedded.place import elsewhere

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "acquire", "elsewhere", "is_there", "running"]
