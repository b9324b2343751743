"""The one contained program that reads media: it probes, proves and splices, each call in a child of its own.

Imported by no other module, and importing what its children need alone: it is started with each process of the service.
"""

from __future__ import annotations

from reelwright.media.checks import worker as checks
from reelwright.media.probe import untrusted_files
from reelwright.media.probe import worker as probe
from reelwright.media.sandbox import fork_server
from reelwright.media.sandbox.system_calls import Kind
from reelwright.media.splicing import worker as splicing


def main() -> None:
    """Run the program."""
    for part in (probe, checks, splicing):
        part.load()
    untrusted_files.warm_up()
    handlers = {"probe": probe.probe, "inspect": checks.inspect, "splice": splicing.splice}
    fork_server.serve(handlers, Kind.PROBE)
