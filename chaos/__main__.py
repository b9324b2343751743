"""`python -m chaos [--minutes N] [--seed N]`: a run, and what was broken by it; exit status 1 where anything was."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from chaos.invariants import broken
from chaos.run import Outcome, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="of faults; then it takes a minute or two to the end")
    parser.add_argument("--seed", type=int, default=1, help="by which everything is planned")
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="reelwright-chaos-"))
    folder.chmod(0o711)  # as root the database is another account's
    outcome = asyncio.run(run(wanted.seed, 60 * wanted.minutes, folder))
    found = broken(outcome.seen)
    print(told(outcome, found))
    if found:
        sys.exit(f"seed {wanted.seed}; logs in {folder}")
    shutil.rmtree(folder)


def told(outcome: Outcome, found: dict[str, list[str]]) -> str:
    """What a person reads of a run."""
    lines = list(outcome.figures)
    for name, complaints in found.items():
        lines += [f"BROKEN: {name} ({len(complaints)})", *(f"  {complaint}" for complaint in complaints[:20])]
    return "\n".join(lines if found else [*lines, "everything held"])


if __name__ == "__main__":
    main()
