"""A minute of chaos: what `make chaos` runs for longer, on a seed of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.__main__ import told
from chaos.invariants import broken
from chaos.run import run

SEED, LENGTH_S = 14, 60


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_everything_holds_after_a_minute_of_chaos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Workers, API, database and ffmpeg are killed, frozen and restarted, the disk fills, a receiver of webhooks fails,
    while all kinds of work are asked for: afterwards every invariant holds, and there was work and failure."""
    outcome = await run(SEED, LENGTH_S, tmp_path)
    found = broken(outcome.seen)
    with capsys.disabled():
        print(f"\n{told(outcome, found)}")
    assert not found
    assert sum(ended.outcome == "SUCCESS" for ended in outcome.seen.ended) >= 10
